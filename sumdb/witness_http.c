/*
 * witness_http.c - https://c2sp.org/tlog-witness.
 *
 *	POST /add-checkpoint        a cosignature, or why not
 *	GET /<hash>/checkpoint      the newest head cosigned, of the log whose origin has
 *	                            this SHA-256
 *	GET /metrics, /healthz
 *
 * What was cosigned is on disk before the answer leaves, so requests work on threads of a
 * pool.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/hex.h"
#include "crypto/sha256.h"
#include "crypto/tls.h"
#include "net/server.h"
#include "os/file.h"
#include "os/pool.h"
#include "serve/life.h"
#include "serve/metrics.h"
#include "tilelog/checkpoint.h"
#include "tilelog/tilelog.h"
#include "witness.h"

enum { THREADS = 8 };

#define TEXT HM_S("text/plain; charset=utf-8")

/* What an add-checkpoint is answered with. */
static const int statuses[] = { 200, 400, 403, 404, 409, 413, 422, 500 };
enum { N_STATUS = sizeof(statuses) / sizeof(*statuses) };

struct serving {
	struct witness *w;
	struct hm_pool *pool;
	struct hm_metrics *metrics;
	unsigned answers[N_STATUS]; /* to add-checkpoint */
	int every;
	struct hm_tls_server *tls; /* or NULL */
	struct hm_server *server;
	pthread_mutex_t mutex; /* guards stop */
	bool stop;
	pthread_cond_t wake;
};

/* One request; lives in the exchange's arena. */
struct request {
	struct serving *s;
	struct hm_exchange *x;
	int fd; /* the body */
	int status;
	hm_str type, body;
};

static void
reply(struct hm_exchange *x, int status, hm_str type, hm_str body)
{
	hm_exchange_field(x, "Content-Type", type);
	hm_exchange_field(x, "Cache-Control", HM_S("no-store"));
	hm_exchange_reply(x, status, body);
}

static void
count(struct serving *s, int status)
{
	for (int i = 0; i < N_STATUS; i++)
		if (statuses[i] == status)
			hm_metrics_add(s->metrics, s->answers[i], 1);
}

static void
give(void *ctx, struct hm_exchange *x)
{
	struct request *r = *hm_exchange_data(x);

	(void)ctx;
	count(r->s, r->status);
	reply(x, r->status, r->type, r->body);
}

/* The status that the specification wants for what witness_cosign() and others say. */
static void
refuse(struct request *r, struct hm_arena *a, const struct known *k, struct hm_err *err)
{
	static const struct {
		enum hm_code code;
		int status;
	} table[] = {
		{ HM_EINVALID, 400 },  { HM_EFORBIDDEN, 403 }, { HM_ENOTFOUND, 404 },
		{ HM_ECONFLICT, 409 }, { HM_ESECURITY, 422 },
	};

	r->status = 500;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].code == err->code)
			r->status = table[i].status;
	r->type = TEXT;
	r->body = hm_arena_printf(a, HM_F "\n", HM_P(hm_err_str(err)));
	if (r->status == 409) {
		r->type = HM_S(HM_WITNESS_SIZE_TYPE);
		r->body = hm_arena_printf(a, "%lld\n", (long long)k->tree.n);
	}
	if (r->status == 500) {
		hm_log(r->s->w->log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(err)));
		r->body = HM_S("internal error\n");
	}
}

/* Whose checkpoint is it, and is it signed by that log? */
static int
open_checkpoint(struct witness *w, struct hm_arena *a, hm_str text, struct known *k,
                struct hm_note *note, struct hm_tree *tree, struct hm_err *err)
{
	struct hm_err bad = { 0 };
	hm_str origin;

	/* No key is known yet: a first look, for the origin. */
	hm_note_open(a, text, NULL, 0, note, &bad);
	hm_err_free(&bad);
	if (note->text.n == 0)
		return hm_err_set(err, HM_EINVALID, "malformed checkpoint");
	if (hm_checkpoint_parse(note->text, &origin, tree, err) ||
	    witness_find(w, a, origin, k, err))
		return -1;
	if (hm_note_open(a, text, k->keys, k->n_keys, note, err)) {
		if (err->code == HM_ESECURITY)
			err->code = HM_EFORBIDDEN;
		return -1;
	}
	return 0;
}

static void
add_checkpoint(struct request *r, struct hm_arena *a, hm_str body)
{
	struct hm_add_checkpoint req;
	struct known k = { .time = 0 };
	struct hm_err err = { 0 };
	struct hm_note note;
	struct hm_tree tree;

	if (hm_add_checkpoint_parse(body, &req, &err) ||
	    open_checkpoint(r->s->w, a, req.note, &k, &note, &tree, &err) ||
	    witness_cosign(r->s->w, a, &k, &note, &tree, &req, &r->body, &err)) {
		refuse(r, a, &k, &err);
	} else {
		r->status = 200;
		r->type = TEXT;
	}
	hm_err_free(&err);
}

