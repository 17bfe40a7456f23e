#include "load/edit.h"

#include "acquire/acquire.h"
#include "load/editdq.h"
#include "load/mainmods.h"
#include "load/modfiles.h"
#include "load/modgraph.h"
#include "load/query.h"
#include "load/roots.h"
#include "load/roots_priv.h"
#include "mod/gover.h"

/* One edit while it runs. */
struct edit {
	struct hm_modload *ml;
	struct hm_arena *a;
	const struct hm_edit_in *in;
	struct hm_reqs *orig, *rs;  /* before; and with the final pruning */
	enum hm_pruning pruning;    /* that the roots are read with */
	struct hm_map selected;     /* path -> hm_str *: version as edited, perhaps "none" */
	struct hm_map must;         /* path -> hm_str * */
	struct hm_vermap rejected;  /* never tried again, so that this ends */
	struct hm_conflicts *conflicts;
	/* Of the current round. */
	struct hm_modvers roots;    /* what selected says, sorted */
	struct hm_modgraph *mg;
	struct hm_dq dq;
	bool dirty;                 /* roots do not say what selected does */
};

static hm_str
about(struct hm_arena *a, const struct hm_conflict *c)
{
	return c->constraint.path.n ? hm_arena_printf(a, ", but " HM_F " is requested",
	                                              HM_P(c->constraint.version))
	                            : hm_arena_printf(a, ": " HM_F, HM_P(c->error));
}

hm_str
hm_conflict_summary(struct hm_arena *a, const struct hm_conflict *c)
{
	hm_str first = hm_modver_str(a, c->path.v[0]), end = about(a, c);
	hm_str last = hm_modver_str(a, c->path.v[c->path.n - 1]);

	if (c->path.n > 1)
		return hm_arena_printf(a, HM_F " %srequires " HM_F HM_F, HM_P(first),
		                       c->path.n > 2 ? "indirectly " : "", HM_P(last), HM_P(end));
	if (c->constraint.path.n)
		return hm_arena_printf(a, HM_F " is above " HM_F, HM_P(first),
		                       HM_P(c->constraint.version));
	return hm_arena_printf(a, HM_F HM_F, HM_P(first), HM_P(end));
}

hm_str
hm_conflict_text(struct hm_arena *a, const struct hm_conflict *c)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < c->path.n; i++) {
		hm_str m = hm_modver_str(a, c->path.v[i]);

		hm_buf_printf(&b, "%s" HM_F, i ? " requires\n\t" : "", HM_P(m));
	}
	if (c->path.n == 1)
		hm_buf_addz(&b, " found");
	hm_buf_adds(&b, about(a, c));
	return hm_buf_take(&b, a);
}

static void
set_version(struct edit *e, struct hm_map *m, hm_str path, hm_str version)
{
	hm_str *v = HM_NEW(e->a, hm_str);

	*v = version;
	hm_map_set(m, path, v);
}

/* The version in the map, or p == NULL. */
static hm_str
version_in(const struct hm_map *m, hm_str path)
{
	const hm_str *v = hm_map_get(m, path);

	return v ? *v : (hm_str){ 0 };
}

/* How far the graph is pruned behind the edit, as far as that is known. */
static enum hm_pruning
final_pruning(const struct edit *e)
{
	for (size_t i = 0; i < e->in->n_must; i++) {
		struct hm_modver m = e->in->must[i];

		if (hm_str_eqz(m.path, "go"))
			return hm_pruning_for_go(m.version);
		if (hm_str_eqz(m.path, "toolchain") &&
		    hm_pruning_for_go(hm_gover_from_toolchain(m.version)) == HM_UNPRUNED)
			return HM_UNPRUNED;
	}
	return e->orig->pruning;
}

/* The versions before the edit: roots, or all there is when nothing is pruned. */
static int
start(struct edit *e, struct hm_err *err)
{
	const struct hm_modver *list = e->rs->roots;
	size_t n = e->rs->n_roots;

	if (e->pruning != HM_PRUNED) {
		if (hm_reqs_graph(e->ml, e->rs, &e->mg, err))
			return -1;
		list = hm_modgraph_build_list(e->mg, &n);
		list += e->ml->mains->n;
		n -= e->ml->mains->n;
	}
	for (size_t i = 0; i < n; i++) {
		hm_str had = version_in(&e->selected, list[i].path);

		if (!had.p || hm_gover_mod_cmp(list[i].path, had, list[i].version) < 0)
			set_version(e, &e->selected, list[i].path, list[i].version);
	}
	return 0;
}

