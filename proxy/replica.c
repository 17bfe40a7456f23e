#include "replica.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/path.h"
#include "codec/json.h"
#include "codec/time.h"
#include "codec/url.h"
#include "mod/modpath.h"
#include "news.h"
#include "obtain.h"
#include "os/file.h"
#include "os/pool.h"
#include "remove.h"

enum {
	LIMIT = 500,    /* lines at once */
	STAMP_MAX = 40, /* of a timestamp */
	PAUSE_MAX = 60, /* seconds, while the primary is down */
};
#define ANSWER_MAX ((uint64_t)4 << 20)
#define STATE_MAX  ((size_t)64 << 10)

struct replica {
	struct proxy *p;
	struct hm_arena arena; /* of, file */
	hm_str of;             /* without credentials */
	hm_str file;
	char since[STAMP_MAX + 1], purged[STAMP_MAX + 1];
	bool no_purges; /* the primary does not tell */
	bool down;      /* and that was said */
	unsigned failures;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards stop */
	pthread_cond_t wake;
	bool stop;
};

static bool
is_stopped(struct replica *r)
{
	bool stop;

	pthread_mutex_lock(&r->mutex);
	stop = r->stop;
	pthread_mutex_unlock(&r->mutex);
	return stop;
}

/* ---- where it was */

/* As /index writes it: it goes into a URL as it is. */
static bool
is_stamp(hm_str s)
{
	struct hm_time t;

	if (s.n == 0 || s.n > STAMP_MAX || !hm_time_parse_rfc3339(s, &t))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789-:.TZ", s.p[i]))
			return false;
	return true;
}

