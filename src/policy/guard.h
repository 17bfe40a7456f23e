/*
 * guard.h - a policy file in force: the rules, the vulnerability databases they name, and
 * the gathering of facts until a verdict is reached.
 *
 * Immutable after loading: any number of threads may judge.  To reload, load another.
 */
#ifndef HM_POLICY_GUARD_H
#define HM_POLICY_GUARD_H

#include "mod/policy.h"
#include "policy/osv.h"

struct hm_guard {
	struct hm_arena arena;
	hm_str file;             /* as given */
	struct hm_policy *policy;
	struct hm_osv *osv;      /* NULL: no rule needs one */
};

/* The file and the databases it names; messages call it by its base name. */
int hm_guard_load(const char *file, struct hm_guard **out, struct hm_err *err);
void hm_guard_free(struct hm_guard *g);

/*
 * Where facts come from; a member that is NULL leaves its fact unknown.  They answer 0, or
 * -1 with why it cannot be known now; HM_ENOTFOUND leaves the fact unknown too.
 */
struct hm_guard_facts {
	void *ctx;
	/* Seconds since 1970; 0 when the source does not say. */
	int (*time)(void *ctx, struct hm_arena *a, struct hm_modver m, int64_t *out,
	            struct hm_err *err);
	int (*vouched)(void *ctx, struct hm_arena *a, struct hm_modver m, bool *out,
	               struct hm_err *err);
	int (*licence)(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *out,
	               struct hm_err *err);
};

/*
 * The verdict on m at `now`.  all: every fact that a rule asks for is gathered; else only
 * until the answer is known.  Undecided when facts stay unknown.
 */
int hm_guard_judge(const struct hm_guard *g, struct hm_arena *a, struct hm_modver m, int64_t now,
                   const struct hm_guard_facts *from, bool all, struct hm_policy_verdict *v,
                   struct hm_err *err);
/* 0, or -1 with HM_EPOLICY and the refusal's text. */
int hm_guard_error(const struct hm_guard *g, struct hm_modver m,
                   const struct hm_policy_verdict *v, struct hm_err *err);

#endif