/* On a thread of the pool. */
static void
work(void *arg)
{
	struct request *r = arg;
	struct hm_arena *a = hm_exchange_arena(r->x);
	struct hm_err err = { 0 };
	hm_str body;

	lseek(r->fd, 0, SEEK_SET);
	if (hm_file_read_fd(a, r->fd, "body", HM_WITNESS_BODY_MAX, &body, &err)) {
		err.code = HM_EIO;
		refuse(r, a, NULL, &err);
	} else {
		add_checkpoint(r, a, body);
	}
	close(r->fd);
	hm_err_free(&err);
	hm_exchange_resume(r->x, give);
}

static void
have_body(void *ctx, struct hm_exchange *x, int status)
{
	struct request *r = *hm_exchange_data(x);

	(void)ctx;
	if (status) {
		close(r->fd);
		count(r->s, status);
		reply(x, status, TEXT, HM_S("the request could not be read\n"));
		return;
	}
	hm_exchange_defer(x);
	hm_pool_submit(r->s->pool, 0, work, r);
}

static void
post(struct serving *s, struct hm_exchange *x)
{
	struct request *r = HM_NEW(hm_exchange_arena(x), struct request);

	*r = (struct request){ .s = s, .x = x, .fd = memfd_create("body", MFD_CLOEXEC) };
	*hm_exchange_data(x) = r;
	if (r->fd < 0) {
		hm_exchange_close(x);
		reply(x, 503, TEXT, HM_S("busy\n"));
		return;
	}
	hm_exchange_read_body(x, r->fd, HM_WITNESS_BODY_MAX, have_body);
}

/* "/<hash>/checkpoint" */
static bool
is_checkpoint(hm_str path, hm_str *hash)
{
	return hm_str_cut_prefix(&path, HM_S("/")) &&
	       hm_str_cut_suffix(&path, HM_S("/checkpoint")) && (*hash = path).n == 64;
}

static void
get_checkpoint(struct serving *s, struct hm_exchange *x, hm_str hash)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	struct knowns logs;
	const struct known *found = NULL;

	if (witness_logs(s->w, a, &logs, &err)) {
		hm_log(s->w->log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(&err)));
		hm_err_free(&err);
		reply(x, 500, TEXT, HM_S("internal error\n"));
		return;
	}
	for (size_t i = 0; i < logs.n; i++) {
		uint8_t sum[HM_SHA256_SIZE];

		hm_sha256_of(logs.v[i].origin, sum);
		if (hm_str_eq(hm_hex_encode(a, sum, sizeof(sum)), hash))
			found = &logs.v[i];
	}
	if (!found || found->note.n == 0)
		reply(x, 404, TEXT, HM_S("no such log, or nothing cosigned yet\n"));
	else
		reply(x, 200, TEXT, found->note);
}

static void
get_metrics(struct serving *s, struct hm_exchange *x)
{
	struct hm_buf b = { 0 };

	hm_metrics_print(s->metrics, &b);
	reply(x, 200, HM_METRICS_TYPE, hm_buf_str(&b));
	hm_buf_free(&b);
}

static void
get_about(struct serving *s, struct hm_exchange *x)
{
	reply(x, 200, TEXT,
	      hm_arena_printf(hm_exchange_arena(x), "witness " HM_F "\nverifier key " HM_F "\n",
	                      HM_P(s->w->signer.name), HM_P(s->w->vkey)));
}

static void
handle(void *ctx, struct hm_exchange *x)
{
	struct serving *s = ctx;
	const struct hm_http1_request *req = hm_exchange_request(x);
	bool is_post = hm_str_eqz(req->path, "/add-checkpoint");
	bool get = req->method == HM_HTTP1_GET || req->method == HM_HTTP1_HEAD;
	hm_str hash;

	if (is_post ? req->method != HM_HTTP1_POST : !get) {
		hm_exchange_field(x, "Allow", is_post ? HM_S("POST") : HM_S("GET, HEAD"));
		reply(x, 405, TEXT, HM_S("method not allowed\n"));
	} else if (is_post) {
		post(s, x);
	} else if (is_checkpoint(req->path, &hash)) {
		get_checkpoint(s, x, hash);
	} else if (hm_str_eqz(req->path, "/metrics")) {
		get_metrics(s, x);
	} else if (hm_str_eqz(req->path, "/healthz") || hm_str_eqz(req->path, "/readyz")) {
		reply(x, 200, TEXT, HM_S("ok\n"));
	} else if (hm_str_eqz(req->path, "/")) {
		get_about(s, x);
	} else {
		reply(x, 404, TEXT, HM_S("not found\n"));
	}
}

