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
#include "conf/conf.h"
#include "load/mainmods.h"
#include "mod/gover.h"
#include "os/file.h"
#include "os/pool.h"
#include "vendor/copy.h"
#include "vendor/vendor.h"

struct folder {
	hm_str src, dst;
};

struct writing {
	const struct hm_vendor_plan *plan;
	struct hm_vendor_copy copy;
	struct hm_arena arena;
	hm_str root;                    /* of the new tree */
	HM_VEC(struct folder) metadata; /* parents of packages, for their licences */
	struct hm_err *embed_errors;    /* by package */
	struct hm_err *errors;          /* by package, then by metadata folder */
};

static bool
cgo_is_on(const struct hm_conf *c)
{
	hm_str set = hm_conf_get(c, "CGO_ENABLED");

	/* go/build's own default, whatever name hermod runs under: the tree must not differ */
	if (hm_str_eqz(set, "1") || hm_str_eqz(set, "0"))
		return hm_str_eqz(set, "1");
	return hm_str_eq(c->goos, c->gohostos) && hm_str_eq(c->goarch, c->gohostarch);
}

static void
copy_init(struct hm_vendor_copy *c, struct hm_modload *ml)
{
	hm_str go = hm_modload_main_go(ml);

	c->ml = ml;
	c->scans = hm_modules_scans(ml);
	c->strip_gomod = hm_gover_cmp(go, HM_S("1.17")) >= 0;
	c->test_embeds = hm_gover_cmp(go, HM_S("1.22")) < 0;
	c->all_files = *hm_modules_build_ctx(ml);
	c->all_files.use_all_files = true;
	c->all_files.cgo = cgo_is_on(ml->conf);
}

/*
 * The folders above the package, up to the root of its module, whose metadata
 * comes too; those that an earlier package has named end the walk.
 */
static int
add_parents(struct writing *w, struct hm_map *seen, const struct hm_vendor_pkg *pkg,
            struct hm_err *err)
{
	hm_str path = pkg->path, src = pkg->dir;

	for (bool parent = false;; parent = true) {
		hm_str dst = hm_path_cat(&w->arena, w->root, path);
		hm_str key = hm_arena_concat(&w->arena,
		                             (hm_str[]){ pkg->module, HM_S("\n"), path }, 3);

		if (!hm_map_add(seen, key))
			return 0;
		if (parent) {
			struct folder f = { src, dst };

			HM_PUSH(&w->arena, w->metadata, f);
		} else if (hm_dir_make_all(dst.p, err)) {
			return -1;
		}
		if (hm_str_eq(path, pkg->module) || hm_str_index_byte(path, '/') < 0)
			return 0;
		path = hm_path_dir(&w->arena, path);
		src = hm_path_dir(&w->arena, src);
	}
}

static int
make_folders(struct writing *w, struct hm_err *err)
{
	struct hm_map seen = { .arena = &w->arena };

	for (size_t i = 0; i < w->plan->n; i++)
		if (w->plan->v[i].dir.n && add_parents(w, &seen, &w->plan->v[i], err))
			return -1;
	return 0;
}

static void
copy_package(void *ctx, size_t i)
{
	struct writing *w = ctx;
	const struct hm_vendor_pkg *pkg = &w->plan->v[i];
	struct hm_arena a = { 0 };
	hm_str dst = hm_path_cat(&a, w->root, pkg->path);

	if (pkg->dir.n)
		hm_vendor_copy_package(&w->copy, &a, pkg, dst, &w->embed_errors[i], &w->errors[i]);
	hm_arena_free(&a);
}

static void
copy_metadata(void *ctx, size_t i)
{
	struct writing *w = ctx;
	const struct folder *f = &w->metadata.v[i];

	hm_vendor_copy_metadata(f->src, f->dst, &w->errors[w->plan->n + i]);
}

/* What go says of a package and then goes on. */
static void
report(struct writing *w, const struct hm_vendor_pkg *pkg, struct hm_err *embeds, bool errors_ok)
{
	struct hm_modload *ml = w->plan->ml;

	if (pkg->dir.n == 0) {
		hm_log(ml->log, HM_LOG_WARN, "internal error: no pkg for " HM_F, HM_P(pkg->path));
		ml->failed = true;
	}
	if (!embeds->code)
		return;
	hm_err_wrap(embeds, "resolving embeds in " HM_F ": ", HM_P(pkg->path));
	if (errors_ok)
		hm_log(ml->log, HM_LOG_WARN, "go: " HM_F, HM_P(hm_err_str(embeds)));
	else
		hm_modload_report(ml, HM_F, HM_P(hm_err_str(embeds)));
}

static int
fill(struct writing *w, bool errors_ok, struct hm_err *err)
{
	size_t n = w->plan->n, total = n + w->metadata.n;
	int rc = 0;

	w->errors = HM_NEW_N(&w->arena, total, struct hm_err);
	w->embed_errors = HM_NEW_N(&w->arena, n, struct hm_err);
	hm_pool_each(0, n, copy_package, w);
	hm_pool_each(0, w->metadata.n, copy_metadata, w);
	for (size_t i = 0; i < total; i++) {
		if (w->errors[i].code && rc == 0) {
			hm_err_move(err, &w->errors[i]);
			rc = -1;
		}
		hm_err_free(&w->errors[i]);
	}
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			report(w, &w->plan->v[i], &w->embed_errors[i], errors_ok);
		hm_err_free(&w->embed_errors[i]);
	}
	return rc;
}

static int
write_tree(struct writing *w, bool errors_ok, struct hm_err *err)
{
	hm_str list = hm_path_cat(&w->arena, w->root, HM_S("modules.txt"));

	if (hm_dir_make_all(w->root.p, err) || make_folders(w, err) || fill(w, errors_ok, err))
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

static int
lock_folder(hm_str dir, int *fd, struct hm_err *err)
{
	int rc;

	*fd = open(dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return hm_err_sys(err, errno, "open " HM_F, HM_P(dir));
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
	copy_init(&w.copy, plan->ml);
	if (plan->text.n == 0 && !hm_file_is_dir(parent.p))
		rc = 0;
	else if ((plan->text.n == 0 || hm_dir_make_all(parent.p, err) == 0) &&
	         lock_folder(parent, &fd, err) == 0)
		rc = write_locked(&w, parent, dir, errors_ok, err);
	if (fd >= 0)
		close(fd);
	hm_arena_free(&w.arena);
	return rc;
}
