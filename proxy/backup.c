#include "backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "clone.h"
#include "crypto/sha256.h"
#include "db/db.h"
#include "os/file.h"
#include "store/list.h"
#include "sums.h"
#include "tally.h"

static const hm_str first_line = HM_S_INIT("# hermod-proxy backup 1\n");

static const char *const folders[] = {
	"cache/download",
	"cache/upstream",
	"gopath/pkg/sumdb",
	"evidence",
};

enum { DEPTH_MAX = 256 };

struct item {
	struct sum_line line;
	uint64_t size;
	bool gone;
	bool private; /* a database: nobody else may read it */
};

struct copying {
	struct hm_arena *arena;
	hm_str from, to;
	bool copy;  /* no hard links */
	bool check; /* against the sums: restore */
	HM_VEC(struct item) items;
	struct backup_figures dbs;
	struct tally tally;
};

/* ---- what belongs to it */

/* Locks, temporary files, the list (made anew by restore). */
static bool
is_passing(hm_str name)
{
	static const hm_str suffixes[] = {
		HM_S_INIT(".lock"),
		HM_S_INIT(".tmp"),
		HM_S_INIT(".partial"),
	};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (hm_str_has_suffix(name, suffixes[i]))
			return true;
	return hm_str_eqz(name, "lock");
}

static void
add(struct copying *c, hm_str name)
{
	struct item it = { .line = { .name = name } };

	HM_PUSH(c->arena, c->items, it);
}

static int
by_name(const void *x, const void *y)
{
	return hm_str_cmp(*(const hm_str *)x, *(const hm_str *)y);
}

/*
 * A folder that was read while a version was published may show its .mod and not its zip,
 * which was there before: a zip is looked for wherever there is a .mod.
 */
static void
add_files(struct copying *c, hm_str rel, struct hm_strs *names)
{
	size_t n = names->n;

	for (size_t i = 0; i < n; i++) {
		static const char *const more[] = { ".zip", ".ziphash", ".info", ".local" };
		hm_str stem = names->v[i];

		if (!hm_str_cut_suffix(&stem, HM_S(".mod")))
			continue;
		for (size_t k = 0; k < sizeof(more) / sizeof(*more); k++) {
			hm_str file = hm_arena_printf(c->arena, HM_F "%s", HM_P(stem), more[k]);
			hm_str full = hm_arena_printf(c->arena, HM_F "/" HM_F "/" HM_F,
			                              HM_P(c->from), HM_P(rel), HM_P(file));

			if (hm_file_is_regular(full.p))
				HM_PUSH(c->arena, *names, file);
		}
	}
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	for (size_t i = 0; i < names->n; i++)
		if (i == 0 || !hm_str_eq(names->v[i], names->v[i - 1]))
			add(c, hm_path_cat(c->arena, rel, names->v[i]));
}

static int
walk(struct copying *c, hm_str rel, int depth, struct hm_err *err)
{
	bool versions = hm_str_has_suffix(rel, HM_S("/@v")) &&
	                hm_str_has_prefix(rel, HM_S("cache/download/"));
	struct hm_dirents e = { 0 };
	struct hm_strs names = { 0 };

	if (depth > DEPTH_MAX)
		return hm_err_set(err, HM_ELIMIT, HM_F ": too deep", HM_P(rel));
	if (hm_dir_read(c->arena, hm_path_cat(c->arena, c->from, rel).p, &e, err)) {
		if (!hm_err_is(err, HM_ENOTFOUND))
			return -1;
		hm_err_clear(err); /* it went meanwhile, or never was */
		return 0;
	}
	for (size_t i = 0; i < e.n; i++) {
		hm_str name = e.v[i].name;

		if (e.v[i].type == DT_DIR &&
		    walk(c, hm_path_cat(c->arena, rel, name), depth + 1, err))
			return -1;
		if (e.v[i].type == DT_REG && !is_passing(name) &&
		    !(versions && hm_str_eqz(name, "list")))
			HM_PUSH(c->arena, names, name);
	}
	add_files(c, rel, &names);
	return 0;
}

/* ---- one file */

static int
sum_of(const char *file, struct item *it, uint8_t sum[32], struct hm_err *err)
{
	hm_str data;

	if (hm_file_map(file, &data, err))
		return -1;
	hm_sha256_of(data, sum);
	it->size = data.n;
	hm_file_unmap(data);
	return 0;
}

