/*
 * main.c - hermod-vendor: command, flags, exit status.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum {
	TAKES_ARGS = 1,
};

struct command {
	const char *name, *usage;
	const char *flags; /* names, each with a space behind */
	unsigned how;
	int (*run)(struct tool *t, int argc, char **argv, struct hm_err *err);
};

static const struct command commands[] = {
	{ "check", "check [-json]", "json ", 0, cmd_check },
	{ "explain", "explain package|file...", "", TAKES_ARGS, cmd_explain },
	{ "repair", "repair", "", 0, cmd_repair },
	{ "write", "write [-e] [-v] [-o outdir]", "e v o ", 0, cmd_write },
};

static const char help[] =
	"hermod-vendor writes, checks, explains and repairs a vendor directory.\n"
	"No Go toolchain needs to be installed.\n"
	"\n"
	"usage:\n"
	"\n"
	"\thermod-vendor check [-json]\n"
	"\t\tcompares every file with the verified module; status 1 if one differs\n"
	"\thermod-vendor explain package|file...\n"
	"\t\tsays why it is there and what vouches for it\n"
	"\thermod-vendor repair\n"
	"\t\tputs back what check finds changed or missing, removes what is extra\n"
	"\thermod-vendor write [-e] [-v] [-o outdir]\n"
	"\t\twrites the directory, as go mod vendor and go work vendor do\n"
	"\n"
	"flags of all commands:\n"
	"\n"
	"\t-C dir        works in dir\n"
	"\t-modfile file reads this file for go.mod, and its .sum for go.sum\n"
	"\t-modcacherw   leaves new folders of the module cache writable\n"
	"\n"
	"More in hermod-vendor(1).\n";

static void
write_all(int fd, hm_str rest)
{
	while (rest.n) {
		ssize_t k = write(fd, rest.p, rest.n);

		if (k < 0 && errno != EINTR)
			return;
		if (k > 0)
			rest = hm_str_from(rest, (size_t)k);
	}
}

/* What the library says in go's name it says in ours. */
static void
log_line(void *ctx, enum hm_log_level level, hm_str line)
{
	struct hm_buf b = { 0 };

	(void)ctx, (void)level;
	if (hm_str_cut_prefix(&line, HM_S("go: ")))
		hm_buf_addz(&b, "hermod-vendor: ");
	hm_buf_adds(&b, line);
	if (b.n == 0 || b.p[b.n - 1] != '\n')
		hm_buf_addc(&b, '\n');
	write_all(STDERR_FILENO, hm_buf_str(&b));
	hm_buf_free(&b);
}

static int
usage(const struct command *c, struct hm_err *err)
{
	if (hm_err_str(err).n)
		fprintf(stderr, "%s\n", hm_err_str(err).p);
	if (c)
		fprintf(stderr, "usage: hermod-vendor %s\n", c->usage);
	fputs("Run 'hermod-vendor help' for details.\n", stderr);
	return 2;
}

struct flag {
	const char *name;
	bool *on;       /* one of the two */
	hm_str *value;
	bool of_all;
};

/* The spellings of strconv.ParseBool that people use. */
static int
set_bool(const struct flag *f, hm_str value, struct hm_err *err)
{
	bool yes = hm_str_eqz(value, "true") || hm_str_eqz(value, "1");

	if (!yes && !hm_str_eqz(value, "false") && !hm_str_eqz(value, "0"))
		return hm_err_set(err, HM_EUSAGE, "invalid boolean value \"" HM_F
		                  "\" for -%s: parse error", HM_P(value), f->name);
	*f->on = yes;
	return 0;
}

static bool
takes(const struct command *c, const struct flag *f)
{
	size_t n = strlen(f->name);

	if (f->of_all)
		return true;
	for (const char *p = c->flags; *p; p = strchr(p, ' ') + 1)
		if (strncmp(p, f->name, n) == 0 && p[n] == ' ')
			return true;
	return false;
}

