/* The packages of a test (cmd/go/internal/load/test.go). */
#include <stdlib.h>

#include "load/pkgload_priv.h"
#include "load/testfuncs.h"

static const char *const main_deps[] = { "os", "reflect", "testing", "testing/internal/testdeps" };
enum { N_MAIN_DEPS = sizeof(main_deps) / sizeof(main_deps[0]) };

/* The imports of one of the two kinds of test files, loaded. */
struct half {
	const struct hm_places *places, *embeds;
	struct hm_strs raw;
	struct hm_strs *paths; /* as go list shows them: resolved in place */
	struct hm_pkgs pkgs;
	struct hm_embed_map embed;
	struct hm_strs embed_files;
	struct hm_pkg_error *error;
	bool incomplete;
};

static void
add_strs(struct hm_arena *a, struct hm_strs *to, const struct hm_strs *from)
{
	for (size_t i = 0; i < from->n; i++)
		HM_PUSH(a, *to, from->v[i]);
}

static void
add_pkgs(struct hm_arena *a, struct hm_pkgs *to, const struct hm_pkgs *from)
{
	for (size_t i = 0; i < from->n; i++)
		HM_PUSH(a, *to, from->v[i]);
}

static const struct hm_poss *
places_of(const struct hm_places *places, hm_str text)
{
	for (size_t i = 0; i < places->n; i++)
		if (hm_str_eq(places->v[i].text, text))
			return &places->v[i].pos;
	return NULL;
}

static void
resolve_embeds(struct hm_loader *l, struct hm_pkg *p, const struct hm_strs *patterns,
               struct half *h)
{
	struct hm_err err = { 0 };
	hm_str bad;

	if (hm_embed_resolve(l->a, p->dir, patterns, l->conf.ctx.embed_links, &h->embed_files,
	                     &h->embed, &bad, &err) == 0)
		return;
	h->incomplete = true;
	if (h->error && h->paths == &p->xtest_imports) {
		hm_err_free(&err);
		return; /* in the other half this error goes before those of imports */
	}
	h->error = hm_loader_error(l, hm_arena_dup(l->a, hm_err_str(&err)), HM_S(""));
	hm_loader_error_pos(l, h->error, places_of(h->embeds, bad));
	hm_err_free(&err);
}

static void
load_half(struct hm_loader *l, const struct hm_loader_opts *opts, struct hm_pkg *p,
          const char *suffix, const struct hm_strs *patterns, struct half *h)
{
	hm_loader_push(l, hm_arena_printf(l->a, HM_F "%s", HM_P(p->import_path), suffix), NULL);
	add_strs(l->a, &h->raw, h->paths);
	for (size_t i = 0; i < h->raw.n; i++) {
		struct hm_pkg_error *why = NULL;
		struct hm_pkg *q = hm_loader_load_import(l, opts, h->raw.v[i], p,
		                                         places_of(h->places, h->raw.v[i]),
		                                         HM_LOADER_RESOLVE, &why);

		if (why && !h->error)
			h->error = why;
		h->incomplete |= why || q->incomplete;
		h->paths->v[i] = q->import_path;
		HM_PUSH(l->a, h->pkgs, q);
	}
	resolve_embeds(l, p, patterns, h);
	hm_loader_pop(l);
}

static int
entry_cmp(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_places_entry *)x)->text,
	                  ((const struct hm_places_entry *)y)->text);
}

/* Places of both, by text. */
static struct hm_places
merge_places(struct hm_arena *a, const struct hm_places *x, const struct hm_places *y)
{
	struct hm_places out = { 0 };
	size_t n;

	for (size_t i = 0; i < x->n; i++)
		HM_PUSH(a, out, x->v[i]);
	n = out.n;
	for (size_t i = 0; i < y->n; i++) {
		size_t k = 0;
		struct hm_poss both = { 0 };

		while (k < n && !hm_str_eq(out.v[k].text, y->v[i].text))
			k++;
		if (k == n) {
			HM_PUSH(a, out, y->v[i]);
			continue;
		}
		for (size_t j = 0; j < out.v[k].pos.n; j++)
			HM_PUSH(a, both, out.v[k].pos.v[j]);
		for (size_t j = 0; j < y->v[i].pos.n; j++)
			HM_PUSH(a, both, y->v[i].pos.v[j]);
		out.v[k].pos = both;
	}
	if (out.n)
		qsort(out.v, out.n, sizeof(*out.v), entry_cmp);
	return out;
}

static void
add_directives(struct hm_arena *a, struct hm_scan_items *to, const struct hm_scan_items *from)
{
	for (size_t i = 0; i < from->n; i++)
		HM_PUSH(a, *to, from->v[i]);
}

