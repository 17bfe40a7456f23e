#include "load/modules.h"

#include "acquire/acquire.h"
#include "base/path.h"
#include "conf/conf.h"
#include "load/import.h"
#include "load/iterate.h"
#include "load/mainmods.h"
#include "load/modcommit.h"
#include "load/modgraph.h"
#include "load/modulesdir.h"
#include "load/scan.h"
#include "load/search.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "verify/gosum.h"

/* The patterns of one load. */
struct patterns {
	struct hm_modload *ml;
	struct hm_arena *a;
	const struct hm_load_opts *opts;
	struct hm_match *v;
	size_t n;
	const struct hm_iter *final; /* the last pass: "all" is known */
};

static hm_str
clean_pattern(struct hm_arena *a, hm_str in)
{
	hm_str p = in, v = HM_S(""), out;
	ptrdiff_t at = hm_str_index_byte(in, '@');
	char *z;

	if (hm_path_is_abs(p))
		return hm_path_clean(a, p);
	if (!hm_import_is_local(p) && at >= 0) {
		p = hm_str_sub(in, 0, (size_t)at);
		v = hm_str_from(in, (size_t)at);
	}
	z = hm_arena_cstr(a, p);
	for (size_t i = 0; i < p.n; i++)
		if (z[i] == '\\')
			z[i] = '/';
	p = hm_str_make(z, p.n);
	out = hm_path_clean(a, p);
	if (hm_str_has_prefix(p, HM_S("./")) && !hm_str_eqz(out, "."))
		out = hm_arena_printf(a, "./" HM_F, HM_P(out));
	return v.n ? hm_arena_printf(a, HM_F HM_F, HM_P(out), HM_P(v)) : out;
}

void
hm_modules_clean_patterns(struct hm_arena *a, const struct hm_strs *in, struct hm_strs *out)
{
	*out = (struct hm_strs){ 0 };
	for (size_t i = 0; i < in->n; i++)
		HM_PUSH(a, *out, clean_pattern(a, in->v[i]));
	if (in->n == 0)
		HM_PUSH(a, *out, HM_S("."));
}

static void
main_modules(const struct patterns *p, struct hm_modvers *out)
{
	const struct hm_mainmods *mm = p->ml->mains;

	if (p->opts->main_module.path.n) {
		HM_PUSH(p->a, *out, p->opts->main_module);
		return;
	}
	for (size_t i = 0; mm && i < mm->n; i++)
		HM_PUSH(p->a, *out, mm->v[i].mod);
}

static void
match_mains(const struct patterns *p, struct hm_match *m)
{
	struct hm_modvers mods = { 0 };

	main_modules(p, &mods);
	hm_search_packages(p->ml, p->a, m, p->opts->any_tags, HM_SEARCH_OMIT_STD, mods.v, mods.n);
}

static void
add_tools(const struct patterns *p, struct hm_match *m)
{
	const struct hm_mainmods *mm = p->ml->mains;

	for (size_t i = 0; mm && i < mm->tools.n; i++)
		HM_PUSH(p->a, m->pkgs, mm->tools.v[i]);
}

static void
mod_roots(const struct patterns *p, struct hm_strs *out)
{
	if (p->opts->main_module.path.n) {
		HM_PUSH(p->a, *out, hm_resolve_main_root(p->ml, p->opts->main_module));
		return;
	}
	for (size_t i = 0; i < p->ml->n_mod_roots; i++)
		HM_PUSH(p->a, *out, p->ml->mod_roots[i]);
}

