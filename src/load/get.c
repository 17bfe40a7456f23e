#include "load/get.h"

#include "load/edit.h"
#include "load/getstate.h"
#include "load/import.h"
#include "load/importerr.h"
#include "load/mainmods.h"
#include "load/modcommit.h"
#include "load/modfiles.h"
#include "load/modgraph.h"
#include "load/modload_priv.h"
#include "load/modules.h"
#include "load/workspace.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "os/file.h"

/* What was reported is the end of it. */
static int
stop_if_failed(const struct hm_get *g, struct hm_err *err)
{
	return g->ml->failed ? hm_err_set(err, HM_EREPORTED, "get") : 0;
}

/* A Go file is no package: a common mistake. */
static bool
is_go_file(struct hm_get *g, const struct hm_get_query *q)
{
	if (!hm_str_has_suffix(q->raw, HM_S(".go")) || q->raw_version.n)
		return false;
	if (hm_str_index_byte(q->raw, '/') < 0) {
		hm_modload_report(g->ml, HM_F ": arguments must be package or module paths",
		                  HM_P(q->raw));
		return true;
	}
	if (!hm_file_exists(hm_modload_abs(g->ml, g->a, q->raw)) ||
	    hm_file_is_dir(hm_modload_abs(g->ml, g->a, q->raw)))
		return false;
	hm_modload_report(g->ml, HM_F " exists as a file, but 'go get' requires package arguments",
	                  HM_P(q->raw));
	return true;
}

static void
add_argument(struct hm_get *g, hm_str arg, bool *drop_toolchain)
{
	struct hm_get_query *q;
	struct hm_err err = { 0 };

	if (hm_get_parse(g, arg, &q, &err)) {
		hm_modload_report(g->ml, HM_F, HM_P(hm_err_str(&err)));
		hm_err_free(&err);
		return;
	}
	if (hm_get_is_none(q) && hm_str_eqz(q->pattern, "go")) {
		hm_modload_report(g->ml, "cannot use go@none");
		return;
	}
	if (hm_get_is_none(q) && hm_str_eqz(q->pattern, "toolchain")) {
		*drop_toolchain = true;
		return;
	}
	if (g->opts->args.n == 0)
		q->raw = HM_S("");
	if (!is_go_file(g, q))
		HM_PUSH(g->a, g->queries, q);
}

/* parseArgs */
static int
add_arguments(struct hm_get *g, struct hm_write_opts *w, struct hm_err *err)
{
	struct hm_strs clean;

	hm_modules_clean_patterns(g->a, &g->opts->args, &clean);
	for (size_t i = 0; i < clean.n; i++)
		add_argument(g, clean.v[i], &w->drop_toolchain);
	for (size_t i = 0; i < g->queries.n; i++)
		if (hm_str_eqz(g->queries.v[i]->pattern, "toolchain"))
			w->explicit_toolchain = true;
	return stop_if_failed(g, err);
}

static int
read_list(struct hm_get *g, struct hm_err *err)
{
	struct hm_modgraph *mg;

	if (hm_modload_graph(g->ml, HM_S(""), &mg, err))
		return -1;
	g->list = hm_modgraph_build_list(mg, &g->n_list);
	g->selected = (struct hm_map){ .arena = g->a };
	for (size_t i = 0; i < g->n_list; i++)
		hm_map_set(&g->selected, g->list[i].path, (void *)(uintptr_t)&g->list[i].version);
	return 0;
}

