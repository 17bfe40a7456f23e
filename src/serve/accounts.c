#include "serve/accounts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "crypto/random.h"
#include "crypto/scrypt.h"
#include "crypto/sha256.h"
#include "db/db.h"
#include "os/clock.h"
#include "serve/credential.h"

enum {
	CHECK_NS = 1000000, /* how long data_version is not asked again */
	SETS = 512,         /* of remembered credentials */
	WAYS = 8,
};

/* What the database had at one moment; never changes. */
struct view {
	struct hm_arena arena;
	struct hm_account_list list;
	struct hm_map tokens;    /* token id -> struct owned */
	struct hm_map passwords; /* account name -> struct owned */
	struct owned *by_id;     /* sorted */
	size_t n_by_id;
	bool open_to_all;
};

struct owned {
	int64_t id;
	const struct hm_account *account;
	const struct hm_credential *credential;
};

struct remembered {
	uint8_t print[HM_SHA256_SIZE];
	int64_t credential; /* 0: free */
	uint64_t used;
};

struct hm_accounts {
	const struct hm_log *log;
	pthread_mutex_t db_mutex; /* guards what follows; who holds it reloads */
	struct hm_db *db;
	struct hm_stmt *version_stmt, *generation_stmt;
	int64_t version, generation;
	_Atomic int64_t checked; /* ns */
	pthread_rwlock_t lock;   /* guards view (the pointer) */
	struct view *view;
	atomic_bool broken, open_to_all;
	pthread_mutex_t memory_mutex; /* guards what follows */
	uint8_t key[32];
	uint64_t clock;
	struct remembered memory[SETS * WAYS];
};

/* ---- the view */

static void
view_free(struct view *v)
{
	if (!v)
		return;
	hm_arena_free(&v->arena);
	free(v);
}

static int
by_id(const void *x, const void *y)
{
	const struct owned *a = x, *b = y;

	return (a->id > b->id) - (a->id < b->id);
}

/* The rights that an account has on whatever module there is, as far as it is easily seen. */
static unsigned
rights_on_all(const struct hm_account *acc)
{
	unsigned rights = 0;

	for (size_t i = 0; i < acc->grants.n; i++)
		if (hm_str_eqz(acc->grants.v[i].globs, "*"))
			rights |= acc->grants.v[i].rights;
	return rights & HM_RIGHT_ADMIN ? HM_RIGHTS_ALL : rights;
}

static void
index_account(struct view *v, const struct hm_account *acc)
{
	for (size_t i = 0; i < acc->credentials.n; i++) {
		const struct hm_credential *c = &acc->credentials.v[i];
		struct owned *o = &v->by_id[v->n_by_id++];

		*o = (struct owned){ c->id, acc, c };
	}
}

static void
index_view(struct view *v)
{
	const unsigned open = HM_RIGHT_READ | HM_RIGHT_FETCH;
	size_t n = 0;

	for (size_t i = 0; i < v->list.n; i++)
		n += v->list.v[i].credentials.n;
	v->by_id = HM_NEW_N(&v->arena, n, struct owned);
	v->tokens.arena = v->passwords.arena = &v->arena;
	for (size_t i = 0; i < v->list.n; i++)
		index_account(v, &v->list.v[i]);
	qsort(v->by_id, n, sizeof(v->by_id[0]), by_id);
	for (size_t i = 0; i < n; i++) {
		struct owned *o = &v->by_id[i];

		if (o->credential->is_password)
			hm_map_set(&v->passwords, o->account->name, o);
		else
			hm_map_set(&v->tokens, o->credential->token_id, o);
	}
	v->open_to_all = v->list.n > 0 && v->list.v[0].id == 0 &&
	                 (rights_on_all(&v->list.v[0]) & open) == open;
}

/* Hold db_mutex. */
static int
load(struct hm_accounts *a, struct hm_err *err)
{
	struct view *v = hm_mem_new(sizeof(*v)), *old;

	if (hm_accountdb_list(a->db, &v->arena, &v->list, err)) {
		view_free(v);
		return -1;
	}
	index_view(v);
	pthread_rwlock_wrlock(&a->lock);
	old = a->view;
	a->view = v;
	atomic_store(&a->open_to_all, v->open_to_all);
	pthread_rwlock_unlock(&a->lock);
	view_free(old);
	return 0;
}

