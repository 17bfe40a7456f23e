#include "net/http.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/transfer.h"

/*
 * Callers put transfers into `queue` and sleep on their own condition; the
 * thread alone touches curl, moves transfers to `active`, and wakes the callers.
 */
struct hm_http {
	struct hm_arena arena; /* of the settings */
	struct hm_net_settings set;

	pthread_mutex_t starting; /* guards what comes with the first request */
	bool started;
	struct hm_curl curl;
	CURLM *multi;
	pthread_t thread;

	pthread_mutex_t lock; /* guards what follows */
	struct hm_transfer *queue, **queue_end;
	bool stopping, cancelled;
	struct hm_http_stats stats;

	struct hm_transfer *active; /* the thread's own, as what follows */
	struct hm_net_sockets sockets;
	unsigned in_flight;
};

static unsigned
or_default(unsigned v, unsigned def)
{
	return v ? v : def;
}

/* What to trust when SSL_CERT_FILE does not say and curl was built without a bundle that exists. */
static hm_str
find_ca_file(const struct hm_env *env, struct hm_arena *a)
{
	static const char *const places[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/cert.pem",
	};
	hm_str v = env ? hm_env_or_empty(env, "SSL_CERT_FILE") : HM_S("");

	if (v.n)
		return hm_arena_dup(a, v);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (access(places[i], R_OK) == 0)
			return hm_str_of(places[i]);
	return HM_S("");
}

static void
load_settings(struct hm_http *h, const struct hm_http_config *c)
{
	struct hm_net_settings *s = &h->set;

	s->log = c->log;
	s->max_in_flight = or_default(c->max_in_flight, HM_HTTP_MAX_IN_FLIGHT);
	s->connect_ms = or_default(c->connect_ms, 30000);
	s->header_ms = or_default(c->header_ms, 60000);
	s->stall_ms = or_default(c->stall_ms, 60000);
	s->retries = c->retries == UINT_MAX ? 0 : or_default(c->retries, 3);
	s->backoff_ms = or_default(c->backoff_ms, 250);
	s->total_ms = c->total_ms;
	s->buffer = or_default(c->buffer, 256 << 10);
	s->ca_file = find_ca_file(c->env, &h->arena);
	if (!c->env)
		return;
	s->ca_dir = hm_arena_dup(&h->arena, hm_env_or_empty(c->env, "SSL_CERT_DIR"));
	hm_net_proxies_load(&s->proxies, c->env, &h->arena);
}

static void
finish(struct hm_http *h, struct hm_transfer *t)
{
	pthread_mutex_lock(&h->lock);
	h->stats.bytes += t->bytes;
	t->done = true;
	pthread_cond_signal(&t->cond);
	pthread_mutex_unlock(&h->lock);
}

static void
enqueue(struct hm_http *h, struct hm_transfer *t)
{
	t->next = NULL;
	*h->queue_end = t;
	h->queue_end = &t->next;
}

/* Takes a transfer off the queue that may start now; *wait_ms shrinks to the next one's pause. */
static struct hm_transfer *
dequeue(struct hm_http *h, int64_t now, int *wait_ms)
{
	struct hm_transfer *t = NULL;

	pthread_mutex_lock(&h->lock);
	for (struct hm_transfer **at = &h->queue; *at; at = &(*at)->next) {
		int64_t pause = (*at)->not_before_ms - now;

		if (pause > 0) {
			*wait_ms = pause < *wait_ms ? (int)pause : *wait_ms;
			continue;
		}
		t = *at;
		*at = t->next;
		if (!t->next)
			h->queue_end = at;
		h->stats.requests++;
		h->stats.retries += t->attempts > 0;
		break;
	}
	pthread_mutex_unlock(&h->lock);
	return t;
}

static void
start_some(struct hm_http *h, int64_t now, int *wait_ms)
{
	struct hm_transfer *t;

	while (h->in_flight < h->set.max_in_flight && (t = dequeue(h, now, wait_ms))) {
		if (hm_transfer_prepare(t) < 0) {
			t->rc = -1;
			finish(h, t);
			continue;
		}
		h->curl.multi_add_handle(h->multi, t->easy);
		t->next = h->active;
		h->active = t;
		h->in_flight++;
	}
}

