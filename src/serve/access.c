#include "serve/access.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "os/clock.h"
#include "os/pool.h"
#include "serve/audit.h"
#include "serve/daemon.h"
#include "serve/limit.h"
#include "serve/realip.h"

enum {
	KEYS = 16384,     /* accounts and addresses whose rate is known */
	VERIFY_WAIT = 64, /* scrypt computations that wait for their turn */
	GUESS_WAIT = 48,  /* of these, passwords, which cost a hundred times what a token does */
	WRONG_BURST = 10, /* wrong passwords from one address */
};
#define WRONG_PER_SECOND 0.1

struct hm_access {
	struct hm_access_opts opts;
	struct hm_limit *rate, *wrong;
	struct hm_pool *pool; /* one thread: one table of scrypt in memory at a time */
	atomic_uint verifying;
};

/* A request that came with credentials. */
struct visit {
	struct hm_access *acc;
	struct hm_exchange *x;
	hm_str authorization;
	struct hm_identity who;
	enum hm_recall recall;
	bool guess; /* a password */
	hm_str address; /* what wrong passwords are counted by */
	int wait;       /* seconds until the next may be tried from there; 0: it was */
	void (*next)(void *ctx, struct hm_exchange *x);
	void *ctx;
};

static const struct hm_identity anonymous = { .name = HM_ACCOUNT_ANONYMOUS };

struct hm_access *
hm_access_new(const struct hm_access_opts *opts)
{
	struct hm_access *acc = hm_mem_new(sizeof(*acc));

	acc->opts = *opts;
	acc->rate = hm_limit_new(KEYS, opts->rate, opts->burst);
	acc->wrong = hm_limit_new(KEYS, WRONG_PER_SECOND, WRONG_BURST);
	acc->pool = hm_pool_new(1);
	return acc;
}

void
hm_access_free(struct hm_access *acc)
{
	if (!acc)
		return;
	hm_pool_free(acc->pool);
	hm_limit_free(acc->rate);
	hm_limit_free(acc->wrong);
	free(acc);
}

void
hm_access_set_rate(struct hm_access *acc, int rate, int burst)
{
	hm_limit_set(acc->rate, rate, burst);
}

const struct hm_identity *
hm_access_who(struct hm_exchange *x)
{
	const struct visit *v = *hm_exchange_user(x);

	return v ? &v->who : &anonymous;
}

/* ---- answers */

static void
answer(struct hm_exchange *x, int status, hm_str text)
{
	hm_exchange_field(x, "Content-Type", HM_S("text/plain; charset=UTF-8"));
	hm_exchange_field(x, "Cache-Control", HM_S("no-store"));
	hm_exchange_reply(x, status, text);
}

static void
answer_401(struct hm_access *acc, struct hm_exchange *x, hm_str text)
{
	struct hm_arena *a = hm_exchange_arena(x);

	hm_exchange_field(
		x, "WWW-Authenticate",
		hm_arena_printf(a, "Basic realm=\"%s\", charset=\"UTF-8\"", acc->opts.realm));
	hm_exchange_field(x, "WWW-Authenticate",
	                  hm_arena_printf(a, "Bearer realm=\"%s\"", acc->opts.realm));
	answer(x, 401, text);
}

static void
answer_later(struct hm_exchange *x, int status, int seconds, hm_str text)
{
	hm_exchange_field(x, "Retry-After", hm_arena_printf(hm_exchange_arena(x), "%d", seconds));
	answer(x, status, text);
}

static void
answer_broken(struct hm_exchange *x)
{
	answer_later(x, 503, 5, HM_S("accounts cannot be read now\n"));
}

/* ---- the door */

static hm_str
address_key(struct hm_exchange *x, char room[static 64])
{
	return hm_limit_address(hm_exchange_peer(x), room);
}

/* False: more than the limit, and answered. */
static bool
within_rate(struct hm_access *acc, struct hm_exchange *x, hm_str key)
{
	int wait = hm_limit_take(acc->rate, key, hm_clock_monotonic_ns());

	if (wait)
		answer_later(x, 429, wait,
		             HM_S("too many requests: more than this server's limit\n"));
	return wait == 0;
}

