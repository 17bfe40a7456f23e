/*
 * flight.h - answers that are worked out once, whoever asks and how often.
 *
 * The first to ask for a key works on it, others wait for him; all get the same
 * value or the same error.
 */
#ifndef HM_ACQUIRE_FLIGHT_H
#define HM_ACQUIRE_FLIGHT_H

#include <pthread.h>

#include "base/err.h"
#include "base/map.h"

struct hm_flight {
	struct hm_arena arena; /* of the value */
	const void *value;
	struct hm_err err; /* code HM_OK: value holds */
	bool done;
};

struct hm_flights {
	pthread_mutex_t mutex;
	pthread_cond_t landed;
	struct hm_map *map;    /* key -> struct hm_flight * */
	struct hm_arena arena; /* keys and flights */
	struct hm_arena old;   /* what was forgotten: callers may still hold values */
};

void hm_flights_init(struct hm_flights *f);
void hm_flights_free(struct hm_flights *f);
/* Every key is new again; values given out stay. Nothing may be under way. */
void hm_flights_forget(struct hm_flights *f);

/*
 * The flight of a key made of kind and three words.  *mine: nobody else works on
 * it; fill it and call hm_flight_land().  Otherwise it is done.
 */
struct hm_flight *hm_flight_take(struct hm_flights *f, char kind, hm_str x, hm_str y, hm_str z,
                                 bool *mine);
/* value belongs to the flight's arena or to something as old; err set or HM_OK. */
void hm_flight_land(struct hm_flights *f, struct hm_flight *x, const void *value);
/* An answer that came along with another; ignored when the key is known. */
void hm_flight_put(struct hm_flights *f, char kind, hm_str x, hm_str y, hm_str z,
                   const void *value);
/* 0 with the value, or -1 with a copy of the error. */
int hm_flight_result(const struct hm_flight *x, const void **value, struct hm_err *err);

#endif
