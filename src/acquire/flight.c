#include "acquire/flight.h"

void
hm_flights_init(struct hm_flights *f)
{
	*f = (struct hm_flights){ 0 };
	pthread_mutex_init(&f->mutex, NULL);
	pthread_cond_init(&f->landed, NULL);
	f->map = HM_NEW(&f->arena, struct hm_map);
	f->map->arena = &f->arena;
}

static void
retire(struct hm_flights *f)
{
	for (size_t i = 0; i < f->map->n; i++) {
		struct hm_flight *x = f->map->e[i].val;

		hm_err_free(&x->err);
		hm_arena_absorb(&f->old, &x->arena);
	}
	hm_arena_absorb(&f->old, &f->arena);
}

void
hm_flights_free(struct hm_flights *f)
{
	retire(f);
	hm_arena_free(&f->old);
	pthread_cond_destroy(&f->landed);
	pthread_mutex_destroy(&f->mutex);
}

void
hm_flights_forget(struct hm_flights *f)
{
	retire(f);
	f->map = HM_NEW(&f->arena, struct hm_map);
	f->map->arena = &f->arena;
}

/* The entry of the key; the mutex is held. */
static struct hm_flight *
find(struct hm_flights *f, char kind, hm_str x, hm_str y, hm_str z, bool *fresh)
{
	struct hm_buf b = { 0 };
	struct hm_map_entry *e;

	hm_buf_addc(&b, kind);
	hm_buf_adds(&b, x);
	hm_buf_addc(&b, '\0');
	hm_buf_adds(&b, y);
	hm_buf_addc(&b, '\0');
	hm_buf_adds(&b, z);
	e = hm_map_find(f->map, hm_buf_str(&b));
	*fresh = !e;
	if (!e) {
		e = hm_map_put(f->map, hm_arena_dup(&f->arena, hm_buf_str(&b)), NULL);
		e->val = HM_NEW(&f->arena, struct hm_flight);
	}
	hm_buf_free(&b);
	return e->val;
}

struct hm_flight *
hm_flight_take(struct hm_flights *f, char kind, hm_str x, hm_str y, hm_str z, bool *mine)
{
	struct hm_flight *flight;

	pthread_mutex_lock(&f->mutex);
	flight = find(f, kind, x, y, z, mine);
	while (!*mine && !flight->done)
		pthread_cond_wait(&f->landed, &f->mutex);
	pthread_mutex_unlock(&f->mutex);
	return flight;
}

void
hm_flight_land(struct hm_flights *f, struct hm_flight *x, const void *value)
{
	pthread_mutex_lock(&f->mutex);
	x->value = value;
	x->done = true;
	pthread_cond_broadcast(&f->landed);
	pthread_mutex_unlock(&f->mutex);
}

void
hm_flight_put(struct hm_flights *f, char kind, hm_str x, hm_str y, hm_str z, const void *value)
{
	struct hm_flight *flight;
	bool fresh;

	pthread_mutex_lock(&f->mutex);
	flight = find(f, kind, x, y, z, &fresh);
	if (fresh) {
		flight->value = value;
		flight->done = true;
	}
	pthread_mutex_unlock(&f->mutex);
}

int
hm_flight_result(const struct hm_flight *x, const void **value, struct hm_err *err)
{
	*value = x->value;
	if (x->err.code == HM_OK)
		return 0;
	hm_err_set(err, x->err.code, HM_F, HM_P(hm_str_make(x->err.msg.p, x->err.msg.n)));
	err->sys = x->err.sys;
	err->final = x->err.final;
	return -1;
}
