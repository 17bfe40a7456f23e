#include "store/list.h"

#include <unistd.h>

#include "base/path.h"
#include "mod/modpath.h"
#include "mod/semver.h"
#include "os/file.h"
#include "os/lock.h"

static hm_str
make_list(struct hm_arena *a, hm_str folder, struct hm_err *err)
{
	struct hm_dirents e = { 0 };
	struct hm_strs versions = { 0 };
	struct hm_buf b = { 0 };

	hm_dir_read(a, folder.p, &e, err);
	for (size_t i = 0; i < e.n; i++) {
		hm_str v = e.v[i].name;

		if (hm_str_cut_suffix(&v, HM_S(".mod")) && hm_modpath_is_canonical_version(v))
			HM_PUSH(a, versions, v);
	}
	hm_semver_sort(versions.v, versions.n);
	for (size_t i = 0; i < versions.n; i++) {
		hm_buf_adds(&b, versions.v[i]);
		hm_buf_addc(&b, '\n');
	}
	return hm_buf_take(&b, a);
}

/* In place, because go holds the lock on this very file: zeros first, then the text. */
static void
rewrite(int fd, const char *path, hm_str now, struct hm_err *err)
{
	if (ftruncate(fd, 0) || ftruncate(fd, (off_t)now.n) || lseek(fd, 0, SEEK_SET) < 0)
		return;
	if (hm_file_write_fd(fd, path, now, err) && ftruncate(fd, 0))
		return;
}

/*
 * The first list of a folder gets its name only when it is written: a run that is
 * killed leaves none or a whole one.  False: there is one already, or it cannot be
 * done so here.
 */
static bool
make_first(struct hm_arena *a, hm_str folder, hm_str file, struct hm_err *err)
{
	hm_str now;

	if (hm_file_exists(file.p))
		return false;
	now = make_list(a, folder, err);
	return err->code == HM_OK && hm_file_write_new(file.p, now, 0666);
}

static bool
has_line(hm_str text, hm_str want)
{
	hm_str line;

	while (hm_str_next(&text, '\n', &line))
		if (hm_str_eq(line, want))
			return true;
	return false;
}

/* Zeros are what rewrite() puts there first. */
static bool
is_broken(hm_str list, hm_str version)
{
	return list.n == 0 || list.p[list.n - 1] == '\0' ||
	       (version.n && !has_line(list, version));
}

void
hm_store_mend_list(hm_str folder, hm_str version)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str mod = hm_arena_printf(&a, HM_F "/" HM_F ".mod", HM_P(folder), HM_P(version)), list;
	int rc = hm_file_read(&a, hm_path_cat(&a, folder, HM_S("list")).p, HM_FILE_MAX, &list,
	                      &err);

	/* a folder without a .mod has no list */
	if (rc ? version.n && hm_file_exists(mod.p) : is_broken(list, version))
		hm_store_update_list(folder);
	hm_err_free(&err);
	hm_arena_free(&a);
}

void
hm_store_update_list(hm_str folder)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str file = hm_path_cat(&a, folder, HM_S("list")), was = { 0 }, now;
	int fd = -1;

	if (!make_first(&a, folder, file, &err) &&
	    hm_lock_acquire(file.p, true, &fd, &err) == 0) {
		now = make_list(&a, folder, &err);
		if (err.code == HM_OK &&
		    (hm_file_read_fd(&a, fd, file.p, HM_FILE_MAX, &was, &err) ||
		     !hm_str_eq(was, now)))
			rewrite(fd, file.p, now, &err);
	}
	hm_lock_release(fd);
	hm_err_free(&err);
	hm_arena_free(&a);
}
