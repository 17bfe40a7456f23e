/*
 * gate_seen.c - when this proxy first saw a version, for --cooldown-seen: an author chooses
 * the time in a version's .info, but not when upstream's list here gets a line more.
 *
 * DIR/cache/upstream/<escaped path>/@v/first has lines "VERSION SECONDS"; 0 for what the
 * first list of the module had, of which nothing is known.  Once there is that file, a
 * version that is neither in it nor in the store is first seen when it is asked for.
 */
#include "base/path.h"
#include "gate.h"
#include "gate_priv.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "os/clock.h"
#include "os/file.h"

#define FIRST_FILE_MAX ((size_t)64 << 20)

static hm_str
first_file(const struct proxy *p, struct hm_arena *a, hm_str path)
{
	struct hm_err err = { 0 };
	hm_str escaped = { 0 };

	hm_modpath_escape(a, path, &escaped, &err);
	hm_err_free(&err);
	return hm_arena_printf(a, HM_F "/cache/upstream/" HM_F "/@v/first", HM_P(p->store.root),
	                       HM_P(escaped));
}

void
gate_read_first(const struct proxy *p, struct hm_arena *a, hm_str path, struct gate_first *out)
{
	struct hm_err err = { 0 };
	hm_str text = { 0 }, line, version, seconds;
	hm_str file = first_file(p, a, path);

	*out = (struct gate_first){ .at.arena = a };
	if (!p->opts.cooldown_seen)
		return;
	out->tracked = hm_file_exists(file.p); /* also when it cannot be read: then all is new */
	if (hm_file_read(a, file.p, FIRST_FILE_MAX, &text, &err) == 0)
		while (hm_str_next(&text, '\n', &line))
			if (hm_str_cut(line, ' ', &version, &seconds)) {
				int64_t at = 0;

				for (size_t i = 0; i < seconds.n && i < 12; i++)
					at = at * 10 + (seconds.p[i] - '0') % 10;
				hm_map_set_num(&out->at, version, (intptr_t)at);
			}
	hm_err_free(&err);
}

/* Best effort: what is lost is seen later, and waits longer. */
static void
write_first(const struct proxy *p, struct hm_arena *a, hm_str path, const struct gate_first *f)
{
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };
	hm_str file = first_file(p, a, path);

	for (size_t i = 0; i < f->at.n; i++)
		hm_buf_printf(&b, HM_F " %lld\n", HM_P(f->at.e[i].key), (long long)f->at.e[i].num);
	if (hm_dir_make_all(hm_path_dir(a, file).p, &err) == 0)
		hm_file_publish(file.p, hm_buf_str(&b), 0644, false, &err);
	hm_buf_free(&b);
	hm_err_free(&err);
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
