/* What only go mod tidy asks of the loader. */
#include "load/import.h"
#include "load/iterate.h"
#include "load/mainmods.h"
#include "load/modgraph.h"
#include "mod/gover.h"

/* A package that another go version would load otherwise. */
struct mismatch {
	const struct hm_loadpkg *pkg;
	struct hm_modver mod;
	struct hm_import_error *err;
};

struct compat {
	struct hm_iter *it;
	struct hm_reqs *rs;
	struct hm_modgraph *mg;
	hm_str version; /* of go, that must still be able to load everything */
	bool suggest_upgrade, suggest_e;
	HM_VEC(struct mismatch) mismatches;
};

/* A breadth-first walk of requirements that remembers who required what first. */
struct step {
	struct hm_modver m;
	size_t from; /* index of the requirer; own index for a root */
};
struct steps {
	struct step *v;
	size_t n, cap;
};

static void
add_step(struct hm_arena *a, struct steps *s, struct hm_map *seen, struct hm_modver m, size_t from)
{
	struct step t = { m, from };

	if (hm_map_add(seen, hm_modver_str(a, m)))
		HM_PUSH(a, *s, t);
}

static size_t
find_go(struct hm_iter *it, const struct hm_modgraph *mg, hm_str version, struct steps *s)
{
	struct hm_map seen = { .arena = it->a };
	const struct hm_modver *reqs;
	size_t n;

	for (size_t i = 0; i < it->ml->mains->n; i++)
		add_step(it->a, s, &seen, it->ml->mains->v[i].mod, s->n);
	for (size_t i = 0; i < s->n; i++) {
		if (hm_str_eqz(s->v[i].m.path, "go") && hm_str_eq(s->v[i].m.version, version))
			return i;
		if (!hm_modgraph_required_by(mg, s->v[i].m, &reqs, &n))
			continue;
		for (size_t k = 0; k < n; k++)
			add_step(it->a, s, &seen, reqs[k], i);
	}
	return s->n;
}

/* The way from the first requirement of the main module to last. */
static void
chain(struct hm_arena *a, const struct steps *s, size_t last, struct hm_modvers *out)
{
	struct hm_modvers back = { 0 };

	for (size_t i = last; s->v[i].from != i; i = s->v[i].from)
		HM_PUSH(a, back, s->v[i].m);
	for (size_t i = back.n; i-- > 0;)
		HM_PUSH(a, *out, back.v[i]);
}

static void
conflict_whole(struct hm_arena *a, const struct hm_modvers *path, hm_str want, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	hm_str text;

	for (size_t i = 0; i < path->n; i++) {
		hm_str m = hm_modver_str(a, path->v[i]);

		hm_buf_printf(&b, "%s" HM_F, i ? " requires\n\t" : "", HM_P(m));
	}
	if (path->n == 1)
		hm_buf_addz(&b, " found");
	hm_buf_printf(&b, ", but " HM_F " is requested", HM_P(want));
	text = hm_buf_take(&b, a);
	hm_err_set(err, HM_ECONFLICT, HM_F, HM_P(text));
}

void
hm_iter_go_conflict(struct hm_iter *it, const struct hm_modgraph *mg, hm_str selected,
                    struct hm_err *err)
{
	hm_str want = it->opts->tidy_go_version, first, last;
	struct steps s = { 0 };
	struct hm_modvers path = { 0 };
	size_t at = find_go(it, mg, selected, &s);

	if (at < s.n)
		chain(it->a, &s, at, &path);
	if (path.n == 0) {
		hm_err_set(err, HM_EINTERNAL, "(internal error: invalid Conflict struct)");
		return;
	}
	if (it->opts->verbose) {
		conflict_whole(it->a, &path, want, err);
		return;
	}
	first = hm_modver_str(it->a, path.v[0]);
	last = hm_modver_str(it->a, path.v[path.n - 1]);
	if (path.n == 1)
		hm_err_set(err, HM_ECONFLICT, HM_F " is above " HM_F, HM_P(first), HM_P(want));
	else
		hm_err_set(err, HM_ECONFLICT, HM_F " %srequires " HM_F ", but " HM_F
		           " is requested", HM_P(first), path.n > 2 ? "indirectly " : "",
		           HM_P(last), HM_P(want));
}

/* Advice, not an error; printed as it is. */
static void
suggest(struct compat *c)
{
	struct hm_iter *it = c->it;
	const struct hm_log *log = it->ml->log;
	hm_str go = hm_reqs_go(it->ml, c->rs), flag = HM_S(""), compat = HM_S("");
	const char *e = c->suggest_e ? " -e" : "";

	if (it->opts->allow_errors)
		return;
	hm_log(log, HM_LOG_INFO, "%s", "");
	if (!hm_str_eq(go, hm_modload_main_go(it->ml)))
		flag = hm_arena_printf(it->a, " -go=" HM_F, HM_P(go));
	if (!hm_str_eq(c->version, hm_gover_prev(it->a, go)))
		compat = hm_arena_printf(it->a, " -compat=" HM_F, HM_P(c->version));
	if (c->suggest_upgrade)
		hm_log(log, HM_LOG_INFO, "To upgrade to the versions selected by go " HM_F "%s:\n"
		       "\tgo mod tidy%s -go=" HM_F " && go mod tidy%s -go=" HM_F HM_F,
		       HM_P(c->version), c->suggest_e ? ", leaving some packages unresolved" : "",
		       e, HM_P(c->version), e, HM_P(go), HM_P(compat));
	else if (c->suggest_e)
		hm_log(log, HM_LOG_INFO, "To proceed despite packages unresolved in go " HM_F ":\n"
		       "\tgo mod tidy -e" HM_F HM_F, HM_P(c->version), HM_P(flag), HM_P(compat));
	hm_log(log, HM_LOG_INFO, "If reproducibility with go " HM_F " is not needed:\n"
	       "\tgo mod tidy" HM_F " -compat=" HM_F, HM_P(c->version), HM_P(flag), HM_P(go));
	hm_log(log, HM_LOG_INFO, "For information about 'go mod tidy' compatibility, see:\n"
	       "\thttps://go.dev/ref/mod#graph-pruning");
}

