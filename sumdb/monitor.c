/*
 * monitor.c - somebody's log, followed: every head signed, every head a continuation of
 * the one before, every new record in the tree.  Reports new versions of the modules
 * one cares for; a fork or rollback ends it with the evidence kept.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "event.h"
#include "mod/match.h"
#include "os/clock.h"
#include "os/file.h"
#include "remote.h"
#include "stop.h"
#include "sumdb.h"
#include "tilelog/tail.h"
#include "verify/sumdb_ops.h"

struct monitor {
	const struct options *o;
	const struct hm_log *log;
	struct remote r;
	int64_t stale; /* seconds; 0: however old */
	struct hm_tree seen, now;
	hm_str seen_note, now_note; /* empty: nothing seen yet */
	int status;                 /* of the event that was told */
	bool told;                  /* that the log stays away, or stands still */
};

/* ---- events */

/* What is worse than a new version: to people, to the hook, and the status to end with. */
static int
alarm_of(struct monitor *m, struct event *e, struct hm_err *err)
{
	struct hm_err bad = { 0 };
	struct hm_buf json = { 0 };

	m->status = event_status(e->kind);
	if (m->told && (e->kind == EVENT_STALE || e->kind == EVENT_UNREACHABLE))
		return -1;
	e->log = m->r.keys[0].name;
	e->message = hm_err_str(err);
	if (m->o->json) {
		event_json(&json, e);
		fwrite(json.p, 1, json.n, stdout);
		fflush(stdout);
	}
	if (event_hook(m->o->hook, e, m->log, &bad))
		hm_log(m->log, HM_LOG_WARN, "hermod-sumdb: " HM_F, HM_P(hm_err_str(&bad)));
	hm_err_free(&bad);
	hm_buf_free(&json);
	return -1;
}

/* Both heads, for whoever has to be convinced. */
static int
contradiction(struct monitor *m, struct hm_arena *a, enum event_kind kind, const char *what,
              struct hm_err *err)
{
	hm_str file = hm_arena_printf(a, HM_F ".evidence", HM_P(m->o->state));
	hm_str text = hm_arena_printf(a, "%s\n\nseen before:\n" HM_F "\nnow:\n" HM_F, what,
	                              HM_P(m->seen_note), HM_P(m->now_note));
	struct event e = { .kind = kind, .before = m->seen_note, .now = m->now_note,
		           .evidence = file };
	struct hm_err bad = { 0 };

	hm_err_set(err, HM_ESECURITY,
	           "SECURITY ERROR: %s: %lld records before, %lld now; both heads "
	           "are in " HM_F,
	           what, (long long)m->seen.n, (long long)m->now.n, HM_P(file));
	if (hm_file_publish(file.p, text, 0644, true, &bad))
		hm_err_append(err, " (could not be written: " HM_F ")", HM_P(hm_err_str(&bad)));
	hm_err_free(&bad);
	return alarm_of(m, &e, err);
}

/* ---- one head after another */

/*
 * A cache may give an older head of the same history, which its tiles still show; it is as
 * if nothing had come.  Else records were taken back.
 */
static int
check_older(struct monitor *m, struct hm_arena *a, struct hm_err *err)
{
	struct hm_hash root;

	if (remote_front(&m->r, &m->seen, m->now.n, &root, err)) {
		hm_err_clear(err);
		return contradiction(m, a, EVENT_ROLLBACK, "the log was rolled back", err);
	}
	if (!hm_hash_eq(&root, &m->now.hash))
		return contradiction(m, a, EVENT_FORK, "the log has forked", err);
	m->now = m->seen;
	m->now_note = m->seen_note;
	return 0;
}

/* The tree seen before must be the front of the tree now. */
static int
check_continuation(struct monitor *m, struct hm_arena *a, struct hm_err *err)
{
	struct hm_hash root = m->now.hash;

	m->r.scratch = a;
	if (m->now.n < m->seen.n)
		return check_older(m, a, err);
	if (m->seen.n == 0)
		return 0;
	if (m->now.n > m->seen.n && remote_front(&m->r, &m->now, m->seen.n, &root, err))
		return -1;
	return hm_hash_eq(&root, &m->seen.hash) ?
	               0 :
	               contradiction(m, a, EVENT_FORK, "the log has forked", err);
}

