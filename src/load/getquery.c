/* The arguments of get, and what is said about them. */
#include "base/path.h"
#include "load/getstate.h"
#include "load/import.h"
#include "load/mainmods.h"
#include "load/modinfo.h"
#include "mod/gover.h"
#include "mod/match.h"

bool
hm_get_ok_for_main(hm_str version)
{
	return hm_str_eqz(version, "upgrade") || hm_str_eqz(version, "patch");
}

static int
validate(const struct hm_get *g, const struct hm_get_query *q, struct hm_err *err)
{
	hm_str quoted = hm_str_quote(g->a, q->version);

	if (q->local) {
		if (!q->raw_version.n)
			return 0;
		return hm_err_set(err, HM_EINVALID, "can't request explicit version " HM_F
		                  " of path " HM_F " in main module", HM_P(quoted),
		                  HM_P(hm_str_quote(g->a, q->pattern)));
	}
	if (hm_str_eqz(q->pattern, "all")) {
		if (hm_get_ok_for_main(q->version))
			return 0;
		/* Which ones there are is not known yet; go says it like this. */
		return hm_err_set(err, HM_EINVALID, "can't request version " HM_F " of pattern "
		                  "\"all\" that includes the main modules", HM_P(quoted));
	}
	if (!hm_import_is_meta(q->pattern) || hm_str_eq(q->pattern, q->raw))
		return 0;
	if (hm_str_eqz(q->pattern, "tool"))
		return hm_err_set(err, HM_EINVALID,
		                  "can't request explicit version of \"tool\" pattern");
	return hm_err_set(err, HM_EINVALID, "can't request explicit version of standard-library "
	                  "pattern " HM_F, HM_P(hm_str_quote(g->a, q->pattern)));
}

int
hm_get_parse(struct hm_get *g, hm_str raw, struct hm_get_query **out, struct hm_err *err)
{
	struct hm_get_query *q = HM_NEW(g->a, struct hm_get_query);
	bool found;

	*out = q;
	q->raw = raw;
	q->seen.arena = g->shared;
	if (hm_modinfo_split_arg(raw, &q->pattern, &q->raw_version, &found, err))
		return -1;
	if (found && (!q->raw_version.n || hm_str_index_byte(q->raw_version, '@') >= 0))
		return hm_err_set(err, HM_EINVALID, "invalid module version syntax " HM_F,
		                  HM_P(hm_str_quote(g->a, raw)));
	q->version = q->raw_version.n      ? q->raw_version :
	             g->opts->upgrade.n ? g->opts->upgrade :
	                                     HM_S("upgrade");
	q->local = hm_path_is_abs(q->pattern) || hm_import_is_local(q->pattern);
	q->dots = hm_str_contains(q->pattern, HM_S("..."));
	return validate(g, q, err);
}

bool
hm_get_is_wild(const struct hm_get_query *q)
{
	return q->dots;
}

bool
hm_get_is_none(const struct hm_get_query *q)
{
	return hm_str_eqz(q->version, "none");
}

bool
hm_get_matches_path(const struct hm_get_query *q, hm_str path)
{
	if (q->dots && !hm_gover_is_toolchain(path))
		return hm_match_pattern(q->pattern, path);
	return hm_str_eq(path, q->pattern);
}

bool
hm_get_can_match_in(const struct hm_get_query *q, hm_str module)
{
	if (hm_gover_is_toolchain(module))
		return false;
	return q->dots ? hm_match_tree_can(q->pattern, module)
	               : hm_path_has_prefix(q->pattern, module);
}

hm_str
hm_get_describe(struct hm_arena *a, const struct hm_get_query *q, struct hm_modver m)
{
	hm_str name = hm_modver_str(a, m);

	if (hm_str_eq(m.path, q->pattern))
		return hm_str_eq(m.version, q->version)
		       ? q->raw : hm_arena_printf(a, HM_F "@" HM_F " (" HM_F ")", HM_P(q->pattern),
		                                  HM_P(q->version), HM_P(m.version));
	if (hm_str_eq(m.version, q->version))
		return hm_arena_printf(a, HM_F " (matching " HM_F ")", HM_P(name), HM_P(q->raw));
	return hm_arena_printf(a, HM_F " (matching " HM_F "@" HM_F ")", HM_P(name),
	                       HM_P(q->pattern), HM_P(q->version));
}

/* Is word in a line of text, with one of these bytes (or nothing) before and behind it? */
static bool
speaks_of(hm_str text, hm_str word, const char *before, const char *behind)
{
	for (size_t at = 0; at + word.n <= text.n; at++) {
		size_t end = at + word.n;

		if (memcmp(text.p + at, word.p, word.n) == 0 &&
		    (at == 0 || text.p[at - 1] == '\n' || strchr(before, text.p[at - 1])) &&
		    (end == text.n || text.p[end] == '\n' || strchr(behind, text.p[end])))
			return true;
	}
	return false;
}

void
hm_get_report(struct hm_get *g, const struct hm_get_query *q, hm_str text)
{
	bool bare = !q->raw.n || !hm_str_is_utf8(q->pattern) || !hm_str_is_utf8(q->version);

	if (!bare && speaks_of(text, q->pattern, " \t(\"`", " @:;)\"`"))
		bare = !q->raw_version.n || speaks_of(text, q->version, " @(\"`", " :;)\"`");
	if (bare)
		hm_modload_report(g->ml, HM_F, HM_P(text));
	else
		hm_modload_report(g->ml, HM_F ": " HM_F, HM_P(q->raw), HM_P(text));
}

static hm_str
argument(struct hm_arena *a, const struct hm_get_query *q, hm_str version)
{
	if (hm_str_eq(version, q->version))
		return q->raw;
	return hm_arena_printf(a, HM_F "@" HM_F " (" HM_F ")", HM_P(q->pattern), HM_P(q->version),
	                       HM_P(version));
}

void
hm_get_report_conflict(struct hm_get *g, struct hm_get_query *q, struct hm_modver m,
                       const struct hm_get_choice *other)
{
	struct hm_get_choice first = { m.version, q }, second = *other;
	hm_str x, y, mod = HM_S("");

	if (q->conflict)
		return; /* once is enough */
	q->conflict = other->by;
	if (hm_get_is_wild(q) && !hm_get_is_wild(other->by)) {
		second = first;
		first = *other;
	}
	if (!hm_str_eq(m.path, first.by->pattern))
		mod = hm_arena_printf(g->a, "for module " HM_F ", ", HM_P(m.path));
	x = argument(g->a, first.by, first.version);
	y = argument(g->a, second.by, second.version);
	hm_get_report(g, q, hm_arena_printf(g->a, HM_F HM_F " conflicts with " HM_F, HM_P(mod),
	                                    HM_P(x), HM_P(y)));
}
