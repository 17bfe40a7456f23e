/*
 * hermod clean: empties the caches, and package folders of what was left there.
 */
#include "cli/cleanpkg.h"
#include "cli/cmds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/store.h"

struct clean {
	bool i, r, cache, testcache, modcache, fuzzcache;
	struct hm_build_flags bf;
};

static const char *
cache_flag(const struct clean *c)
{
	return c->cache       ? "-cache"
	       : c->testcache ? "-testcache"
	       : c->fuzzcache ? "-fuzzcache"
	       : c->modcache  ? "-modcache"
	                      : NULL;
}

/* Errors are reported and the work goes on, as go does. */
static void
report(struct hm_cli *cli, int rc, struct hm_err *err)
{
	if (rc)
		hm_cli_error(cli, err);
	hm_err_clear(err);
}

static void
remove_paths(struct hm_cli *cli, const struct clean *c, const struct hm_strs *paths,
             struct hm_err *err)
{
	struct hm_err first = { 0 };
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < paths->n; i++)
		any = any || hm_file_exists(paths->v[i].p);
	if (any && (c->bf.n || c->bf.x)) {
		hm_str all = hm_strs_join(&cli->arena, paths, HM_S(" "));

		hm_cli_printf(cli, "rm -rf " HM_F "\n", HM_P(all));
	}
	for (size_t i = 0; !c->bf.n && i < paths->n; i++)
		if (hm_dir_remove_all(paths->v[i].p, false, err)) {
			rc = -1;
			if (first.code == HM_OK)
				hm_err_move(&first, err);
			hm_err_clear(err);
		}
	report(cli, rc, &first);
	hm_err_free(&first);
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* The 256 folders and the log; the folder itself may have been set up with care. */
static void
clean_cache(struct hm_cli *cli, const struct clean *c, struct hm_err *err)
{
	hm_str dir = cli->conf->gocache;
	struct hm_dirents e = { 0 };
	struct hm_strs paths = { 0 }, log = { 0 };

	if (hm_dir_read(&cli->arena, dir.p, &e, err))
		hm_err_clear(err);
	for (size_t i = 0; i < e.n; i++)
		if (e.v[i].name.n == 2 && is_hex(e.v[i].name.p[0]) && is_hex(e.v[i].name.p[1]))
			HM_PUSH(&cli->arena, paths, hm_path_cat(&cli->arena, dir, e.v[i].name));
	remove_paths(cli, c, &paths, err);
	HM_PUSH(&cli->arena, log, hm_path_cat(&cli->arena, dir, HM_S("log.txt")));
	remove_paths(cli, c, &log, err);
}

/* Test results from before this moment count no more. */
static int
write_expiry(hm_str file, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	long long now = hm_clock_unix_nano();
	hm_str was;
	int fd, rc;

	if (hm_lock_acquire(file.p, true, &fd, err))
		return -1;
	rc = hm_file_read_fd(&a, fd, file.p, 4096, &was, err);
	if (rc == 0 && now > strtoll(was.p, NULL, 10)) {
		if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0)
			rc = hm_err_sys(err, errno, "truncate " HM_F, HM_P(file));
		else
			rc = hm_file_write_fd(fd, file.p, hm_arena_printf(&a, "%lld\n", now), err);
	}
	hm_lock_release(fd);
	hm_arena_free(&a);
	return rc;
}

static void
clean_testcache(struct hm_cli *cli, struct hm_err *err)
{
	hm_str dir = cli->conf->gocache;
	int rc = write_expiry(hm_path_cat(&cli->arena, dir, HM_S("testexpire.txt")), err);

	/* without a cache there is nothing to expire */
	report(cli, rc && hm_file_exists(dir.p) ? -1 : 0, err);
}

static int
clean_modcache(struct hm_cli *cli, const struct clean *c, struct hm_err *err)
{
	hm_str dir = cli->conf->gomodcache;

	if (dir.n == 0)
		return hm_err_set(err, HM_EINVALID,
		                  "cannot clean -modcache without a module cache");
	if (c->bf.n || c->bf.x)
		hm_cli_printf(cli, "rm -rf " HM_F "\n", HM_P(dir));
	if (!c->bf.n)
		report(cli, hm_store_remove_all(dir.p, err), err);
	return 0;
}

static int
clean_all(struct hm_cli *cli, const struct clean *c, struct hm_err *err)
{
	hm_str cache = cli->conf->gocache;

	if ((c->cache || c->testcache || c->fuzzcache) && cli->conf->gocache_err.n)
		return hm_err_set(err, HM_EINVALID, HM_F, HM_P(cli->conf->gocache_err));
	if (c->cache && !hm_str_eqz(cache, "off"))
		clean_cache(cli, c, err);
	if (c->testcache && !c->cache && !hm_str_eqz(cache, "off"))
		clean_testcache(cli, err);
	if (c->modcache && clean_modcache(cli, c, err))
		return -1;
	if (c->fuzzcache && !hm_str_eqz(cache, "off")) {
		struct hm_strs fuzz = { 0 };

		HM_PUSH(&cli->arena, fuzz, hm_path_cat(&cli->arena, cache, HM_S("fuzz")));
		remove_paths(cli, c, &fuzz, err);
	}
	return 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct clean c = { 0 };
	const struct hm_flag own[] = {
		{ .name = "i", .kind = HM_FLAG_BOOL, .target = &c.i },
		{ .name = "r", .kind = HM_FLAG_BOOL, .target = &c.r },
		{ .name = "cache", .kind = HM_FLAG_BOOL, .target = &c.cache },
		{ .name = "testcache", .kind = HM_FLAG_BOOL, .target = &c.testcache },
		{ .name = "modcache", .kind = HM_FLAG_BOOL, .target = &c.modcache },
		{ .name = "fuzzcache", .kind = HM_FLAG_BOOL, .target = &c.fuzzcache },
	};
	struct hm_clean_packages pkgs = { .bf = &c.bf };
	struct hm_strs patterns = { 0 };
	const char *flag;

	if (hm_cli_flags(cli, own, sizeof(own) / sizeof(*own),
	                 HM_FLAGS_MOD_COMMON | HM_FLAGS_MOD | HM_FLAGS_BUILD, &c.bf, &argc, &argv,
	                 err))
		return -1;
	flag = cache_flag(&c);
	if (argc > 0 && flag)
		return hm_err_set(err, HM_EINVALID,
		                  "clean %s cannot be used with package arguments", flag);
	for (int i = 0; i < argc; i++)
		HM_PUSH(&cli->arena, patterns, hm_str_of(argv[i]));
	pkgs.installed = c.i;
	pkgs.recurse = c.r;
	pkgs.if_module = argc == 0 && !c.i && !c.r;
	if ((!flag || !pkgs.if_module) && hm_cli_clean_packages(cli, &pkgs, &patterns, err)) {
		if (!hm_err_is(err, HM_ENOTYET))
			return -1;
		hm_err_clear(err);
		return hm_cli_delegate(cli, "clean in GOPATH mode", err);
	}
	return clean_all(cli, &c, err);
}

const struct hm_cmd hm_cmd_clean = {
	.name = "clean",
	.usage = "clean [-i] [-r] [-cache] [-testcache] [-modcache] [-fuzzcache] [build flags] "
		 "[packages]",
	.brief = "Remove object files and cached files",
	.run = run,
};
