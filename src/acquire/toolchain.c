/*
 * A Go toolchain out of the module cache.  Module zips have no file modes and
 * no go.mod below the root, so the extracted tree is finished here, as go does it on
 * first use: cmd/go/internal/toolchain/select.go.  Several may do so at once.
 */
#include "acquire/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "mod/gover.h"
#include "os/file.h"

/* Deeper than any toolchain goes. */
enum { DEPTH_MAX = 64 };

/* fn for every file (no folder) at or below path, folders in order of name. */
static int
walk(hm_str path, int depth, int (*fn)(void *ctx, hm_str file, struct hm_err *err), void *ctx,
     struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_dirents e;
	int rc;

	if (depth > DEPTH_MAX)
		return hm_err_set(err, HM_ELIMIT, "open " HM_F ": folders too deep", HM_P(path));
	rc = hm_dir_read(&a, path.p, &e, err);
	for (size_t i = 0; rc == 0 && i < e.n; i++) {
		hm_str child = hm_path_cat(&a, path, e.v[i].name);

		if (e.v[i].type == DT_DIR)
			rc = walk(child, depth + 1, fn, ctx, err);
		else
			rc = fn(ctx, child, err);
	}
	hm_arena_free(&a);
	return rc;
}

/* ctx: a pattern for the last element, or NULL for all. */
static int
allow_exec(void *ctx, hm_str file, struct hm_err *err)
{
	const char *pattern = ctx;
	struct stat st;

	if (pattern && fnmatch(pattern, hm_path_base(file).p, 0) != 0)
		return 0;
	if (stat(file.p, &st))
		return hm_err_sys(err, errno, "stat " HM_F, HM_P(file));
	if (chmod(file.p, (st.st_mode & 0777) | 0111))
		return hm_err_sys(err, errno, "chmod " HM_F, HM_P(file));
	return 0;
}

/*
 * bin/go comes last: whoever finds it executable takes the tools to be so, too.
 */
static int
fix_modes(struct hm_arena *a, hm_str dir, struct hm_err *err)
{
	static const char lib_scripts[] = "go_?*_?*_exec";
	hm_str bin = hm_path_cat(a, dir, HM_S("bin")), go = hm_path_cat(a, bin, HM_S("go"));
	struct stat st;

	if (stat(go.p, &st))
		return hm_err_sys(err, errno, "stat " HM_F, HM_P(go));
	if (st.st_mode & 0111)
		return 0;
	if (walk(hm_path_cat(a, dir, HM_S("pkg/tool")), 0, allow_exec, NULL, err) ||
	    walk(hm_path_cat(a, dir, HM_S("lib")), 0, allow_exec, (void *)(uintptr_t)lib_scripts,
	         err) ||
	    allow_exec(NULL, hm_path_cat(a, bin, HM_S("gofmt")), err))
		return -1;
	return walk(bin, 0, allow_exec, NULL, err);
}

static off_t
size_of(hm_str file)
{
	struct stat st;

	return stat(file.p, &st) ? -1 : st.st_size;
}

static int
write_copy(hm_str from, hm_str to, mode_t mode, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str data;
	int fd, rc;

	if (hm_file_read(&a, from.p, HM_FILE_MAX, &data, err))
		return -1;
	/* not truncated: another may write the same bytes at this moment */
	fd = open(to.p, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		/* it was quicker, and has made the file read-only */
		rc = size_of(from) == size_of(to) ? 0
		                                  : hm_err_sys(err, errno, "open " HM_F, HM_P(to));
	} else {
		rc = hm_file_write_fd(fd, to.p, data, err);
		fchmod(fd, mode);
		close(fd);
	}
	hm_arena_free(&a);
	return rc;
}

/* go's raceSafeCopy */
static int
copy_racing(hm_str from, hm_str to, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str dir = hm_path_dir(&a, from);
	struct stat file, folder;
	int rc = 0;

	if (stat(from.p, &file))
		rc = hm_err_sys(err, errno, "stat " HM_F, HM_P(from));
	else if (size_of(to) == file.st_size)
		rc = 0;
	else if (stat(dir.p, &folder))
		rc = hm_err_sys(err, errno, "stat " HM_F, HM_P(dir));
	else if (chmod(dir.p, (folder.st_mode & 07777) | 0200))
		rc = hm_err_sys(err, errno, "chmod " HM_F, HM_P(dir));
	else {
		rc = write_copy(from, to, file.st_mode & 0777, err);
		chmod(dir.p, folder.st_mode & 07777);
	}
	hm_arena_free(&a);
	return rc;
}

/* ctx: src/_go.mod, which is left for last. */
static int
restore_gomod(void *ctx, hm_str file, struct hm_err *err)
{
	const hm_str *last = ctx;
	struct hm_arena a = { 0 };
	int rc = 0;

	if (hm_str_eqz(hm_path_base(file), "_go.mod") && !hm_str_eq(file, *last)) {
		hm_str to = hm_path_cat(&a, hm_path_dir(&a, file), HM_S("go.mod"));

		rc = copy_racing(file, to, err);
	}
	hm_arena_free(&a);
	return rc;
}

static int
fix_gomods(struct hm_arena *a, hm_str dir, struct hm_err *err)
{
	hm_str from = hm_path_cat(a, dir, HM_S("src/_go.mod"));
	hm_str to = hm_path_cat(a, dir, HM_S("src/go.mod"));

	if (size_of(from) == size_of(to))
		return 0;
	if (walk(dir, 0, restore_gomod, &from, err))
		return -1;
	return copy_racing(from, to, err);
}

/* go's words for what could not be had. */
static int
explain(struct hm_acquire *ac, hm_str name, struct hm_err *err)
{
	const struct hm_conf *c = ac->conf;
	hm_str v = hm_gover_from_toolchain(name);

	if (err->final)
		return -1;
	if (!hm_acquire_not_exist(err))
		return hm_err_wrap(err, "download " HM_F ": ", HM_P(name));
	hm_err_clear(err);
	if (hm_gover_is_lang(v) && hm_gover_cmp(v, HM_S(HM_GOVER_STRICT)) >= 0)
		return hm_err_set(err, HM_ETOOLCHAIN,
		                  "invalid toolchain: " HM_F " is a language version but not a "
		                  "toolchain version (" HM_F ".x)",
		                  HM_P(name), HM_P(name));
	return hm_err_set(err, HM_ETOOLCHAIN,
	                  "download " HM_F " for " HM_F "/" HM_F ": toolchain not available",
	                  HM_P(name), HM_P(c->gohostos), HM_P(c->gohostarch));
}

int
hm_acquire_toolchain(struct hm_acquire *ac, hm_str name, hm_str *goroot, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_modver m = { .path = HM_S("golang.org/toolchain") };
	int rc;

	m.version = hm_arena_printf(&a, "v0.0.1-" HM_F "." HM_F "-" HM_F, HM_P(name),
	                            HM_P(ac->conf->gohostos), HM_P(ac->conf->gohostarch));
	rc = hm_acquire_dir(ac, m, goroot, err);
	if (rc) {
		explain(ac, name, err);
	} else if (fix_modes(&a, *goroot, err) || fix_gomods(&a, *goroot, err)) {
		rc = hm_err_wrap(err, "download " HM_F ": ", HM_P(name));
	}
	hm_arena_free(&a);
	return rc;
}
