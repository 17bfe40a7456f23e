#include "load/modcommit.h"

#include "acquire/acquire.h"
#include "base/path.h"
#include "conf/conf.h"
#include "load/modgraph.h"
#include "load/modload_priv.h"
#include "load/roots.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/store.h"
#include "verify/gosum.h"

/* The requirements as lines of the file; go and toolchain apart. */
static struct hm_gomod_require *
require_lines(struct hm_modload *ml, const struct hm_reqs *rs, size_t *n, hm_str *go,
              hm_str *toolchain)
{
	struct hm_gomod_require *v = HM_NEW_N(ml->arena, rs->n_roots, struct hm_gomod_require);

	*n = 0;
	*go = *toolchain = HM_S("");
	for (size_t i = 0; i < rs->n_roots; i++) {
		struct hm_modver m = rs->roots[i];

		if (hm_str_eqz(m.path, "go")) {
			*go = m.version;
		} else if (hm_str_eqz(m.path, "toolchain")) {
			*toolchain = m.version;
		} else {
			v[*n].mod = m;
			v[(*n)++].indirect = !hm_reqs_is_direct(rs, m.path);
		}
	}
	return v;
}

/* Brings the go line up to date unless a missing one says the same. */
static int
set_go(struct hm_modload *ml, struct hm_mainmod *m, hm_str go, bool tidy_wrote_go,
       struct hm_err *err)
{
	struct hm_gomod *f = m->file;
	bool always = ml->build_mod == HM_MOD_MOD || hm_str_eqz(ml->cmd, "mod tidy") ||
	              hm_str_eqz(ml->cmd, "get");

	if (f->go_line ? hm_str_eq(f->go, go) : tidy_wrote_go)
		return 0;
	if (!f->go_line && hm_str_eqz(go, HM_GOVER_DEFAULT_GOMOD) && !always)
		return 0;
	if (hm_gomod_add_go(f, go, err))
		return hm_err_wrap(err, "internal error: ");
	hm_modload_set_raw_go(ml, m->mod, go);
	return 0;
}

/* Writes or drops the toolchain line: not when the go line implies it. */
static int
set_toolchain(struct hm_gomod *f, hm_str toolchain, hm_str go, const struct hm_write_opts *opts,
              struct hm_err *err)
{
	hm_str rest = toolchain;
	bool implied = !toolchain.n ||
	               (hm_str_cut_prefix(&rest, HM_S("go")) && hm_str_eq(rest, go));

	if (opts->drop_toolchain || implied ||
	    (hm_gover_cmp(hm_gover_from_toolchain(toolchain), HM_S(HM_GOVER_STRICT)) < 0 &&
	     !opts->explicit_toolchain)) {
		hm_gomod_drop_toolchain(f);
		return 0;
	}
	return hm_gomod_add_toolchain(f, toolchain, err);
}

static hm_str
format(struct hm_arena *a, const struct hm_gomod *f)
{
	struct hm_buf b = { 0 };

	hm_gomod_format(f, &b);
	return hm_buf_take(&b, a);
}

int
hm_modload_updated_gomod(struct hm_modload *ml, const struct hm_write_opts *opts,
                         hm_str *before, hm_str *after, bool *changed, struct hm_err *err)
{
	static const struct hm_write_opts none;
	struct hm_mainmod *m = hm_mainmods_single(ml->mains);
	struct hm_gomod_require *req;
	hm_str go, toolchain;
	size_t n;

	if (!opts)
		opts = &none;
	*changed = m && m->root.n && m->file;
	if (!*changed)
		return 0;
	*before = format(ml->arena, m->file);
	req = require_lines(ml, ml->reqs, &n, &go, &toolchain);
	if (hm_gover_cmp(go, ml->local_go) > 0)
		return hm_modload_too_new(ml, HM_S("updating go.mod"), go, HM_S(""), err);
	if (set_go(ml, m, go, opts->tidy_wrote_go, err) ||
	    set_toolchain(m->file, toolchain, go, opts, err))
		return -1;
	for (size_t i = 0; i < opts->add_tools.n; i++)
		hm_gomod_add_tool(m->file, opts->add_tools.v[i]);
	for (size_t i = 0; i < opts->drop_tools.n; i++)
		hm_gomod_drop_tool(m->file, opts->drop_tools.v[i]);
	if (hm_gover_cmp(go, HM_S(HM_GOVER_SEPARATE_INDIRECT)) < 0)
		hm_gomod_set_require(m->file, req, n);
	else
		hm_gomod_set_require_separate(m->file, req, n);
	hm_gomod_cleanup(m->file);
	*after = format(ml->arena, m->file);
	return 0;
}

