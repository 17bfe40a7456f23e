/*
 * hermod version: its own Go version, or that of binary files and what they
 * were built from.
 */
#include "cli/cmds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/rune.h"
#include "binfo/binfo.h"
#include "os/file.h"

struct version {
	struct hm_cli *cli;
	bool modules, verbose, json;
};

static bool
only_from_command_line(struct hm_cli *cli, const char *flag, bool given)
{
	return given && !hm_conf_has_flag(cli->conf, flag);
}

static int
print_own(struct version *v)
{
	struct hm_cli *cli = v->cli;
	const struct hm_conf *c = cli->conf;
	const char *flag = only_from_command_line(cli, "-m", v->modules)   ? "-m"
	                   : only_from_command_line(cli, "-v", v->verbose) ? "-v"
	                   : only_from_command_line(cli, "-json", v->json) ? "-json"
	                                                                   : NULL;

	if (flag) {
		hm_cli_errorf(cli, "%s: '%s version' only accepts %s flag with arguments",
		              cli->self, cli->self, flag);
		hm_cli_set_status(cli, 2);
		return 0;
	}
	hm_cli_printf(cli, "go version " HM_F " " HM_F "/" HM_F "\n", HM_P(c->goversion),
	              HM_P(c->gohostos), HM_P(c->gohostarch));
	return 0;
}

/* Could it be a Go binary, by its mode and name? Others are passed over in silence. */
static bool
is_candidate(struct hm_arena *a, hm_str file, const struct stat *st)
{
	struct hm_buf lower = { 0 };
	hm_str name, ext;

	if (S_ISREG(st->st_mode) && (st->st_mode & 0111))
		return true;
	for (size_t i = 0; i < file.n;)
		hm_buf_add_rune(&lower, hm_rune_lower(hm_str_rune(file, &i)));
	name = hm_buf_take(&lower, a);
	ext = hm_path_ext(name);
	return hm_str_eqz(ext, ".so") || hm_str_eqz(ext, ".exe") || hm_str_eqz(ext, ".dll") ||
	       hm_str_contains(name, HM_S(".so."));
}

static void
print_error(struct version *v, struct hm_arena *a, hm_str file, const struct stat *st,
            struct hm_err *err)
{
	if (err->sys != 0) /* it could not be opened */
		hm_cli_errorf(v->cli, HM_F, HM_P(file));
	else if (is_candidate(a, file, st))
		hm_cli_errorf(v->cli, HM_F ": " HM_F, HM_P(file), HM_P(hm_err_str(err)));
}

static void
print_info(struct version *v, struct hm_arena *a, hm_str file, struct hm_binfo *bi)
{
	hm_str text, line;

	if (v->modules && v->json) {
		hm_cli_out(v->cli, hm_binfo_json(a, bi));
		hm_cli_out(v->cli, HM_S("\n"));
		return;
	}
	hm_cli_out(v->cli, file);
	hm_cli_out(v->cli, HM_S(": "));
	hm_cli_out(v->cli, bi->go_version);
	hm_cli_out(v->cli, HM_S("\n"));
	if (!v->modules)
		return;
	bi->go_version = HM_S(""); /* it has been said */
	text = hm_binfo_format(a, bi);
	while (text.n > 0) {
		hm_str_cut(text, '\n', &line, &text);
		hm_cli_out(v->cli, HM_S("\t"));
		hm_cli_out(v->cli, line);
		hm_cli_out(v->cli, HM_S("\n"));
	}
}

/* False when it is no Go binary; then says why, if must_print. */
static bool
scan_file(struct version *v, hm_str file, struct stat *st, bool must_print)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_binfo bi;
	const char *path = hm_arena_cstr(&a, file);
	bool ok = false;

	if (S_ISLNK(st->st_mode) && (stat(path, st) || !S_ISREG(st->st_mode))) {
		if (must_print)
			hm_cli_errorf(v->cli, HM_F ": symlink", HM_P(file));
		goto out;
	}
	ok = hm_binfo_read_file(&a, path, &bi, &err) == 0;
	if (ok)
		print_info(v, &a, file, &bi);
	else if (must_print)
		print_error(v, &a, file, st, &err);
out:
	hm_err_free(&err);
	hm_arena_free(&a);
	return ok;
}

static void
scan_entry(struct version *v, hm_str path)
{
	struct hm_err err = { 0 };
	struct stat st;

	if (fstatat(AT_FDCWD, path.p, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		scan_file(v, path, &st, v->verbose);
		return;
	}
	hm_err_sys(&err, errno, "lstat " HM_F, HM_P(path));
	if (v->verbose)
		hm_cli_errorf(v->cli, HM_F ": " HM_F, HM_P(path), HM_P(hm_err_str(&err)));
	hm_err_free(&err);
}

/*
 * In order of names; links to folders are not followed.  The depth is limited by
 * the longest path that the system takes.
 */
static void
scan_dir(struct version *v, hm_str dir)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_dirents e = { 0 };

	if (hm_dir_read(&a, hm_arena_cstr(&a, dir), &e, &err) < 0)
		hm_err_free(&err);
	for (size_t i = 0; i < e.n; i++) {
		hm_str path = hm_path_join(&a, dir, e.v[i].name);

		if (e.v[i].type == DT_DIR)
			scan_dir(v, path);
		else if (e.v[i].type == DT_REG || e.v[i].type == DT_LNK)
			scan_entry(v, path);
	}
	hm_arena_free(&a);
}

static void
scan_arg(struct version *v, hm_str arg)
{
	struct hm_err err = { 0 };
	struct stat st, link;

	if (hm_file_stat(arg.p, &st, &err) < 0) {
		hm_cli_errorf(v->cli, HM_F, HM_P(hm_err_str(&err)));
		hm_cli_set_status(v->cli, 1);
		hm_err_free(&err);
	} else if (!S_ISDIR(st.st_mode)) {
		if (!scan_file(v, arg, &st, true) && v->modules)
			hm_cli_set_status(v->cli, 1);
	} else if (fstatat(AT_FDCWD, arg.p, &link, AT_SYMLINK_NOFOLLOW) == 0 &&
	           S_ISLNK(link.st_mode)) {
		scan_entry(v, arg);
	} else {
		scan_dir(v, arg);
	}
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct version v = { .cli = cli };
	const struct hm_flag own[] = {
		{ .name = "m", .kind = HM_FLAG_BOOL, .target = &v.modules },
		{ .name = "v", .kind = HM_FLAG_BOOL, .target = &v.verbose },
		{ .name = "json", .kind = HM_FLAG_BOOL, .target = &v.json },
	};

	if (hm_cli_flags(cli, own, 3, 0, NULL, &argc, &argv, err))
		return -1;
	if (argc == 0)
		return print_own(&v);
	if (v.json && !v.modules) {
		hm_cli_errorf(cli, "%s: '%s version' with -json flag requires -m flag", cli->self,
		              cli->self);
		hm_cli_set_status(cli, 2);
		return 0;
	}
	for (int i = 0; i < argc; i++)
		scan_arg(&v, hm_str_of(argv[i]));
	return 0;
}

const struct hm_cmd hm_cmd_version = {
	.name = "version",
	.usage = "version [-m] [-v] [-json] [file ...]",
	.brief = "Print the Go version",
	.run = run,
};
