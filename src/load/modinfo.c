#include "load/modinfo.h"

#include "acquire/acquire.h"
#include "base/path.h"
#include "conf/conf.h"
#include "load/import.h"
#include "load/importstate.h"
#include "load/mainmods.h"
#include "load/modfiles.h"
#include "load/modgraph.h"
#include "load/modinfofill.h"
#include "load/modules.h"
#include "load/query.h"
#include "load/queryreuse.h"
#include "mod/gover.h"
#include "os/file.h"
#include "verify/gosum.h"

/* "v1.0.0" or "v1.0.0 (retracted)" */
static void
put_version(struct hm_buf *b, const struct hm_modinfo *m)
{
	hm_buf_adds(b, m->version);
	if (m->retracted.n)
		hm_buf_addz(b, " (retracted)");
}

static void
put_versions(struct hm_buf *b, const struct hm_modinfo *m)
{
	hm_buf_addc(b, ' ');
	put_version(b, m);
	if (!m->update)
		return;
	hm_buf_addz(b, " [");
	put_version(b, m->update);
	hm_buf_addc(b, ']');
}

hm_str
hm_modinfo_string(struct hm_arena *a, const struct hm_modinfo *m)
{
	struct hm_buf b = { 0 };

	hm_buf_adds(&b, m->path);
	if (m->version.n)
		put_versions(&b, m);
	if (m->deprecated.n)
		hm_buf_addz(&b, " (deprecated)");
	if (m->replace) {
		hm_buf_addz(&b, " => ");
		hm_buf_adds(&b, m->replace->path);
		if (m->replace->version.n)
			put_versions(&b, m->replace);
		if (m->replace->deprecated.n)
			hm_buf_addz(&b, " (deprecated)");
	}
	return hm_buf_take(&b, a);
}

int
hm_modinfo_split_arg(hm_str arg, hm_str *path, hm_str *version, bool *found, struct hm_err *err)
{
	struct hm_buf quoted = { 0 };

	*found = hm_str_cut(arg, '@', path, version);
	if (!*found || version->n == 0 || (version->p[0] != '-' && version->p[0] != '/'))
		return 0;
	hm_buf_quote(&quoted, *version);
	hm_err_set(err, HM_EINVALID, "invalid module version " HM_F, HM_P(hm_buf_str(&quoted)));
	hm_buf_free(&quoted);
	*path = *version = HM_S("");
	*found = false;
	return -1;
}

void
hm_modinfo_set_error(struct hm_arena *a, struct hm_modinfo *m, struct hm_err *err)
{
	if (!m->error.p)
		m->error = hm_arena_dup(a, hm_err_str(err));
	hm_err_clear(err);
}

/* A sum that must be known before the file may be shown. */
static bool
checksum_ok(const struct hm_info_ask *k, const struct hm_modinfo *m, bool gomod)
{
	struct hm_sums *sums = hm_acquire_sums(k->ml->acquire);
	struct hm_err err = { 0 };
	bool have = false;
	hm_str version = m->version;

	if (!k->rs || !version.n || !hm_modload_must_have_sums(k->ml))
		return true;
	if (gomod)
		version = hm_arena_printf(k->a, HM_F "/go.mod", HM_P(version));
	if (sums)
		hm_sums_have(sums, m->path, version, &have, &err);
	hm_err_free(&err);
	return have;
}

static bool
reuse_old(const struct hm_info_ask *k, struct hm_modinfo *m)
{
	const struct hm_modinfo *old = NULL;
	struct hm_modver mod = { m->path, m->version };

	if (k->reuse)
		old = hm_map_get(k->reuse, hm_modver_str(k->a, mod));
	if (!old || !hm_query_reuse_module(k->ml, k->a, mod, old->origin))
		return false;
	*m = *old;
	m->query = m->dir = HM_S("");
	return true;
}