/* ---- looking at the logs meanwhile */

static void *
look(void *arg)
{
	struct serving *s = arg;
	struct hm_err err = { 0 };
	struct timespec until;
	int status;

	pthread_mutex_lock(&s->mutex);
	while (!s->stop) {
		pthread_mutex_unlock(&s->mutex);
		if (witness_poll(s->w, HM_S(""), &status, &err))
			hm_log(s->w->log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(&err)));
		hm_err_clear(&err);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += s->every;
		pthread_mutex_lock(&s->mutex);
		if (!s->stop)
			pthread_cond_timedwait(&s->wake, &s->mutex, &until);
	}
	pthread_mutex_unlock(&s->mutex);
	hm_err_free(&err);
	return NULL;
}

/* ---- the server */

static void
on_reload(void *ctx)
{
	struct serving *s = ctx;
	struct hm_err err = { 0 };

	if (s->tls && hm_tls_server_reload(s->tls, &err))
		hm_log(s->w->log, HM_LOG_WARN, "hermod-sumdb: reload: " HM_F,
		       HM_P(hm_err_str(&err)));
	hm_err_free(&err);
}

/* What others may ask a witness for is public, and signed: plain HTTP will do. */
static int
answer(struct serving *s, const struct witness_serve_opts *o, struct hm_life *life,
       struct hm_err *err)
{
	struct hm_server_opts so = { .listen = o->listen, .loops = 1, .tls = s->tls,
		                     .name = "hermod-sumdb", .handle = handle, .ctx = s,
		                     .log = s->w->log };
	struct hm_life_opts lo = { .server = &so, .insecure_http = true, .reload = on_reload,
		                   .ctx = s, .out = &s->server };

	return hm_life_run(life, &lo, err);
}

static int
run(struct serving *s, const struct witness_serve_opts *o, struct hm_life *life,
    struct hm_err *err)
{
	pthread_t looker;
	int rc;

	if (s->every && pthread_create(&looker, NULL, look, s))
		return hm_err_set(err, HM_EINTERNAL, "cannot start a thread");
	rc = answer(s, o, life, err);
	pthread_mutex_lock(&s->mutex);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->mutex);
	witness_end(s->w);
	if (s->every)
		pthread_join(looker, NULL);
	return rc;
}

static double
read_logs(void *ctx)
{
	struct serving *s = ctx;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct knowns logs;
	double n = witness_logs(s->w, &a, &logs, &err) ? -1 : (double)logs.n;

	hm_err_free(&err);
	hm_arena_free(&a);
	return n;
}

static double
read_alarms(void *ctx)
{
	struct serving *s = ctx;

	return (double)atomic_load(&s->w->alarms);
}

static void
make_metrics(struct serving *s)
{
	s->metrics = hm_metrics_new("hermod_witness_");
	for (int i = 0; i < N_STATUS; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%d", statuses[i]);
		s->answers[i] = hm_metrics_counter(s->metrics, "add_checkpoint_total",
		                                   "Requests for a cosignature, by answer.",
		                                   HM_LABEL("status", hm_str_of(text)));
	}
	hm_metrics_reader(s->metrics, "logs", "Logs that are known.", NULL, false, read_logs, s);
	hm_metrics_reader(s->metrics, "alarms_total", "Logs found contradicting themselves.", NULL,
	                  true, read_alarms, s);
}

int
witness_serve(struct witness *w, const struct witness_serve_opts *o, struct hm_err *err)
{
	struct serving s = { .w = w, .every = o->every };
	struct hm_life *life;
	pthread_condattr_t mono;
	int rc = 0;

	if (hm_life_begin(&life, err))
		return -1;
	pthread_mutex_init(&s.mutex, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&s.wake, &mono);
	pthread_condattr_destroy(&mono);
	if (o->tls_cert.n || o->tls_key.n)
		rc = hm_tls_server_new(o->tls_cert.p, o->tls_key.p, &s.tls, err);
	if (rc == 0) {
		make_metrics(&s);
		s.pool = hm_pool_new(THREADS);
		rc = run(&s, o, life, err);
		hm_pool_free(s.pool);
	}
	hm_life_end(life);
	hm_server_flush(s.server);
	hm_server_free(s.server);
	hm_tls_server_free(s.tls);
	hm_metrics_free(s.metrics);
	pthread_cond_destroy(&s.wake);
	pthread_mutex_destroy(&s.mutex);
	return rc;
}