/* loadWorkspace: modules of a go.work around, which loading will know. */
static int
read_workspace(struct hm_get *g, struct hm_err *err)
{
	struct hm_err ignored = { 0 };
	struct hm_strs roots = { 0 };
	struct hm_gowork *w;
	hm_str file, data;

	if (hm_work_find(g->ml, g->ml->cwd, &file, err))
		return -1;
	if (!file.n)
		return 0;
	g->has_work = hm_work_load(g->ml, file, &w, &roots, &ignored) == 0;
	for (size_t i = 0; g->has_work && i < roots.n; i++) {
		struct hm_gomod *f;
		bool fixed;

		hm_err_clear(&ignored);
		/* What is wrong is said when the workspace is loaded. */
		if (hm_modload_read_gomod(g->ml,
		                          hm_arena_printf(g->a, HM_F "/go.mod", HM_P(roots.v[i])),
		                          HM_FIX_NONE, &data, &f, &fixed, &ignored) == 0)
			hm_map_set(&g->work, f->module, &roots.v[i]);
	}
	hm_err_free(&ignored);
	return 0;
}

static struct hm_get_choice *
choice_of(const struct hm_get *g, hm_str path)
{
	return hm_map_get(&g->choices, path);
}

/* disambiguate: what is left of the candidates with what was decided so far. */
struct choice {
	struct hm_modver mod;   /* the only one left; path empty: none is possible */
	bool unique, is_package;
	struct hm_get_set left; /* without unique */
};

static struct choice
only(struct hm_modver m, bool is_package)
{
	return (struct choice){ .mod = m, .unique = true, .is_package = is_package };
}

static struct choice
choose(struct hm_get *g, const struct hm_get_set *s)
{
	struct hm_get_set left = { .path = s->path };
	const struct hm_get_choice *c;

	for (size_t i = 0; i < s->pkg_mods.n; i++) {
		struct hm_modver m = s->pkg_mods.v[i];

		if (hm_get_removes(g, m.path))
			continue;
		if (hm_mainmods_has(g->ml->mains, m.path)) {
			if (!m.version.n)
				return only(m, true);
			continue;
		}
		c = choice_of(g, m.path);
		if (!c)
			HM_PUSH(g->a, left.pkg_mods, m);
		else if (hm_str_eq(c->version, m.version))
			return only(m, true); /* any other would be ambiguous with it */
	}
	c = s->mod.path.n ? choice_of(g, s->mod.path) : NULL;
	if (s->mod.path.n && (!c || hm_str_eq(c->version, s->mod.version)))
		left.mod = s->mod;
	if (left.pkg_mods.n == 1 &&
	    (!left.mod.path.n || hm_modver_eq(left.mod, left.pkg_mods.v[0])))
		return only(left.pkg_mods.v[0], true);
	if (left.pkg_mods.n == 0)
		return only(left.mod, false);
	return (struct choice){ .left = left };
}

/* chooseArbitrarily: a module that is there already, else the one of the longest path. */
static struct hm_modver
choose_any(const struct hm_get *g, const struct hm_get_set *s, bool *is_package)
{
	*is_package = s->pkg_mods.n > 0;
	for (size_t i = 0; i < s->pkg_mods.n; i++)
		if (!hm_str_eqz(hm_get_version(&g->initial, s->pkg_mods.v[i].path), "none"))
			return s->pkg_mods.v[i];
	return *is_package ? s->pkg_mods.v[0] : s->mod;
}

/* Module m must be at its version because of q. */
static void
decide(struct hm_get *g, struct hm_get_query *q, struct hm_modver m, bool is_package)
{
	struct hm_get_choice *c = choice_of(g, m.path);
	struct hm_strs mains = { 0 };
	struct hm_err err = { 0 };

	q->matches_packages |= is_package;
	if (m.version.n && hm_mainmods_has(g->ml->mains, m.path)) {
		HM_PUSH(g->a, mains, m.path);
		hm_query_mains_error(g->ml, q->pattern, q->version, &mains, &err);
		hm_get_report(g, q, hm_err_str(&err));
		hm_err_free(&err);
		return;
	}
	if (c && !hm_str_eq(c->version, m.version)) {
		hm_get_report_conflict(g, q, m, c);
		return;
	}
	c = HM_NEW(g->a, struct hm_get_choice);
	c->version = m.version;
	c->by = q;
	hm_map_set(&g->choices, m.path, c);
	q->resolved = true;
}

