/*
 * main.c - hermod-proxy: its verbs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "cmds.h"
#include "serve/program.h"

static const struct command commands[] = {
	{ "serve", cmd_serve, cmd_serve_usage },
	{ "account", cmd_account, cmd_account_usage },
	{ "audit", cmd_audit, cmd_audit_usage },
	{ "publish", cmd_publish, cmd_publish_usage },
	{ "import", cmd_import, cmd_import_usage },
	{ "export", cmd_export, cmd_export_usage },
	{ "prefetch", cmd_prefetch, cmd_prefetch_usage },
	{ "backup", cmd_backup, cmd_backup_usage },
	{ "restore", cmd_restore, cmd_restore_usage },
	{ "purge", cmd_purge, cmd_purge_usage },
	{ "fsck", cmd_fsck, cmd_fsck_usage },
};
enum { N_COMMANDS = sizeof(commands) / sizeof(*commands) };

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static void
usage(FILE *out)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "%s hermod-proxy %.*s\n", i ? "      " : "usage:",
		        (int)strcspn(commands[i].usage, "\n"), commands[i].usage);
	fputs("\nhermod-proxy help COMMAND tells more, hermod-proxy(1) all.\n", out);
}

static int
help(const char *verb)
{
	const struct command *c = verb ? find(verb) : NULL;

	if (c)
		printf("usage: hermod-proxy %s", c->usage);
	else
		usage(verb ? stderr : stdout);
	return verb && !c ? 2 : 0;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-help") == 0 || strcmp(word, "-h") == 0;
}

/* Among the options: does somebody ask what there are? */
static bool
asks_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (is_help(argv[i]))
			return true;
	return false;
}

static int
unknown(const char *verb, struct hm_err *err)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (hm_near(hm_str_of(verb), hm_str_of(commands[i].name)))
			return hm_err_set(err, HM_EUSAGE, "unknown command \"%s\"; %s?", verb,
			                  commands[i].name);
	return hm_err_set(err, HM_EUSAGE, "unknown command \"%s\" (see hermod-proxy help)", verb);
}

/* What could not be printed was not done: export > FILE on a full disk. */
static int
close_output(struct hm_err *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return hm_err_sys(err, errno, "standard output");
}

int
main(int argc, char **argv)
{
	struct proxy p = { .opts = options_default(), .log = { .write = hm_program_log } };
	struct hm_err err = { 0 };
	const struct command *c;
	int status = 0;

	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
		return help(argc > 2 ? argv[2] : NULL);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		puts("hermod-proxy " HERMOD_VERSION);
		return 0;
	}
	c = find(argv[1]);
	if (c && asks_help(argc - 2, argv + 2))
		return help(argv[1]);
	if (!c)
		unknown(argv[1], &err);
	if (!c || c->run(&p, argc - 2, argv + 2, &err) || close_output(&err))
		status = hm_program_fail("hermod-proxy", &err);
	proxy_close(&p);
	return status;
}