static void
fill_version(const struct hm_info_ask *k, struct hm_modinfo *m)
{
	struct hm_revinfo rev;
	struct hm_err err = { 0 };

	if (hm_query(k->ml, k->a, m->path, m->version, HM_S(""), HM_ALLOW_ALL, &rev, NULL, &err)) {
		hm_modinfo_set_error(k->a, m, &err);
	} else {
		m->version = rev.version;
		m->time = hm_time_rfc3339(k->a, rev.time);
	}
	hm_err_free(&err);
}

static void
fill_go_version(const struct hm_info_ask *k, struct hm_modinfo *m, struct hm_modver mod)
{
	const struct hm_modsummary *s = NULL;
	struct hm_err err = { 0 };

	if (!m->go_version.n && checksum_ok(k, m, true) &&
	    hm_modload_raw_summary(k->ml, mod, &s, &err) == 0 && s)
		m->go_version = s->go;
	hm_resolve_note(hm_resolve_of(k->ml), &err);
	hm_err_free(&err);
}

/* Where its go.mod and its files are in the module cache, and their sums. */
static void
fill_files(const struct hm_info_ask *k, struct hm_modinfo *m, struct hm_modver mod)
{
	struct hm_sums *sums = hm_acquire_sums(k->ml->acquire);
	const struct hm_store *store;
	struct hm_err err = { 0 };
	hm_str file, sum;

	if (checksum_ok(k, m, true)) {
		if (hm_acquire_store(k->ml->acquire, &store, &err) == 0 &&
		    hm_store_path(store, k->a, mod.path, mod.version, "mod", &file, &err) == 0 &&
		    hm_file_is_regular(file.p))
			m->go_mod = file;
		hm_err_clear(&err);
		if (sums && hm_sums_recorded(sums, k->a, mod.path,
		                             hm_arena_printf(k->a, HM_F "/go.mod",
		                                             HM_P(mod.version)), &sum))
			m->go_mod_sum = sum;
	}
	if (checksum_ok(k, m, false)) {
		if (hm_acquire_local_dir(k->ml->acquire, mod, &file, &err) == 0)
			m->dir = hm_arena_dup(k->a, file);
		if (sums && hm_sums_recorded(sums, k->a, mod.path, mod.version, &sum))
			m->sum = sum;
	}
	hm_err_free(&err);
}

/* completeFromModCache */
static void
complete(const struct hm_info_ask *k, struct hm_modinfo *m)
{
	struct hm_modver mod = { m->path,
		                 m->version }; /* as asked for, even when the query changes it */

	if (hm_gover_is_toolchain(m->path))
		return;
	if (m->version.n) {
		if (reuse_old(k, m))
			return;
		fill_version(k, m);
	}
	fill_go_version(k, m, mod);
	if (!m->version.n)
		return;
	fill_files(k, m, mod);
	if (k->mode & HM_LIST_RETRACTED)
		hm_modinfo_add_retraction(k, m);
}

static struct hm_modinfo *
main_info(const struct hm_info_ask *k, const struct hm_mainmod *main)
{
	struct hm_modinfo *m = HM_NEW(k->a, struct hm_modinfo);

	m->path = main->mod.path;
	m->main = true;
	m->go_version = hm_modload_raw_go(k->ml, main->mod);
	if (main->root.n) {
		m->dir = main->root;
		m->go_mod = hm_modload_gomod_path(k->ml, main->root);
	}
	return m;
}

/* The original's own data are not worth a look: the replacement's folder and go.mod count. */
static void
fill_replaced(const struct hm_info_ask *k, struct hm_modinfo *m, struct hm_modver r)
{
	struct hm_modinfo *by = HM_NEW(k->a, struct hm_modinfo);

	m->replace = by;
	by->path = r.path;
	by->version = r.version;
	by->go_version = m->go_version;
	if (!r.version.n) {
		by->dir = hm_path_is_abs(r.path) ? r.path
		                                 : hm_modload_replace_dir(k->ml, k->a, r.path);
		by->go_mod = hm_path_join(k->a, by->dir, HM_S("go.mod"));
	}
	if (k->ml->build_mod != HM_MOD_VENDOR) {
		complete(k, by);
		m->dir = by->dir;
		m->go_mod = by->go_mod;
		m->retracted = by->retracted;
	}
	m->go_version = by->go_version;
}