static hm_str
reason(const struct hm_get *g, struct hm_modver m)
{
	const struct hm_get_choice *c = choice_of(g, m.path);

	if (!c)
		return hm_arena_printf(g->a, "(INTERNAL ERROR: no reason found for " HM_F ")",
		                       HM_P(hm_modver_str(g->a, m)));
	return hm_get_describe(g->a, c->by, hm_modver_of(m.path, c->version));
}

static void
report_conflicts(struct hm_get *g, const struct hm_conflicts *list)
{
	for (size_t i = 0; g->opts->verbose && i < list->n; i++)
		hm_log(g->ml->log, HM_LOG_INFO, "go: " HM_F,
		       HM_P(hm_conflict_text(g->a, &list->v[i])));
	for (size_t i = 0; i < list->n; i++) {
		const struct hm_conflict *c = &list->v[i];
		const char *adverb = c->path.n > 2 ? "indirectly " : "";
		hm_str first = reason(g, c->path.v[0]);
		hm_str last = hm_modver_str(g->a, c->path.v[c->path.n - 1]);

		if (c->constraint.path.n)
			hm_modload_report(g->ml, HM_F " %srequires " HM_F ", not " HM_F,
			                  HM_P(first), adverb, HM_P(last),
			                  HM_P(reason(g, c->constraint)));
		else
			hm_modload_report(g->ml, HM_F " %srequires " HM_F ": " HM_F, HM_P(first),
			                  adverb, HM_P(last), HM_P(c->error));
	}
}

/*
 * updateBuildList: makes the build list one with all that was decided, and with
 * `more` where that is possible.
 */
static int
update(struct hm_get *g, const struct hm_modvers *more, bool *changed, struct hm_err *err)
{
	struct hm_edit_in in = { .upgrade = more->v, .n_upgrade = more->n,
		                 .verbose = g->opts->verbose };
	struct hm_conflicts conflicts;
	struct hm_modvers must = { 0 };

	for (size_t i = 0; i < g->choices.n; i++) {
		const struct hm_get_choice *c = g->choices.e[i].val;

		if (!hm_mainmods_has(g->ml->mains, g->choices.e[i].key))
			HM_PUSH(g->a, must, hm_modver_of(g->choices.e[i].key, c->version));
	}
	in.must = must.v;
	in.n_must = must.n;
	if (hm_modload_edit(g->ml, &in, changed, &conflicts, err)) {
		if (conflicts.n == 0)
			return -1;
		hm_err_clear(err);
		report_conflicts(g, &conflicts);
	}
	if (stop_if_failed(g, err))
		return -1;
	return *changed ? read_list(g, err) : 0;
}

/* Candidates that a newer toolchain might understand are no reason to give up yet. */
static int
check_too_new(struct hm_get *g, struct hm_err *err)
{
	bool too_new = false;

	for (size_t i = 0; i < g->queries.n; i++) {
		const struct hm_get_sets *s = &g->queries.v[i]->candidates;

		for (size_t k = 0; k < s->n; k++) {
			if (s->v[k].code != HM_ETOOLCHAIN)
				continue;
			hm_modfiles_need_go(g->ml, hm_import_wanted_go(s->v[k].error));
			if (too_new)
				hm_err_append(err, "\ngo: " HM_F, HM_P(s->v[k].error));
			else
				hm_err_set(err, HM_ETOOLCHAIN, HM_F, HM_P(s->v[k].error));
			too_new = true;
		}
	}
	return too_new ? -1 : 0;
}

