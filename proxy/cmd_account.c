/*
 * cmd_account.c - accounts, their tokens, passwords and rights, while servers run or not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/path.h"
#include "cmds.h"
#include "codec/json.h"
#include "db/db.h"
#include "os/clock.h"
#include "os/file.h"
#include "serve/accountdb.h"

const char cmd_account_usage[] =
	"account COMMAND --dir DIR [arguments]\n"
	"\n"
	"Who may do what. Servers that run on the store obey at once.\n"
	"\n"
	"  add NAME                     a new account; it may what anonymous may\n"
	"  remove NAME                  with its tokens, password and rights\n"
	"  list [--json] [NAME]         accounts, rights, tokens\n"
	"  grant NAME RIGHTS PATTERNS   rights on modules: read, fetch, upload, admin or all,\n"
	"                               with commas between; patterns as in GOPRIVATE, and\n"
	"                               !PATTERN for what is left out\n"
	"  revoke NAME RIGHTS [PATTERNS]   the same list of patterns, or everywhere\n"
	"  passwd NAME                  reads a password from standard input\n"
	"  token add [--label TEXT] [--expires DAYS] NAME\n"
	"                               prints a new token, which is shown this once\n"
	"  token revoke ID...           of `list`; or the tokens themselves\n"
	"\n"
	"anonymous is who sends no credentials; at first it may read and fetch \"*\".\n";

/* What a subcommand works with. */
struct work {
	struct proxy *p;
	struct hm_db *db;
	hm_str by;
	bool json;
	hm_str label;
	int days;
	int argc;
	char **argv;
};

static hm_str
word(const struct work *w, int i)
{
	return i < w->argc ? hm_str_of(w->argv[i]) : (hm_str){ NULL, 0 };
}

static int
add(struct work *w, struct hm_err *err)
{
	return hm_accountdb_add(w->db, w->by, word(w, 0), err);
}

static int
drop(struct work *w, struct hm_err *err)
{
	return hm_accountdb_remove(w->db, w->by, word(w, 0), err);
}

static int
grant(struct work *w, struct hm_err *err)
{
	unsigned rights;

	if (hm_rights_parse(word(w, 1), &rights, err))
		return -1;
	return hm_accountdb_grant(w->db, w->by, word(w, 0), rights, word(w, 2), err);
}

static int
withdraw(struct work *w, struct hm_err *err)
{
	unsigned rights;

	if (hm_rights_parse(word(w, 1), &rights, err))
		return -1;
	return hm_accountdb_revoke(w->db, w->by, word(w, 0), rights, word(w, 2), err);
}

/* ---- passwords and tokens */

/* One line, without echo where a terminal would show it. */
static int
read_password(char line[static HM_PASSWORD_MAX + 2], struct hm_err *err)
{
	struct termios was, quiet;
	bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &was) == 0;
	bool ok;

	if (terminal) {
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		fputs("password: ", stderr);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	ok = fgets(line, HM_PASSWORD_MAX + 2, stdin) != NULL;
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
		fputc('\n', stderr);
	}
	line[strcspn(line, "\n")] = '\0';
	return ok ? 0 : hm_err_set(err, HM_EUSAGE, "no password on standard input");
}

static int
password(struct work *w, struct hm_err *err)
{
	char line[HM_PASSWORD_MAX + 2] = "";

	if (read_password(line, err))
		return -1;
	return hm_accountdb_password(w->db, w->by, word(w, 0), hm_str_of(line), err);
}

static int
token_add(struct work *w, struct hm_err *err)
{
	int64_t expires = w->days ? hm_clock_unix() + (int64_t)w->days * 86400 : 0;
	hm_str token;

	if (hm_accountdb_token(w->db, &w->p->arena, w->by, word(w, 0), w->label, expires, &token,
	                       err))
		return -1;
	printf(HM_F "\n", HM_P(token));
	return 0;
}

static int
token_revoke(struct work *w, struct hm_err *err)
{
	for (int i = 0; i < w->argc; i++)
		if (hm_accountdb_revoke_token(w->db, w->by, word(w, i), err))
			return -1;
	return 0;
}

/* ---- list */

static hm_str
day(struct hm_arena *a, int64_t when)
{
	return hm_str_sub(hm_clock_rfc3339(a, when, 0), 0, 10);
}

static void
print_text(struct hm_arena *a, const struct hm_account *acc)
{
	printf(HM_F "\n", HM_P(acc->name));
	for (size_t i = 0; i < acc->grants.n; i++)
		printf("\tmay " HM_F " " HM_F "\n",
		       HM_P(hm_rights_text(a, acc->grants.v[i].rights)),
		       HM_P(acc->grants.v[i].globs));
	for (size_t i = 0; i < acc->credentials.n; i++) {
		const struct hm_credential *c = &acc->credentials.v[i];

		if (c->is_password)
			printf("\tpassword of " HM_F "\n", HM_P(day(a, c->created)));
		else
			printf("\ttoken " HM_F " of " HM_F "%s" HM_F "%s" HM_F "\n",
			       HM_P(c->token_id), HM_P(day(a, c->created)),
			       c->expires ? ", expires " : "",
			       HM_P(c->expires ? day(a, c->expires) : HM_S("")),
			       c->label.n ? ", " : "", HM_P(c->label));
	}
}

