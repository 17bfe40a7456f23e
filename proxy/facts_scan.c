/*
 * facts_scan.c - the whole folder against the database.  Names alone are compared,
 * folder by folder; only versions that differ are looked at.
 */
#include "facts_priv.h"

#include "base/map.h"
#include "base/path.h"
#include "os/file.h"
#include "store/list.h"
#include "walk.h"

struct scan {
	struct facts *f;
	struct hm_db *db;
	struct hm_stmt *rows;
	uint64_t changed;
};

/* Versions of an @v folder, with the files they have. */
static int
list_folder(struct hm_arena *a, const char *dir, struct hm_map *found, struct hm_err *err)
{
	struct hm_dirents e = { 0 };
	hm_str version;
	int kind;

	if (hm_dir_read(a, dir, &e, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err); /* it went just now: no version is left */
		return 0;
	}
	for (size_t i = 0; i < e.n; i++) {
		kind = store_file_kind(a, e.v[i].name, &version);
		if (kind)
			hm_map_put(found, version, NULL)->num |= kind;
	}
	return 0;
}

/* A zip counts with its hash alone; what is left says nothing without a file. */
static intptr_t
as_row(intptr_t has)
{
	if (!(has & HAS_HASH))
		has &= ~(intptr_t)HAS_ZIP;
	has &= ~(intptr_t)HAS_HASH;
	return has & (HAS_INFO | HAS_MOD | HAS_ZIP) ? has : 0;
}

static void
differs(struct scan *s, hm_str path, hm_str version)
{
	s->changed++;
	facts_queue(s->f, path, version);
}

static int
scan_module(void *ctx, hm_str path, hm_str dir, struct hm_err *err)
{
	struct scan *s = ctx;
	struct hm_arena a = { 0 };
	struct hm_map found = { .arena = &a }, known = { .arena = &a };
	uint64_t before = s->changed;
	bool row = true;
	int rc = path.n ? list_folder(&a, dir.p, &found, err) : 0;

	hm_stmt_bind_str(s->rows, 1, path);
	while (rc == 0 && (rc = hm_stmt_step(s->rows, &row, err)) == 0 && row) {
		hm_str version = hm_arena_dup(&a, hm_stmt_str(s->rows, 0));

		hm_map_set_num(&known, version, (intptr_t)hm_stmt_int(s->rows, 1));
		if (as_row(hm_map_num(&found, version)) != (intptr_t)hm_stmt_int(s->rows, 1))
			differs(s, path, version);
	}
	for (size_t i = 0; rc == 0 && i < found.n; i++)
		if (as_row(found.e[i].num) && !hm_map_has(&known, found.e[i].key))
			differs(s, path, found.e[i].key);
	if (s->changed > before && found.n) /* who died here may not have come to it */
		hm_store_update_list(dir);
	hm_arena_free(&a);
	return rc;
}

static bool
scan_stops(void *ctx)
{
	struct scan *s = ctx;

	return facts_stopping(s->f);
}

/* Modules that the database has and whose folder is gone. */
static int
scan_gone(struct scan *s, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_err ignored = { 0 };
	struct hm_stmt *all;
	hm_str path, version, file;
	bool row = true;
	int rc;

	if (hm_stmt_new(s->db,
	                "SELECT path, (SELECT version FROM version WHERE module = m.id LIMIT 1)"
	                " FROM module m WHERE versions > 0",
	                &all, err))
		return -1;
	while ((rc = hm_stmt_step(all, &row, err)) == 0 && row && !facts_stopping(s->f)) {
		hm_arena_free(&a);
		path = hm_arena_dup(&a, hm_stmt_str(all, 0));
		version = hm_stmt_str(all, 1);
		if (hm_store_path(facts_store(s->f), &a, path, version, "x", &file, &ignored) ==
		            0 &&
		    !hm_file_exists(hm_path_dir(&a, file).p))
			rc = scan_module(s, path, hm_path_dir(&a, file), err);
		hm_err_clear(&ignored);
		if (rc)
			break;
	}
	hm_stmt_free(all);
	hm_err_free(&ignored);
	hm_arena_free(&a);
	return rc;
}

int
facts_scan(struct facts *f, uint64_t *changed, struct hm_err *err)
{
	struct scan s = { .f = f };
	const struct walk walk = { .ctx = &s, .folder = scan_module, .stop = scan_stops };
	int rc;

	facts_scan_begins(f);
	if (facts_reader(f, &s.db, err))
		return -1;
	rc = hm_stmt_new(s.db,
	                 "SELECT version, (info_bytes IS NOT NULL) + 2 * (mod_bytes IS NOT NULL) +"
	                 " 4 * (zip_bytes IS NOT NULL) + 8 * local FROM version"
	                 " WHERE module = (SELECT id FROM module WHERE path = ?1)",
	                 &s.rows, err);
	if (rc == 0)
		rc = store_walk(facts_store(f), &walk, err);
	if (rc == 0)
		rc = scan_gone(&s, err);
	if (rc == 0)
		sumdb_sweep(facts_store(f), &s, scan_stops);
	hm_stmt_free(s.rows);
	facts_reader_done(f, s.db);
	if (rc == 0 && !facts_stopping(f))
		rc = facts_scan_ends(f, err);
	if (changed)
		*changed = s.changed;
	return rc;
}