/* Decides what can be decided for one query; the rest stays among the candidates. */
static size_t
decide_unique(struct hm_get *g, struct hm_get_query *q)
{
	size_t n = q->candidates.n, left = 0, done = 0;

	for (size_t i = 0; i < n; i++) {
		struct hm_get_set s = q->candidates.v[i];
		struct choice c;

		if (s.error.p) {
			hm_get_report(g, q, s.error);
			done++;
			continue;
		}
		c = choose(g, &s);
		if (!c.unique) {
			q->candidates.v[left++] = c.left;
			continue;
		}
		/* None will do: any one shows the conflict. */
		if (!c.mod.path.n)
			c.mod = choose_any(g, &s, &c.is_package);
		decide(g, q, c.mod, c.is_package);
		done++;
	}
	q->candidates.n = left;
	return done;
}

/* resolveQueries; q: one query, or NULL for all. */
static int
resolve(struct hm_get *g, const struct hm_get_queries *queries, bool *changed, struct hm_err *err)
{
	const struct hm_modvers none = { 0 };
	size_t done = 0, before, any = 0;

	*changed = false;
	do {
		before = done;
		if (check_too_new(g, err))
			return -1;
		for (size_t i = 0; i < queries->n; i++)
			done += decide_unique(g, queries->v[i]);
		if (stop_if_failed(g, err))
			return -1;
	} while (done > before);
	if (done && (update(g, &none, changed, err) || *changed))
		return *changed && err->code == HM_OK ? 0 : -1;
	/* Nothing moves any more: take whatever comes first. */
	for (size_t i = 0; i < queries->n; i++) {
		struct hm_get_query *q = queries->v[i];

		for (size_t k = 0; k < q->candidates.n; k++, any++) {
			bool is_package;
			struct hm_modver m = choose_any(g, &q->candidates.v[k], &is_package);

			decide(g, q, m, is_package);
		}
	}
	if (any && update(g, &none, changed, err))
		return -1;
	return stop_if_failed(g, err);
}

/* applyUpgrades: modules for imports, as far as explicit queries leave them. */
static int
apply_upgrades(struct hm_get *g, bool *changed, struct hm_err *err)
{
	struct hm_modvers more = { 0 };

	for (size_t i = 0; i < g->upgrades.n; i++) {
		const struct hm_get_set *s = &g->upgrades.v[i];
		struct choice c;

		if (s->error.p) {
			hm_modload_report(g->ml, HM_F, HM_P(s->error));
			continue;
		}
		c = choose(g, s);
		if (!c.unique)
			c.mod = choose_any(g, &c.left, &c.is_package);
		if (c.mod.path.n)
			HM_PUSH(g->a, more, c.mod);
	}
	if (stop_if_failed(g, err))
		return -1;
	return update(g, &more, changed, err);
}

/* One look at all queries; *again when something moved. */
static int
iterate(struct hm_get *g, bool *again, struct hm_err *err)
{
	struct hm_get_queries wild = { 0 };

	if (hm_get_look_again(g, err) || resolve(g, &g->queries, again, err))
		return -1;
	if (*again)
		return 0;
	if (hm_get_look_imports(g, err) || apply_upgrades(g, again, err))
		return -1;
	if (*again)
		return 0;
	hm_get_look_missing(g);
	for (size_t i = 0; i < g->queries.n; i++)
		if (g->queries.v[i]->dots && !g->queries.v[i]->local)
			HM_PUSH(g->a, wild, g->queries.v[i]);
	return resolve(g, &wild, again, err);
}

/* updateTools */
static int
add_tools(struct hm_get *g, struct hm_write_opts *w, struct hm_err *err)
{
	const struct hm_load_opts opts = {
		.vendor_in_goroot_src = true,
		.load_tests = g->opts->tests,
		.allow_errors = true,
		.silence_no_go = true,
	};
	struct hm_strs patterns = { 0 };
	struct hm_modules *mods;

	for (size_t i = 0; i < g->queries.n; i++) {
		hm_str p = g->queries.v[i]->pattern;

		if (hm_import_is_meta(p) || hm_str_eqz(p, "toolchain"))
			return hm_err_set(err, HM_EINVALID,
			                  "go get -tool does not work with \"" HM_F "\".", HM_P(p));
		HM_PUSH(g->a, patterns, p);
	}
	if (hm_modules_load(g->ml, &opts, &patterns, &mods, err))
		return -1;
	for (size_t i = 0; i < mods->n_matches; i++) {
		bool drop = i < g->queries.n && hm_get_is_none(g->queries.v[i]);
		struct hm_strs *to = drop ? &w->drop_tools : &w->add_tools;

		for (size_t k = 0; k < mods->matches[i].pkgs.n; k++)
			HM_PUSH(g->a, *to, mods->matches[i].pkgs.v[k]);
	}
	return 0;
}

