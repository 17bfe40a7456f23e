/* Who may import whom, and names that would make trouble. */
#include "base/path.h"
#include "base/rune.h"
#include "load/pkgload_priv.h"
#include "os/file.h"

/* Offset of the last "internal" element, or -1. */
static ptrdiff_t
find_internal(hm_str path)
{
	static const hm_str elem = HM_S_INIT("internal");

	for (size_t end = path.n;;) {
		ptrdiff_t slash = hm_str_rindex_byte(hm_str_sub(path, 0, end), '/');
		size_t start = (size_t)(slash + 1);

		if (hm_str_eq(hm_str_sub(path, start, end), elem))
			return (ptrdiff_t)start;
		if (slash < 0)
			return -1;
		end = (size_t)slash;
	}
}

ptrdiff_t
hm_pkg_find_vendor(hm_str path)
{
	for (size_t i = path.n; i-- > 0;) {
		hm_str at = hm_str_from(path, i);

		if (hm_str_has_prefix(at, HM_S("vendor/")) && (i == 0 || path.p[i - 1] == '/'))
			return (ptrdiff_t)i;
	}
	return -1;
}

/* dir is in tree, links followed when the names alone do not show it. */
static bool
is_below(struct hm_loader *l, hm_str dir, hm_str tree)
{
	struct hm_err err = { 0 };
	hm_str real;

	if (hm_path_has_prefix(dir, tree))
		return true;
	dir = hm_arena_dup(l->a, dir);
	tree = hm_arena_dup(l->a, tree);
	if (hm_file_real_path(l->a, dir.p, &real, &err) == 0)
		dir = real;
	if (hm_file_real_path(l->a, tree.p, &real, &err) == 0)
		tree = real;
	hm_err_free(&err);
	return hm_path_has_prefix(dir, tree);
}

/* The folder that p->import_path[:i] names. */
static bool
parent_dir(const struct hm_pkg *p, size_t i, hm_str *dir)
{
	if (p->dir.n + i < p->import_path.n || p->dir.n + i - p->import_path.n > p->dir.n)
		return false;
	*dir = hm_str_sub(p->dir, 0, p->dir.n + i - p->import_path.n);
	return true;
}

/* 1 allowed, 0 not, -1 not one of the FIPS 140 packages. */
static int
check_fips(hm_str importer, hm_str path)
{
	static const hm_str fips = HM_S_INIT("crypto/internal/fips140");

	if (hm_path_has_prefix(importer, HM_S("crypto")) && hm_path_has_prefix(path, fips))
		return 1;
	if (hm_path_has_prefix(importer, fips))
		return hm_path_has_prefix(path, HM_S("crypto/internal"));
	return -1;
}

static bool
may_see_internal(struct hm_loader *l, const struct hm_pkg *importer, const struct hm_pkg *p,
                 size_t i)
{
	hm_str from = importer->import_path, tree;
	int fips = check_fips(from, p->import_path);

	if (fips >= 0)
		return fips;
	if (!p->module)
		return parent_dir(p, i, &tree) && is_below(l, importer->dir, tree);
	if (importer->cmdline_files)
		from = l->src.dir_import_path(l->src.ctx, l->a, importer->dir);
	return i == 0 || hm_path_has_prefix(from, hm_str_sub(p->import_path, 0, i));
}

struct hm_pkg_error *
hm_loader_check_internal(struct hm_loader *l, const struct hm_pkg *importer,
                         const struct hm_pkg *p)
{
	struct hm_pkg_error *e;
	ptrdiff_t i;

	if (p->error || !importer || importer->import_path.n == 0)
		return NULL;
	if (hm_path_has_prefix(p->import_path, HM_S("testing/internal")) &&
	    hm_str_eqz(importer->import_path, "testmain"))
		return NULL;
	if (p->standard && hm_str_has_prefix(importer->import_path, HM_S("bootstrap/")))
		return NULL;
	i = find_internal(p->import_path);
	if (i < 0 || may_see_internal(l, importer, p, i > 0 ? (size_t)i - 1 : 0))
		return NULL;
	e = hm_loader_error(l, hm_arena_printf(l->a, "use of internal package " HM_F " not allowed",
	                                       HM_P(p->import_path)),
	                    p->import_path);
	e->always_print_stack = true;
	return e;
}

struct hm_pkg_error *
hm_loader_check_vendor(struct hm_loader *l, const struct hm_pkg *importer, hm_str path,
                       const struct hm_pkg *p)
{
	ptrdiff_t i;
	hm_str tree;

	if (!importer || importer->import_path.n == 0)
		return NULL;
	i = hm_pkg_find_vendor(p->import_path);
	if (i >= 0 && parent_dir(p, i > 0 ? (size_t)i - 1 : 0, &tree) &&
	    !is_below(l, importer->dir, tree))
		return hm_loader_error(l, HM_S("use of vendored package not allowed"), HM_S(""));
	i = hm_pkg_find_vendor(path);
	if (i < 0)
		return NULL;
	return hm_loader_error(l,
	                       hm_arena_printf(l->a, HM_F " must be imported as " HM_F, HM_P(path),
	                                       HM_P(hm_str_from(path, (size_t)i + 7))),
	                       path);
}

