/*
 * tree.c - writing the vendor folder.
 *
 * The new tree grows in ".<name>.new" beside the old one and then changes places
 * with it.  The folder that holds both is locked meanwhile, so whatever has that
 * name is left over from a run that was killed, and may go.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "os/file.h"
#include "os/pool.h"
#include "vendor/layout.h"
#include "vendor/lock.h"
#include "vendor/vendor.h"

enum { COPY_BUF = 1 << 16 };

struct writing {
	const struct hm_vendor_plan *plan;
	struct hm_vendor_layout layout;
	struct hm_arena arena;
	hm_str root;           /* of the new tree */
	struct hm_err *errors; /* by file */
};

static int
pump(int in, int out, hm_str from, hm_str to, struct hm_err *err)
{
	char buf[COPY_BUF];

	for (;;) {
		ssize_t n = read(in, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hm_err_sys(err, errno, "read " HM_F, HM_P(from));
		if (n == 0)
			return 0;
		if (hm_file_write_fd(out, to.p, hm_str_make(buf, (size_t)n), err))
			return -1;
	}
}

static int
copy(hm_str from, hm_str to, struct hm_err *err)
{
	int in = open(from.p, O_RDONLY | O_CLOEXEC), out, rc;

	if (in < 0)
		return hm_err_sys(err, errno, "open " HM_F, HM_P(from));
	out = open(to.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (out < 0) {
		hm_err_sys(err, errno, "open " HM_F, HM_P(to));
		close(in);
		return -1;
	}
	rc = pump(in, out, from, to, err);
	if (close(out) && rc == 0)
		rc = hm_err_sys(err, errno, "close " HM_F, HM_P(to));
	close(in);
	return rc;
}

static void
copy_one(void *ctx, size_t i)
{
	struct writing *w = ctx;
	const struct hm_vendor_file *f = &w->layout.v[i];
	struct hm_arena a = { 0 };

	copy(f->src, hm_path_cat(&a, w->root, f->name), &w->errors[i]);
	hm_arena_free(&a);
}

static int
copy_all(struct writing *w, struct hm_err *err)
{
	int rc = 0;

	w->errors = HM_NEW_N(&w->arena, w->layout.n, struct hm_err);
	hm_pool_each(0, w->layout.n, copy_one, w);
	for (size_t i = 0; i < w->layout.n; i++) {
		if (w->errors[i].code && rc == 0) {
			hm_err_move(err, &w->errors[i]);
			rc = -1;
		}
		hm_err_free(&w->errors[i]);
	}
	return rc;
}

static int
make_folders(struct writing *w, struct hm_err *err)
{
	hm_str last = HM_S("");

	for (size_t i = 0; i < w->layout.dirs.n; i++)
		if (hm_dir_make_all(hm_path_cat(&w->arena, w->root, w->layout.dirs.v[i]).p, err))
			return -1;
	for (size_t i = 0; i < w->layout.n; i++) { /* those of embedded files */
		hm_str dir = hm_path_dir(&w->arena, w->layout.v[i].name);

		if (w->layout.v[i].why == HM_VENDOR_EMBED && !hm_str_eq(dir, last) &&
		    hm_dir_make_all(hm_path_cat(&w->arena, w->root, dir).p, err))
			return -1;
		last = dir;
	}
	return 0;
}

static int
write_tree(struct writing *w, bool errors_ok, struct hm_err *err)
{
	hm_str list = hm_path_cat(&w->arena, w->root, HM_S("modules.txt"));

	if (hm_vendor_layout_make(w->plan, errors_ok, &w->arena, &w->layout, err) ||
	    hm_dir_make_all(w->root.p, err) || make_folders(w, err) || copy_all(w, err))
		return -1;
	return hm_file_write(list.p, w->plan->text, 0666, err);
}

/* Puts the new tree where the old one is, which then has the new one's name. */
static int
swap(hm_str fresh, hm_str dir, hm_str old, struct hm_err *err)
{
	struct stat st;

	if (lstat(dir.p, &st) != 0)
		return hm_file_rename(fresh.p, dir.p, err);
	if (renameat2(AT_FDCWD, fresh.p, AT_FDCWD, dir.p, RENAME_EXCHANGE) == 0)
		return 0;
	/* a file system that cannot: there is a moment without a vendor folder */
	if (hm_file_rename(dir.p, old.p, err))
		return -1;
	if (hm_file_rename(fresh.p, dir.p, err)) {
		struct hm_err ignored = { 0 };

		hm_file_rename(old.p, dir.p, &ignored);
		hm_err_free(&ignored);
		return -1;
	}
	return 0;
}

int
hm_vendor_lock(hm_str parent, int *fd, struct hm_err *err)
{
	int rc;

	*fd = open(parent.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return hm_err_sys(err, errno, "open " HM_F, HM_P(parent));
	do
		rc = flock(*fd, LOCK_EX);
	while (rc && errno == EINTR);
	return 0; /* without locks there is one run at a time, as with go */
}

static int
write_locked(struct writing *w, hm_str parent, hm_str dir, bool errors_ok, struct hm_err *err)
{
	hm_str name = hm_path_base(dir);
	hm_str old = hm_arena_printf(&w->arena, HM_F "/." HM_F ".old", HM_P(parent), HM_P(name));
	int rc = -1;

	w->root = hm_arena_printf(&w->arena, HM_F "/." HM_F ".new", HM_P(parent), HM_P(name));
	if (hm_dir_remove_all(w->root.p, false, err) || hm_dir_remove_all(old.p, false, err))
		return -1;
	if (w->plan->text.n == 0)
		return hm_dir_remove_all(dir.p, false, err);
	if (write_tree(w, errors_ok, err) == 0)
		rc = swap(w->root, dir, old, err);
	if (rc) {
		struct hm_err ignored = { 0 };

		hm_dir_remove_all(w->root.p, false, &ignored);
		hm_err_free(&ignored);
		return -1;
	}
	return hm_dir_remove_all(w->root.p, false, err) || hm_dir_remove_all(old.p, false, err)
	               ? -1
	               : 0;
}

int
hm_vendor_write(const struct hm_vendor_plan *plan, hm_str dir, bool errors_ok, struct hm_err *err)
{
	struct writing w = { .plan = plan };
	hm_str parent = hm_path_dir(&w.arena, dir);
	int fd = -1, rc = -1;

	dir = hm_arena_dup(&w.arena, dir);
	if (plan->text.n == 0 && !hm_file_is_dir(parent.p))
		rc = 0;
	else if ((plan->text.n == 0 || hm_dir_make_all(parent.p, err) == 0) &&
	         hm_vendor_lock(parent, &fd, err) == 0)
		rc = write_locked(&w, parent, dir, errors_ok, err);
	if (fd >= 0)
		close(fd);
	hm_arena_free(&w.arena);
	return rc;
}