static void
add_upgrades(struct edit *e)
{
	for (size_t i = 0; i < e->in->n_upgrade; i++) {
		struct hm_modver m = e->in->upgrade[i];
		hm_str had = version_in(&e->selected, m.path);

		if (had.p && hm_gover_mod_cmp(m.path, had, m.version) >= 0)
			continue;
		if (e->in->verbose)
			hm_log(e->ml->log, HM_LOG_INFO, "go: trying upgrade to " HM_F,
			       HM_P(hm_modver_str(e->a, m)));
		set_version(e, &e->selected, m.path, m.version);
	}
}

static void
add_musts(struct edit *e)
{
	for (size_t i = 0; i < e->in->n_must; i++) {
		struct hm_modver m = e->in->must[i];
		hm_str had = version_in(&e->must, m.path);
		struct hm_conflict c = { .constraint = m };

		if (had.p && !hm_str_eq(had, m.version)) {
			struct hm_modver prev = hm_modver_of(m.path, had);

			if (hm_gover_mod_cmp(m.path, had, m.version) < 0) {
				c.constraint = prev;
				prev = m;
			}
			HM_PUSH(e->a, c.path, prev);
			HM_PUSH(e->a, *e->conflicts, c);
			continue;
		}
		set_version(e, &e->must, m.path, m.version);
		set_version(e, &e->selected, m.path, m.version);
	}
}

static void
make_roots(struct edit *e)
{
	e->roots = (struct hm_modvers){ 0 };
	for (size_t i = 0; i < e->selected.n; i++) {
		struct hm_modver m = { e->selected.e[i].key, *(hm_str *)e->selected.e[i].val };

		if (!hm_str_eqz(m.version, "none"))
			HM_PUSH(e->a, e->roots, m);
	}
	hm_modver_sort(&e->roots);
}

/*
 * extendGraph: reads the graph so that it has what the selected version of every
 * root requires.  The roots themselves stay, to explain how others came about.
 */
static int
extend(struct edit *e, struct hm_vermap *upgraded, struct hm_err *err)
{
	size_t before;
	int rc;

	do {
		hm_err_clear(err);
		rc = hm_modgraph_read(e->ml, e->pruning, e->roots.v, e->roots.n, upgraded, &e->mg,
		                      err);
		before = upgraded->n;
		for (size_t i = 0; e->pruning != HM_UNPRUNED && i < e->selected.n; i++) {
			const struct hm_modver *reqs;
			struct hm_modver m = { e->selected.e[i].key, { 0 } };
			size_t n;

			m.version = hm_modgraph_selected(e->mg, m.path);
			if (!hm_str_eqz(m.version, "none") &&
			    !hm_modgraph_required_by(e->mg, m, &reqs, &n))
				hm_vermap_add(upgraded, m);
		}
	} while (upgraded->n > before);
	return rc;
}

static enum hm_pruning
pruning_of(const struct edit *e, struct hm_modver m)
{
	const struct hm_modsummary *s;
	struct hm_err *why, err = { 0 };

	if (e->pruning != HM_PRUNED || hm_modgraph_state(e->mg, m, &why) != HM_NODE_READ)
		return e->pruning;
	if (hm_modload_summary(e->ml, m, &s, &err)) {
		hm_err_free(&err);
		return e->pruning;
	}
	return s->pruning == HM_UNPRUNED ? HM_UNPRUNED : e->pruning;
}

static bool
above_must(const struct edit *e, struct hm_modver m)
{
	hm_str max = version_in(&e->must, m.path);

	return max.p && hm_gover_mod_cmp(m.path, m.version, max) > 0;
}