static void
set_stamp(char to[static STAMP_MAX + 1], hm_str s)
{
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

/* A state that cannot be read, or is of another primary, is none. */
static void
read_state(struct replica *r)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	const struct hm_json *j;
	hm_str text, since, purged;

	if (hm_file_read(&a, r->file.p, STATE_MAX, &text, &err) == 0 &&
	    hm_json_parse(&a, text, &j, &err) == 0 && hm_str_eq(hm_json_get_str(j, "Of"), r->of)) {
		since = hm_json_get_str(j, "Since");
		purged = hm_json_get_str(j, "Purged");
		if (is_stamp(since))
			set_stamp(r->since, since);
		if (is_stamp(purged))
			set_stamp(r->purged, purged);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static int
write_state(struct replica *r, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b };
	int rc;

	hm_json_begin_object(&w);
	hm_json_member_str(&w, "Of", r->of);
	hm_json_member_str(&w, "Since", hm_str_of(r->since));
	hm_json_member_str(&w, "Purged", hm_str_of(r->purged));
	hm_json_end_object(&w);
	hm_buf_addc(&b, '\n');
	rc = hm_file_publish(r->file.p, hm_buf_str(&b), 0644, true, err);
	hm_buf_free(&b);
	return rc;
}

/* ---- what the primary tells */

struct line {
	struct hm_modver m;
	hm_str at, reason;
	bool later; /* must be tried again */
};
struct lines {
	struct line *v;
	size_t n, cap;
};

static int
parse_lines(struct hm_arena *a, hm_str text, struct lines *out, struct hm_err *err)
{
	hm_str one;

	while (text.n && hm_str_next(&text, '\n', &one)) {
		const struct hm_json *j;
		struct line l = { 0 };

		if (one.n == 0)
			continue;
		if (hm_json_parse(a, one, &j, err))
			return -1;
		l.m = hm_modver_of(hm_json_get_str(j, "Path"), hm_json_get_str(j, "Version"));
		l.at = hm_json_get_str(j, "Timestamp");
		l.reason = hm_json_get_str(j, "Reason");
		if (!is_stamp(l.at) || hm_modpath_check_version(l.m.path, l.m.version, err))
			return hm_err_set(err, HM_EHTTP, "a line that is none of an index: " HM_F,
			                  HM_P(one));
		HM_PUSH(a, *out, l);
	}
	return 0;
}

static int
ask(struct replica *r, struct hm_arena *a, const char *what, const char *since, struct lines *out,
    struct hm_err *err)
{
	hm_str url = r->p->opts.replica_of, text;

	hm_str_cut_suffix(&url, HM_S("/"));
	url = hm_arena_printf(a, HM_F "%s?limit=%d%s%s", HM_P(url), what, LIMIT,
	                      since[0] ? "&since=" : "", since);
	if (hm_fetch_get(r->p->fetch, a, url, HM_S(""), ANSWER_MAX, &text, err))
		return -1;
	return parse_lines(a, text, out, err);
}

/* ---- what was purged there */

static int
follow_purges(struct replica *r, struct hm_arena *a, bool *more, struct hm_err *err)
{
	struct lines l = { 0 };
	struct purge_why why = { .who = HM_S("replica"), .peer = r->of };

	*more = false;
	if (r->no_purges)
		return 0;
	if (ask(r, a, "/index/purged", r->purged, &l, err)) {
		if (!hm_err_is(err, HM_ENOTFOUND))
			return -1;
		r->no_purges = true;
		hm_err_clear(err);
		return 0;
	}
	for (size_t i = 0; i < l.n; i++) {
		if (hm_str_eqz(l.v[i].at, r->purged))
			continue; /* the last one of before */
		why.reason = l.v[i].reason;
		if (purge_version(r->p, l.v[i].m, &why, err)) {
			if (!hm_err_is(err, HM_ENOTFOUND))
				return -1;
			hm_err_clear(err);
		}
		set_stamp(r->purged, l.v[i].at);
		*more = true;
	}
	*more = *more && l.n == LIMIT;
	return l.n ? write_state(r, err) : 0;
}

/* ---- what came there */

/* Does the error say something about this version, not about the way to it? */
static bool
is_final(enum hm_code code)
{
	switch (code) {
	case HM_ENET:
	case HM_EHTTP:
	case HM_EIO:
	case HM_EOFF:
	case HM_EINTERNAL:
		return false;
	default:
		return true;
	}
}

struct batch {
	struct replica *r;
	struct lines lines;
};

static void
bring(void *ctx, size_t i)
{
	struct batch *b = ctx;
	struct line *l = &b->lines.v[i];
	struct proxy *p = b->r->p;
	enum admit_outcome outcome;
	struct hm_err err = { 0 };

	if (is_stopped(b->r)) {
		l->later = true;
	} else if (obtain_version(p, l->m, &outcome, &err) == 0) {
		if (outcome == ADMIT_NEW)
			news_came(p, l->m);
	} else {
		l->later = !is_final(err.code);
		hm_log(&p->log, HM_LOG_WARN, "hermod-proxy: replica: " HM_F "%s",
		       HM_P(hm_err_str(&err)), l->later ? "; will try again" : "; passed over");
	}
	hm_err_free(&err);
}

static int
follow_index(struct replica *r, struct hm_arena *a, bool *more, struct hm_err *err)
{
	struct batch b = { .r = r };
	bool moved = false;

	*more = false;
	if (ask(r, a, "/index", r->since, &b.lines, err))
		return -1;
	hm_pool_each((unsigned)r->p->opts.fills, b.lines.n, bring, &b);
	for (size_t i = 0; i < b.lines.n && !b.lines.v[i].later; i++) {
		moved |= !hm_str_eqz(b.lines.v[i].at, r->since);
		set_stamp(r->since, b.lines.v[i].at);
	}
	if (moved && write_state(r, err))
		return -1;
	for (size_t i = 0; i < b.lines.n; i++)
		if (b.lines.v[i].later)
			return hm_err_set(err, HM_ENET, "some versions could not be had");
	*more = moved && b.lines.n == LIMIT;
	return 0;
}

/* ---- the thread */

static int
follow(struct replica *r, struct hm_err *err)
{
	bool more = true;
	int rc = 0;

	/* What was purged first: it may have come again since. */
	while (rc == 0 && more && !is_stopped(r)) {
		struct hm_arena a = { 0 };

		rc = follow_purges(r, &a, &more, err);
		hm_arena_free(&a);
	}
	for (more = true; rc == 0 && more && !is_stopped(r);) {
		struct hm_arena a = { 0 };

		rc = follow_index(r, &a, &more, err);
		hm_arena_free(&a);
	}
	return rc;
}

/* Said once when it begins to fail, and once when that is over. */
static void
tell(struct replica *r, int rc, struct hm_err *err)
{
	if (rc && !r->down && !is_stopped(r))
		hm_log(&r->p->log, HM_LOG_WARN, "hermod-proxy: replica of " HM_F ": " HM_F,
		       HM_P(r->of), HM_P(hm_err_str(err)));
	if (rc == 0 && r->down)
		hm_log(&r->p->log, HM_LOG_WARN, "hermod-proxy: replica of " HM_F ": it is back",
		       HM_P(r->of));
	r->down = rc != 0;
	r->failures = rc ? r->failures + 1 : 0;
}

static void
pause_for(struct replica *r)
{
	unsigned s = (unsigned)r->p->opts.replica_interval;
	struct timespec until;

	for (unsigned i = 1; i < r->failures && s < PAUSE_MAX; i++)
		s = s * 2 < PAUSE_MAX ? s * 2 : PAUSE_MAX;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += s;
	pthread_mutex_lock(&r->mutex);
	while (!r->stop && pthread_cond_timedwait(&r->wake, &r->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&r->mutex);
}

static void *
run(void *arg)
{
	struct replica *r = arg;

	while (!is_stopped(r)) {
		struct hm_err err = { 0 };
		int rc = follow(r, &err);

		tell(r, rc, &err);
		hm_err_free(&err);
		pause_for(r);
	}
	return NULL;
}

int
replica_new(struct proxy *p, struct replica **out, struct hm_err *err)
{
	struct replica *r;
	pthread_condattr_t attr;
	int rc;

	*out = NULL;
	if (p->opts.replica_of.n == 0)
		return 0;
	if (p->opts.offline)
		return hm_err_set(err, HM_EUSAGE, "--replica-of and --offline exclude each other");
	r = hm_mem_new(sizeof(*r));
	r->p = p;
	r->of = hm_url_redact(&r->arena, p->opts.replica_of);
	r->file = hm_path_cat(&r->arena, p->opts.dir, HM_S("replica.json"));
	read_state(r);
	pthread_mutex_init(&r->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attr);
	pthread_condattr_destroy(&attr);
	rc = pthread_create(&r->thread, NULL, run, r);
	if (rc) {
		hm_arena_free(&r->arena);
		free(r);
		return hm_err_sys(err, rc, "thread");
	}
	*out = r;
	return 0;
}

void
replica_free(struct replica *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->mutex);
	r->stop = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->mutex);
	pthread_join(r->thread, NULL);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->mutex);
	hm_arena_free(&r->arena);
	free(r);
}