static void
wrong(const struct visit *v)
{
	struct hm_access *acc = v->acc;
	struct hm_exchange *x = v->x;
	struct hm_audit_event e = { .peer = hm_exchange_peer(x), .action = HM_S("login.wrong") };

	if (acc->opts.audit)
		hm_audit_note(acc->opts.audit, &e);
	answer_401(acc, x,
	           HM_S("wrong credentials: unknown, revoked or expired (see ~/.netrc, "
	                "GOAUTH, or the user in GOPROXY)\n"));
}

static void
admit(struct visit *v)
{
	struct hm_exchange *x = v->x;

	if (v->wait) {
		answer_later(x, 429, v->wait,
		             HM_S("too many wrong passwords from this address\n"));
		return;
	}
	switch (v->recall) {
	case HM_RECALL_KNOWN:
		hm_exchange_set_who(x, hm_str_of(v->who.name));
		if (within_rate(v->acc, x, hm_str_of(v->who.name)))
			v->next(v->ctx, x);
		break;
	case HM_RECALL_BROKEN:
		answer_broken(x);
		break;
	default:
		wrong(v);
	}
}

static void
verified(void *ctx, struct hm_exchange *x)
{
	(void)ctx;
	admit(*hm_exchange_user(x));
}

static void
look_at_limit(struct visit *v)
{
	v->wait = hm_limit_look(v->acc->wrong, v->address, hm_clock_monotonic_ns());
}

/*
 * One after the other: what others with the same credentials have paid for is known, and
 * each guess counts before the next one is looked at.
 */
static void
verify(void *arg)
{
	struct visit *v = arg;
	struct hm_accounts *accounts = v->acc->opts.accounts;

	v->recall = hm_accounts_recall(accounts, v->authorization, &v->who);
	if (v->recall == HM_RECALL_GUESS)
		look_at_limit(v);
	if (!v->wait && (v->recall == HM_RECALL_GUESS || v->recall == HM_RECALL_COMPUTE))
		v->recall = hm_accounts_verify(accounts, v->authorization, &v->who);
	if (!v->wait && v->guess && v->recall == HM_RECALL_WRONG)
		hm_limit_take(v->acc->wrong, v->address, hm_clock_monotonic_ns());
	atomic_fetch_sub(&v->acc->verifying, 1);
	hm_exchange_resume(v->x, verified);
}

/* scrypt on the pool's thread, for a bounded number of visitors; cheap tokens first */
static void
compute(struct visit *v)
{
	unsigned max = v->guess ? GUESS_WAIT : VERIFY_WAIT;
	struct hm_arena *a = hm_exchange_arena(v->x);
	char room[64];

	v->address = hm_arena_dup(a, address_key(v->x, room));
	if (v->guess)
		look_at_limit(v);
	if (v->wait) {
		admit(v);
		return;
	}
	if (atomic_fetch_add(&v->acc->verifying, 1) >= max) {
		atomic_fetch_sub(&v->acc->verifying, 1);
		answer_later(v->x, 503, 1, HM_S("too many credentials to verify at once\n"));
		return;
	}
	hm_exchange_defer(v->x);
	hm_pool_submit(v->acc->pool, !v->guess, verify, v);
}

static bool
is_private(const struct hm_access *acc, const struct hm_exchange *x)
{
	return hm_exchange_secure(x) || acc->opts.insecure ||
	       hm_daemon_is_loopback(hm_exchange_peer(x));
}

static void
enter_with(struct hm_access *acc, struct hm_exchange *x, hm_str authorization, bool private,
           void (*next)(void *ctx, struct hm_exchange *x), void *ctx)
{
	struct visit *v;

	if (!private) {
		answer(x, 403,
		       HM_S("credentials over plain http are refused: everybody on the way has "
		            "seen them, so revoke them; use https\n"));
		return;
	}
	v = HM_NEW(hm_exchange_arena(x), struct visit);
	*v = (struct visit){
		.acc = acc, .x = x, .authorization = authorization, .next = next, .ctx = ctx
	};
	*hm_exchange_user(x) = v;
	v->recall = hm_accounts_recall(acc->opts.accounts, authorization, &v->who);
	v->guess = v->recall == HM_RECALL_GUESS;
	if (v->guess || v->recall == HM_RECALL_COMPUTE)
		compute(v);
	else
		admit(v);
}

