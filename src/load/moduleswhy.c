/* Questions about packages that have been loaded. */
#include "base/path.h"
#include "load/import.h"
#include "load/importstate.h"
#include "load/mainmods.h"
#include "load/modules.h"

static const struct hm_import_error *
cannot_find(struct hm_arena *a)
{
	struct hm_import_error *e = HM_NEW(a, struct hm_import_error);

	e->kind = HM_IMPORT_OTHER;
	e->code = HM_ENOTFOUND;
	e->text = HM_S("cannot find package");
	return e;
}

void
hm_modules_lookup(const struct hm_modules *m, hm_str parent, bool parent_std, hm_str path,
                  struct hm_arena *a, struct hm_lookup *out)
{
	const struct hm_loadpkg *p;

	*out = (struct hm_lookup){ 0 };
	if (parent_std)
		path = hm_import_std_vendor(m->ml, a, parent, path, m->vendor_in_goroot_src);
	p = hm_map_get(&m->by_path, path);
	if (p) {
		out->dir = p->dir;
		out->path = p->path;
		out->err = p->err;
		out->pkg = p;
		return;
	}
	/* Added by the build (runtime/cgo), or imported by tests that were not loaded. */
	if (hm_import_is_std_package(m->ml, path)) {
		out->dir = hm_path_cat(a, hm_resolve_of(m->ml)->goroot_src, path);
		out->path = path;
		return;
	}
	out->err = cannot_find(a);
}

struct hm_modver
hm_modules_provider(const struct hm_modules *m, hm_str path)
{
	const struct hm_loadpkg *p = hm_map_get(&m->by_path, path);

	return p ? p->mod : (struct hm_modver){ 0 };
}

hm_str
hm_modules_dir_import_path(struct hm_modload *ml, struct hm_arena *a, hm_str dir,
                           struct hm_modver *mod)
{
	const struct hm_mainmods *mm = ml->mains;
	hm_str longest = HM_S(""), path = HM_S(".");

	*mod = (struct hm_modver){ 0 };
	dir = hm_path_is_abs(dir) ? hm_path_clean(a, dir) : hm_path_join(a, ml->cwd, dir);
	for (size_t i = 0; hm_modload_has_root(ml) && mm && i < mm->n; i++) {
		const struct hm_mainmod *m = &mm->v[i];
		hm_str suffix;

		if (m->root.n && hm_str_eq(dir, m->root)) {
			*mod = m->mod;
			return m->prefix;
		}
		if (!m->root.n || !hm_path_has_prefix(dir, m->root) ||
		    hm_str_cmp(m->prefix, longest) <= 0)
			continue;
		longest = m->prefix;
		*mod = m->mod;
		suffix = hm_str_from(dir, m->root.n + (m->root.p[m->root.n - 1] != '/'));
		path = hm_str_cut_prefix(&suffix, HM_S("vendor/"))
		       ? suffix : hm_path_join(a, m->prefix, suffix);
	}
	return path;
}

/* From the root package down to p. */
static void
import_chain(struct hm_arena *a, const struct hm_loadpkg *p, struct hm_loadpkgs *out)
{
	struct hm_loadpkgs up = { 0 };

	for (const struct hm_loadpkg *s = p; s; s = s->stack)
		HM_PUSH(a, up, (struct hm_loadpkg *)(uintptr_t)s);
	for (size_t i = up.n; i-- > 0;)
		HM_PUSH(a, *out, up.v[i]);
}

hm_str
hm_loadpkg_stack_text(struct hm_arena *a, const struct hm_loadpkg *p)
{
	struct hm_loadpkgs chain = { 0 };
	struct hm_buf b = { 0 };

	import_chain(a, p, &chain);
	for (size_t i = 0; i < chain.n; i++) {
		hm_buf_adds(&b, chain.v[i]->path);
		if (chain.v[i]->test_of)
			hm_buf_addz(&b, ".test");
		if (i + 1 < chain.n)
			hm_buf_addz(&b, chain.v[i + 1]->test_of == chain.v[i]
			                ? " tested by\n\t" : " imports\n\t");
	}
	return hm_buf_take(&b, a);
}

hm_str
hm_modules_why(const struct hm_modules *m, struct hm_arena *a, hm_str path)
{
	const struct hm_loadpkg *p = hm_map_get(&m->by_path, path);
	struct hm_loadpkgs chain = { 0 };
	struct hm_buf b = { 0 };

	import_chain(a, p, &chain);
	for (size_t i = 0; i < chain.n; i++) {
		hm_buf_adds(&b, chain.v[i]->path);
		hm_buf_addz(&b, chain.v[i]->test_of ? ".test\n" : "\n");
	}
	return hm_buf_take(&b, a);
}

int
hm_modules_why_depth(const struct hm_modules *m, hm_str path)
{
	int n = 0;

	for (const struct hm_loadpkg *p = hm_map_get(&m->by_path, path); p; p = p->stack)
		n++;
	return n;
}