/* p with the files of its own package's tests. */
static struct hm_pkg *
make_test(struct hm_loader *l, struct hm_pkg *p, const struct half *h)
{
	struct hm_arena *a = l->a;
	struct hm_pkg *t = HM_NEW(a, struct hm_pkg);
	struct hm_bpkg *b = HM_NEW(a, struct hm_bpkg);
	struct hm_embed_map embed = { 0 };
	const struct hm_strs none = { 0 };

	*t = *p;
	*b = *p->build;
	b->imports = merge_places(a, &p->build->imports, &p->build->test_imports);
	b->directives = (struct hm_scan_items){ 0 };
	add_directives(a, &b->directives, &p->build->directives);
	add_directives(a, &b->directives, &p->build->test_directives);
	t->build = b;
	if (!t->error)
		t->error = h->error;
	t->incomplete |= h->incomplete;
	t->for_test = p->import_path;
	t->target = HM_S("");
	t->go_files = t->imports = t->raw_imports = t->embed_files = none;
	add_strs(a, &t->go_files, &p->go_files);
	add_strs(a, &t->go_files, &p->test_go_files);
	/* Tests' imports first: imports and raw_imports stay side by side. */
	add_strs(a, &t->imports, h->paths);
	add_strs(a, &t->imports, &p->imports);
	add_strs(a, &t->raw_imports, &h->raw);
	add_strs(a, &t->raw_imports, &p->raw_imports);
	t->import_pkgs = (struct hm_pkgs){ 0 };
	add_pkgs(a, &t->import_pkgs, &h->pkgs);
	add_pkgs(a, &t->import_pkgs, &p->import_pkgs);
	add_strs(a, &t->embed_files, &p->embed_files);
	add_strs(a, &t->embed_files, &h->embed_files);
	for (size_t i = 0; i < h->embed.n; i++)
		HM_PUSH(a, embed, h->embed.v[i]);
	for (size_t i = 0; i < p->embed.n; i++)
		HM_PUSH(a, embed, p->embed.v[i]);
	t->embed = embed;
	t->force_library = true;
	t->wants_build_info = false;
	return t;
}

/* Package p_test. */
static struct hm_pkg *
make_xtest(struct hm_loader *l, struct hm_pkg *p, struct hm_pkg *test, const struct half *h)
{
	struct hm_arena *a = l->a;
	struct hm_pkg *x = HM_NEW(a, struct hm_pkg);
	struct hm_bpkg *b = HM_NEW(a, struct hm_bpkg);
	bool needs_test = false;

	b->imports = p->build->xtest_imports;
	b->directives = p->build->xtest_directives;
	x->build = b;
	x->name = hm_arena_printf(a, HM_F "_test", HM_P(p->name));
	x->import_path = hm_arena_printf(a, HM_F "_test", HM_P(p->import_path));
	x->root = p->root;
	x->dir = p->dir;
	x->goroot = p->goroot;
	x->go_files = p->xtest_go_files;
	add_strs(a, &x->imports, h->paths);
	x->raw_imports = h->raw;
	x->for_test = p->import_path;
	x->module = p->module;
	x->error = h->error;
	x->incomplete = h->incomplete || h->error;
	x->embed_files = h->embed_files;
	x->embed = h->embed;
	x->orig_import_path = p->orig_import_path;
	x->pgo_profile = p->pgo_profile;
	for (size_t i = 0; i < h->pkgs.n; i++) {
		if (hm_str_eq(h->pkgs.v[i]->import_path, p->import_path))
			needs_test = true;
		else
			HM_PUSH(a, x->import_pkgs, h->pkgs.v[i]);
	}
	if (needs_test)
		HM_PUSH(a, x->import_pkgs, test);
	return x;
}

static void
main_error(struct hm_pkg *m, struct hm_pkg_error *e)
{
	if (!m->error)
		m->error = e;
	m->incomplete = true;
}

static void
load_main_deps(struct hm_loader *l, const struct hm_loader_opts *opts, struct hm_pkg *m,
               struct hm_pkg *test)
{
	struct hm_strs deps = { 0 };
	hm_str why;

	hm_loader_push(l, HM_S("testmain"), NULL);
	for (size_t i = 0; i < N_MAIN_DEPS; i++)
		HM_PUSH(l->a, deps, hm_str_of(main_deps[i]));
	if (hm_loader_linker_deps(l, &deps, &why)) {
		m->error = HM_NEW(l->a, struct hm_pkg_error);
		m->error->err = why;
	}
	for (size_t i = 0; i < deps.n; i++) {
		struct hm_pkg_error *e = NULL;
		struct hm_pkg *q = test;

		if (!hm_str_eq(deps.v[i], test->import_path))
			q = hm_loader_load_import(l, opts, deps.v[i], NULL, NULL, 0, &e);
		if (e)
			main_error(m, e);
		HM_PUSH(l->a, m->import_pkgs, q);
	}
	hm_loader_pop(l);
}

