#include "tilelog/witnesses.h"

#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/http.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/pool.h"
#include "tilelog/files.h"
#include "tlog/cosign.h"
#include "tlog/trust.h"
#include "tlog/witness.h"

enum {
	REQUEST_MS = 5000,
	AGAIN_MS = 500,    /* between attempts on one head */
	REST_MS = 30000,   /* one that did not answer in time is left alone so long, if possible */
	ANSWER_MAX = 64 << 10,
	THREADS = 16,
	WITNESSES_MAX = 90, /* a head that all of them sign is still a note that go reads */
	ROUNDS = 3,        /* a witness may know another size than we thought */
};

/* What is known of a witness; each is touched by one thread at a time. */
struct peer {
	const struct hm_verifier *key;
	hm_str url;
	int64_t size;       /* of the tree that it cosigned last, as far as we know */
	int64_t rest_until; /* monotonic */
};

struct hm_witnesses {
	struct hm_arena arena;
	struct hm_trust trust;
	struct hm_http *http;
	struct peer *peer;
	int wait_ms;
};

/* ---- setting up */

static int
check_trust(const struct hm_trust *t, struct hm_err *err)
{
	if (t->n_witness > WITNESSES_MAX)
		return hm_err_set(err, HM_ELIMIT, "more than %d witnesses", WITNESSES_MAX);
	if (t->n_db)
		return hm_err_set(err, HM_EINVALID, "there are only witnesses and a quorum here");
	for (size_t i = 0; i < t->n_witness; i++)
		if (t->witness_url[i].n == 0)
			return hm_err_set(err, HM_EINVALID, "witness " HM_F ": no URL",
			                  HM_P(t->witness[i].name));
	return 0;
}

int
hm_witnesses_require(hm_str dir, hm_str text, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_trust t;
	int rc = hm_trust_parse(&a, text, &t, err);

	if (rc == 0)
		rc = check_trust(&t, err);
	if (rc == 0)
		rc = hm_file_publish(hm_tilelog_file(&a, dir, "witnesses").p, text, 0644, true,
		                     err);
	hm_arena_free(&a);
	return rc;
}

static void
set_up(struct hm_witnesses *w, const struct hm_log *log)
{
	struct hm_http_config http = { .log = log, .retries = UINT_MAX };
	struct hm_env env;

	hm_env_load(&env, &w->arena);
	http.env = &env;
	w->http = hm_http_new(&http);
	w->peer = HM_NEW_N(&w->arena, w->trust.n_witness, struct peer);
	for (size_t i = 0; i < w->trust.n_witness; i++) {
		w->peer[i].key = &w->trust.witness[i];
		w->peer[i].url = w->trust.witness_url[i];
		hm_str_cut_suffix(&w->peer[i].url, HM_S("/"));
	}
}

int
hm_witnesses_open(hm_str dir, int wait_ms, const struct hm_log *log, struct hm_witnesses **out,
                  struct hm_err *err)
{
	struct hm_witnesses *w = hm_mem_new(sizeof(*w));
	hm_str text = HM_S(""), file = hm_tilelog_file(&w->arena, dir, "witnesses");
	int rc = hm_file_read(&w->arena, file.p, HM_TRUST_MAX, &text, err);

	*out = NULL;
	if (rc && err->code == HM_ENOTFOUND) {
		hm_err_clear(err);
		hm_witnesses_free(w);
		return 0;
	}
	if (rc == 0 && (hm_trust_parse(&w->arena, text, &w->trust, err) ||
	                check_trust(&w->trust, err)))
		rc = hm_err_wrap(err, HM_F ": ", HM_P(file));
	if (rc) {
		hm_witnesses_free(w);
		return -1;
	}
	w->wait_ms = wait_ms;
	set_up(w, log);
	*out = w;
	return 0;
}

void
hm_witnesses_free(struct hm_witnesses *w)
{
	if (!w)
		return;
	hm_http_free(w->http);
	hm_arena_free(&w->arena);
	free(w);
}

int
hm_witnesses_open_log(hm_str dir, int wait_ms, const struct hm_log *log,
                      struct hm_witnesses **w, struct hm_tilelog **l, struct hm_err *err)
{
	struct hm_tilelog_opts opts = { .log = log };