/* Folders stay the same between rounds; which packages they are may change. */
static int
update_local(const struct patterns *p, struct hm_match *m, struct hm_reqs *rs, struct hm_err *err)
{
	struct hm_strs roots = { 0 };

	if (!m->dirs_set) {
		mod_roots(p, &roots);
		hm_modules_match_dirs(p->ml, p->a, &roots, m, rs);
	}
	m->pkgs = (struct hm_strs){ 0 };
	for (size_t i = 0; i < m->dirs.n; i++) {
		enum hm_local_fail fail;
		hm_str pkg;

		if (hm_modules_resolve_dir(p->ml, p->a, m->dirs.v[i], rs, &pkg, &fail, err) == 0) {
			HM_PUSH(p->a, m->pkgs, pkg);
			continue;
		}
		if (!hm_match_is_literal(m) && fail == HM_LOCAL_PSEUDO) {
			hm_err_clear(err);
			continue; /* "builtin" and GOROOT/src only when they are named */
		}
		if (!hm_modload_has_root(p->ml)) {
			hm_err_clear(err);
			return hm_modload_must_have_root(p->ml, err);
		}
		if (p->final)
			hm_match_add_error(p->a, m, fail == HM_LOCAL_NO_GO ? HM_IMPORT_NO_GO
			                                                   : HM_IMPORT_OTHER, err);
		hm_err_clear(err);
	}
	return 0;
}

static void
update_wildcard(const struct patterns *p, struct hm_match *m, struct hm_reqs *rs)
{
	struct hm_err err = { 0 };
	struct hm_modgraph *mg;
	const struct hm_modver *list;
	size_t n;

	m->errs.n = 0;
	/* An incomplete graph is an error of the pattern; what can be found is still found. */
	if (hm_reqs_graph(p->ml, rs, &mg, &err)) {
		struct hm_match_error e = { .code = err.code, .kind = HM_IMPORT_OTHER };

		e.text = e.bare = hm_arena_dup(p->a, hm_err_str(&err));
		HM_PUSH(p->a, m->errs, e);
	}
	hm_err_free(&err);
	list = hm_modgraph_build_list(mg, &n);
	hm_search_packages(p->ml, p->a, m, p->opts->any_tags, HM_SEARCH_WITH_STD, list, n);
}

static void
update_meta(const struct patterns *p, struct hm_match *m)
{
	if (hm_str_eqz(m->pattern, "work")) {
		match_mains(p, m);
	} else if (hm_str_eqz(m->pattern, "all")) {
		if (p->final) {
			hm_iter_all(p->final, &m->pkgs);
			return;
		}
		m->errs.n = 0;
		match_mains(p, m);
		add_tools(p, m);
	} else if (hm_str_eqz(m->pattern, "tool")) {
		m->pkgs = (struct hm_strs){ 0 };
		add_tools(p, m);
	} else if (!m->pkgs_set) {
		hm_search_goroot(p->ml, p->a, m); /* std, cmd */
	}
}

static int
update_matches(const struct patterns *p, struct hm_reqs *rs, struct hm_err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct hm_match *m = &p->v[i];

		if (hm_match_is_local(m)) {
			if (update_local(p, m, rs, err))
				return -1;
		} else if (hm_match_is_literal(m)) {
			m->pkgs = (struct hm_strs){ 0 };
			HM_PUSH(p->a, m->pkgs, m->pattern);
		} else if (hm_str_contains(m->pattern, HM_S("..."))) {
			update_wildcard(p, m, rs);
		} else {
			update_meta(p, m);
		}
	}
	return 0;
}

static int
list_roots(void *ctx, struct hm_reqs *rs, struct hm_strs *roots, struct hm_err *err)
{
	const struct patterns *p = ctx;

	if (update_matches(p, rs, err))
		return -1;
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->v[i].pkgs.n; k++)
			HM_PUSH(p->a, *roots, p->v[i].pkgs.v[k]);
	return 0;
}

static void
report_matches(const struct patterns *p, struct hm_iter *it)
{
	struct hm_err err = { 0 };

	for (size_t i = 0; !p->opts->silence_package_errors && i < p->n; i++)
		for (size_t k = 0; k < p->v[i].errs.n; k++) {
			const struct hm_match_error *e = &p->v[i].errs.v[k];

			hm_err_set(&err, e->code, HM_F, HM_P(e->text));
			hm_iter_error(it, &err);
		}
	hm_err_free(&err);
}