/* Is this version of the graph allowed, by what is known of it so far? */
static void
check_version(void *ctx, struct hm_modver m)
{
	struct edit *e = ctx;
	struct hm_err *why = NULL;
	enum hm_modgraph_state state = hm_modgraph_state(e->mg, m, &why);
	const struct hm_modver *reqs;
	size_t n;

	if (above_must(e, m)) {
		hm_dq_mark(&e->dq, m, (struct hm_dq_reason){ .dep = m });
		return;
	}
	if (state == HM_NODE_FAILED) {
		hm_dq_mark(&e->dq, m, (struct hm_dq_reason){ .err = why });
		return;
	}
	/* The main module is not read: it is what is edited. */
	if (!hm_modgraph_required_by(e->mg, m, &reqs, &n) || state == HM_NODE_UNREAD)
		return;
	for (size_t i = 0; i < n; i++) {
		if (above_must(e, reqs[i])) {
			hm_dq_mark(&e->dq, m, (struct hm_dq_reason){ .dep = reqs[i] });
			return;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (!hm_dq_require(&e->dq, m, reqs[i]))
			break;
}

/* *module.ModuleError of the last of the path: its name is not said twice. */
static hm_str
bare_error(struct edit *e, struct hm_modver last, struct hm_err *why)
{
	hm_str text = hm_err_str(why);

	hm_str_cut_prefix(&text, hm_arena_printf(e->a, HM_F ": ",
	                                         HM_P(hm_modver_str(e->a, last))));
	return hm_arena_dup(e->a, text);
}

/* previousVersion, with orig (the version before the edit) in its place in the order. */
static int
previous(struct edit *e, struct hm_modver root, hm_str orig, struct hm_modver *m,
         struct hm_err *err)
{
	struct hm_strs list = { 0 };
	const struct hm_origin *origin;
	hm_str v = HM_S("none");
	int rc = 0;

	if (m->version.n || !hm_mainmods_has(e->ml->mains, m->path)) {
		rc = hm_query_versions(e->ml, e->a, m->path, HM_ALLOW_CHECKED, &list, &origin, err);
		if (rc && hm_acquire_not_exist(err)) {
			hm_err_clear(err);
			list.n = 0;
			rc = 0;
		}
	}
	for (size_t i = 0; rc == 0 && i < list.n &&
	     hm_gover_mod_cmp(m->path, list.v[i], m->version) < 0; i++)
		v = list.v[i];
	if (rc)
		*m = (struct hm_modver){ 0 };
	else
		m->version = v;
	if (hm_gover_mod_cmp(root.path, root.version, orig) <= 0 ||
	    (!rc && hm_gover_mod_cmp(root.path, m->version, orig) >= 0))
		return rc;
	hm_err_clear(err);
	m->version = orig;
	return 0;
}

/* The next lower version of the root m that is not known to be wrong. */
static int
find_lower(struct edit *e, struct hm_modver m, hm_str orig, hm_str *version, struct hm_err *err)
{
	enum hm_pruning pruning = e->pruning;
	const struct hm_modsummary *s;
	struct hm_modver prev = m;
	struct hm_err *why, unread = { 0 };

	if (pruning == HM_PRUNED && hm_modgraph_state(e->mg, m, &why) == HM_NODE_READ &&
	    hm_modload_summary(e->ml, m, &s, &unread) == 0)
		pruning = s->pruning;
	hm_err_free(&unread);
	hm_vermap_add(&e->rejected, m);
	for (;;) {
		if (previous(e, m, orig, &prev, err))
			return -1;
		if (hm_vermap_has(&e->rejected, prev))
			continue;
		if (!hm_dq_is_out(&e->dq, prev, pruning))
			break;
		hm_vermap_add(&e->rejected, prev);
	}
	*version = prev.version;
	return 0;
}

static void
say_lowered(struct edit *e, const struct hm_conflict *c, struct hm_modver m, hm_str to, hm_str orig)
{
	hm_str what = hm_modver_str(e->a, hm_modver_of(m.path, to)), why;
	const char *action = "trying";

	if (hm_str_eqz(to, "none")) {
		what = hm_modver_str(e->a, m);
		action = "removing";
	} else if (hm_str_eq(to, orig)) {
		action = "restoring";
	}
	why = hm_conflict_summary(e->a, c);
	hm_log(e->ml->log, HM_LOG_INFO, "go: " HM_F "\n\t%s " HM_F, HM_P(why), action, HM_P(what));
}

/* Will the upgrade that others ask for resolve what is wrong with the root m? */
static bool
upgrade_will_do(const struct edit *e, struct hm_modver m)
{
	struct hm_modver u = { m.path, hm_modgraph_selected(e->mg, m.path) };
	enum hm_pruning pruning;

	return !hm_str_eq(u.version, m.version) && hm_dq_root_pruning(&e->dq, m, &pruning) &&
	       !hm_dq_is_out(&e->dq, u, pruning) && !hm_vermap_has(&e->rejected, u);
}

/* Looks at one root: keeps it, lowers it, or notes a conflict. */
static int
fix_root(struct edit *e, struct hm_modver m, struct hm_err *err)
{
	struct hm_conflict c = { 0 };
	enum hm_pruning pruning = e->pruning;
	struct hm_err *why, ignored = { 0 };
	struct hm_modgraph *before;
	struct hm_modver last;
	hm_str orig, lower;

	hm_dq_root_pruning(&e->dq, m, &pruning);
	why = hm_dq_path(&e->dq, m, pruning, &c.path);
	if (c.path.n == 0)
		return 0;
	last = c.path.v[c.path.n - 1];
	if (why)
		c.error = bare_error(e, last, why);
	else
		c.constraint = hm_modver_of(last.path, version_in(&e->must, last.path));
	if (hm_str_eq(version_in(&e->must, m.path), m.version)) {
		HM_PUSH(e->a, *e->conflicts, c);
		return 0;
	}
	if (upgrade_will_do(e, m))
		return 0;
	hm_reqs_graph(e->ml, e->orig, &before, &ignored);
	hm_err_free(&ignored);
	orig = hm_modgraph_selected(before, m.path);
	/* Nobody is taken off a version only because it cannot be read just now. */
	if (why && hm_str_eq(orig, m.version)) {
		HM_PUSH(e->a, *e->conflicts, c);
		return 0;
	}
	if (find_lower(e, m, orig, &lower, err))
		return -1;
	set_version(e, &e->selected, m.path, lower);
	e->dirty = true;
	if (why || e->in->verbose)
		say_lowered(e, &c, m, lower, orig);
	return 0;
}

/* Roots that others upgrade become what they are upgraded to. */
static void
accept_upgrades(struct edit *e)
{
	struct hm_modvers from = { 0 };

	for (size_t i = 0; i < e->selected.n; i++) {
		struct hm_modver m = { e->selected.e[i].key, *(hm_str *)e->selected.e[i].val };
		hm_str actual = hm_modgraph_selected(e->mg, m.path);

		if (hm_map_has(&e->must, m.path) || hm_str_eq(actual, m.version))
			continue;
		HM_PUSH(e->a, from, m);
		set_version(e, &e->selected, m.path, actual);
		e->dirty = true;
	}
	if (!e->in->verbose)
		return;
	hm_modver_sort(&from);
	for (size_t i = 0; i < from.n; i++) {
		hm_str was = hm_modver_str(e->a, from.v[i]);

		hm_log(e->ml->log, HM_LOG_INFO,
		       "go: accepting indirect upgrade from " HM_F " to " HM_F, HM_P(was),
		       HM_P(version_in(&e->selected, from.v[i].path)));
	}
}

static int
run_round(struct edit *e, struct hm_err *err)
{
	struct hm_vermap upgraded = { .arena = e->a };

	make_roots(e);
	if (extend(e, &upgraded, err)) {
		if (hm_err_is(err, HM_ETOOLCHAIN))
			return -1;
		hm_err_clear(err); /* the walk meets it again, and may find a way round */
	}
	hm_dq_init(&e->dq, e->a);
	for (size_t i = 0; i < e->roots.n; i++)
		hm_dq_add_root(&e->dq, e->roots.v[i], pruning_of(e, e->roots.v[i]));
	for (size_t i = 0; i < upgraded.n; i++)
		hm_dq_add_root(&e->dq, upgraded.e[i].key, pruning_of(e, upgraded.e[i].key));
	hm_modgraph_walk(e->mg, check_version, e);
	e->dirty = false;
	for (size_t i = 0; i < e->roots.n; i++)
		if (fix_root(e, e->roots.v[i], err))
			return -1;
	if (!e->dirty)
		accept_upgrades(e);
	return 0;
}

/* Without pruning only those roots are listed that are needed to select all others. */
static int
reduce(struct edit *e, struct hm_err *err)
{
	struct hm_modvers least = { 0 };
	struct hm_strs paths = { 0 };
	hm_str v;

	for (size_t i = 0; i < e->in->n_must; i++)
		if (!hm_str_eqz(e->in->must[i].version, "none") &&
		    !hm_mainmods_has(e->ml->mains, e->in->must[i].path))
			HM_PUSH(e->a, paths, e->in->must[i].path);
	for (size_t i = 0; i < e->roots.n; i++) {
		struct hm_modver m = e->roots.v[i];

		if (hm_reqs_root_selected(e->ml, e->rs, m.path, &v) &&
		    (hm_str_eq(v, m.version) || hm_reqs_is_direct(e->rs, m.path)))
			HM_PUSH(e->a, paths, m.path);
	}
	if (hm_reqs_min_unpruned(e->ml, &e->roots, &paths, &least, err))
		return -1;
	e->roots = least;
	return 0;
}

static int
finish(struct edit *e, struct hm_reqs **out, bool *changed, struct hm_err *err)
{
	struct hm_map direct = { .arena = e->a };
	hm_str go;

	*out = e->orig;
	if (e->pruning == HM_UNPRUNED && reduce(e, err))
		return -1;
	*changed = e->pruning != e->orig->pruning ||
	           !hm_modvers_eq(e->roots.v, e->roots.n, e->orig->roots, e->orig->n_roots);
	if (!*changed)
		return 0;
	for (size_t i = 0; i < e->roots.n; i++)
		if (hm_reqs_is_direct(e->rs, e->roots.v[i].path))
			hm_map_add(&direct, e->roots.v[i].path);
	*out = hm_reqs_new(e->ml, e->pruning, e->roots.v, e->roots.n, direct);
	/* A dependency may have raised the go version to one that prunes. */
	if (e->pruning == HM_UNPRUNED &&
	    hm_reqs_root_selected(e->ml, *out, HM_S("go"), &go) &&
	    hm_pruning_for_go(go) == HM_PRUNED)
		return hm_reqs_convert_pruning(e->ml, *out, HM_PRUNED, out, err);
	return 0;
}

static int
conflict(struct edit *e, struct hm_err *err)
{
	hm_err_set(err, HM_ECONFLICT, "version constraints conflict:");
	for (size_t i = 0; i < e->conflicts->n; i++)
		hm_err_append(err, "\n\t" HM_F,
		              HM_P(hm_conflict_summary(e->a, &e->conflicts->v[i])));
	return -1;
}

int
hm_modload_edit(struct hm_modload *ml, const struct hm_edit_in *in, bool *changed,
                struct hm_conflicts *conflicts, struct hm_err *err)
{
	struct edit e = { .ml = ml, .a = ml->arena, .in = in, .conflicts = conflicts };
	struct hm_reqs *out;

	*changed = false;
	*conflicts = (struct hm_conflicts){ 0 };
	e.selected.arena = e.must.arena = e.rejected.arena = e.a;
	if (hm_modload_file(ml, &e.orig, err))
		return -1;
	e.rs = e.orig;
	e.pruning = final_pruning(&e);
	if (e.pruning != e.rs->pruning &&
	    hm_reqs_convert_pruning(ml, e.rs, e.pruning, &e.rs, err))
		return -1;
	if (start(&e, err))
		return -1;
	add_upgrades(&e);
	add_musts(&e);
	for (e.dirty = true; e.dirty && conflicts->n == 0;)
		if (run_round(&e, err))
			return -1;
	if (conflicts->n)
		return conflict(&e, err);
	if (finish(&e, &out, changed, err)) {
		*changed = false;
		return -1;
	}
	ml->reqs = out;
	return 0;
}