/* The sum is that of the copy: what was read is what is listed. */
static int
copy_item(struct copying *c, struct hm_arena *a, struct item *it, struct hm_err *err)
{
	hm_str from = hm_path_cat(a, c->from, it->line.name);
	hm_str to = hm_path_cat(a, c->to, it->line.name);
	bool link = !c->copy && hm_str_has_suffix(it->line.name, HM_S(".zip"));
	uint8_t sum[32];
	mode_t mode;
	int fd, rc;

	if (hm_dir_make_all(hm_path_dir(a, to).p, err))
		return -1;
	fd = open(to.p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hm_err_sys(err, errno, "open " HM_F, HM_P(to));
	rc = clone_into(from.p, link, UINT64_MAX, to, &fd, &mode, err);
	if (rc == 0 && !it->private && fchmod(fd, mode))
		rc = hm_err_sys(err, errno, "chmod " HM_F, HM_P(to));
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		rc = sum_of(to.p, it, sum, err);
	if (rc == 0 && c->check && memcmp(sum, it->line.sha256, sizeof(sum)))
		rc = hm_err_set(err, HM_ESECURITY, HM_F ": its sum is not that of " SUMS_NAME,
		                HM_P(from));
	memcpy(it->line.sha256, sum, sizeof(sum));
	if (rc)
		unlink(to.p);
	return rc;
}

static void
one(void *ctx, size_t i)
{
	struct copying *c = ctx;
	struct item *it = &c->items.v[i];
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };

	if (copy_item(c, &a, it, &err)) {
		it->gone = !c->check && hm_err_is(&err, HM_ENOTFOUND);
		if (it->gone)
			tally_done(&c->tally, 0);
		else
			tally_failed(&c->tally, i, &err);
	} else {
		tally_done(&c->tally, 0);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static int
copy_all(struct copying *c, const char *doing, unsigned threads, struct hm_err *err)
{
	tally_begin(&c->tally, doing, c->items.n);
	hm_pool_each(threads, c->items.n, one, c);
	return tally_end(&c->tally, err);
}

/* ---- folders */

static int
need_empty(struct hm_arena *a, hm_str dir, struct hm_err *err)
{
	struct hm_dirents e = { 0 };

	if (hm_dir_read(a, dir.p, &e, err)) {
		if (!hm_err_is(err, HM_ENOTFOUND))
			return -1;
		hm_err_clear(err);
		return 0;
	}
	return e.n ? hm_err_set(err, HM_ECONFLICT, HM_F ": is not empty", HM_P(dir)) : 0;
}

static int
sync_all(hm_str dir, struct hm_err *err)
{
	int fd = open(dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0 || syncfs(fd))
		rc = hm_err_sys(err, errno, "sync " HM_F, HM_P(dir));
	if (fd >= 0)
		close(fd);
	return rc;
}

static void
count(const struct copying *c, struct backup_figures *out)
{
	*out = c->dbs;
	for (size_t i = 0; i < c->items.n; i++) {
		out->files += !c->items.v[i].gone;
		out->bytes += c->items.v[i].gone ? 0 : c->items.v[i].size;
	}
}

/* ---- backup */

/* SQLite fills an empty file, so its mode is right from the beginning. */
static int
copy_db(struct copying *c, hm_str name, struct sum_lines *lines, struct hm_err *err)
{
	struct hm_db_opts opts = { .read_only = true };
	hm_str to = hm_path_cat(c->arena, c->to, name);
	struct item it = { .line = { .name = name } };
	struct hm_db *db;
	int fd, rc;

	if (hm_db_open(hm_path_cat(c->arena, c->from, name).p, &opts, &db, err))
		return -1;
	fd = open(to.p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = fd < 0 ? hm_err_sys(err, errno, "open " HM_F, HM_P(to)) : 0;
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		rc = hm_db_backup(db, to.p, err);
	hm_db_free(db);
	if (rc == 0)
		rc = sum_of(to.p, &it, it.line.sha256, err);
	if (rc == 0)
		HM_PUSH(c->arena, *lines, it.line);
	c->dbs.files++;
	c->dbs.bytes += it.size;
	return rc;
}

static int
copy_dbs(struct copying *c, struct sum_lines *lines, struct hm_err *err)
{
	struct hm_dirents e = { 0 };

	if (hm_dir_read(c->arena, c->from.p, &e, err))
		return -1;
	for (size_t i = 0; i < e.n; i++)
		if (e.v[i].type == DT_REG && hm_str_has_suffix(e.v[i].name, HM_S(".db")) &&
		    copy_db(c, e.v[i].name, lines, err))
			return -1;
	return 0;
}

static int
write_sums(struct copying *c, struct sum_lines *lines, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	int rc;

	for (size_t i = 0; i < c->items.n; i++)
		if (!c->items.v[i].gone)
			HM_PUSH(c->arena, *lines, c->items.v[i].line);
	sums_format(lines, first_line, &b);
	rc = hm_file_publish(hm_path_cat(c->arena, c->to, HM_S(SUMS_NAME)).p, hm_buf_str(&b), 0644,
	                     true, err);
	hm_buf_free(&b);
	return rc;
}

int
backup_make(struct proxy *p, hm_str to, bool copy, struct backup_figures *out, struct hm_err *err)
{
	struct copying c = { .arena = &p->arena, .from = p->opts.dir, .to = to, .copy = copy };
	struct sum_lines lines = { 0 };

	if (need_empty(c.arena, to, err) || hm_dir_make_all(to.p, err) || copy_dbs(&c, &lines, err))
		return -1;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (walk(&c, hm_str_of(folders[i]), 0, err))
			return -1;
	if (copy_all(&c, "copying", 0, err) || sync_all(to, err))
		return -1;
	count(&c, out);
	return write_sums(&c, &lines, err);
}

/* ---- restore */

static int
read_sums(struct copying *c, struct hm_err *err)
{
	struct sum_lines lines = { 0 };
	hm_str file = hm_path_cat(c->arena, c->from, HM_S(SUMS_NAME)), text;

	if (hm_file_read(c->arena, file.p, SUMS_FILE_MAX, &text, err)) {
		if (hm_err_is(err, HM_ENOTFOUND))
			hm_err_append(err, " (no backup, or one that was not finished)");
		return -1;
	}
	if (sums_parse(c->arena, text, first_line, &lines, err))
		return hm_err_wrap(err, HM_F ": ", HM_P(file));
	for (size_t i = 0; i < lines.n; i++) {
		struct item it = { .line = lines.v[i],
			           .private = hm_str_has_suffix(lines.v[i].name, HM_S(".db")) };

		HM_PUSH(c->arena, c->items, it);
	}
	return 0;
}

/* From the .mod files that are there. */
static void
make_lists(const struct copying *c)
{
	hm_str last = { 0 };

	for (size_t i = 0; i < c->items.n; i++) {
		hm_str name = c->items.v[i].line.name;
		ptrdiff_t at = hm_str_rindex_byte(name, '/');
		hm_str dir = hm_str_sub(name, 0, at > 0 ? (size_t)at : 0);

		if (!hm_str_has_suffix(name, HM_S(".mod")) ||
		    !hm_str_has_suffix(dir, HM_S("/@v")) || hm_str_eq(dir, last))
			continue;
		hm_store_update_list(hm_path_cat(c->arena, c->to, dir));
		last = dir;
	}
}

/* Beside its final name, so that a restore that stops half way is none. */
static int
restore(struct copying *c, hm_str dir, struct hm_err *err)
{
	if (copy_all(c, "restoring", 0, err))
		return -1;
	make_lists(c);
	if (sync_all(c->to, err))
		return -1;
	return hm_file_rename(c->to.p, dir.p, err);
}

int
backup_restore(struct hm_arena *a, hm_str from, hm_str dir, struct backup_figures *out,
               struct hm_err *err)
{
	struct copying c = { .arena = a, .from = from, .copy = true, .check = true };
	struct hm_err ignored = { 0 };
	hm_str parent = hm_path_dir(a, dir);
	hm_str prefix = hm_arena_printf(a, HM_F ".restoring-", HM_P(hm_path_base(dir)));

	if (need_empty(a, dir, err) || read_sums(&c, err) || hm_dir_make_all(parent.p, err) ||
	    hm_dir_make_temp(a, parent.p, prefix.p, &c.to, err))
		return -1;
	if (chmod(c.to.p, 0755) || restore(&c, dir, err)) {
		if (err->code == HM_OK)
			hm_err_sys(err, errno, "chmod " HM_F, HM_P(c.to));
		if (hm_dir_remove_all(c.to.p, true, &ignored))
			hm_err_free(&ignored);
		return -1;
	}
	count(&c, out);
	return 0;
}
