/*
 * gate_priv.h - between gate.c (who may pass, and what is remembered of it),
 * gate_list.c (lists and @latest) and gate_facts.c (what must be known for that).
 */
#ifndef PROXY_GATE_PRIV_H
#define PROXY_GATE_PRIV_H

#include "gate.h"
#include "policy/guard.h"

/* A policy in force: whoever judges by it holds it. */
struct rules {
	struct hm_guard *guard;
	unsigned refs; /* under the gate's mutex */
};
struct rules *gate_hold(struct gate *g);
void gate_drop(struct gate *g, struct rules *r);
/* Counts a refusal, and writes it to the audit log; x may be NULL. */
void gate_note(struct proxy *p, struct hm_exchange *x, const struct route *r, hm_str text);

/*
 * Release times of one module's versions that upstream was asked for:
 * DIR/cache/upstream/<escaped path>/@v/times, lines "VERSION SECONDS".
 */
struct gate_times {
	struct hm_map at; /* version -> seconds; only those that are known */
	struct gate_first {
		bool tracked;     /* there is a record */
		struct hm_map at; /* version -> seconds; 0: it was there at the first look */
	} first;              /* gate_seen.c */
};

struct gate_facts {
	struct proxy *p;
	const struct gate_times *times; /* or NULL: read when needed */
	bool ask;                       /* upstream may be asked */
	bool keep;                      /* what it answers is asked for anyway: into the store */
	bool always_old;                /* how old it is does not count */
	const char *zip;                /* whose licence counts; NULL: the store's zip */
};
/* Facts of one version for hm_guard_judge(); f must stay. */
struct hm_guard_facts gate_facts(struct gate_facts *f);
/* What costs nothing: for a server's loop. */
struct hm_guard_facts gate_facts_at_hand(struct gate_facts *f);
/* The .info of a version from the store or upstream; HM_ENOTFOUND: neither has it. */
int gate_info(struct proxy *p, struct hm_arena *a, struct hm_modver m, bool ask, hm_str *json,
              struct hm_err *err);
/* The module's list from upstream. False: none. */
bool gate_list(struct proxy *p, struct hm_arena *a, hm_str path, hm_str *list);
/*
 * The times of these versions: as far as they are known here and, if `ask`, upstream is
 * asked for the others, at once, and at most GATE_TIMES_MAX of them, the highest.
 */
enum { GATE_TIMES_MAX = 200, GATE_TIMES_AT_ONCE = 8 };
void gate_times(struct proxy *p, struct hm_arena *a, hm_str path, const struct hm_strs *versions,
                bool ask, struct gate_times *out);

/*
 * DIR/cache/upstream/<escaped path>/@v/NAME: lines "VERSION SECONDS", from and to the map
 * (num).  Lines that are none are left out; a file that cannot be read or written is let be.
 */
hm_str gate_marks_file(const struct proxy *p, struct hm_arena *a, hm_str path, const char *name);
void gate_marks_read(struct hm_arena *a, hm_str file, size_t max, struct hm_map *out);
void gate_marks_write(struct hm_arena *a, hm_str file, const struct hm_map *marks);

/* The file "first"; nothing without --cooldown-seen. */
void gate_read_first(const struct proxy *p, struct hm_arena *a, hm_str path,
                     struct gate_first *out);
/*
 * When m was first seen; 0: nothing is known against the time in its .info.  Notes it as
 * seen now if it is new, unless it was in the store already.
 */
int64_t gate_first_seen(const struct proxy *p, struct hm_arena *a, struct hm_modver m, bool stored,
                        const struct gate_first *known);

#endif