struct hm_modinfo *
hm_modinfo_make(const struct hm_info_ask *k, struct hm_modver mod)
{
	const struct hm_mainmod *main = mod.version.n ? NULL
	                                              : hm_mainmods_find(k->ml->mains, mod.path);
	struct hm_modinfo *m;
	struct hm_modver r;
	hm_str go;

	if (main)
		return main_info(k, main);
	m = HM_NEW(k->a, struct hm_modinfo);
	m->path = mod.path;
	m->version = mod.version;
	m->indirect = k->rs && !hm_reqs_is_direct(k->rs, mod.path);
	go = hm_modload_raw_go(k->ml, mod);
	if (go.p)
		m->go_version = go;
	if (!k->rs) {
		complete(k, m); /* named with its version: itself, not what replaces it */
		return m;
	}
	r = hm_modload_replacement(k->ml, mod);
	if (r.path.n)
		fill_replaced(k, m, r);
	else if (k->ml->build_mod != HM_MOD_VENDOR)
		complete(k, m);
	return m;
}

struct hm_modinfo *
hm_modinfo_of_package(const struct hm_modules *m, struct hm_arena *a, hm_str import_path)
{
	struct hm_info_ask k = { .ml = m->ml, .a = a, .rs = m->reqs };
	struct hm_modver mod;

	if (hm_import_is_std_package(m->ml, import_path) || !m->ml->enabled)
		return NULL;
	mod = hm_modules_provider(m, import_path);
	return mod.path.n || mod.version.n ? hm_modinfo_make(&k, mod) : NULL;
}

hm_str
hm_modinfo_package_root(const struct hm_modules *m, struct hm_arena *a, hm_str import_path)
{
	struct hm_modver mod = hm_modules_provider(m, import_path);
	struct hm_err err = { 0 };
	hm_str dir = HM_S("");
	bool local;

	if (!mod.path.n || m->ml->build_mod == HM_MOD_VENDOR || !m->ml->enabled ||
	    hm_import_is_std_package(m->ml, import_path))
		return dir;
	if (hm_import_fetch(m->ml, a, mod, &dir, &local, &err))
		dir = HM_S("");
	hm_err_free(&err);
	return dir;
}

static struct hm_modinfo *
error_info(struct hm_arena *a, hm_str path, const char *text)
{
	struct hm_modinfo *m = HM_NEW(a, struct hm_modinfo);

	m->path = path;
	m->error = hm_arena_dup(a, hm_str_of(text));
	return m;
}

struct hm_modinfo *
hm_modinfo_named(struct hm_modload *ml, struct hm_arena *a, hm_str arg, struct hm_err *err)
{
	struct hm_info_ask k = { .ml = ml, .a = a };
	struct hm_modver m = { 0 };
	struct hm_modgraph *mg;
	struct hm_reqs *rs;
	bool found;

	if (!ml->enabled)
		return NULL;
	if (hm_modinfo_split_arg(arg, &m.path, &m.version, &found, err)) {
		struct hm_modinfo *bad = error_info(a, HM_S(""), hm_err_str(err).p);

		hm_err_clear(err);
		return bad;
	}
	if (found)
		return hm_modinfo_make(&k, m);
	if (hm_modload_file(ml, &rs, err))
		return NULL;
	if (rs->pruning != HM_PRUNED || !hm_reqs_root_selected(ml, rs, m.path, &m.version)) {
		if (hm_reqs_graph(ml, rs, &mg, err))
			return NULL;
		m.version = hm_modgraph_selected(mg, m.path);
	}
	if (hm_str_eqz(m.version, "none"))
		return error_info(a, m.path, "module not in current build");
	k.rs = rs;
	return hm_modinfo_make(&k, m);
}
