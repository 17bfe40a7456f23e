/*
 * main.c - hermod, the command line: settings, toolchain, verb, exit status.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/cmd.h"
#include "cli/help.h"
#include "cli/select.h"
#include "load/modload.h"

/* The verb that the first words name; *used is how many. NULL when there is none. */
static const struct hm_cmd *
look_up(int argc, char **argv, int *used)
{
	struct hm_arena a = { 0 };
	const struct hm_cmd *found = NULL;

	*used = 0;
	for (int words = 2; words > 0 && !found; words--) {
		hm_str name;

		if (argc < words)
			continue;
		name = words == 2 ? hm_arena_printf(&a, "%s %s", argv[0], argv[1])
				  : hm_str_of(argv[0]);
		for (const struct hm_cmd *const *c = hm_cmds; *c && !found; c++)
			if (hm_str_eqz(name, (*c)->name))
				found = *c;
		if (found)
			*used = words;
	}
	hm_arena_free(&a);
	return found;
}

/* A leading -C DIR behind the verb is the process's working folder; it is taken out of argv. */
static int
change_folder(int *argc, char **argv, int at, struct hm_err *err)
{
	hm_str w, dir;
	int take = 1;
	char *path;

	if (at >= *argc)
		return 0;
	w = hm_str_of(argv[at]);
	if (hm_str_eqz(w, "-C") || hm_str_eqz(w, "--C")) {
		if (at + 1 >= *argc)
			return 0; /* the flag parser complains */
		dir = hm_str_of(argv[at + 1]);
		take = 2;
	} else if (hm_str_cut_prefix(&w, HM_S("-C=")) || hm_str_cut_prefix(&w, HM_S("--C="))) {
		dir = w;
	} else {
		return 0;
	}
	if (chdir(dir.p))
		return hm_err_sys(err, errno, "chdir %s", dir.p);
	path = realpath(".", NULL);
	if (path)
		setenv("PWD", path, 1);
	free(path);
	for (int i = at; i + take <= *argc; i++)
		argv[i] = argv[i + take];
	*argc -= take;
	return 0;
}

static int
unknown(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	static const char *const groups[] = { "mod", "policy", "work" };
	static const char *const gos[] = { "bug", "doc", "fix", "fmt", "generate", "get", "test",
		                           "tool", "vet", "telemetry", "work", "mod" };

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		if (strcmp(argv[0], groups[i]) != 0)
			continue;
		if (argc < 2) {
			hm_cli_errorf(cli, HM_F, HM_P(hm_help_group(cli, groups[i])));
			hm_cli_set_status(cli, 2);
			return hm_err_set(err, HM_EREPORTED, "usage");
		}
		if (strcmp(argv[1], "help") == 0)
			return hm_help_show(cli, argc - 1, argv, err);
	}
	for (size_t i = 0; i < sizeof(gos) / sizeof(*gos); i++)
		if (strcmp(argv[0], gos[i]) == 0)
			return hm_cli_delegate(cli, argv[0], err);
	hm_cli_errorf(cli, "%s %s: unknown command\nRun '%s help' for usage.", cli->self, argv[0],
	              cli->self);
	hm_cli_set_status(cli, 2);
	return hm_err_set(err, HM_EREPORTED, "usage");
}

/* Mistakes with GOROOT and GOPATH that go speaks of before any command. */
static int
check_places(struct hm_cli *cli, struct hm_err *err)
{
	if (hm_conf_check_goroot(cli->conf, err))
		return -1;
	if (hm_conf_gopath_is_goroot(cli->conf))
		hm_cli_errorf(cli, "warning: both GOPATH and GOROOT are the same directory (" HM_F
		              "); see https://go.dev/wiki/InstallTroubleshooting",
		              HM_P(cli->conf->gopath));
	return hm_conf_check_gopath(cli->conf, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	int used;

	if (argc < 1) {
		hm_cli_errorf(cli, HM_F, HM_P(hm_help_overview(cli)));
		hm_cli_set_status(cli, 2);
		return hm_err_set(err, HM_EREPORTED, "usage");
	}
	if (strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 ||
	    strcmp(argv[0], "-h") == 0)
		return hm_help_show(cli, argc - 1, argv + 1, err); /* needs no toolchain */
	if (strcmp(argv[0], "--version") == 0)
		argv[0] = (char *)(uintptr_t)"version";
	cli->cmd = look_up(argc, argv, &used);
	if (cli->cmd && used < argc && strcmp(argv[used], "--help") == 0)
		return hm_help_show(cli, used, argv, err);
	if (hm_select_toolchain(cli, argc, argv, err) || check_places(cli, err))
		return -1;
	if (!cli->cmd)
		return unknown(cli, argc, argv, err);
	if (strcmp(cli->cmd->name, "env") != 0 && hm_conf_check(cli->conf, err))
		return -1;
	return cli->cmd->run(cli, argc - used, argv + used, err);
}

int
main(int argc, char **argv)
{
	struct hm_cli cli = { .self = "hermod", .argv = argv };
	struct hm_err err = { 0 };
	int used = 0, rc;

	if (argc < 1)
		return 2;
	if (hm_str_eqz(hm_path_base(hm_str_of(argv[0])), "go"))
		cli.self = "go";
	cli.log = (struct hm_log){ .write = hm_cli_log, .ctx = &cli };
	look_up(argc - 1, argv + 1, &used);
	rc = change_folder(&argc, argv, used + 1, &err);
	cli.argc = argc;
	if (rc == 0) {
		bool go = strcmp(cli.self, "go") == 0;

		cli.conf = hm_conf_new(go ? HM_CONF_GO : HM_CONF_HERMOD, NULL, HM_S(""), &err);
		rc = cli.conf ? run(&cli, argc - 1, argv + 1, &err) : -1;
	}
	if (rc && !hm_err_is(&err, HM_EREPORTED)) {
		hm_cli_error(&cli, &err);
		hm_cli_set_status(&cli, hm_code_exit(err.code));
	} else if (rc) {
		hm_cli_set_status(&cli, 1);
	}
	if (cli.modload && cli.modload->failed)
		hm_cli_set_status(&cli, 1); /* something was reported on the way */
	hm_err_clear(&err);
	if (hm_cli_flush(&cli, &err)) {
		hm_cli_errorf(&cli, "%s: " HM_F, cli.self, HM_P(hm_err_str(&err)));
		hm_cli_set_status(&cli, 1);
	}
	hm_cli_close(&cli);
	hm_err_free(&err);
	return cli.exit_status;
}
