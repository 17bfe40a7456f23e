/* From folders to linked packages, in go's order (cmd/go/internal/load pkg.go). */
#include "base/path.h"
#include "load/modinfo.h"
#include "load/pkgload_priv.h"

static const struct hm_str_pair {
	size_t to, from;
} lists[] = {
#define SAME(f) { offsetof(struct hm_pkg, f), offsetof(struct hm_bpkg, f) }
	SAME(go_files), SAME(cgo_files), SAME(ignored_go_files), SAME(invalid_go_files),
	SAME(ignored_other_files), SAME(c_files), SAME(cxx_files), SAME(m_files), SAME(h_files),
	SAME(f_files), SAME(s_files), SAME(swig_files), SAME(swigcxx_files), SAME(syso_files),
	SAME(cgo_cflags), SAME(cgo_cppflags), SAME(cgo_cxxflags), SAME(cgo_fflags),
	SAME(cgo_ldflags), SAME(cgo_pkg_config), SAME(test_go_files), SAME(xtest_go_files),
#undef SAME
};

static bool
is_std_path(hm_str path)
{
	hm_str first, rest;

	hm_str_cut(path, '/', &first, &rest);
	return hm_str_index_byte(first, '.') < 0;
}

static struct hm_strs
texts(struct hm_arena *a, const struct hm_places *places)
{
	struct hm_strs out = { 0 };

	for (size_t i = 0; i < places->n; i++)
		HM_PUSH(a, out, places->v[i].text);
	return out;
}