/* The transfer's attempt is over, one way or another. */
static void
leave(struct hm_http *h, struct hm_transfer *t, CURLcode code)
{
	struct hm_transfer **at = &h->active;
	enum hm_transfer_next next;
	long opened = 0;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	h->in_flight--;
	h->curl.easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &opened);
	next = hm_transfer_step(t, code);
	h->curl.multi_remove_handle(h->multi, t->easy);
	pthread_mutex_lock(&h->lock);
	h->stats.connections += (uint64_t)opened;
	if (next == HM_TRANSFER_AGAIN)
		enqueue(h, t);
	pthread_mutex_unlock(&h->lock);
	if (next == HM_TRANSFER_DONE)
		finish(h, t);
}

static void
reap(struct hm_http *h)
{
	CURLMsg *m;
	int left;

	while ((m = h->curl.multi_info_read(h->multi, &left))) {
		struct hm_transfer *t = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		h->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		leave(h, t, code);
	}
}

static void
reap_stalled(struct hm_http *h, int64_t now)
{
	for (struct hm_transfer *t = h->active, *next; t; t = next) {
		next = t->next;
		if (hm_transfer_timed_out(t, now))
			leave(h, t, CURLE_OPERATION_TIMEDOUT);
	}
}

static bool
is_set(struct hm_http *h, const bool *flag)
{
	bool s;

	pthread_mutex_lock(&h->lock);
	s = *flag;
	pthread_mutex_unlock(&h->lock);
	return s;
}

static void
cancel_one(struct hm_transfer *t)
{
	hm_err_set(&t->err, HM_ENET, "context canceled");
	hm_net_error_wrap(t);
}

/* All that runs or waits, its pause before another attempt included. */
static void
cancel_all(struct hm_http *h)
{
	struct hm_transfer *t;
	int wait_ms = 0;

	while ((t = h->active)) {
		cancel_one(t);
		leave(h, t, CURLE_ABORTED_BY_CALLBACK);
	}
	while ((t = dequeue(h, INT64_MAX, &wait_ms))) {
		cancel_one(t);
		t->rc = -1;
		finish(h, t);
	}
}

static void *
run(void *arg)
{
	struct hm_http *h = arg;
	int running;

	while (!is_set(h, &h->stopping)) {
		int wait_ms = h->active ? 500 : 60000;
		int64_t now = hm_net_now_ms();

		reap_stalled(h, now);
		if (is_set(h, &h->cancelled))
			cancel_all(h);
		start_some(h, now, &wait_ms);
		h->curl.multi_perform(h->multi, &running);
		reap(h);
		/* Whatever ended made room; a redirect wants to go on at once. */
		start_some(h, now, &wait_ms);
		h->curl.multi_poll(h->multi, NULL, 0, wait_ms, NULL);
	}
	return NULL;
}

struct hm_http *
hm_http_new(const struct hm_http_config *c)
{
	struct hm_http *h = hm_mem_new(sizeof(*h));

	h->queue_end = &h->queue;
	pthread_mutex_init(&h->starting, NULL);
	pthread_mutex_init(&h->lock, NULL);
	load_settings(h, c);
	return h;
}

static int
start_thread(struct hm_http *h, struct hm_err *err)
{
	if (hm_curl_load(&h->curl, err) < 0)
		return -1;
	if (!h->multi)
		h->multi = h->curl.multi_init();
	if (!h->multi)
		return hm_err_set(err, HM_ENET, "curl_multi_init failed");
	h->curl.multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	h->curl.multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->set.max_in_flight);
	h->curl.multi_setopt(h->multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
	                     (long)h->set.max_in_flight);
	if (pthread_create(&h->thread, NULL, run, h) != 0)
		return hm_err_set(err, HM_EINTERNAL, "cannot start the network thread");
	h->started = true;
	return 0;
}

