#include "news.h"

#include "control.h"
#include "mod/modpath.h"

static void
remove_both(struct proxy *p, struct hm_arena *a, hm_str path, hm_str rest)
{
	hm_str key = hm_arena_printf(a, "/" HM_F HM_F, HM_P(path), HM_P(rest));

	hot_remove(p->hot, key);
	hot_remove(p->misses, key);
}

void
news_came(struct proxy *p, struct hm_modver m)
{
	static const char *const kinds[] = { "info", "mod", "zip" };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str path, version;

	if (hm_modpath_escape(&a, m.path, &path, &err) == 0 &&
	    hm_modpath_escape_version(&a, m.version, &version, &err) == 0) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			remove_both(p, &a, path,
			            hm_arena_printf(&a, "/@v/" HM_F ".%s", HM_P(version),
			                            kinds[i]));
		remove_both(p, &a, path, HM_S("/@v/list"));
		remove_both(p, &a, path, HM_S("/@latest"));
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

void
news_tell(struct proxy *p, struct hm_modver m)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str line = hm_arena_printf(&a, "came " HM_F "@" HM_F, HM_P(m.path), HM_P(m.version));

	if (control_tell(p->store.root, line, &err))
		hm_err_free(&err);
	hm_arena_free(&a);
}