bool
hm_pkg_safe_arg(hm_str s)
{
	unsigned char c;

	if (s.n == 0)
		return false;
	c = (unsigned char)s.p[0];
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '.' || c == '_' || c == '/' || c >= 0x80;
}

/* The smallest code point of the folding class stands for all of it. */
static hm_str
fold_text(struct hm_arena *a, hm_str s)
{
	struct hm_buf b = { 0 };
	bool plain = true;

	for (size_t i = 0; plain && i < s.n; i++)
		plain = (unsigned char)s.p[i] < 0x80 && !(s.p[i] >= 'A' && s.p[i] <= 'Z');
	if (plain)
		return s;
	for (size_t i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i), least = r;

		for (uint32_t f = hm_rune_fold(r); f != r; f = hm_rune_fold(f))
			if (f < least)
				least = f;
		if (least >= 'A' && least <= 'Z')
			least += 'a' - 'A';
		hm_buf_add_rune(&b, least);
	}
	return hm_buf_take(&b, a);
}

hm_str
hm_loader_check_fold(struct hm_loader *l, hm_str path)
{
	bool fresh;
	struct hm_map_entry *e = hm_map_put(&l->fold, fold_text(l->a, path), &fresh);
	hm_str other;

	if (fresh)
		e->val = hm_arena_cstr(l->a, path);
	other = hm_str_of(e->val);
	if (hm_str_eq(other, path))
		return HM_S("");
	return hm_arena_printf(l->a,
	                       "case-insensitive import collision: \"" HM_F "\" and \"" HM_F "\"",
	                       HM_P(path), HM_P(other));
}

static void
all_files(struct hm_arena *a, const struct hm_pkg *p, struct hm_strs *out)
{
	const struct hm_strs *const lists[] = {
		&p->go_files, &p->cgo_files, &p->ignored_go_files, &p->ignored_other_files,
		&p->c_files, &p->cxx_files, &p->m_files, &p->h_files, &p->f_files, &p->s_files,
		&p->swig_files, &p->swigcxx_files, &p->syso_files, &p->test_go_files,
		&p->xtest_go_files,
	};
	size_t n;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t f = 0; f < lists[i]->n; f++)
			HM_PUSH(a, *out, lists[i]->v[f]);
	n = out->n;
	for (size_t i = 0; i < p->embed_files.n; i++) {
		struct hm_strs own = { out->v, n, n };
		hm_str f = p->embed_files.v[i];

		if (hm_str_index_byte(f, '/') >= 0 || !hm_strs_has(&own, f))
			HM_PUSH(a, *out, f);
	}
}

static hm_str
check_file_fold(struct hm_arena *mem, struct hm_arena *a, const struct hm_strs *files)
{
	struct hm_map seen = { .arena = mem };

	for (size_t i = 0; i < files->n; i++) {
		hm_str f = files->v[i], other;
		bool fresh;
		struct hm_map_entry *e = hm_map_put(&seen, fold_text(mem, f), &fresh);

		if (fresh) {
			e->val = (void *)&files->v[i];
			continue;
		}
		other = *(const hm_str *)e->val;
		if (hm_str_cmp(f, other) > 0) {
			hm_str t = f;

			f = other;
			other = t;
		}
		return hm_arena_printf(
			a, "case-insensitive file name collision: \"" HM_F "\" and \"" HM_F "\"",
			HM_P(f), HM_P(other));
	}
	return HM_S("");
}

hm_str
hm_loader_check_files(struct hm_loader *l, const struct hm_pkg *p)
{
	struct hm_arena mem = { 0 };
	struct hm_strs files = { 0 };
	hm_str why, name = hm_path_base(p->import_path);

	all_files(&mem, p, &files);
	why = check_file_fold(&mem, l->a, &files);
	for (size_t i = 0; why.n == 0 && i < files.n; i++)
		if (!hm_pkg_safe_arg(files.v[i]) ||
		    hm_str_has_prefix(files.v[i], HM_S("_cgo_")))
			why = hm_arena_printf(l->a, "invalid input file name " HM_F,
			                      HM_P(hm_str_quote(&mem, files.v[i])));
	if (why.n == 0 && !hm_pkg_safe_arg(name))
		why = hm_arena_printf(l->a, "invalid input directory name " HM_F,
		                      HM_P(hm_str_quote(&mem, name)));
	if (why.n == 0 &&
	    (hm_str_index_byte(p->dir, '\n') >= 0 || hm_str_index_byte(p->dir, '\r') >= 0))
		why = hm_arena_printf(l->a, "invalid package directory " HM_F,
		                      HM_P(hm_str_quote(&mem, p->dir)));
	hm_arena_free(&mem);
	return why;
}
