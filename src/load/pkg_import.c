/* One folder through the eyes of one target: go/build.Context.ImportDir. */
#include <stdlib.h>

#include "base/path.h"
#include "load/pkg.h"
#include "load/pkg_cgo.h"

/* A text and where it stands; seq keeps the order of equal texts. */
struct decl {
	hm_str text;
	struct hm_pos pos;
	size_t seq;
};
typedef HM_VEC(struct decl) decls;

struct importer {
	struct hm_arena *a;
	const struct hm_build_ctx *ctx;
	const struct hm_scan_dir *scan;
	struct hm_bpkg *p;
	hm_str first_file;
	struct hm_strs big_s_files; /* .S and .sx: for gcc, so only with cgo */
	decls imports[3], embeds[3]; /* package, tests, external tests */
};

static struct hm_strs *
list_of_ext(struct hm_bpkg *p, hm_str ext)
{
	static const struct {
		const char *ext;
		size_t offset;
	} lists[] = {
		{ ".c", offsetof(struct hm_bpkg, c_files) },
		{ ".cc", offsetof(struct hm_bpkg, cxx_files) },
		{ ".cpp", offsetof(struct hm_bpkg, cxx_files) },
		{ ".cxx", offsetof(struct hm_bpkg, cxx_files) },
		{ ".m", offsetof(struct hm_bpkg, m_files) },
		{ ".h", offsetof(struct hm_bpkg, h_files) },
		{ ".hh", offsetof(struct hm_bpkg, h_files) },
		{ ".hpp", offsetof(struct hm_bpkg, h_files) },
		{ ".hxx", offsetof(struct hm_bpkg, h_files) },
		{ ".f", offsetof(struct hm_bpkg, f_files) },
		{ ".F", offsetof(struct hm_bpkg, f_files) },
		{ ".for", offsetof(struct hm_bpkg, f_files) },
		{ ".f90", offsetof(struct hm_bpkg, f_files) },
		{ ".s", offsetof(struct hm_bpkg, s_files) },
		{ ".S", offsetof(struct hm_bpkg, s_files) },
		{ ".sx", offsetof(struct hm_bpkg, s_files) },
		{ ".swig", offsetof(struct hm_bpkg, swig_files) },
		{ ".swigcxx", offsetof(struct hm_bpkg, swigcxx_files) },
		{ ".syso", offsetof(struct hm_bpkg, syso_files) },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (hm_str_eqz(ext, lists[i].ext))
			return (struct hm_strs *)(void *)((char *)p + lists[i].offset);
	return NULL;
}

static void
set_error(struct hm_bpkg *p, enum hm_load_err_kind kind, hm_str text)
{
	if (p->failed)
		return;
	p->failed = true;
	p->err.kind = kind;
	p->err.text = text;
}

/* The file has a problem; the first one becomes the package's error. */
static void
bad_file(struct importer *im, const struct hm_scan_file *f, enum hm_load_err_kind kind,
         hm_str text)
{
	struct hm_strs *bad = &im->p->invalid_go_files;

	set_error(im->p, kind, text);
	if (bad->n == 0 || !hm_str_eq(bad->v[bad->n - 1], f->name))
		HM_PUSH(im->a, *bad, f->name);
}

static void
bad_syntax(struct importer *im, const struct hm_scan_file *f)
{
	bool first = !im->p->failed;

	if (f->parse_errors.n > 0) {
		bad_file(im, f, HM_LE_SCAN, f->parse_errors.v[0].text);
		if (first)
			im->p->err.pos = f->parse_errors.v[0].pos;
	} else if (f->parse_error.n > 0) {
		bad_file(im, f, HM_LE_OTHER, f->parse_error);
	}
}

enum verdict { BUILD, IGNORE, MALFORMED };

static enum verdict
judge(const struct importer *im, const struct hm_scan_file *f)
{
	if (im->ctx->use_all_files)
		return f->go_build_error.n > 0 ? MALFORMED : BUILD;
	if (!hm_build_match_name(im->ctx, f->name))
		return IGNORE;
	if (f->go_build.n > 0) {
		if (!f->go_build_expr)
			return MALFORMED;
		return hm_build_eval(im->ctx, f->go_build_expr) ? BUILD : IGNORE;
	}
	for (size_t i = 0; i < f->plus_build.n; i++)
		if (f->plus_build_expr[i] && !hm_build_eval(im->ctx, f->plus_build_expr[i]))
			return IGNORE;
	return BUILD;
}

static void
ignore_file(struct importer *im, const struct hm_scan_file *f)
{
	if (f->is_go)
		HM_PUSH(im->a, im->p->ignored_go_files, f->name);
	else
		HM_PUSH(im->a, im->p->ignored_other_files, f->name);
}

static void
add_other_file(struct importer *im, const struct hm_scan_file *f)
{
	hm_str ext = hm_path_ext(f->name);
	struct hm_strs *list = list_of_ext(im->p, ext);

	if (hm_str_eqz(ext, ".S") || hm_str_eqz(ext, ".sx"))
		HM_PUSH(im->a, im->big_s_files, f->name);
	else if (list)
		HM_PUSH(im->a, *list, f->name);
}

static void
check_name(struct importer *im, const struct hm_scan_file *f, hm_str pkg)
{
	struct hm_bpkg *p = im->p;

	if (p->name.n == 0) {
		p->name = pkg;
		im->first_file = f->name;
	} else if (!hm_str_eq(pkg, p->name)) {
		bad_file(im, f, HM_LE_MULTIPLE,
		         hm_arena_printf(im->a,
		                         "found packages " HM_F " (" HM_F ") and " HM_F " (" HM_F
		                         ") in " HM_F,
		                         HM_P(p->name), HM_P(im->first_file), HM_P(pkg),
		                         HM_P(f->name), HM_P(p->dir)));
	}
}

/* Does the file use cgo?  Its #cgo lines are taken in passing. */
static bool
check_cgo(struct importer *im, const struct hm_scan_file *f)
{
	hm_str shown = im->scan->indexed ? f->name : hm_path_cat(im->a, im->p->dir, f->name);
	struct hm_err err = { 0 };
	bool is_cgo = false;

	for (size_t i = 0; i < f->imports.n; i++) {
		if (!hm_str_eqz(f->imports.v[i].text, "C"))
			continue;
		if (f->is_test)
			bad_file(im, f, HM_LE_OTHER,
			         hm_arena_printf(im->a, "use of cgo in test " HM_F " not supported",
			                         HM_P(shown)));
		else
			is_cgo = true;
	}
	if (f->cgo.n > 0 && (is_cgo || im->scan->indexed) &&
	    hm_bpkg_save_cgo(im->a, im->ctx, shown, f->cgo, im->p, &err) != 0)
		bad_file(im, f, HM_LE_OTHER, hm_arena_dup(im->a, hm_err_str(&err)));
	hm_err_free(&err);
	return is_cgo;
}

static void
add_decls(struct hm_arena *a, const struct hm_scan_items *items, decls *out)
{
	for (size_t i = 0; i < items->n; i++) {
		struct decl d = { items->v[i].text, items->v[i].pos, out->n };

		HM_PUSH(a, *out, d);
	}
}

static void
add_directives(struct hm_arena *a, const struct hm_scan_items *items, struct hm_scan_items *out)
{
	for (size_t i = 0; i < items->n; i++)
		HM_PUSH(a, *out, items->v[i]);
}

static void
add_go_file(struct importer *im, const struct hm_scan_file *f)
{
	struct hm_bpkg *p = im->p;
	hm_str pkg = f->pkg_name;
	bool is_xtest = false, is_cgo;
	int which = 0;

	if (hm_str_eqz(pkg, "documentation")) {
		HM_PUSH(im->a, p->ignored_go_files, f->name);
		return;
	}
	if (f->is_test && !hm_str_eq(p->name, pkg) && hm_str_has_suffix(pkg, HM_S("_test"))) {
		is_xtest = true;
		pkg.n -= strlen("_test");
	}
	if (!f->is_test && f->binary_only)
		p->binary_only = true;
	check_name(im, f, pkg);
	if (p->doc.n == 0 && !f->is_test)
		p->doc = f->synopsis;
	is_cgo = check_cgo(im, f);
	if (is_cgo && !im->ctx->cgo) {
		HM_PUSH(im->a, p->ignored_go_files, f->name);
		return;
	}
	if (is_cgo) {
		HM_PUSH(im->a, p->cgo_files, f->name);
		add_directives(im->a, &f->directives, &p->directives);
	} else if (is_xtest) {
		which = 2;
		HM_PUSH(im->a, p->xtest_go_files, f->name);
		add_directives(im->a, &f->directives, &p->xtest_directives);
	} else if (f->is_test) {
		which = 1;
		HM_PUSH(im->a, p->test_go_files, f->name);
		add_directives(im->a, &f->directives, &p->test_directives);
	} else {
		HM_PUSH(im->a, p->go_files, f->name);
		add_directives(im->a, &f->directives, &p->directives);
	}
	add_decls(im->a, &f->imports, &im->imports[which]);
	add_decls(im->a, &f->embeds, &im->embeds[which]);
}

/* false: go gives up on the whole folder. */
static bool
add_file(struct importer *im, const struct hm_scan_file *f)
{
	bool indexed = im->scan->indexed;
	bool named = im->ctx->use_all_files || hm_build_match_name(im->ctx, f->name);
	hm_str text;

	if (f->error.n > 0 && (indexed || named)) {
		if (f->is_go)
			bad_file(im, f, HM_LE_OTHER, f->error);
		else if (!named || (!indexed && !hm_str_has_prefix(f->error, HM_S("read "))))
			ignore_file(im, f);
		else
			add_other_file(im, f); /* whoever works on it shall complain */
		return true;
	}
	if (indexed && f->is_go)
		bad_syntax(im, f);
	switch (judge(im, f)) {
	case IGNORE:
		ignore_file(im, f);
		return true;
	case MALFORMED:
		text = hm_arena_printf(im->a, HM_F ": parsing //go:build line: " HM_F,
		                       HM_P(f->name), HM_P(f->go_build_error));
		if (indexed) {
			im->p->failed = false;
			set_error(im->p, HM_LE_OTHER, text);
			return false;
		}
		if (f->is_go)
			bad_file(im, f, HM_LE_OTHER, text);
		else
			ignore_file(im, f);
		return true;
	case BUILD:
		break;
	}
	if (!f->is_go) {
		add_other_file(im, f);
		return true;
	}
	if (!indexed)
		bad_syntax(im, f);
	add_go_file(im, f);
	return true;
}

static int
decl_cmp(const void *x, const void *y)
{
	const struct decl *a = x, *b = y;
	int r = hm_str_cmp(a->text, b->text);

	return r ? r : (a->seq > b->seq) - (a->seq < b->seq);
}

static struct hm_places
places(struct hm_arena *a, decls *d)
{
	struct hm_places out = { 0 };

	if (d->n > 0)
		qsort(d->v, d->n, sizeof(*d->v), decl_cmp);
	for (size_t i = 0; i < d->n; i++) {
		if (out.n == 0 || !hm_str_eq(out.v[out.n - 1].text, d->v[i].text)) {
			struct hm_places_entry e = { d->v[i].text, { 0 } };

			HM_PUSH(a, out, e);
		}
		HM_PUSH(a, out.v[out.n - 1].pos, d->v[i].pos);
	}
	return out;
}

static void
add_big_s_files(struct importer *im)
{
	struct hm_bpkg *p = im->p;
	struct hm_strs *to = p->cgo_files.n > 0 ? &p->s_files : &p->ignored_other_files;

	for (size_t i = 0; i < im->big_s_files.n; i++)
		HM_PUSH(im->a, *to, im->big_s_files.v[i]);
	hm_strs_sort(to);
}

static bool
in_testdata(hm_str sub)
{
	return hm_str_contains(sub, HM_S("/testdata/")) ||
	       hm_str_has_suffix(sub, HM_S("/testdata")) ||
	       hm_path_has_prefix(sub, HM_S("testdata"));
}

/* Folders of GOROOT know where they belong; others learn it from their module. */
static struct hm_bpkg *
new_bpkg(struct hm_arena *a, const struct hm_build_ctx *ctx, hm_str dir, hm_str modroot)
{
	struct hm_bpkg *p = HM_NEW(a, struct hm_bpkg);
	hm_str src = hm_path_cat(a, ctx->goroot, HM_S("src")), sub = dir, rel;

	p->dir = dir;
	p->import_path = HM_S(".");
	if (!hm_str_cut_prefix(&sub, src) || !hm_str_cut_prefix(&sub, HM_S("/")))
		return p;
	rel = sub;
	if (modroot.n > 0 && hm_path_has_prefix(dir, modroot) && dir.n > modroot.n)
		rel = hm_str_from(dir, modroot.n + 1);
	if (in_testdata(rel))
		return p;
	p->import_path = sub;
	p->goroot = true;
	p->root = ctx->goroot;
	p->bin_dir = hm_path_cat(a, ctx->goroot, HM_S("bin"));
	p->pkg_target_root =
		hm_arena_printf(a, HM_F "/pkg/" HM_F "_" HM_F "%s" HM_F, HM_P(ctx->goroot),
	                        HM_P(ctx->goos), HM_P(ctx->goarch),
	                        ctx->install_suffix.n ? "_" : "", HM_P(ctx->install_suffix));
	if (ctx->install_goroot && !hm_str_eqz(sub, "unsafe") && !hm_str_eqz(sub, "builtin"))
		p->pkg_obj = hm_arena_printf(a, HM_F "/" HM_F ".a", HM_P(p->pkg_target_root),
		                             HM_P(sub));
	return p;
}

struct hm_bpkg *
hm_bpkg_import(struct hm_arena *a, const struct hm_build_ctx *ctx,
               const struct hm_scan_dir *scan, hm_str modroot)
{
	struct importer im = { .a = a, .ctx = ctx, .scan = scan };
	struct hm_bpkg *p;

	p = im.p = new_bpkg(a, ctx, scan->dir, modroot);
	for (size_t i = 0; i < scan->n; i++)
		if (!add_file(&im, &scan->v[i]))
			return p;
	p->imports = places(a, &im.imports[0]);
	p->test_imports = places(a, &im.imports[1]);
	p->xtest_imports = places(a, &im.imports[2]);
	p->embeds = places(a, &im.embeds[0]);
	p->test_embeds = places(a, &im.embeds[1]);
	p->xtest_embeds = places(a, &im.embeds[2]);
	add_big_s_files(&im);
	if (p->go_files.n + p->cgo_files.n + p->test_go_files.n + p->xtest_go_files.n == 0)
		set_error(p, HM_LE_NO_GO,
		          hm_arena_printf(a, "no buildable Go source files in " HM_F,
		                          HM_P(p->dir)));
	return p;
}

struct hm_bpkg *
hm_bpkg_missing(struct hm_arena *a, const struct hm_build_ctx *ctx, hm_str dir, hm_str modroot,
                struct hm_err *why)
{
	struct hm_bpkg *p = new_bpkg(a, ctx, dir, modroot);

	if (hm_err_is(why, HM_ENOTFOUND))
		set_error(p, HM_LE_OTHER,
		          hm_arena_printf(a, "cannot find package \"" HM_F "\" in:\n\t" HM_F,
		                          HM_P(p->import_path), HM_P(dir)));
	else
		set_error(p, HM_LE_OTHER, hm_arena_dup(a, hm_err_str(why)));
	return p;
}