static int
number_of(struct hm_stmt *s, int64_t *n, struct hm_err *err)
{
	bool row;

	if (hm_stmt_step(s, &row, err))
		return -1;
	*n = row ? hm_stmt_int(s, 0) : 0;
	hm_stmt_reset(s);
	return 0;
}

/* Hold db_mutex. Of all changes to the file those that matter here have a generation. */
static int
catch_up(struct hm_accounts *a, struct hm_err *err)
{
	int64_t version, generation;

	if (number_of(a->version_stmt, &version, err))
		return -1;
	if (version == a->version)
		return 0;
	if (number_of(a->generation_stmt, &generation, err) ||
	    (generation != a->generation && load(a, err)))
		return -1;
	a->version = version;
	a->generation = generation;
	return 0;
}

/* Hold db_mutex. */
static void
reload_if_changed(struct hm_accounts *a)
{
	struct hm_err err = { 0 };
	int rc = catch_up(a, &err);

	if (rc && !atomic_load(&a->broken))
		hm_log(a->log, HM_LOG_WARN, "accounts: " HM_F, HM_P(hm_err_str(&err)));
	atomic_store(&a->broken, rc != 0);
	hm_err_free(&err);
}

/* The loops ask one after another, and nobody waits for who is asking now. */
static void
keep_up(struct hm_accounts *a)
{
	int64_t now = hm_clock_monotonic_ns();

	if (now - atomic_load_explicit(&a->checked, memory_order_relaxed) < CHECK_NS ||
	    pthread_mutex_trylock(&a->db_mutex))
		return;
	reload_if_changed(a);
	atomic_store_explicit(&a->checked, now, memory_order_relaxed);
	pthread_mutex_unlock(&a->db_mutex);
}

/* ---- life */

int
hm_accounts_open(const char *path, const struct hm_log *log, struct hm_accounts **out,
                 struct hm_err *err)
{
	struct hm_accounts *a = hm_mem_new(sizeof(*a));

	a->log = log;
	a->version = a->generation = -1;
	pthread_mutex_init(&a->db_mutex, NULL);
	pthread_mutex_init(&a->memory_mutex, NULL);
	pthread_rwlock_init(&a->lock, NULL);
	if (hm_random_bytes(a->key, sizeof(a->key), err) || hm_accountdb_open(path, &a->db, err) ||
	    hm_stmt_new(a->db, "PRAGMA data_version", &a->version_stmt, err) ||
	    hm_stmt_new(a->db, "SELECT n FROM generation", &a->generation_stmt, err) ||
	    catch_up(a, err)) {
		hm_accounts_free(a);
		return -1;
	}
	*out = a;
	return 0;
}

void
hm_accounts_free(struct hm_accounts *a)
{
	if (!a)
		return;
	hm_stmt_free(a->version_stmt);
	hm_stmt_free(a->generation_stmt);
	hm_db_free(a->db);
	view_free(a->view);
	pthread_rwlock_destroy(&a->lock);
	pthread_mutex_destroy(&a->memory_mutex);
	pthread_mutex_destroy(&a->db_mutex);
	hm_secret_wipe(a->key, sizeof(a->key));
	free(a);
}

/* ---- memory of what was verified */

static void
fingerprint(const struct hm_accounts *a, hm_str authorization, uint8_t out[HM_SHA256_SIZE])
{
	struct hm_sha256 h;

	hm_sha256_init(&h);
	hm_sha256_add(&h, a->key, sizeof(a->key));
	hm_sha256_adds(&h, authorization);
	hm_sha256_final(&h, out);
}

static struct remembered *
set_of(struct hm_accounts *a, const uint8_t print[HM_SHA256_SIZE])
{
	return &a->memory[(print[0] | (size_t)print[1] << 8) % SETS * WAYS];
}