/* The program; its directives are those of all files, but only for the default GODEBUG. */
static struct hm_pkg *
make_main(struct hm_loader *l, const struct hm_loader_opts *opts, struct hm_pkg *p,
          struct hm_pkg *test)
{
	struct hm_arena *a = l->a;
	struct hm_pkg *m = HM_NEW(a, struct hm_pkg);
	struct hm_bpkg *b = HM_NEW(a, struct hm_bpkg);

	m->name = b->name = HM_S("main");
	m->build = b;
	m->dir = p->dir;
	HM_PUSH(a, m->go_files, HM_S("_testmain.go"));
	m->import_path = hm_arena_printf(a, HM_F ".test", HM_P(p->import_path));
	m->root = p->root;
	m->module = p->module;
	m->orig_import_path = p->orig_import_path;
	m->pgo_profile = p->pgo_profile;
	m->wants_build_info = true;
	add_directives(a, &b->directives, &p->build->directives);
	add_directives(a, &b->directives, &p->build->test_directives);
	add_directives(a, &b->directives, &p->build->xtest_directives);
	m->default_godebug = hm_loader_default_godebug(l, m);
	b->directives = (struct hm_scan_items){ 0 };
	if (p->wants_build_info && hm_str_eq(m->default_godebug, p->default_godebug))
		m->stamp_as = p;
	load_main_deps(l, opts, m, test);
	return m;
}

/* What main imports, and the text of its file. */
static void
finish_main(struct hm_loader *l, struct hm_pkg *p, struct hm_pkg_tests *t)
{
	struct hm_pkg *m = t->main;
	struct hm_testfuncs f;
	struct hm_load_err why = { 0 };

	if (hm_testfuncs_load(l->a, p, &f, &why) && !m->error)
		hm_loader_data_error(l, m, &why, p->import_path, NULL);
	for (size_t i = 0; i < N_MAIN_DEPS; i++)
		HM_PUSH(l->a, m->imports, hm_str_of(main_deps[i]));
	if (t->test->go_files.n + t->test->cgo_files.n > 0) {
		HM_PUSH(l->a, m->import_pkgs, t->test);
		HM_PUSH(l->a, m->imports, t->test->import_path);
		f.import_test = true;
	}
	if (t->xtest) {
		HM_PUSH(l->a, m->import_pkgs, t->xtest);
		HM_PUSH(l->a, m->imports, t->xtest->import_path);
		f.import_xtest = true;
	}
	hm_strs_sort_unique(&m->imports);
	add_strs(l->a, &m->raw_imports, &m->imports);
	m->testmain_go = hm_testfuncs_program(l->a, &f, p);
}

/* --- copies of what imports the tested package --- */

static hm_str
pointer_key(const struct hm_pkg *const *p)
{
	return hm_str_make((const char *)p, sizeof(*p));
}

static void
set_copy(struct hm_arena *a, struct hm_map *copies, const struct hm_pkg *of, struct hm_pkg *copy)
{
	hm_map_set(copies, hm_arena_dup(a, pointer_key(&of)), copy);
}

static struct hm_pkg *
split(struct hm_loader *l, struct hm_map *copies, const struct hm_pkg *p,
      const struct hm_pkg *tested)
{
	struct hm_pkg *c = HM_NEW(l->a, struct hm_pkg);

	*c = *p;
	c->import_pkgs = (struct hm_pkgs){ 0 };
	add_pkgs(l->a, &c->import_pkgs, &p->import_pkgs);
	c->imports = (struct hm_strs){ 0 };
	add_strs(l->a, &c->imports, &p->imports);
	c->for_test = tested->import_path;
	c->target = HM_S("");
	c->wants_build_info = false;
	c->force_library = true;
	c->pgo_profile = tested->pgo_profile;
	set_copy(l->a, copies, p, c);
	return c;
}

/* What imports p, directly or not, gets a copy that imports the test package instead. */
static void
recompile(struct hm_loader *l, struct hm_pkg *p, const struct hm_pkg_tests *t)
{
	struct hm_map copies = { .arena = l->a };
	struct hm_pkgs root = { 0 }, all = { 0 };

	set_copy(l->a, &copies, p, t->test);
	HM_PUSH(l->a, root, t->main);
	hm_pkg_list(l->a, &root, &all);
	for (size_t i = 0; i < all.n; i++) {
		struct hm_pkg *q = all.v[i];
		bool own = q == t->main || q == t->xtest || q == t->test;

		if (q == p)
			continue;
		for (size_t k = 0; k < q->import_pkgs.n; k++) {
			const struct hm_pkg *dep = q->import_pkgs.v[k];
			struct hm_pkg *c = hm_map_get(&copies, pointer_key(&dep));

			if (!c || c == dep)
				continue;
			if (!own)
				q = split(l, &copies, q, p);
			own = true;
			q->import_pkgs.v[k] = c;
		}
		if (!own && (hm_str_eqz(q->name, "main") ||
		             (p->pgo_profile.n && !q->pgo_profile.n)))
			split(l, &copies, q, p);
	}
}