/* A hook that does not take it is told again: the new head is not kept then. */
static int
report(struct monitor *m, int64_t id, hm_str text, struct hm_err *err)
{
	struct event e = { .kind = EVENT_VERSION, .log = m->r.keys[0].name, .record = id,
		           .lines = text };
	struct hm_buf b = { 0 };

	/* Another log's records have no module in them, only a number. */
	if (!hm_str_cut(hm_tilelog_key(text), ' ', &e.path, &e.version) || !hm_str_is_utf8(text))
		e.path = e.version = e.lines = HM_S("");
	if (m->o->pattern.n && !hm_match_prefix_patterns(m->o->pattern, e.path))
		return 0;
	if (m->o->json)
		event_json(&b, &e);
	else if (e.path.n)
		hm_buf_printf(&b, "%lld " HM_F "@" HM_F "\n", (long long)id, HM_P(e.path),
		              HM_P(e.version));
	else
		hm_buf_printf(&b, "%lld\n", (long long)id);
	fwrite(b.p, 1, b.n, stdout);
	hm_buf_free(&b);
	return event_hook(m->o->hook, &e, m->log, err);
}

/* Records of one data tile from number `from` on, each held against its proven hash. */
static int
read_records(struct monitor *m, const struct hm_tile *t, int64_t from, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_tile_reader tiles = remote_tiles(&m->r);
	struct hm_hash want[HM_TILE_WIDTH];
	int64_t index[HM_TILE_WIDTH];
	hm_str data, text;
	int rc;

	m->r.scratch = &a;
	for (int i = 0; i < t->w; i++)
		index[i] = hm_tlog_index(0, t->n * HM_TILE_WIDTH + i);
	rc = hm_tile_read_hashes(&m->now, &tiles, index, (size_t)t->w, want, err);
	if (rc == 0)
		rc = remote_tile(&m->r, &a, t, &data, err);
	for (int i = 0; rc == 0 && i < t->w; i++) {
		int64_t id = t->n * HM_TILE_WIDTH + i;
		struct hm_hash h;

		remote_next_record(&m->r, &data, &text);
		h = hm_tlog_record_hash(text);
		if (!hm_hash_eq(&h, &want[i]))
			rc = hm_err_set(err, HM_ESECURITY,
			                "SECURITY ERROR: record %lld is not the one in the tree",
			                (long long)id);
		else if (id >= from)
			rc = report(m, id, text, err);
	}
	hm_arena_free(&a);
	return rc;
}

static int
read_new(struct monitor *m, struct hm_err *err)
{
	struct hm_tile t = { HM_TILE_HEIGHT, -1, m->seen.n / HM_TILE_WIDTH, 0 };

	for (; m->seen.n < m->now.n && t.n * HM_TILE_WIDTH < m->now.n; t.n++) {
		int64_t left = m->now.n - t.n * HM_TILE_WIDTH;

		t.w = left < HM_TILE_WIDTH ? (int)left : HM_TILE_WIDTH;
		if (read_records(m, &t, m->seen.n, err))
			return -1;
	}
	return 0;
}

/* A head that does not move for too long: the log, or somebody between, holds it back. */
static int
check_age(struct monitor *m, struct hm_err *err)
{
	struct event e = { .kind = EVENT_STALE, .size = m->now.n };
	struct stat st;

	if (m->stale == 0)
		return 0;
	if (hm_file_stat(m->o->state.p, &st, err))
		return -1;
	e.age = hm_clock_unix() - st.st_mtime;
	if (e.age <= m->stale)
		return 0;
	hm_err_set(err, HM_EINVALID, "stale: the head of %lld records is %lld seconds old",
	           (long long)m->now.n, (long long)e.age);
	return alarm_of(m, &e, err);
}

static int
read_state(struct monitor *m, struct hm_arena *a, struct hm_err *err)
{
	if (hm_file_read(a, m->o->state.p, HM_TILELOG_HEAD_MAX, &m->seen_note, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err);
		m->seen_note = HM_S("");
		return 0;
	}
	if (remote_open_head(m->r.keys, m->r.n_keys, a, m->seen_note, &m->seen, err))
		return hm_err_wrap(err, HM_F ": ", HM_P(m->o->state));
	return 0;
}

static int
read_head(struct monitor *m, struct hm_arena *a, struct hm_err *err)
{
	if (remote_head(&m->r, a, false, &m->now_note, err) ||
	    remote_open_head(m->r.keys, m->r.n_keys, a, m->now_note, &m->now, err))
		return -1;
	return check_cosigned(m->o, m->r.keys, m->r.n_keys, m->now_note, err);
}

