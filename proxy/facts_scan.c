/*
 * facts_scan.c - the whole folder against the database.  Names alone are compared,
 * folder by folder; only versions that differ are looked at.
 */
#include "facts_priv.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "mod/modpath.h"
#include "os/file.h"

enum { DEPTH_MAX = 200 };

enum { HAS_INFO = 1, HAS_MOD = 2, HAS_ZIP = 4, HAS_LOCAL = 8, HAS_HASH = 16 };

static const struct {
	hm_str suffix;
	intptr_t bit;
} kinds[] = {
	{ HM_S_INIT(".info"), HAS_INFO },       { HM_S_INIT(".mod"), HAS_MOD },
	{ HM_S_INIT(".zip"), HAS_ZIP },         { HM_S_INIT(".local"), HAS_LOCAL },
	{ HM_S_INIT(".ziphash"), HAS_HASH },
};

struct scan {
	struct facts *f;
	struct hm_db *db;
	struct hm_stmt *rows;
	uint64_t changed;
};

/* Versions of an @v folder, by name (unescaped), with the files they have. */
static int
list_folder(struct hm_arena *a, const char *dir, struct hm_map *found, struct hm_err *err)
{
	struct hm_dirents e = { 0 };
	struct hm_err ignored = { 0 };
	hm_str version;

	if (hm_dir_read(a, dir, &e, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err); /* it went just now: no version is left */
		return 0;
	}
	for (size_t i = 0; i < e.n; i++) {
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			hm_str v = e.v[i].name;
			struct hm_map_entry *at;

			if (!hm_str_cut_suffix(&v, kinds[k].suffix))
				continue;
			if (hm_modpath_unescape_version(a, v, &version, &ignored) == 0 &&
			    hm_modpath_is_canonical_version(version)) {
				at = hm_map_put(found, version, NULL);
				at->num |= kinds[k].bit;
			}
			hm_err_clear(&ignored);
			break;
		}
	}
	hm_err_free(&ignored);
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
scan_module(struct scan *s, hm_str dir, hm_str path, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_map found = { .arena = &a }, known = { .arena = &a };
	bool row = true;
	int rc = list_folder(&a, dir.p, &found, err);

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
	hm_arena_free(&a);
	return rc;
}

/* A folder that may hold modules: escaped is its name below cache/download. */
struct folder {
	struct folder *next;
	unsigned depth;
	size_t n;
	char escaped[];
};

static void
push(struct folder **stack, hm_str parent, hm_str name, unsigned depth)
{
	struct folder *d = hm_mem_grow(NULL, sizeof(*d) + parent.n + name.n + 2, 1);

	*d = (struct folder){ .next = *stack, .depth = depth };
	d->n = parent.n + (parent.n ? 1 : 0) + name.n;
	memcpy(d->escaped, parent.p, parent.n);
	if (parent.n)
		d->escaped[parent.n] = '/';
	memcpy(d->escaped + d->n - name.n, name.p, name.n);
	d->escaped[d->n] = '\0';
	*stack = d;
}

static int
scan_folder(struct scan *s, struct folder *d, struct folder **stack, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_dirents e = { 0 };
	struct hm_err ignored = { 0 };
	hm_str escaped = hm_str_make(d->escaped, d->n), path;
	hm_str dir = hm_arena_printf(&a, HM_F "/cache/download/" HM_F,
	                             HM_P(facts_store(s->f)->root), HM_P(escaped));
	int rc = hm_dir_read(&a, dir.p, &e, &ignored); /* may have gone: no error */

	if (rc)
		e.n = 0;
	hm_err_clear(&ignored);
	rc = 0;
	for (size_t i = 0; i < e.n && rc == 0; i++) {
		if (e.v[i].type != DT_DIR || (d->n == 0 && hm_str_eqz(e.v[i].name, "sumdb")))
			continue;
		if (!hm_str_eqz(e.v[i].name, "@v")) {
			if (d->depth < DEPTH_MAX)
				push(stack, escaped, e.v[i].name, d->depth + 1);
			continue;
		}
		if (hm_modpath_unescape(&a, escaped, &path, &ignored) == 0)
			rc = scan_module(s, hm_path_cat(&a, dir, HM_S("@v")), path, err);
		hm_err_clear(&ignored);
	}
	hm_err_free(&ignored);
	hm_arena_free(&a);
	return rc;
}

static int
scan_tree(struct scan *s, struct hm_err *err)
{
	struct folder *stack = NULL, *d;
	int rc = 0;

	push(&stack, HM_S(""), HM_S(""), 0);
	while (stack) {
		d = stack;
		stack = d->next;
		if (rc == 0 && !facts_stopping(s->f))
			rc = scan_folder(s, d, &stack, err);
		free(d);
	}
	return rc;
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
		if (hm_store_path(facts_store(s->f), &a, path, version, "x", &file, &ignored) == 0 &&
		    !hm_file_exists(hm_path_dir(&a, file).p))
			rc = scan_module(s, hm_path_dir(&a, file), path, err);
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
		rc = scan_tree(&s, err);
	if (rc == 0)
		rc = scan_gone(&s, err);
	hm_stmt_free(s.rows);
	facts_reader_done(f, s.db);
	if (rc == 0 && !facts_stopping(f))
		rc = facts_scan_ends(f, err);
	if (changed)
		*changed = s.changed;
	return rc;
}