/* reqsFromGoMod, as a map. */
static void
requirements(const struct hm_get *g, struct hm_map *out)
{
	const struct hm_gomod *f = g->ml->mains->v[0].file;
	struct hm_modvers v = { 0 };

	*out = (struct hm_map){ .arena = g->a };
	for (size_t i = 0; i < f->require.n; i++)
		HM_PUSH(g->a, v, f->require.v[i].mod);
	if (f->go_line)
		HM_PUSH(g->a, v, hm_modver_of(HM_S("go"), f->go));
	if (f->toolchain_line)
		HM_PUSH(g->a, v, hm_modver_of(HM_S("toolchain"), f->toolchain));
	for (size_t i = 0; i < v.n; i++)
		hm_map_set(out, v.v[i].path, &v.v[i].version);
}

/* One module that changed; versions are empty where there was or is none. */
struct change {
	hm_str path, from, to;
};
struct changes {
	struct hm_arena *a;
	struct hm_map by_path; /* -> struct change * */
};

static void
note_change(struct changes *c, hm_str path, hm_str from, hm_str to)
{
	struct change *x;

	if (hm_str_eq(from, to))
		return;
	x = HM_NEW(c->a, struct change);
	*x = (struct change){ path, from, to };
	hm_map_set(&c->by_path, path, x);
}

static hm_str
or_empty(const struct hm_map *versions, hm_str path)
{
	const hm_str *v = hm_map_get(versions, path);

	return v ? *v : HM_S("");
}

static void
find_changes(struct hm_get *g, const struct hm_map *before, const struct hm_map *after,
             struct changes *out)
{
	for (size_t i = 0; i < g->choices.n; i++) {
		hm_str path = g->choices.e[i].key, from = or_empty(&g->initial, path);
		const struct hm_get_choice *c = g->choices.e[i].val;

		if (!hm_gover_is_toolchain(path) && (from.n || !hm_str_eqz(c->version, "none")))
			note_change(out, path, from, c->version);
	}
	for (size_t i = 0; i < before->n; i++)
		if (!hm_gover_is_toolchain(before->e[i].key))
			note_change(out, before->e[i].key, *(hm_str *)before->e[i].val,
			            or_empty(&g->selected, before->e[i].key));
	for (size_t i = 0; i < after->n; i++)
		if (!hm_gover_is_toolchain(after->e[i].key))
			note_change(out, after->e[i].key, or_empty(&g->initial, after->e[i].key),
			            *(hm_str *)after->e[i].val);
	note_change(out, HM_S("go"), or_empty(before, HM_S("go")), or_empty(after, HM_S("go")));
	note_change(out, HM_S("toolchain"), or_empty(before, HM_S("toolchain")),
	            or_empty(after, HM_S("toolchain")));
}