	*l = NULL;
	if (hm_witnesses_open(dir, wait_ms, log, w, err))
		return -1;
	if (*w) {
		opts.endorse = hm_witnesses_endorse;
		opts.ctx = *w;
	}
	return hm_tilelog_open_with(dir, &opts, l, err);
}

/* ---- one witness */

/* One head on its way to all of them. */
struct round {
	struct hm_witnesses *w;
	struct hm_tilelog *l;
	const struct hm_tree *tree;
	hm_str checkpoint;
	struct ask {
		struct hm_arena arena;
		bool skip; /* it has signed, or rests */
		hm_str line;
		struct hm_err err;
	} *ask; /* one each */
};

/* Its cosignature among the lines of its answer. */
static int
take_line(struct hm_arena *a, const struct peer *p, hm_str checkpoint, hm_str body, hm_str *line,
          struct hm_err *err)
{
	struct hm_err ignored = { 0 };
	struct hm_note note;

	/* No log's key is known here: the note is taken apart, and that is all. */
	hm_note_open(a, hm_arena_concat(a, (hm_str[]){ checkpoint, body }, 2), NULL, 0, &note,
	             &ignored);
	hm_err_free(&ignored);
	for (size_t i = 0; i < note.unverified.n; i++) {
		const struct hm_note_sig *sig = &note.unverified.v[i];

		if (!hm_str_eq(sig->name, p->key->name) ||
		    !hm_cosign_verify(p->key, note.text, sig->base64, NULL))
			continue;
		*line = hm_arena_printf(a, "\xe2\x80\x94 " HM_F " " HM_F "\n", HM_P(sig->name),
		                        HM_P(sig->base64));
		return 0;
	}
	return hm_err_set(err, HM_EHTTP, "answers without a cosignature of its own");
}

static int
post(struct round *r, struct ask *k, const struct peer *p, struct hm_http_resp *resp,
     struct hm_err *err)
{
	struct hm_add_checkpoint add = { .old = p->size, .note = r->checkpoint };
	struct hm_hash_reader hashes = { hm_tilelog_read_hashes, r->l };
	struct hm_http_req req = { .method = HM_S("POST"), .keep_body = true,
		                   .max_body = ANSWER_MAX, .total_ms = REQUEST_MS };

	if (p->size > 0 && p->size < r->tree->n &&
	    hm_tlog_prove_tree(r->tree->n, p->size, &hashes, &add.proof, err))
		return -1;
	req.url = hm_arena_printf(&k->arena, HM_F "/add-checkpoint", HM_P(p->url));
	req.body = hm_add_checkpoint_format(&k->arena, &add);
	HM_PUSH(&k->arena, req.headers, HM_S("Content-Type: text/plain; charset=utf-8"));
	return hm_http_get(r->w->http, &k->arena, &req, resp, err);
}

static int
refused(struct round *r, const struct peer *p, const struct hm_http_resp *resp,
        struct hm_err *err)
{
	hm_str line, rest;

	hm_str_cut(resp->body, '\n', &line, &rest);
	if (line.n > 200 || !hm_str_is_utf8(line))
		line = HM_S("");
	hm_err_set(err, HM_EHTTP, HM_F ": " HM_F, HM_P(resp->status_text), HM_P(line));
	if (resp->status == 422) {
		struct hm_arena a = { 0 };

		hm_tilelog_alarm(r->l, hm_arena_printf(
			&a, "witness " HM_F " does not find this log consistent with what it "
			"has seen (%lld records): " HM_F,
			HM_P(p->key->name), (long long)p->size, HM_P(line)));
		hm_arena_free(&a);
	}
	return -1;
}

/* It has another size than we thought; one beyond the log cannot be. */
static int
learn_size(struct round *r, struct peer *p, const struct hm_http_resp *resp, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int64_t size;

	if (hm_witness_parse_size(resp->body, &size, err))
		return hm_err_wrap(err, "409 Conflict: ");
	if (size <= r->tree->n) {
		p->size = size;
		return 0;
	}
	hm_err_set(err, HM_ESECURITY, "has seen %lld records of this log, which has %lld",
	           (long long)size, (long long)r->tree->n);
	hm_tilelog_alarm(r->l, hm_arena_printf(&a, "witness " HM_F " " HM_F, HM_P(p->key->name),
	                                       HM_P(hm_err_str(err))));
	hm_arena_free(&a);
	return -1;
}