/* Replaces the text of path under go's lock, unless someone else changed it since it was read. */
static int
replace_locked(struct hm_modload *ml, hm_str path, const hm_str *was, hm_str text,
               struct hm_err *err)
{
	const char *file = hm_modload_abs(ml, ml->arena, path);
	struct stat st;
	hm_str old, real;
	int fd = -1, rc = -1;

	if (hm_lock_acquire(file, true, &fd, err))
		return -1;
	if (hm_file_read(ml->arena, file, HM_GOMOD_MAX, &old, err) ||
	    hm_file_stat(file, &st, err) ||
	    hm_file_real_path(ml->arena, file, &real, err))
		goto out;
	if (hm_str_eq(old, text))
		rc = 0;
	else if (was && !hm_str_eq(old, *was))
		rc = hm_err_set(err, HM_ECONFLICT,
		                "existing contents have changed since last read");
	else
		rc = hm_file_publish(real.p, text, st.st_mode & 07777, false, err);
out:
	hm_lock_release(fd);
	return rc;
}

static int
write_gomod(struct hm_modload *ml, struct hm_mainmod *m, hm_str text, struct hm_err *err)
{
	const struct hm_store *store;
	struct hm_err unlocked = { 0 };
	int side = -1, rc;

	/* Old releases of go lock only this; new ones lock the file. */
	if (hm_acquire_store(ml->acquire, &store, &unlocked) == 0 &&
	    hm_store_side_lock(store, &side, &unlocked))
		side = -1;
	hm_err_free(&unlocked);
	rc = replace_locked(ml, hm_modload_gomod_path(ml, m->root),
	                    m->index ? &m->index->data : NULL, text, err);
	hm_lock_release(side);
	if (rc)
		return hm_err_wrap(err, "updating go.mod: ");
	return hm_modindex_make(ml, text, m->file, false, &m->index, err);
}

static int
write_gosum(struct hm_modload *ml, struct hm_err *err)
{
	struct hm_sums *sums = ml->acquire ? hm_acquire_sums(ml->acquire) : NULL;
	struct hm_map keep;

	if (!sums || hm_str_eqz(ml->cmd, "mod init"))
		return 0;
	if (hm_modload_keep_sums(ml, ml->loaded, ml->reqs, HM_SUMS_BUILD_LIST, &keep, err))
		return -1;
	return hm_sums_write(sums, &keep, hm_modload_must_be_complete(ml), err);
}

int
hm_modload_commit(struct hm_modload *ml, const struct hm_write_opts *opts, struct hm_err *err)
{
	struct hm_mainmod *m = hm_mainmods_single(ml->mains);
	hm_str before, after;
	bool has_file, dirty;

	if (hm_modload_in_work(ml))
		return write_gosum(ml, err);
	if (hm_modload_updated_gomod(ml, opts, &before, &after, &has_file, err))
		return -1;
	if (!has_file)
		return 0;
	dirty = hm_modindex_dirty(ml, m->index, m->file) ||
	        (opts && (opts->drop_tools.n || opts->add_tools.n));
	if (dirty && ml->build_mod != HM_MOD_MOD)
		return hm_modload_dirty(ml, err);
	if ((dirty || hm_str_eqz(ml->cmd, "mod tidy")) && write_gomod(ml, m, after, err))
		return -1;
	return write_gosum(ml, err);
}

int
hm_modload_write(struct hm_modload *ml, const struct hm_write_opts *opts, struct hm_err *err)
{
	struct hm_reqs *rs;

	return hm_modload_file(ml, &rs, err) ? -1 : hm_modload_commit(ml, opts, err);
}

/* The sums to keep while they are collected. */
struct keep {
	struct hm_modload *ml;
	struct hm_reqs *rs;
	struct hm_modgraph *mg;
	struct hm_map *set;
};

static void
keep_zip(struct keep *k, struct hm_modver m)
{
	m = hm_modload_resolve(k->ml, m);
	hm_map_add(k->set, hm_sums_key(k->ml->arena, m.path, m.version));
}