static void
say_change(struct hm_get *g, const struct change *c)
{
	const struct hm_log *log = g->ml->log;
	bool up;

	if (!c->from.n) {
		hm_log(log, HM_LOG_INFO, "go: added " HM_F " " HM_F, HM_P(c->path), HM_P(c->to));
		return;
	}
	if (!c->to.n || hm_str_eqz(c->to, "none")) {
		hm_log(log, HM_LOG_INFO, "go: removed " HM_F " " HM_F, HM_P(c->path),
		       HM_P(c->from));
		return;
	}
	up = hm_gover_mod_cmp(c->path, c->to, c->from) > 0;
	hm_log(log, HM_LOG_INFO, "go: %s " HM_F " " HM_F " => " HM_F,
	       up ? "upgraded" : "downgraded", HM_P(c->path), HM_P(c->from), HM_P(c->to));
	if (up && hm_str_eqz(c->path, "go") && hm_pruning_for_go(c->from) == HM_UNPRUNED &&
	    hm_pruning_for_go(c->to) == HM_PRUNED)
		hm_log(log, HM_LOG_INFO, "\tnote: expanded dependencies to upgrade to go "
		       HM_GOVER_EXPLICIT_INDIRECT " or higher; run 'go mod tidy' to clean up");
}

/* reportChanges: go, toolchain, then modules by path. */
static void
say_changes(struct hm_get *g, const struct hm_map *before, const struct hm_map *after)
{
	static const char *const first[] = { "go", "toolchain" };
	struct changes c = { .a = g->a, .by_path.arena = g->a };
	struct hm_strs paths = { 0 };

	find_changes(g, before, after, &c);
	for (size_t i = 0; i < 2; i++)
		if (hm_map_has(&c.by_path, hm_str_of(first[i])))
			say_change(g, hm_map_get(&c.by_path, hm_str_of(first[i])));
	for (size_t i = 0; i < c.by_path.n; i++)
		if (!hm_gover_is_toolchain(c.by_path.e[i].key))
			HM_PUSH(g->a, paths, c.by_path.e[i].key);
	hm_strs_sort(&paths);
	for (size_t i = 0; i < paths.n; i++)
		say_change(g, hm_map_get(&c.by_path, paths.v[i]));
}

/* A go.work around must be at least as new as the module now is. */
static int
update_gowork(struct hm_get *g, struct hm_err *err)
{
	struct hm_gowork *w;
	hm_str file;

	if (hm_work_find(g->ml, g->ml->cwd, &file, err))
		return -1;
	if (!file.n)
		return 0;
	if (hm_work_read(g->ml, file, &w, err)) {
		if (err->final)
			return -1;
		hm_err_clear(err);
		return 0;
	}
	if (!hm_work_update_go(w, hm_modload_main_go(g->ml)))
		return 0;
	return hm_work_write(file, w, err);
}

static int
get(struct hm_get *g, struct hm_err *err)
{
	struct hm_write_opts w = { 0 };
	struct hm_map before, after;
	bool again = true;

	if (add_arguments(g, &w, err) || read_list(g, err) || read_workspace(g, err))
		return -1;
	g->initial = g->selected;
	hm_get_look(g);
	while (again)
		if (iterate(g, &again, err))
			return -1;
	hm_get_check_patterns(g);
	if (stop_if_failed(g, err) || hm_get_check(g, err) || stop_if_failed(g, err))
		return -1;
	if (g->opts->tool && add_tools(g, &w, err))
		return -1;
	requirements(g, &before);
	if (hm_modload_write(g->ml, &w, err))
		return -1;
	requirements(g, &after);
	say_changes(g, &before, &after);
	return update_gowork(g, err);
}

int
hm_get(struct hm_modload *ml, const struct hm_get_opts *opts, struct hm_err *err)
{
	struct hm_get g = { .ml = ml, .a = ml->arena, .opts = opts };
	struct hm_arena_pool_item *mem;
	int rc;

	g.resolve = hm_resolve_of(ml);
	mem = hm_arena_pool_take(&g.resolve->arenas);
	g.shared = &mem->arena;
	g.choices.arena = g.work.arena = g.a;
	g.matches.arena = g.shared;
	pthread_mutex_init(&g.lock, NULL);
	rc = get(&g, err);
	pthread_mutex_destroy(&g.lock);
	hm_arena_pool_give(&g.resolve->arenas, mem);
	return rc;
}