static const struct hm_poss *
places_of(const struct hm_places *places, hm_str text)
{
	size_t lo = 0, hi = places->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = hm_str_cmp(text, places->v[mid].text);

		if (r == 0)
			return &places->v[mid].pos;
		if (r < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* copyBuild */
static void
copy_build(struct hm_loader *l, const struct hm_loader_opts *opts, struct hm_pkg *p,
           const struct hm_bpkg *b)
{
	p->build = b;
	p->dir = b->dir;
	p->name = b->name;
	p->doc = b->doc;
	p->root = b->root;
	p->binary_only = b->binary_only;
	p->goroot = b->goroot;
	p->standard = p->goroot && p->import_path.n > 0 && is_std_path(p->import_path);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		*(struct hm_strs *)(void *)((char *)p + lists[i].to) =
			*(const struct hm_strs *)(const void *)((const char *)b + lists[i].from);
	if (l->conf.msan)
		p->syso_files = (struct hm_strs){ 0 };
	if (!opts->ignore_imports) {
		p->imports = texts(l->a, &b->imports);
		p->raw_imports = texts(l->a, &b->imports);
		p->test_imports = texts(l->a, &b->test_imports);
		p->xtest_imports = texts(l->a, &b->xtest_imports);
	}
	p->embed_patterns = texts(l->a, &b->embeds);
	p->test_embed_patterns = texts(l->a, &b->test_embeds);
	p->xtest_embed_patterns = texts(l->a, &b->xtest_embeds);
	p->orig_import_path = p->import_path;
}

/* The first error wins; path is how the package was asked for. */
static void
set_error(struct hm_loader *l, struct hm_pkg *p, hm_str text, hm_str import_path, hm_str path,
          const struct hm_poss *pos)
{
	if (p->error)
		return;
	p->error = hm_loader_error(l, text, import_path);
	p->incomplete = true;
	if (l->stack.n > 0 && !hm_str_eq(l->stack.v[l->stack.n - 1].pkg, path))
		hm_loader_error_pos(l, p->error, pos);
}

static void
add_import(struct hm_loader *l, struct hm_strs *paths, struct hm_pkg *p, const char *path,
           bool for_compiler)
{
	hm_str s = hm_str_of(path);

	if (hm_strs_has(paths, s))
		return;
	HM_PUSH(l->a, *paths, s);
	if (for_compiler)
		HM_PUSH(l->a, p->compiled_imports, s);
}

static bool
is_one_of(hm_str s, const char *const *names)
{
	for (; *names; names++)
		if (hm_str_eqz(s, *names))
			return true;
	return false;
}

/* What cgo and SWIG import behind the back of the source. */
static void
add_cgo_imports(struct hm_loader *l, struct hm_strs *paths, struct hm_pkg *p)
{
	static const char *const no_cgo[] = { "runtime/cgo", NULL };
	static const char *const no_syscall[] = { "runtime/cgo", "runtime/race", "runtime/msan",
		                                  "runtime/asan", NULL };

	if (hm_pkg_uses_cgo(p)) {
		add_import(l, paths, p, "unsafe", true);
		if (!p->standard || !is_one_of(p->import_path, no_cgo))
			add_import(l, paths, p, "runtime/cgo", true);
		if (!p->standard || !is_one_of(p->import_path, no_syscall))
			add_import(l, paths, p, "syscall", true);
	}
	if (hm_pkg_uses_swig(p)) {
		add_import(l, paths, p, "unsafe", true);
		add_import(l, paths, p, "runtime/cgo", true);
		add_import(l, paths, p, "syscall", true);
		add_import(l, paths, p, "sync", true);
	}
}

static bool
add_linker_imports(struct hm_loader *l, struct hm_strs *paths, struct hm_pkg *p, hm_str *why)
{
	struct hm_strs deps = { 0 };

	if (!hm_str_eqz(p->name, "main"))
		return true;
	if (hm_loader_linker_deps(l, &deps, why) != 0)
		return false;
	for (size_t i = 0; i < deps.n; i++)
		add_import(l, paths, p, deps.v[i].p, false);
	return true;
}

static void
resolve_embeds(struct hm_loader *l, struct hm_pkg *p, hm_str path)
{
	struct hm_err err = { 0 };
	hm_str bad;

	if (hm_embed_resolve(l->a, p->dir, &p->embed_patterns, l->conf.ctx.embed_links,
	                     &p->embed_files, &p->embed, &bad, &err) != 0) {
		p->incomplete = true;
		set_error(l, p, hm_arena_dup(l->a, hm_err_str(&err)), HM_S(""), path, NULL);
		hm_loader_error_pos(l, p->error, places_of(&p->build->embeds, bad));
	}
	hm_err_free(&err);
}

/* Loads what p imports; paths[i < p->imports.n] are the imports as written. */
static void
load_imports(struct hm_loader *l, const struct hm_loader_opts *opts, struct hm_loader_pkg *lp,
             struct hm_strs *paths)
{
	struct hm_pkg *p = &lp->pkg;
	struct hm_pkgs linked = { 0 };

	for (size_t i = 0; i < paths->n; i++) {
		struct hm_pkg_error *why = NULL;
		struct hm_pkg *q;

		if (hm_str_eqz(paths->v[i], "C"))
			continue;
		q = hm_loader_load_import(l, opts, paths->v[i], p,
		                          places_of(&p->build->imports, paths->v[i]),
		                          HM_LOADER_RESOLVE, &why);
		if (why && !p->error) {
			p->error = why;
			p->incomplete = true;
		}
		if (i < p->imports.n)
			p->imports.v[i] = q->import_path;
		HM_PUSH(l->a, linked, q);
		if (q->incomplete)
			p->incomplete = true;
	}
	p->import_pkgs = linked;
	lp->linked = true;
}

/* Sources that only cgo could compile. */
static hm_str
check_foreign_files(struct hm_loader *l, struct hm_pkg *p)
{
	static const struct {
		const char *lang;
		size_t offset;
	} kinds[] = {
		{ "C", offsetof(struct hm_pkg, c_files) },
		{ "C++", offsetof(struct hm_pkg, cxx_files) },
		{ "Objective-C", offsetof(struct hm_pkg, m_files) },
		{ "Fortran", offsetof(struct hm_pkg, f_files) },
	};
	const struct hm_strs none = { 0 };

	if (!l->conf.ctx.cgo)
		p->c_files = p->cxx_files = p->m_files = p->swig_files = p->swigcxx_files = none;
	if (hm_pkg_uses_cgo(p) || hm_pkg_uses_swig(p))
		return HM_S("");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct hm_strs *files =
			(const void *)((const char *)p + kinds[i].offset);

		if (files->n > 0)
			return hm_arena_printf(l->a,
			                       "%s source files not allowed when not using cgo "
			                       "or SWIG: " HM_F,
			                       kinds[i].lang,
			                       HM_P(hm_strs_join(l->a, files, HM_S(" "))));
	}
	return HM_S("");
}

/* The part of load() that happens under p's own name on the stack. */
static void
load_inside(struct hm_loader *l, const struct hm_loader_opts *opts, struct hm_loader_pkg *lp,
            hm_str path, struct hm_modinfo *module, struct hm_strs *paths)
{
	struct hm_pkg *p = &lp->pkg;
	hm_str why;

	p->module = module;
	p->default_godebug = hm_loader_default_godebug(l, p);
	if (!opts->suppress_embed)
		resolve_embeds(l, p, path);
	why = hm_loader_check_files(l, p);
	if (why.n > 0) {
		set_error(l, p, why, HM_S(""), path, NULL);
		return;
	}
	load_imports(l, opts, lp, paths);
	p->wants_build_info = !p->error && !p->incomplete && hm_str_eqz(p->name, "main") &&
	                      !opts->suppress_build_info;
	why = check_foreign_files(l, p);
	if (why.n > 0)
		set_error(l, p, why, HM_S(""), path, NULL);
}

void
hm_loader_load(struct hm_loader *l, const struct hm_loader_opts *opts, struct hm_loader_pkg *lp,
               hm_str path, const struct hm_poss *pos, const struct hm_bpkg *b, hm_str root)
{
	struct hm_pkg *p = &lp->pkg;
	struct hm_strs paths = { 0 };
	hm_str why = HM_S("");
	struct hm_modinfo *module =
		l->src.module(l->src.ctx, l->a,
	                      p->cmdline_files ? HM_S("command-line-arguments") : p->import_path);

	copy_build(l, opts, p, b);
	if (root.n > 0)
		p->root = root;
	if (b->failed)
		hm_loader_data_error(l, p, &b->err, path, pos);
	hm_loader_set_target(l, p);
	for (size_t i = 0; i < p->imports.n; i++)
		HM_PUSH(l->a, paths, p->imports.v[i]);
	if (!opts->ignore_imports) {
		add_cgo_imports(l, &paths, p);
		if (!add_linker_imports(l, &paths, p, &why)) {
			set_error(l, p, why, HM_S(""), path, pos);
			return;
		}
	}
	why = hm_loader_check_fold(l, p->import_path);
	if (why.n == 0 && !hm_pkg_safe_arg(p->import_path))
		why = hm_arena_printf(l->a, "invalid import path " HM_F,
		                      HM_P(hm_str_quote(l->a, p->import_path)));
	if (why.n > 0) {
		set_error(l, p, why, p->import_path, path, pos);
		return;
	}
	hm_loader_push(l, path, pos);
	load_inside(l, opts, lp, path, module, &paths);
	hm_loader_pop(l);
}

/* A package met again: in the middle of its own loading means a cycle. */
static void
reuse(struct hm_loader *l, struct hm_loader_pkg *lp)
{
	struct hm_pkg *p = &lp->pkg;

	if (!lp->linked) {
		if (!p->error)
			p->error = hm_loader_error(l, HM_S("import cycle not allowed"), HM_S(""));
		p->error->import_cycle = true;
		p->incomplete = true;
	}
	if (p->error && p->error->stack.n > 0 && !p->error->import_cycle &&
	    hm_loader_stack_shorter(l, &p->error->stack))
		hm_loader_copy_stack(l, p->error);
}

static struct hm_pkg *
stub(struct hm_loader *l, hm_str path, const struct hm_poss *pos, hm_str why)
{
	struct hm_loader_pkg *lp = HM_NEW(l->a, struct hm_loader_pkg);
	struct hm_load_err e = { .kind = HM_LE_OTHER, .text = why };
	static const struct hm_bpkg nothing;

	lp->pkg.import_path = path;
	lp->pkg.incomplete = true;
	lp->pkg.build = &nothing;
	hm_loader_push(l, path, pos);
	hm_loader_data_error(l, &lp->pkg, &e, path, NULL);
	hm_loader_pop(l);
	return &lp->pkg;
}

/* Why parent may not import p, or NULL. */
static struct hm_pkg_error *
check_import(struct hm_loader *l, hm_str path, const struct hm_pkg *parent,
             const struct hm_pkg *p, unsigned mode)
{
	struct hm_pkg_error *e = hm_loader_check_internal(l, parent, p);
	hm_str what = HM_S("");

	if (!e && (mode & HM_LOADER_RESOLVE))
		e = hm_loader_check_vendor(l, parent, path, p);
	if (e)
		return e;
	if (hm_str_eqz(p->name, "main") && parent && !hm_str_eq(parent->dir, p->dir))
		what = hm_arena_printf(l->a,
		                       "import \"" HM_F
		                       "\" is a program, not an importable package",
		                       HM_P(path));
	else if (p->local && parent && !parent->local)
		what = hm_str_eqz(path, ".")
			? hm_arena_printf(l->a, HM_F ": cannot import current directory",
			                  HM_P(path))
			: hm_arena_printf(l->a, "local import \"" HM_F "\" in non-local package",
			                  HM_P(path));
	return what.n > 0 ? hm_loader_error(l, what, path) : NULL;
}

static bool
is_local(hm_str path)
{
	return hm_str_eqz(path, ".") || hm_str_eqz(path, "..") ||
	       hm_str_has_prefix(path, HM_S("./")) || hm_str_has_prefix(path, HM_S("../"));
}

static struct hm_loader_pkg *
load_fresh(struct hm_loader *l, const struct hm_loader_opts *opts,
           const struct hm_loader_data *d, hm_str path, const struct hm_poss *pos, unsigned mode)
{
	struct hm_loader_pkg *lp = HM_NEW(l->a, struct hm_loader_pkg);
	/* go looks for the module of the path as written, for std's vendored packages too */
	const struct hm_modinfo *module = l->src.module(l->src.ctx, l->a, d->asked);

	lp->pkg.local = is_local(path);
	lp->pkg.import_path = d->path;
	lp->pkg.cmdline_pkg = (mode & HM_LOADER_CMDLINE) != 0;
	lp->pkg.cmdline_pkg_literal = (mode & HM_LOADER_CMDLINE_LITERAL) != 0;
	hm_map_set(&l->pkgs, d->path, lp);
	hm_loader_load(l, opts, lp, path, pos, d->b,
	               module && d->b->dir.n > 0 ? module->dir : HM_S(""));
	return lp;
}

struct hm_pkg *
hm_loader_load_import(struct hm_loader *l, const struct hm_loader_opts *opts, hm_str path,
                      struct hm_pkg *parent, const struct hm_poss *pos, unsigned mode,
                      struct hm_pkg_error **perr)
{
	const struct hm_loader_data *d;
	struct hm_loader_pkg *lp;
	struct hm_pkg_error *e;
	hm_str why = HM_S("");

	if (l->depth >= HM_LOADER_MAX_DEPTH)
		return stub(l, path, pos, HM_S("too many imports in a chain"));
	d = hm_loader_data_get(l, parent ? parent->import_path : HM_S(""),
	                       parent && parent->standard, path, &why);
	if (!d)
		return stub(l, path, pos, why);
	lp = hm_map_get(&l->pkgs, d->path);
	if (lp) {
		hm_loader_push(l, path, pos);
		reuse(l, lp);
		hm_loader_pop(l);
		lp->pkg.cmdline_pkg |= (mode & HM_LOADER_CMDLINE) != 0;
		lp->pkg.cmdline_pkg_literal |= (mode & HM_LOADER_CMDLINE_LITERAL) != 0;
	} else {
		l->depth++;
		lp = load_fresh(l, opts, d, path, pos, mode);
		l->depth--;
	}
	e = check_import(l, path, parent, &lp->pkg, mode);
	if (e)
		hm_loader_error_pos(l, e, pos);
	if (perr)
		*perr = e;
	return &lp->pkg;
}