static void
put_time(struct hm_arena *a, struct hm_json_out *w, const char *key, int64_t when)
{
	if (when)
		hm_json_member_str(w, key, hm_clock_rfc3339(a, when, 0));
}

static void
put_account(struct hm_arena *a, struct hm_json_out *w, const struct hm_account *acc)
{
	hm_json_begin_object(w);
	hm_json_member_str(w, "Name", acc->name);
	put_time(a, w, "Created", acc->created);
	hm_json_key(w, "Grants");
	hm_json_begin_array(w);
	for (size_t i = 0; i < acc->grants.n; i++) {
		hm_json_begin_object(w);
		hm_json_member_str(w, "Rights", hm_rights_text(a, acc->grants.v[i].rights));
		hm_json_member_str(w, "Patterns", acc->grants.v[i].globs);
		hm_json_end_object(w);
	}
	hm_json_end_array(w);
	hm_json_key(w, "Credentials");
	hm_json_begin_array(w);
	for (size_t i = 0; i < acc->credentials.n; i++) {
		const struct hm_credential *c = &acc->credentials.v[i];

		hm_json_begin_object(w);
		hm_json_member_str(w, "Kind", c->is_password ? HM_S("password") : HM_S("token"));
		hm_json_member_opt_str(w, "ID", c->token_id);
		if (!c->is_password)
			hm_json_member_opt_str(w, "Label", c->label);
		put_time(a, w, "Created", c->created);
		put_time(a, w, "Expires", c->expires);
		hm_json_end_object(w);
	}
	hm_json_end_array(w);
	hm_json_end_object(w);
}

static int
list(struct work *w, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	struct hm_json_out json = { .out = &b, .indent = "\t" };
	struct hm_account_list all;
	hm_str only = word(w, 0);
	size_t shown = 0;

	if (hm_accountdb_list(w->db, &w->p->arena, &all, err))
		return -1;
	hm_json_begin_array(&json);
	for (size_t i = 0; i < all.n; i++) {
		if (only.p && !hm_str_eq(only, all.v[i].name))
			continue;
		shown++;
		if (w->json)
			put_account(&w->p->arena, &json, &all.v[i]);
		else
			print_text(&w->p->arena, &all.v[i]);
	}
	hm_json_end_array(&json);
	if (w->json)
		printf(HM_F "\n", HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	if (only.p && !shown)
		return hm_err_set(err, HM_ENOTFOUND, "there is no account \"" HM_F "\"",
		                  HM_P(only));
	return 0;
}

/* ---- the verb */

static const struct subcommand {
	const char *name, *second;
	int min, max; /* words */
	int (*run)(struct work *w, struct hm_err *err);
} subcommands[] = {
	{ "add", NULL, 1, 1, add },
	{ "remove", NULL, 1, 1, drop },
	{ "list", NULL, 0, 1, list },
	{ "grant", NULL, 3, 3, grant },
	{ "revoke", NULL, 2, 3, withdraw },
	{ "passwd", NULL, 1, 1, password },
	{ "token", "add", 1, 1, token_add },
	{ "token", "revoke", 1, 1000, token_revoke },
};

/* Takes its name off the words. NULL with *err when there is none, or not with so many. */
static const struct subcommand *
subcommand(struct work *w, struct hm_err *err)
{
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(*subcommands); i++) {
		const struct subcommand *c = &subcommands[i];
		int skip = c->second ? 2 : 1;

		if (w->argc < skip || strcmp(w->argv[0], c->name) != 0 ||
		    (c->second && strcmp(w->argv[1], c->second) != 0))
			continue;
		w->argc -= skip;
		w->argv += skip;
		if (w->argc >= c->min && w->argc <= c->max)
			return c;
		hm_err_set(err, HM_EUSAGE,
		           "account %s: too %s words (see hermod-proxy help account)", c->name,
		           w->argc < c->min ? "few" : "many");
		return NULL;
	}
	hm_err_set(err, HM_EUSAGE,
	           "account what? add, remove, list, grant, revoke, passwd, token add or token "
	           "revoke");
	return NULL;
}

int
cmd_account(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct work w = { .p = p };
	const struct hm_setting more[] = {
		{ "", "json", NULL, HM_SET_BOOL, &w.json, 0, 0 },
		{ "", "label", NULL, HM_SET_STR, &w.label, 0, 0 },
		{ "", "expires", NULL, HM_SET_INT, &w.days, 0, 36500 },
	};
	const struct subcommand *sub;
	hm_str file;
	int rc;

	if (options_read(p, more, sizeof(more) / sizeof(*more), &argc, &argv, err))
		return -1;
	w.argc = argc;
	w.argv = argv;
	sub = subcommand(&w, err);
	if (!sub || options_need_dir(p, err))
		return -1;
	w.by = proxy_shell_user(&p->arena);
	file = hm_path_cat(&p->arena, p->opts.dir, HM_S("access.db"));
	if (sub->run == list && !hm_file_exists(file.p))
		return hm_err_set(err, HM_ENOTFOUND, HM_F ": there is no such file", HM_P(file));
	if (hm_dir_make_all(p->opts.dir.p, err) || hm_accountdb_open(file.p, &w.db, err))
		return -1;
	rc = sub->run(&w, err);
	hm_db_free(w.db);
	return rc;
}