/* What the first request needs: curl and the thread that drives it. */
static int
start(struct hm_http *h, struct hm_err *err)
{
	int rc;

	pthread_mutex_lock(&h->starting);
	rc = h->started ? 0 : start_thread(h, err);
	pthread_mutex_unlock(&h->starting);
	return rc;
}

void
hm_http_free(struct hm_http *h)
{
	if (!h)
		return;
	if (h->started) {
		pthread_mutex_lock(&h->lock);
		h->stopping = true;
		pthread_mutex_unlock(&h->lock);
		h->curl.multi_wakeup(h->multi);
		pthread_join(h->thread, NULL);
	}
	if (h->multi)
		h->curl.multi_cleanup(h->multi);
	hm_curl_unload(&h->curl);
	pthread_mutex_destroy(&h->lock);
	pthread_mutex_destroy(&h->starting);
	hm_arena_free(&h->sockets.arena);
	hm_arena_free(&h->arena);
	free(h);
}

void
hm_http_cancel(struct hm_http *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->starting);
	pthread_mutex_lock(&h->lock);
	h->cancelled = true;
	pthread_mutex_unlock(&h->lock);
	if (h->started)
		h->curl.multi_wakeup(h->multi);
	pthread_mutex_unlock(&h->starting);
}

static void
fill_response(struct hm_transfer *t, struct hm_arena *a, struct hm_http_resp *r)
{
	hm_str rest, line, name, value;

	*r = (struct hm_http_resp){ .status = t->status, .body_bytes = t->bytes };
	r->status_text = hm_arena_dup(a, hm_buf_str(&t->status_text));
	r->url = hm_url_redacted(a, &t->first);
	r->content_type = hm_arena_dup(a, hm_transfer_header(t, "Content-Type"));
	r->etag = hm_arena_dup(a, hm_transfer_header(t, "ETag"));
	r->last_modified = hm_arena_dup(a, hm_transfer_header(t, "Last-Modified"));
	rest = hm_arena_dup(a, hm_buf_str(&t->head));
	while (hm_str_next(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		HM_PUSH(a, r->headers, line);
		if (hm_str_cut(line, ':', &name, &value) && name.n == 16 &&
		    strncasecmp(name.p, "WWW-Authenticate", 16) == 0)
			HM_PUSH(a, r->www_authenticate, hm_str_trim(value));
	}
	if (t->status == 200 || t->req->keep_body)
		r->body = hm_arena_dup(a, hm_buf_str(&t->body));
	if (t->status != 200 && t->plain)
		r->detail = hm_net_detail(a, hm_buf_str(&t->body));
}

int
hm_http_get(struct hm_http *h, struct hm_arena *a, const struct hm_http_req *req,
            struct hm_http_resp *resp, struct hm_err *err)
{
	struct hm_transfer t;
	int rc = hm_transfer_init(&t, &h->set, req, err);

	*resp = (struct hm_http_resp){ 0 };
	if (rc == 0)
		rc = start(h, err);
	if (rc == 0)
		rc = hm_transfer_open(&t, &h->curl, &h->sockets, err);
	if (rc == 0) {
		pthread_mutex_lock(&h->lock);
		enqueue(h, &t);
		pthread_mutex_unlock(&h->lock);
		h->curl.multi_wakeup(h->multi);
		pthread_mutex_lock(&h->lock);
		while (!t.done)
			pthread_cond_wait(&t.cond, &h->lock);
		pthread_mutex_unlock(&h->lock);
		rc = t.rc;
		if (rc == 0)
			fill_response(&t, a, resp);
		else
			hm_err_move(err, &t.err);
	}
	hm_transfer_free(&t);
	return rc;
}

struct hm_http_stats
hm_http_stats(struct hm_http *h)
{
	struct hm_http_stats s;

	pthread_mutex_lock(&h->lock);
	s = h->stats;
	pthread_mutex_unlock(&h->lock);
	return s;
}
