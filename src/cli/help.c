#include "cli/help.h"

#include "cli/cmds.h"

/* One verb's section of a man page; see man/help.awk. */
struct text {
	const char *verb, *page, *body;
};

#include "cli/help-text.h"

static void
list(struct hm_buf *b, const char *prefix)
{
	size_t n = strlen(prefix);

	for (const struct hm_cmd *const *c = hm_cmds; *c; c++)
		if (strncmp((*c)->name, prefix, n) == 0)
			hm_buf_printf(b, "\t%-16s %s\n", (*c)->name + n, (*c)->brief);
}

hm_str
hm_help_overview(struct hm_cli *cli)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b,
		      "hermod fetches, verifies, vendors and builds Go modules.\n\n"
		      "Usage:\n\n\t%s <command> [arguments]\n\nThe commands are:\n\n",
		      cli->self);
	list(&b, "");
	hm_buf_printf(&b,
		      "\nUse \"%s help <command>\" for more about a command.\n"
		      "What is not in the list is handed to the toolchain's go command.\n",
		      cli->self);
	return hm_buf_take(&b, &cli->arena);
}

hm_str
hm_help_group(struct hm_cli *cli, const char *group)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "Usage:\n\n\t%s %s <command> [arguments]\n\nThe commands are:\n\n",
		      cli->self, group);
	list(&b, hm_arena_printf(&cli->arena, "%s ", group).p);
	hm_buf_printf(&b, "\nUse \"%s help %s <command>\" for more about a command.\n", cli->self,
		      group);
	return hm_buf_take(&b, &cli->arena);
}

static int
show_verb(struct hm_cli *cli, const struct hm_cmd *c)
{
	hm_cli_printf(cli, "usage: %s %s\n\n%s.\n", cli->self, c->usage, c->brief);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(texts[i].verb, c->name) == 0)
			hm_cli_printf(cli, "\n%s\nMore in %s.\n", texts[i].body, texts[i].page);
	return 0;
}

int
hm_help_show(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	hm_str name;

	if (argc == 0) {
		hm_cli_out(cli, hm_help_overview(cli));
		return 0;
	}
	for (int i = 0; i < argc; i++)
		hm_buf_printf(&b, "%s%s", i ? " " : "", argv[i]);
	name = hm_buf_take(&b, &cli->arena);
	for (const struct hm_cmd *const *c = hm_cmds; *c; c++)
		if (hm_str_eqz(name, (*c)->name))
			return show_verb(cli, *c);
	if (hm_str_eqz(name, "mod") || hm_str_eqz(name, "policy") || hm_str_eqz(name, "work")) {
		hm_cli_out(cli, hm_help_group(cli, name.p));
		return 0;
	}
	hm_cli_errorf(cli, "%s help " HM_F ": unknown help topic. Run '%s help'.", cli->self,
	              HM_P(name), cli->self);
	hm_cli_set_status(cli, 2);
	return hm_err_set(err, HM_EREPORTED, "usage");
}

const struct hm_cmd hm_cmd_help = {
	.name = "help",
	.usage = "help [command]",
	.brief = "print the list of commands, or the text of one",
	.run = hm_help_show,
};