/* Go's flag grammar: -name, --name, -name=value, -name value; the first other word ends it. */
static int
parse_flags(struct tool *t, const struct command *c, int *argc, char ***argv, struct hm_err *err)
{
	struct options *o = &t->opts;
	const struct flag flags[] = {
		{ "C", NULL, &o->chdir, true },       { "modfile", NULL, &o->modfile, true },
		{ "modcacherw", &o->cache_rw, NULL, true }, { "json", &o->json, NULL, false },
		{ "e", &o->errors_ok, NULL, false },  { "v", &o->verbose, NULL, false },
		{ "o", NULL, &o->out, false },
	};

	for (; *argc > 0 && (*argv)[0][0] == '-' && (*argv)[0][1]; (*argc)--, (*argv)++) {
		hm_str name = hm_str_of((*argv)[0]), value;
		const struct flag *f = NULL;
		bool has_value;

		if (hm_str_eqz(name, "--")) {
			(*argc)--, (*argv)++;
			return 0;
		}
		name = hm_str_from(name, name.p[1] == '-' ? 2 : 1);
		has_value = hm_str_cut(name, '=', &name, &value);
		for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
			if (hm_str_eqz(name, flags[i].name) && takes(c, &flags[i]))
				f = &flags[i];
		if (!f && (hm_str_eqz(name, "h") || hm_str_eqz(name, "help")))
			return hm_err_set(err, HM_EUSAGE, "%s", "");
		if (!f)
			return hm_err_set(err, HM_EUSAGE, "flag provided but not defined: -" HM_F,
			                  HM_P(name));
		if (f->on) {
			if (set_bool(f, has_value ? value : HM_S("true"), err))
				return -1;
			continue;
		}
		if (!has_value && *argc < 2)
			return hm_err_set(err, HM_EUSAGE, "flag needs an argument: -%s", f->name);
		if (!has_value) {
			(*argc)--, (*argv)++;
			value = hm_str_of((*argv)[0]);
		}
		*f->value = value;
	}
	return 0;
}

static int
change_folder(hm_str dir, struct hm_err *err)
{
	char *path;

	if (dir.n == 0)
		return 0;
	if (chdir(dir.p))
		return hm_err_sys(err, errno, "chdir " HM_F, HM_P(dir));
	path = realpath(".", NULL);
	if (path)
		setenv("PWD", path, 1);
	free(path);
	return 0;
}

static void
complain(struct hm_err *err)
{
	if (hm_err_is(err, HM_EREPORTED))
		return;
	fprintf(stderr, "%s%s\n", err->final ? "" : "hermod-vendor: ", hm_err_str(err).p);
	if (hm_err_is(err, HM_ETOOLCHAIN))
		fputs("\tNo toolchain is needed to vendor: raise the go line of go.mod to that "
		      "version.\n", stderr);
}

static int
run(const struct command *c, int argc, char **argv)
{
	struct tool t = { .log = { .write = log_line } };
	struct hm_err err = { 0 };

	if (parse_flags(&t, c, &argc, &argv, &err)) {
		t.status = usage(c, &err);
	} else if ((argc > 0) != ((c->how & TAKES_ARGS) != 0)) {
		hm_err_set(&err, HM_EUSAGE, "hermod-vendor %s takes %s arguments", c->name,
		           argc > 0 ? "no" : "one or more");
		t.status = usage(c, &err);
	} else if (change_folder(t.opts.chdir, &err) || tool_open(&t, &err) ||
	           c->run(&t, argc, argv, &err)) {
		write_all(STDOUT_FILENO, hm_buf_str(&t.out));
		complain(&err);
		t.status = hm_code_exit(err.code);
	} else {
		write_all(STDOUT_FILENO, hm_buf_str(&t.out));
		if (t.ml.failed)
			t.status = 1;
	}
	tool_close(&t);
	hm_err_free(&err);
	return t.status;
}

int
main(int argc, char **argv)
{
	struct hm_err err = { 0 };
	int status;

	if (argc >= 2 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	                  strcmp(argv[1], "-help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run(&commands[i], argc - 2, argv + 2);
	if (argc < 2) {
		fputs(help, stderr);
		return 2;
	}
	hm_err_set(&err, HM_EUSAGE, "hermod-vendor %s: unknown command", argv[1]);
	status = usage(NULL, &err);
	hm_err_free(&err);
	return status;
}