static void
find_mismatches(struct compat *c)
{
	struct hm_iter *it = c->it;
	struct hm_loadpkgs ask = { 0 };
	struct hm_strs paths = { 0 };
	struct hm_import *found;

	for (size_t i = 0; i < it->pkgs.n; i++) {
		if (!it->pkgs.v[i]->mod.path.n && !it->pkgs.v[i]->err)
			continue;
		HM_PUSH(it->a, ask, it->pkgs.v[i]);
		HM_PUSH(it->a, paths, it->pkgs.v[i]->path);
	}
	found = HM_NEW_N(it->a, paths.n, struct hm_import);
	hm_iter_resolve(it, &paths, c->rs, c->mg, found);
	for (size_t i = 0; i < ask.n; i++) {
		struct mismatch m = { ask.v[i], found[i].mod, found[i].err };

		/* Its non-test package stands for a test. */
		if (!hm_modver_eq(found[i].mod, ask.v[i]->mod) && !ask.v[i]->test_of)
			HM_PUSH(it->a, c->mismatches, m);
	}
}

static bool
roots_not_selected(struct compat *c, struct hm_modver *which)
{
	for (size_t i = 0; i < c->it->reqs->n_roots; i++) {
		*which = c->it->reqs->roots[i];
		if (!hm_str_eq(hm_modgraph_selected(c->mg, which->path), which->version))
			return true;
	}
	return false;
}

static void
report_lost(struct compat *c, const struct mismatch *m, struct hm_err *err)
{
	struct hm_arena *a = c->it->a;
	hm_str stack = hm_loadpkg_stack_text(a, m->pkg), mod = hm_modver_str(a, m->pkg->mod);
	struct hm_modver other;

	if (m->err->kind == HM_IMPORT_MISSING) {
		struct hm_modver sel = { m->pkg->mod.path,
		                         hm_modgraph_selected(c->mg, m->pkg->mod.path) };
		hm_str where = hm_modver_str(a, sel);

		hm_err_set(err, HM_ECONFLICT, HM_F " loaded from " HM_F ",\n\tbut go " HM_F
		           " would fail to locate it in " HM_F, HM_P(stack), HM_P(mod),
		           HM_P(c->version), HM_P(where));
	} else {
		hm_err_set(err, HM_ECONFLICT, HM_F " loaded from " HM_F ",\n\tbut go " HM_F
		           " would fail to locate it:\n\t" HM_F, HM_P(stack), HM_P(mod),
		           HM_P(c->version), HM_P(m->err->text));
	}
	c->suggest_e = true;
	if (!c->suggest_upgrade)
		c->suggest_upgrade = roots_not_selected(c, &other);
}

static void
report_mismatch(struct compat *c, const struct mismatch *m)
{
	struct hm_arena *a = c->it->a;
	struct hm_err err = { 0 };
	hm_str stack, mod;

	if (m->err) {
		report_lost(c, m, &err);
	} else if (m->pkg->err) {
		c->suggest_upgrade = true;
		mod = hm_modver_str(a, m->mod);
		hm_err_set(&err, HM_ECONFLICT, HM_F " failed to load from any module,\n\tbut go "
		           HM_F " would load it from " HM_F, HM_P(m->pkg->path),
		           HM_P(c->version), HM_P(mod));
	} else {
		c->suggest_upgrade = true;
		stack = hm_loadpkg_stack_text(a, m->pkg);
		mod = hm_modver_str(a, m->pkg->mod);
		hm_err_set(&err, HM_ECONFLICT, HM_F " loaded from " HM_F ",\n\tbut go " HM_F
		           " would select " HM_F, HM_P(stack), HM_P(mod), HM_P(c->version),
		           HM_P(m->mod.version));
	}
	hm_iter_error(c->it, &err);
	hm_err_free(&err);
}

int
hm_iter_check_compat(struct hm_iter *it, struct hm_reqs *rs, hm_str compat, struct hm_err *err)
{
	struct compat c = { .it = it, .rs = rs, .version = compat };
	struct hm_modver bad;

	if (hm_reqs_graph(it->ml, rs, &c.mg, err)) {
		hm_err_wrap(err, "error loading go " HM_F " module graph: ", HM_P(compat));
		hm_iter_error(it, err);
		hm_iter_flush(it);
		suggest(&c);
		return hm_iter_stop(it, err);
	}
	find_mismatches(&c);
	if (c.mismatches.n == 0) {
		if (!roots_not_selected(&c, &bad))
			return 0;
		return hm_err_set(err, HM_EINTERNAL, "internal error: failed to diagnose "
		                  "selected-version mismatch for module " HM_F, HM_P(bad.path));
	}
	for (size_t i = 0; i < c.mismatches.n; i++)
		report_mismatch(&c, &c.mismatches.v[i]);
	hm_iter_flush(it);
	suggest(&c);
	return hm_iter_stop(it, err);
}
