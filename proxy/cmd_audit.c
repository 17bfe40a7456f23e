/*
 * cmd_audit.c - the audit log, for people and for programs.
 */
#include <stdio.h>

#include "base/path.h"
#include "cmds.h"
#include "codec/json.h"
#include "codec/time.h"
#include "db/db.h"
#include "os/clock.h"
#include "serve/accountdb.h"
#include "serve/audit.h"

const char cmd_audit_usage[] =
	"audit --dir DIR [--json] [--since TIME] [--check]\n"
	"\n"
	"Who uploaded, purged and changed rights, and what was refused; oldest first.\n"
	"\n"
	"  --json               a JSON object a line, with the hash that covers all up to it\n"
	"  --since TIME         an RFC 3339 time or a date, 2006-01-02\n"
	"  --check              only checks that no line was changed or taken out\n";

struct printer {
	bool json;
	struct hm_json_out out;
	struct hm_buf b;
};

static void
put_json(struct printer *p, struct hm_arena *a, const struct hm_audit_line *l)
{
	p->out = (struct hm_json_out){ .out = &p->b };
	hm_json_begin_object(&p->out);
	hm_json_member_int(&p->out, "Line", l->id);
	hm_json_member_str(&p->out, "Time", hm_clock_rfc3339(a, l->time, 0));
	hm_json_member_opt_str(&p->out, "Who", l->e.who);
	hm_json_member_opt_str(&p->out, "Peer", l->e.peer);
	hm_json_member_str(&p->out, "Action", l->e.action);
	hm_json_member_opt_str(&p->out, "Object", l->e.object);
	hm_json_member_opt_str(&p->out, "Detail", l->e.detail);
	hm_json_member_str(&p->out, "Hash", l->hash);
	hm_json_end_object(&p->out);
	hm_buf_addc(&p->b, '\n');
}

static void
put_text(struct printer *p, struct hm_arena *a, const struct hm_audit_line *l)
{
	const hm_str fields[] = { l->e.who, l->e.peer, l->e.action, l->e.object, l->e.detail };

	hm_buf_adds(&p->b, hm_clock_rfc3339(a, l->time, 0));
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		hm_buf_addc(&p->b, ' ');
		hm_buf_adds(&p->b, fields[i].n ? fields[i] : HM_S("-"));
	}
	hm_buf_addc(&p->b, '\n');
}

static int
print_line(void *ctx, const struct hm_audit_line *l, struct hm_err *err)
{
	struct printer *p = ctx;
	struct hm_arena a = { 0 };

	(p->json ? put_json : put_text)(p, &a, l);
	fwrite(p->b.p, 1, p->b.n, stdout);
	hm_buf_clear(&p->b);
	hm_arena_free(&a);
	return ferror(stdout) ? hm_err_set(err, HM_EIO, "standard output cannot be written") : 0;
}

static int
parse_since(struct hm_arena *a, hm_str s, int64_t *out, struct hm_err *err)
{
	hm_str full = s.n == 10 ? hm_arena_printf(a, HM_F "T00:00:00Z", HM_P(s)) : s;
	struct hm_time t;

	*out = INT64_MIN;
	if (s.n == 0)
		return 0;
	if (!hm_time_parse_rfc3339(full, &t))
		return hm_err_set(err, HM_EUSAGE,
		                  "--since: \"" HM_F "\" is neither a time nor a date", HM_P(s));
	*out = t.sec - HM_TIME_UNIX_EPOCH;
	return 0;
}

int
cmd_audit(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct printer printer = { 0 };
	hm_str since_text = { 0 };
	bool check = false;
	const struct hm_setting more[] = {
		{ "", "json", NULL, HM_SET_BOOL, &printer.json, 0, 0 },
		{ "", "since", NULL, HM_SET_STR, &since_text, 0, 0 },
		{ "", "check", NULL, HM_SET_BOOL, &check, 0, 0 },
	};
	struct hm_db_opts opts = { .read_only = true };
	struct hm_db *db;
	int64_t since;
	int rc;

	if (options_read(p, more, sizeof(more) / sizeof(*more), &argc, &argv, err) ||
	    options_no_words(argc, argv, err) || options_need_dir(p, err) ||
	    parse_since(&p->arena, since_text, &since, err) ||
	    hm_db_open(hm_path_cat(&p->arena, p->opts.dir, HM_S("access.db")).p, &opts, &db, err))
		return -1;
	rc = check ? hm_audit_check(db, err) : hm_audit_each(db, since, print_line, &printer, err);
	hm_buf_free(&printer.b);
	hm_db_free(db);
	return rc;
}
