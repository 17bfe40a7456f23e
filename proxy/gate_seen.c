/*
 * gate_seen.c - when this proxy first saw a version, for --cooldown-seen: an author chooses
 * the time in a version's .info, but not when upstream's list here gets a line more.
 *
 * DIR/cache/upstream/<escaped path>/@v/first has lines "VERSION SECONDS"; 0 for what the
 * first list of the module had, of which nothing is known.  Once there is that file, a
 * version that is neither in it nor in the store is first seen when it is asked for.
 */
#include "gate.h"
#include "gate_priv.h"
#include "mod/pseudo.h"
#include "os/clock.h"
#include "os/file.h"

#define FIRST_FILE_MAX ((size_t)64 << 20)

void
gate_read_first(const struct proxy *p, struct hm_arena *a, hm_str path, struct gate_first *out)
{
	hm_str file = gate_marks_file(p, a, path, "first");

	*out = (struct gate_first){ .at.arena = a };
	if (!p->opts.cooldown_seen)
		return;
	out->tracked = hm_file_exists(file.p); /* also when it cannot be read: then all is new */
	gate_marks_read(a, file, FIRST_FILE_MAX, &out->at);
}

/* Best effort: what is lost is seen later, and waits longer. */
static void
write_first(const struct proxy *p, struct hm_arena *a, hm_str path, const struct gate_first *f)
{
	gate_marks_write(a, gate_marks_file(p, a, path, "first"), &f->at);
}

void
gate_saw_list(const struct proxy *p, struct hm_arena *a, hm_str path, hm_str list)
{
	struct gate_first first;
	hm_str version;
	bool changed;

	if (!p->opts.cooldown_seen)
		return;
	gate_read_first(p, a, path, &first);
	changed = !first.tracked;
	while (hm_str_next(&list, '\n', &version))
		if (version.n && !hm_map_has(&first.at, version)) {
			hm_map_set_num(&first.at, version,
			               first.tracked ? (intptr_t)hm_clock_unix() : 0);
			changed = true;
		}
	if (changed)
		write_first(p, a, path, &first);
}

int64_t
gate_first_seen(const struct proxy *p, struct hm_arena *a, struct hm_modver m, bool stored,
                const struct gate_first *known)
{
	struct gate_first first;

	if (!known->tracked || hm_pseudo_is(m.version))
		return 0;
	if (hm_map_has(&known->at, m.version))
		return (int64_t)hm_map_num(&known->at, m.version);
	gate_read_first(p, a, m.path, &first);
	if (!hm_map_has(&first.at, m.version)) {
		hm_map_set_num(&first.at, m.version, stored ? 0 : (intptr_t)hm_clock_unix());
		write_first(p, a, m.path, &first);
	}
	return (int64_t)hm_map_num(&first.at, m.version);
}
