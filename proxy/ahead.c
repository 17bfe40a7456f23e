#include "ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

/* A client has one place of WAYS. */
enum { PLACES = 32, WAYS = 8 };
enum { WALK_MIN = 12, BEHIND_MIN = 4, OWED_MAX = 12, OWED_LIMIT = 512 };
/* A loop may learn late that another has answered: one in so many is not held against them. */
enum { OVERLAP_SHARE = 8 };
enum { PATH_KEPT = 200, EARLIER_MAX = 8 << 10 };

/* .info after .info, with nothing else between. */
struct walk {
	bool open;          /* it began after .mod */
	bool of_file;       /* it went back in the alphabet: the order of a go.mod file */
	unsigned n, overlaps;
	unsigned behind;    /* so many in a row are behind front */
	uint64_t waits_for; /* the request that is not answered yet */
	uint64_t module;    /* the last one */
	size_t front_n;
	char front[PATH_KEPT];  /* the last path in the alphabet */
	struct hm_buf earlier; /* paths, each with a newline, until the order is known */
};

struct client {
	uint64_t key;       /* 0: free */
	uint64_t used;
	unsigned owed;      /* zips fetched ahead that it has not come for */
	struct walk walk;
};

/* mutex guards everything. */
struct ahead {
	pthread_mutex_t mutex;
	uint64_t time; /* counts requests */
	struct client client[PLACES * WAYS];
};

int
ahead_mode_of(hm_str name, enum ahead_mode *out, struct hm_err *err)
{
	static const char *const names[] = { "learn", "always", "never" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (hm_str_eqz(name, names[i])) {
			*out = (enum ahead_mode)i;
			return 0;
		}
	return hm_err_set(err, HM_EUSAGE,
	                  "fetch-ahead: \"" HM_F "\" is none of learn, always and never",
	                  HM_P(name));
}

struct ahead *
ahead_new(void)
{
	struct ahead *a = hm_mem_new(sizeof(*a));

	pthread_mutex_init(&a->mutex, NULL);
	return a;
}

void
ahead_free(struct ahead *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < PLACES * WAYS; i++)
		hm_buf_free(&a->client[i].walk.earlier);
	pthread_mutex_destroy(&a->mutex);
	free(a);
}

static uint64_t
key_of(const struct ahead_request *q)
{
	return (hm_str_hash(q->peer) * 31 + hm_str_hash(q->account)) | 1;
}

static struct client *
place_of(struct ahead *a, uint64_t key)
{
	return &a->client[(key >> 1) % PLACES * WAYS];
}

static struct client *
find(struct ahead *a, uint64_t key)
{
	struct client *c = place_of(a, key);

	for (int i = 0; i < WAYS; i++)
		if (c[i].key == key)
			return &c[i];
	return NULL;
}

static struct client *
find_or_make(struct ahead *a, uint64_t key)
{
	struct client *c = find(a, key), *place = place_of(a, key);

	if (!c) {
		c = place;
		for (int i = 1; i < WAYS; i++)
			if (place[i].used < c->used)
				c = &place[i];
		hm_buf_free(&c->walk.earlier);
		*c = (struct client){ .key = key };
	}
	c->used = ++a->time;
	return c;
}

static int
compare_to_front(const struct walk *w, hm_str path)
{
	return hm_str_cmp(hm_str_sub(path, 0, path.n < PATH_KEPT ? path.n : PATH_KEPT),
	                  hm_str_make(w->front, w->front_n));
}

/* The next .info.  True: the walk is through a go.mod file. */
static bool
go_on(struct walk *w, const struct ahead_request *q, hm_str path)
{
	uint64_t module = hm_str_hash(path);
	int order = compare_to_front(w, path);

	if (!w->open)
		return false;
	if (order == 0 || module == w->module) { /* versions of one module: no build list */
		w->open = false;
		return false;
	}
	w->module = module;
	w->n++;
	w->overlaps += w->waits_for != 0;
	w->waits_for = hm_str_hash(q->path) | 1;
	w->behind = order < 0 ? w->behind + 1 : 0;
	if (order > 0) {
		w->front_n = path.n < PATH_KEPT ? path.n : PATH_KEPT;
		memcpy(w->front, path.p, w->front_n);
	}
	if (w->n >= WALK_MIN && w->behind >= BEHIND_MIN)
		w->of_file = true;
	return w->of_file && w->overlaps * OVERLAP_SHARE <= w->n;
}

/* What was sent before the order was known; answers how many they are. */
static unsigned
take_earlier(struct walk *w, struct hm_arena *a, hm_str *out)
{
	unsigned n = 0;

	*out = hm_buf_take(&w->earlier, a);
	for (size_t i = 0; i < out->n; i++)
		n += out->p[i] == '\n';
	return n;
}

bool
ahead_asks(struct ahead *a, const struct ahead_request *q, const struct route *r,
           struct hm_arena *arena, hm_str *earlier)
{
	struct client *c;
	bool coming = false;

	*earlier = HM_S("");

	pthread_mutex_lock(&a->mutex);
	c = find_or_make(a, key_of(q));
	if (r->want == WANT_INFO && r->canonical) {
		coming = go_on(&c->walk, q, r->path) && c->owed < OWED_LIMIT;
		if (coming)
			c->owed += 1 + take_earlier(&c->walk, arena, earlier);
	} else {
		hm_buf_free(&c->walk.earlier);
		c->walk = (struct walk){ .open = r->want == WANT_MOD && c->owed <= OWED_MAX };
	}
	if (r->want == WANT_ZIP && c->owed)
		c->owed--;
	pthread_mutex_unlock(&a->mutex);
	return coming;
}

void
ahead_answered(struct ahead *a, const struct ahead_request *q, bool found)
{
	struct client *c;
	struct walk *w;

	pthread_mutex_lock(&a->mutex);
	c = find(a, key_of(q));
	w = c ? &c->walk : NULL;
	if (w && w->waits_for == (hm_str_hash(q->path) | 1)) {
		w->waits_for = 0;
		if (found && !w->of_file && w->earlier.n + q->path.n < EARLIER_MAX) {
			hm_buf_adds(&w->earlier, q->path);
			hm_buf_addc(&w->earlier, '\n');
		}
	}
	pthread_mutex_unlock(&a->mutex);
}