static void
warn_unmatched(const struct patterns *p)
{
	for (size_t i = 0; !p->opts->silence_unmatched && i < p->n; i++) {
		hm_str q;

		if (p->v[i].pkgs.n || p->v[i].errs.n)
			continue;
		q = hm_str_quote(p->a, p->v[i].pattern);
		hm_log(p->ml->log, HM_LOG_WARN, "go: warning: " HM_F " matched no packages",
		       HM_P(q));
	}
}

/* tidy -v: what was required and is not needed. */
static void
say_unused(struct hm_iter *it, const struct hm_reqs *before)
{
	struct hm_err err = { 0 };
	struct hm_modgraph *mg;
	hm_str v;

	hm_reqs_graph(it->ml, it->reqs, &mg, &err);
	hm_err_free(&err);
	for (size_t i = 0; i < before->n_roots; i++) {
		hm_str path = before->roots[i].path;
		bool unused = it->reqs->pruning == HM_UNPRUNED
		              ? hm_str_eqz(hm_modgraph_selected(mg, path), "none")
		              : !hm_reqs_root_selected(it->ml, it->reqs, path, &v);

		if (unused)
			hm_log(it->ml->log, HM_LOG_INFO, "unused " HM_F, HM_P(path));
	}
}

hm_str
hm_modules_tidy_compat(const struct hm_modload *ml, const struct hm_reqs *rs, hm_str compat)
{
	hm_str go = hm_reqs_go(ml, rs);

	if (!compat.n)
		compat = hm_gover_cmp(go, HM_S(HM_GOVER_STRICT)) < 0 ? hm_gover_prev(ml->arena, go)
		                                                     : go;
	return hm_gover_cmp(compat, go) > 0 ? go : compat;
}

static void
merge_keys(struct hm_map *to, const struct hm_map *from)
{
	for (size_t i = 0; i < from->n; i++)
		hm_map_add(to, from->e[i].key);
}

/* The sums that the tidy module needs, also for the oldest go version it must load with. */
static int
tidy_sums(struct hm_iter *it, struct hm_map *keep, struct hm_err *err)
{
	struct hm_loaded ld = { it->pkgs.v, it->pkgs.n, it->reqs, true };
	struct hm_map more = { .arena = it->a };
	hm_str compat = hm_modules_tidy_compat(it->ml, it->reqs, it->opts->tidy_compat);
	enum hm_pruning pruning = hm_pruning_for_go(compat);
	struct hm_reqs *rs;

	if (hm_modload_keep_sums(it->ml, &ld, it->reqs, HM_SUMS_LOADED, keep, err))
		return -1;
	if (pruning == it->reqs->pruning)
		return 0;
	rs = hm_reqs_new(it->ml, pruning, it->reqs->roots, it->reqs->n_roots, it->reqs->direct);
	if (hm_iter_check_compat(it, rs, compat, err) ||
	    hm_modload_keep_sums(it->ml, &ld, rs, HM_SUMS_LOADED, &more, err))
		return -1;
	merge_keys(keep, &more);
	return 0;
}

static int
tidy_write(struct hm_iter *it, const struct hm_reqs *before, struct hm_err *err)
{
	struct hm_sums *sums = hm_acquire_sums(it->ml->acquire);
	struct hm_map keep = { .arena = it->a };

	if (it->opts->verbose)
		say_unused(it, before);
	if (tidy_sums(it, &keep, err))
		return -1;
	if (it->opts->tidy_keep) {
		*it->opts->tidy_keep = keep;
		return 0;
	}
	if (it->ml->explicit_write || !sums)
		return 0;
	if (hm_sums_trim(sums, &keep, err))
		return -1;
	return hm_sums_write(sums, &keep, hm_modload_must_be_complete(it->ml), err);
}