/* The credential's number, or 0. */
static int64_t
recall(struct hm_accounts *a, hm_str authorization)
{
	uint8_t print[HM_SHA256_SIZE];
	int64_t credential = 0;
	struct remembered *set;

	fingerprint(a, authorization, print);
	set = set_of(a, print);
	pthread_mutex_lock(&a->memory_mutex);
	for (int i = 0; i < WAYS; i++) {
		if (set[i].credential && hm_secret_equal(set[i].print, print, sizeof(print))) {
			credential = set[i].credential;
			set[i].used = ++a->clock;
		}
	}
	pthread_mutex_unlock(&a->memory_mutex);
	return credential;
}

static void
remember(struct hm_accounts *a, hm_str authorization, int64_t credential)
{
	uint8_t print[HM_SHA256_SIZE];
	struct remembered *set, *oldest;

	fingerprint(a, authorization, print);
	oldest = set = set_of(a, print);
	pthread_mutex_lock(&a->memory_mutex);
	for (int i = 1; i < WAYS; i++)
		if (set[i].used < oldest->used)
			oldest = &set[i];
	memcpy(oldest->print, print, sizeof(print));
	oldest->credential = credential;
	oldest->used = ++a->clock;
	pthread_mutex_unlock(&a->memory_mutex);
}

/* ---- who */

static const struct owned *
owned_by_id(const struct view *v, int64_t id)
{
	struct owned key = { .id = id };

	return bsearch(&key, v->by_id, v->n_by_id, sizeof(key), by_id);
}

static bool
is_alive(const struct hm_credential *c)
{
	return c->expires == 0 || hm_clock_unix() < c->expires;
}

static void
identify(const struct owned *o, struct hm_identity *who)
{
	*who = (struct hm_identity){ .account = o->account->id, .credential = o->id };
	memcpy(who->name, o->account->name.p, o->account->name.n);
}

static bool
identify_by_id(struct hm_accounts *a, int64_t credential, struct hm_identity *who)
{
	const struct owned *o;
	bool ok;

	pthread_rwlock_rdlock(&a->lock);
	o = owned_by_id(a->view, credential);
	ok = o && is_alive(o->credential) && o->account->name.n <= HM_ACCOUNT_NAME_MAX;
	if (ok)
		identify(o, who);
	pthread_rwlock_unlock(&a->lock);
	return ok;
}

/* What the sent credentials would have to match; the caller holds the lock. */
static const struct owned *
candidate(const struct view *v, const struct hm_sent *sent)
{
	const struct owned *o;

	if (!sent->token_id.p)
		return hm_map_get(&v->passwords, sent->user);
	o = hm_map_get(&v->tokens, sent->token_id);
	return o && (sent->user.n == 0 || hm_str_eq(sent->user, o->account->name)) ? o : NULL;
}

bool
hm_accounts_open_to_all(struct hm_accounts *a)
{
	keep_up(a);
	return atomic_load_explicit(&a->open_to_all, memory_order_relaxed) &&
	       !atomic_load_explicit(&a->broken, memory_order_relaxed);
}

enum hm_recall
hm_accounts_recall(struct hm_accounts *a, hm_str authorization, struct hm_identity *who)
{
	struct hm_arena arena = { 0 };
	enum hm_recall r = HM_RECALL_WRONG;
	struct hm_sent sent;
	int64_t credential;

	*who = (struct hm_identity){ .name = HM_ACCOUNT_ANONYMOUS };
	keep_up(a);
	if (atomic_load(&a->broken))
		return HM_RECALL_BROKEN;
	if (!authorization.p)
		return HM_RECALL_KNOWN;
	credential = recall(a, authorization);
	if (credential)
		return identify_by_id(a, credential, who) ? HM_RECALL_KNOWN : HM_RECALL_WRONG;
	if (hm_credential_read(&arena, authorization, &sent)) {
		pthread_rwlock_rdlock(&a->lock);
		if (!sent.token_id.p) /* an unknown name, too: nobody learns which there are */
			r = HM_RECALL_GUESS;
		else if (candidate(a->view, &sent))
			r = HM_RECALL_COMPUTE;
		pthread_rwlock_unlock(&a->lock);
	}
	hm_arena_free(&arena);
	return r;
}