static int
follow(struct monitor *m, struct hm_arena *a, struct hm_err *err)
{
	bool first;

	m->seen = m->now = (struct hm_tree){ .n = 0 };
	m->status = 0;
	remote_forget_tiles(&m->r);
	if (read_state(m, a, err) || read_head(m, a, err))
		return -1;
	first = m->seen_note.n == 0;
	if (first && !m->o->from_start)
		m->seen = m->now;
	if (check_continuation(m, a, err) || read_new(m, err))
		return -1;
	if (!first && m->now.n == m->seen.n)
		return check_age(m, err);
	/* What was not told must be told again next time. */
	if (fflush(stdout))
		return hm_err_set(err, HM_EIO, "standard output: cannot be written");
	return hm_file_publish(m->o->state.p, m->now_note, 0644, true, err);
}

/* ---- again and again */

static int
look(struct monitor *m, struct hm_err *err)
{
	struct event away = { .kind = EVENT_UNREACHABLE }, lie = { .kind = EVENT_INVALID };
	struct hm_arena a = { 0 };
	int rc = follow(m, &a, err);

	if (rc && m->status == 0 && event_is_unreachable(err))
		alarm_of(m, &away, err);
	else if (rc && m->status == 0 && err->code == HM_ESECURITY)
		alarm_of(m, &lie, err);
	hm_arena_free(&a);
	return rc;
}

/* Until SIGTERM; of what goes wrong only a lie ends it. */
static int
tail(struct monitor *m, struct hm_err *err)
{
	stop_catch();
	do {
		int rc = look(m, err);

		if (rc && err->code == HM_ESECURITY)
			return rc;
		if (rc && !m->told)
			hm_log(m->log, HM_LOG_WARN, "hermod-sumdb: " HM_F, HM_P(hm_err_str(err)));
		m->told = rc != 0;
		hm_err_clear(err);
	} while (stop_wait(m->o->every));
	return 0;
}

/* "90", "90s", "15m", "36h", "2d"; 0 when it is none of these. */
static int64_t
parse_duration(hm_str s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	int64_t n = 0, unit = 1;
	size_t i = 0;

	for (; i < s.n && i < 9 && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		n = n * 10 + (s.p[i] - '0');
	if (i + 1 == s.n) {
		unit = 0;
		for (size_t k = 0; k < sizeof(units) / sizeof(*units); k++)
			if (units[k].unit == s.p[i])
				unit = units[k].seconds;
	} else if (i != s.n) {
		return 0;
	}
	return n * unit;
}

static int
check_options(struct monitor *m, int argc, char **argv, struct hm_err *err)
{
	const struct options *o = m->o;

	if (argc)
		return hm_err_set(err, HM_EUSAGE, "unexpected word \"%s\"", argv[0]);
	if (o->key.n == 0 || o->state.n == 0)
		return hm_err_set(err, HM_EUSAGE, "--key and --state are needed");
	m->stale = parse_duration(o->stale);
	if (o->stale.n && m->stale == 0)
		return hm_err_set(err, HM_EUSAGE,
		                  "--stale: \"" HM_F "\" is not like 90s, 15m, 36h, 2d",
		                  HM_P(o->stale));
	return 0;
}

int
cmd_monitor(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err)
{
	struct monitor m = { .o = o, .log = log };
	struct hm_strs vkeys = { 0 };
	struct hm_arena a = { 0 };
	hm_str list = o->key, key;
	int rc = check_options(&m, argc, argv, err);

	signal(SIGPIPE, SIG_IGN); /* a hook may end before it has read */
	while (hm_str_next_field(&list, &key))
		HM_PUSH(&a, vkeys, hm_sumdb_key_of(key));
	if (rc == 0)
		rc = remote_open(&m.r, o->url, &vkeys, log, err);
	if (rc == 0)
		rc = o->every ? tail(&m, err) : look(&m, err);
	remote_close(&m.r);
	hm_arena_free(&a);
	if (rc && m.status) {
		hm_log(log, HM_LOG_WARN, "hermod-sumdb: " HM_F, HM_P(hm_err_str(err)));
		hm_err_free(err);
		return m.status;
	}
	return rc;
}