static struct hm_modules *
result(struct hm_iter *it, const struct patterns *p)
{
	struct hm_modules *m = HM_NEW(it->a, struct hm_modules);
	struct hm_loaded *loaded = HM_NEW(it->a, struct hm_loaded);

	m->arena = it->a;
	m->ml = it->ml;
	m->matches = p->v;
	m->n_matches = p->n;
	m->pkgs = it->pkgs;
	m->by_path = it->by_path;
	m->reqs = it->reqs;
	m->vendor_in_goroot_src = it->opts->vendor_in_goroot_src;
	for (size_t i = 0; i < m->pkgs.n; i++)
		if (!m->pkgs.v[i]->test_of)
			HM_PUSH(it->a, m->loaded, m->pkgs.v[i]->path);
	hm_strs_sort(&m->loaded);
	*loaded = (struct hm_loaded){ m->pkgs.v, m->pkgs.n, m->reqs, it->opts->tidy };
	it->ml->loaded = loaded;
	it->ml->reqs = it->reqs;
	return m;
}

static struct hm_iter
iter_of(struct hm_modload *ml, const struct hm_load_opts *opts, struct hm_reqs *rs)
{
	return (struct hm_iter){ .ml = ml, .r = hm_resolve_of(ml), .a = ml->arena, .opts = opts,
	                         .reqs = rs };
}

static int
load(struct hm_iter *it, struct patterns *p, struct hm_modules **out, struct hm_err *err)
{
	const struct hm_reqs *before = it->reqs;

	if (hm_iter_run(it, err))
		return -1;
	p->final = it;
	if (update_matches(p, it->reqs, err))
		return -1;
	report_matches(p, it);
	if (hm_iter_stop(it, err))
		return -1;
	warn_unmatched(p);
	if (it->opts->tidy && tidy_write(it, before, err))
		return -1;
	*out = result(it, p);
	if (!it->ml->explicit_write && it->opts->resolve_missing && !it->opts->tidy_keep)
		return hm_modload_commit(it->ml, NULL, err);
	return 0;
}

int
hm_modules_load(struct hm_modload *ml, const struct hm_load_opts *opts,
                const struct hm_strs *patterns, struct hm_modules **out, struct hm_err *err)
{
	struct patterns p = { .ml = ml, .a = ml->arena, .opts = opts };
	struct hm_strs clean;
	struct hm_reqs *rs;
	struct hm_iter it;
	int rc;

	hm_modules_clean_patterns(p.a, patterns, &clean);
	p.n = clean.n;
	p.v = HM_NEW_N(p.a, clean.n, struct hm_match);
	if (hm_modload_file(ml, &rs, err))
		return -1;
	it = iter_of(ml, opts, rs);
	for (size_t i = 0; i < clean.n; i++) {
		p.v[i].pattern = clean.v[i];
		it.all_is_root |= hm_str_eqz(clean.v[i], "all");
	}
	it.list_roots = list_roots;
	it.list_ctx = &p;
	rc = load(&it, &p, out, err);
	hm_err_free(&it.errors);
	return rc;
}

static int
list_imports(void *ctx, struct hm_reqs *rs, struct hm_strs *roots, struct hm_err *err)
{
	(void)rs;
	(void)err;
	*roots = *(const struct hm_strs *)ctx;
	return 0;
}

int
hm_modules_load_files(struct hm_modload *ml, const struct hm_strs *files, struct hm_modules **out,
                      struct hm_err *err)
{
	struct hm_load_opts opts = { .resolve_missing = true, .silence_package_errors = true };
	struct patterns none = { .ml = ml, .a = ml->arena, .opts = &opts };
	struct hm_strs imports = { 0 }, tests = { 0 };
	struct hm_reqs *rs;
	struct hm_iter it;
	int rc;

	if (hm_modload_file(ml, &rs, err))
		return -1;
	it = iter_of(ml, &opts, rs);
	if (hm_scan_file_imports(ml->arena, files, &it.r->tags, &imports, &tests, NULL, err))
		return -1;
	for (size_t i = 0; i < tests.n; i++)
		HM_PUSH(ml->arena, imports, tests.v[i]);
	it.list_roots = list_imports;
	it.list_ctx = &imports;
	rc = hm_iter_run(&it, err) || hm_iter_stop(&it, err) ? -1 : 0;
	if (rc == 0) {
		*out = result(&it, &none);
		if (!ml->explicit_write)
			rc = hm_modload_commit(ml, NULL, err);
	}
	hm_err_free(&it.errors);
	return rc;
}