/* A copy of what is stored; of nobody's password when there is none. */
static int64_t
stored_secret(struct hm_accounts *a, const struct hm_sent *sent, struct hm_scrypt *cost,
              uint8_t salt[16], uint8_t hash[HM_CREDENTIAL_HASH])
{
	const struct owned *o;
	int64_t id = 0;

	*cost = (struct hm_scrypt)HM_PASSWORD_COST;
	memset(salt, 0, 16);
	memset(hash, 0, HM_CREDENTIAL_HASH);
	pthread_rwlock_rdlock(&a->lock);
	o = candidate(a->view, sent);
	if (o && o->credential->salt.n == 16 && o->credential->hash.n == HM_CREDENTIAL_HASH) {
		id = o->id;
		*cost = (struct hm_scrypt){ o->credential->cost_n, o->credential->cost_r,
			                    o->credential->cost_p };
		memcpy(salt, o->credential->salt.p, 16);
		memcpy(hash, o->credential->hash.p, HM_CREDENTIAL_HASH);
	}
	pthread_rwlock_unlock(&a->lock);
	return id;
}

enum hm_recall
hm_accounts_verify(struct hm_accounts *a, hm_str authorization, struct hm_identity *who)
{
	uint8_t salt[16], want[HM_CREDENTIAL_HASH], got[HM_CREDENTIAL_HASH] = { 0 };
	struct hm_arena arena = { 0 };
	struct hm_err err = { 0 };
	struct hm_scrypt cost;
	struct hm_sent sent;
	bool same = false;
	int64_t id;

	*who = (struct hm_identity){ .name = HM_ACCOUNT_ANONYMOUS };
	keep_up(a);
	if (hm_credential_read(&arena, authorization, &sent)) {
		id = stored_secret(a, &sent, &cost, salt, want);
		same = hm_scrypt(&cost, sent.token_id.p ? sent.secret : sent.password,
		                 hm_str_make((char *)salt, sizeof(salt)), got, sizeof(got),
		                 &err) == 0 &&
		       hm_secret_equal(got, want, sizeof(got)) && id;
		if (same)
			remember(a, authorization, id);
		same = same && identify_by_id(a, id, who);
	}
	hm_err_free(&err);
	hm_arena_free(&arena);
	return same ? HM_RECALL_KNOWN : HM_RECALL_WRONG;
}

/* ---- what they may */

/* The account of who asks, unless it, or the credential, has gone; anonymous is always there. */
static const struct hm_account *
own_account(const struct view *v, const struct hm_identity *who)
{
	const struct owned *o = who->credential ? owned_by_id(v, who->credential) : NULL;

	return o && o->account->id == who->account && is_alive(o->credential) ? o->account : NULL;
}

static unsigned
granted(const struct hm_account *acc, hm_str path)
{
	unsigned rights = 0;

	for (size_t i = 0; acc && i < acc->grants.n; i++) {
		const struct hm_grant *g = &acc->grants.v[i];

		if (rights != (rights | g->rights) && (!path.p || hm_rights_match(g->globs, path)))
			rights |= g->rights;
	}
	return rights & HM_RIGHT_ADMIN ? HM_RIGHTS_ALL : rights;
}

/* path.p NULL: on whatever module. */
static unsigned
rights_of(struct hm_accounts *a, const struct hm_identity *who, hm_str path)
{
	unsigned rights;

	keep_up(a);
	pthread_rwlock_rdlock(&a->lock);
	rights = granted(a->view->list.n ? &a->view->list.v[0] : NULL, path) |
	         granted(own_account(a->view, who), path);
	pthread_rwlock_unlock(&a->lock);
	return rights;
}

unsigned
hm_accounts_rights(struct hm_accounts *a, const struct hm_identity *who, hm_str path)
{
	return rights_of(a, who, path.p ? path : HM_S(""));
}

unsigned
hm_accounts_any(struct hm_accounts *a, const struct hm_identity *who)
{
	return rights_of(a, who, (hm_str){ NULL, 0 });
}

bool
hm_accounts_reads_all(struct hm_accounts *a, const struct hm_identity *who)
{
	const struct hm_account *own;
	unsigned rights;

	keep_up(a);
	pthread_rwlock_rdlock(&a->lock);
	own = own_account(a->view, who);
	rights = (a->view->list.n ? rights_on_all(&a->view->list.v[0]) : 0) |
	         (own ? rights_on_all(own) : 0);
	pthread_rwlock_unlock(&a->lock);
	return rights & HM_RIGHT_READ;
}
