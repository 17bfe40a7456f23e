/*
 * main.c - hermod-proxy: its verbs.
 */
#include <stdio.h>
#include <string.h>

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

int
main(int argc, char **argv)
{
	struct proxy p = { .opts = options_default(), .log = { .write = hm_program_log } };
	struct hm_err err = { 0 };
	const struct command *c;
	int status = 0;

	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0))
		return help(argc > 2 ? argv[2] : NULL);
	c = argc >= 2 ? find(argv[1]) : NULL;
	if (!c) {
		if (argc >= 2)
			fprintf(stderr, "hermod-proxy: unknown command \"%s\"\n", argv[1]);
		usage(stderr);
		return 2;
	}
	if (argc > 2 && strcmp(argv[2], "--help") == 0)
		return help(argv[1]);
	if (c->run(&p, argc - 2, argv + 2, &err))
		status = hm_program_fail("hermod-proxy", &err);
	proxy_close(&p);
	return status;
}