static void
keep_mod(struct keep *k, struct hm_modver m)
{
	m = hm_modload_resolve(k->ml, m);
	hm_map_add(k->set, hm_sums_key(k->ml->arena, m.path,
	                               hm_arena_printf(k->ml->arena, HM_F "/go.mod",
	                                               HM_P(m.version))));
}

/* path.Dir of a clean import path, without memory; "." at the end. */
static hm_str
parent(hm_str path)
{
	ptrdiff_t i = hm_str_rindex_byte(path, '/');

	return i > 0 ? hm_str_sub(path, 0, (size_t)i) : HM_S(".");
}

/* Every module that could hold the package by its name, so that ambiguity can be ruled out. */
static void
keep_prefixes(struct keep *k, hm_str path, bool roots_only)
{
	for (; !hm_str_eqz(path, "."); path = parent(path)) {
		hm_str v;

		if (!roots_only)
			v = hm_modgraph_selected(k->mg, path);
		else if (!hm_reqs_root_selected(k->ml, k->rs, path, &v))
			continue;
		if (!hm_str_eqz(v, "none"))
			keep_zip(k, hm_modver_of(path, v));
	}
}

static void
keep_package(struct keep *k, const struct hm_loadpkg *p, bool go_mod_too)
{
	struct hm_err err = { 0 };
	hm_str v;

	if (p->test_of || (!p->mod.path.n && !p->err))
		return;
	if (hm_modpath_check_import(p->path, &err)) {
		hm_err_free(&err);
		return;
	}
	hm_err_free(&err);
	if (go_mod_too)
		keep_mod(k, p->mod);
	/* What a root gives is not looked for in the rest of a pruned graph. */
	if (k->rs->pruning == HM_PRUNED && p->mod.path.n &&
	    hm_reqs_root_selected(k->ml, k->rs, p->mod.path, &v) && hm_str_eq(v, p->mod.version)) {
		keep_prefixes(k, p->path, true);
		return;
	}
	(void)hm_reqs_graph(k->ml, k->rs, &k->mg, &err); /* what there is of it counts */
	hm_err_free(&err);
	keep_prefixes(k, p->path, false);
}

static void
keep_required(void *ctx, struct hm_modver m)
{
	struct keep *k = ctx;
	const struct hm_modver *reqs;
	size_t n;

	if (hm_modgraph_required_by(k->mg, m, &reqs, &n))
		keep_mod(k, m);
}

static void
keep_graph(struct keep *k, bool zips, bool mods_of_zips)
{
	const struct hm_modver *list;
	size_t n;

	hm_modgraph_walk(k->mg, keep_required, k);
	if (!zips)
		return;
	list = hm_modgraph_build_list(k->mg, &n);
	for (size_t i = 0; i < n; i++) {
		if (mods_of_zips)
			keep_mod(k, list[i]);
		keep_zip(k, list[i]);
	}
}

int
hm_modload_keep_sums(struct hm_modload *ml, const struct hm_loaded *ld, struct hm_reqs *rs,
                     enum hm_which_sums which, struct hm_map *keep, struct hm_err *err)
{
	struct keep k = { .ml = ml, .rs = rs, .set = keep };
	bool zips = which == HM_SUMS_BUILD_LIST, mods = true, mod = ml->build_mod == HM_MOD_MOD;
	hm_str go = ld ? hm_reqs_go(ml, ld->reqs) : hm_modload_main_go(ml);

	(void)err;
	*keep = (struct hm_map){ .arena = ml->arena };
	/* Before 1.21 fewer sums were kept; tidy leaves such files as they are. */
	if (hm_gover_cmp(go, HM_S(HM_GOVER_TIDY_GOMOD_SUM)) < 0 && (!mod || (ld && ld->tidy)))
		mods = false;
	for (size_t i = 0; ld && i < ld->n_pkgs; i++)
		keep_package(&k, ld->pkgs[i], mods);
	k.mg = hm_reqs_graph_loaded(rs);
	if (k.mg) {
		keep_graph(&k, zips, mods);
		return 0;
	}
	for (size_t i = 0; i < rs->n_roots; i++) {
		keep_mod(&k, rs->roots[i]);
		if (zips)
			keep_zip(&k, rs->roots[i]);
	}
	return 0;
}