/* The way from an import of test back to test, shortest first. */
static struct hm_pkg_error *
cycle_error(struct hm_loader *l, struct hm_pkg *test, const struct hm_map *importers,
            const struct hm_pkg *p)
{
	struct hm_pkg_error *e = HM_NEW(l->a, struct hm_pkg_error);
	struct hm_import_stack back = { 0 };
	struct hm_import_step last = { test->import_path, NULL };

	while (p) {
		const struct hm_pkg *by = hm_map_get(importers, pointer_key(&p));
		const struct hm_poss *pos =
			places_of(&(by ? by : test)->build->imports, p->import_path);
		struct hm_import_step s = { p->import_path, pos && pos->n ? &pos->v[0] : NULL };

		HM_PUSH(l->a, back, s);
		p = by;
	}
	HM_PUSH(l->a, back, last);
	while (back.n) {
		HM_PUSH(l->a, e->stack, back.v[back.n - 1]);
		HM_PUSH(l->a, e->stack_pkgs, back.v[back.n - 1].pkg);
		back.n--;
	}
	e->err = HM_S("import cycle not allowed in test");
	e->import_cycle = true;
	return e;
}

static void
check_cycle(struct hm_loader *l, struct hm_pkg *test)
{
	struct hm_map importers = { .arena = l->a };
	struct hm_pkgs queue = { 0 };

	for (size_t i = 0; i < test->import_pkgs.n; i++) {
		set_copy(l->a, &importers, test->import_pkgs.v[i], NULL);
		HM_PUSH(l->a, queue, test->import_pkgs.v[i]);
	}
	for (size_t i = 0; i < queue.n; i++) {
		struct hm_pkg *p = queue.v[i];

		if (p == test) {
			test->error = cycle_error(l, test, &importers, p);
			test->incomplete = true;
			return;
		}
		for (size_t k = 0; k < p->import_pkgs.n; k++) {
			const struct hm_pkg *dep = p->import_pkgs.v[k];

			if (hm_map_has(&importers, pointer_key(&dep)))
				continue;
			set_copy(l->a, &importers, dep, p);
			HM_PUSH(l->a, queue, p->import_pkgs.v[k]);
		}
	}
}

void
hm_loader_test_packages(struct hm_loader *l, const struct hm_loader_opts *opts, struct hm_pkg *p,
                        struct hm_pkg_tests *out)
{
	struct half in = { &p->build->test_imports, &p->build->test_embeds,
		           .paths = &p->test_imports };
	struct half ex = { &p->build->xtest_imports, &p->build->xtest_embeds,
		           .paths = &p->xtest_imports };
	struct hm_strs imports = { 0 };

	add_strs(l->a, &imports, &p->test_imports);
	add_strs(l->a, &imports, &p->xtest_imports);
	if (!p->standard)
		hm_loader_data_preload(l, &imports, true);
	load_half(l, opts, p, " (test)", &p->test_embed_patterns, &in);
	load_half(l, opts, p, "_test", &p->xtest_embed_patterns, &ex);
	p->test_embed_files = in.embed_files;
	p->xtest_embed_files = ex.embed_files;
	*out = (struct hm_pkg_tests){ .test = p };
	if (p->test_go_files.n || hm_str_eqz(p->name, "main"))
		out->test = make_test(l, p, &in);
	if (p->xtest_go_files.n)
		out->xtest = make_xtest(l, p, out->test, &ex);
	out->main = make_main(l, opts, p, out->test);
	finish_main(l, p, out);
	recompile(l, p, out);
	check_cycle(l, out->test);
}

struct hm_pkg *
hm_loader_test_failure(struct hm_loader *l, const struct hm_pkg_tests *t)
{
	struct hm_pkg *const order[] = { t->test, t->xtest, t->main };

	for (size_t i = 0; i < 3; i++) {
		struct hm_pkgs root = { 0 }, all = { 0 };

		if (!order[i])
			continue;
		if (order[i]->error)
			return order[i];
		if (!order[i]->incomplete)
			continue;
		HM_PUSH(l->a, root, order[i]);
		hm_pkg_list(l->a, &root, &all);
		for (size_t k = 0; k < all.n; k++)
			if (all.v[k]->error)
				return all.v[k];
		return NULL; /* go looks no further */
	}
	return NULL;
}