static int
cosign(struct round *r, struct ask *k, struct peer *p, struct hm_err *err)
{
	struct hm_http_resp resp;

	for (int i = 0; i < ROUNDS; i++) {
		if (post(r, k, p, &resp, err))
			return -1;
		if (resp.status == 409) {
			if (learn_size(r, p, &resp, err))
				return -1;
			continue;
		}
		if (resp.status != 200)
			return refused(r, p, &resp, err);
		p->size = r->tree->n;
		return take_line(&k->arena, p, r->checkpoint, resp.body, &k->line, err);
	}
	return hm_err_set(err, HM_EHTTP, "does not say which tree it has seen");
}

static void
ask_one(void *ctx, size_t i)
{
	struct round *r = ctx;
	struct ask *k = &r->ask[i];
	struct peer *p = &r->w->peer[i];
	int64_t began = hm_clock_monotonic_ns();

	if (k->skip)
		return;
	hm_err_clear(&k->err);
	if (cosign(r, k, p, &k->err) && hm_clock_monotonic_ns() - began > AGAIN_MS * 1000000LL)
		p->rest_until = hm_clock_monotonic_ns() + REST_MS * 1000000LL;
}

/* ---- all of them */

/* Those that rest are spared while the others are enough. */
static void
choose(struct round *r)
{
	int64_t now = hm_clock_monotonic_ns();
	size_t fit = 0, n = r->w->trust.n_witness;

	for (size_t i = 0; i < n; i++)
		fit += r->ask[i].line.n || r->w->peer[i].rest_until <= now;
	for (size_t i = 0; i < n; i++)
		r->ask[i].skip = r->ask[i].line.n || (fit >= r->w->trust.quorum &&
		                                      r->w->peer[i].rest_until > now);
}

static size_t
count(const struct round *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->w->trust.n_witness; i++)
		n += r->ask[i].line.n > 0;
	return n;
}

static int
not_enough(struct round *r, struct hm_err *err)
{
	size_t n = r->w->trust.n_witness;

	hm_err_set(err, HM_ENET,
	           "not published yet: the tree of %lld records is cosigned by %zu witnesses, "
	           "the log needs %zu of %zu",
	           (long long)r->tree->n, count(r), r->w->trust.quorum, n);
	for (size_t i = 0; i < n; i++)
		if (r->ask[i].err.code != HM_OK)
			hm_err_append(err, "\n\t" HM_F ": " HM_F, HM_P(r->w->peer[i].key->name),
			              HM_P(hm_err_str(&r->ask[i].err)));
	return -1;
}

static hm_str
with_lines(struct round *r, struct hm_arena *a)
{
	struct hm_buf b = { 0 };

	hm_buf_adds(&b, r->checkpoint);
	for (size_t i = 0; i < r->w->trust.n_witness; i++)
		hm_buf_adds(&b, r->ask[i].line);
	return hm_buf_take(&b, a);
}

int
hm_witnesses_endorse(void *ctx, struct hm_tilelog *l, struct hm_arena *a,
                     const struct hm_tree *tree, hm_str checkpoint, hm_str *out,
                     struct hm_err *err)
{
	struct hm_witnesses *w = ctx;
	struct round r = { .w = w, .l = l, .tree = tree, .checkpoint = checkpoint };
	int64_t until = hm_clock_monotonic_ns() + w->wait_ms * 1000000LL;
	size_t n = w->trust.n_witness;
	int rc = 0;

	r.ask = HM_NEW_N(a, n, struct ask);
	for (;;) {
		choose(&r);
		hm_pool_each(THREADS, n, ask_one, &r);
		if (count(&r) >= w->trust.quorum || hm_clock_monotonic_ns() >= until)
			break;
		hm_clock_sleep_ms(AGAIN_MS);
	}
	if (count(&r) >= w->trust.quorum)
		*out = with_lines(&r, a);
	else
		rc = not_enough(&r, err);
	for (size_t i = 0; i < n; i++) {
		hm_err_free(&r.ask[i].err);
		hm_arena_free(&r.ask[i].arena);
	}
	return rc;
}