static void
name_client(const struct hm_access *acc, struct hm_exchange *x)
{
	char room[HM_REALIP_TEXT_MAX];

	if (acc->opts.realip)
		hm_exchange_set_peer(x, hm_realip_client(acc->opts.realip, hm_exchange_peer(x),
		                                         hm_exchange_request(x), room));
}

/* Two of them could be read in two ways. */
static bool
is_ambiguous(const struct hm_http1_request *req)
{
	static const hm_str name = HM_S_INIT("authorization");
	size_t n = 0;

	for (size_t i = 0; i < req->n_fields; i++)
		n += req->field[i].name.n == name.n &&
		     strncasecmp(req->field[i].name.p, name.p, name.n) == 0;
	return n > 1;
}

void
hm_access_enter(struct hm_access *acc, struct hm_exchange *x,
                void (*next)(void *ctx, struct hm_exchange *x), void *ctx)
{
	hm_str authorization = hm_http1_field(hm_exchange_request(x), "authorization");
	bool private = is_private(acc, x); /* of the connection, whoever is behind it */
	struct hm_identity who;
	char room[64];

	name_client(acc, x);
	if (authorization.p && is_ambiguous(hm_exchange_request(x)))
		answer(x, 400, HM_S("more than one Authorization field\n"));
	else if (authorization.p)
		enter_with(acc, x, authorization, private, next, ctx);
	else if (!hm_accounts_open_to_all(acc->opts.accounts) &&
	         hm_accounts_recall(acc->opts.accounts, authorization, &who) != HM_RECALL_KNOWN)
		answer_broken(x);
	else if (within_rate(acc, x, address_key(x, room)))
		next(ctx, x);
}

/* ---- rights */

static bool
is_open(struct hm_access *acc, enum hm_right right)
{
	return (right & (HM_RIGHT_READ | HM_RIGHT_FETCH)) == right &&
	       hm_accounts_open_to_all(acc->opts.accounts);
}

bool
hm_access_may(struct hm_access *acc, struct hm_exchange *x, enum hm_right right, hm_str module)
{
	return is_open(acc, right) ||
	       (hm_accounts_rights(acc->opts.accounts, hm_access_who(x), module) & right) == right;
}

static void
refuse(struct hm_access *acc, struct hm_exchange *x, enum hm_right right, hm_str what)
{
	const struct hm_identity *who = hm_access_who(x);
	struct hm_arena *a = hm_exchange_arena(x);
	hm_str verb = hm_rights_text(a, right);

	if (who->account == 0)
		answer_401(acc, x,
		           hm_arena_printf(a,
		                           "no credentials: this server lets nobody without an "
		                           "account " HM_F " " HM_F "; put a name and a token "
		                           "into ~/.netrc\n",
		                           HM_P(verb), HM_P(what)));
	else if (right == HM_RIGHT_READ)
		answer(x, 404,
		       hm_arena_printf(a, "not found: account %s may not read " HM_F " here\n",
		                       who->name, HM_P(what)));
	else
		answer(x, 403,
		       hm_arena_printf(a, "forbidden: account %s may not " HM_F " " HM_F " here\n",
		                       who->name, HM_P(verb), HM_P(what)));
}

bool
hm_access_allow(struct hm_access *acc, struct hm_exchange *x, enum hm_right right, hm_str module)
{
	bool ok = hm_access_may(acc, x, right, module);

	if (!ok)
		refuse(acc, x, right, module);
	return ok;
}

bool
hm_access_allow_all(struct hm_access *acc, struct hm_exchange *x)
{
	bool ok = is_open(acc, HM_RIGHT_READ) ||
	          hm_accounts_reads_all(acc->opts.accounts, hm_access_who(x));

	if (!ok)
		refuse(acc, x, HM_RIGHT_READ, HM_S("all modules"));
	return ok;
}

bool
hm_access_allow_any(struct hm_access *acc, struct hm_exchange *x, enum hm_right right)
{
	bool ok = is_open(acc, right) ||
	          (hm_accounts_any(acc->opts.accounts, hm_access_who(x)) & right) == right;

	if (!ok)
		refuse(acc, x, right, HM_S("any module"));
	return ok;
}
