#include "logserve/missing.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "crypto/sha256.h"
#include "logserve/logserve.h"
#include "os/clock.h"

enum {
	WAYS = 8, /* places that a key may have */
	SETS = HM_LOGSERVE_MISSING_MAX / WAYS,
	TEXT_MAX = 240,
	LOCKS = 16,
};

struct place {
	uint8_t key[16]; /* of its SHA-256: nobody makes two keys meet */
	int64_t until;   /* monotonic; 0: free */
	char *text;
	enum hm_code code;
};

struct hm_missing {
	int64_t keep; /* nanoseconds */
	pthread_mutex_t mutex[LOCKS]; /* of every LOCKS-th set */
	struct place (*set)[WAYS];
};

struct hm_missing *
hm_missing_new(int seconds)
{
	struct hm_missing *m = hm_mem_new(sizeof(*m));

	m->keep = seconds * INT64_C(1000000000);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&m->mutex[i], NULL);
	m->set = calloc(SETS, sizeof(*m->set)); /* not touched, it costs no memory */
	if (!m->set)
		hm_mem_oom();
	return m;
}

void
hm_missing_free(struct hm_missing *m)
{
	if (!m)
		return;
	for (int i = 0; i < SETS; i++)
		for (int k = 0; k < WAYS; k++)
			free(m->set[i][k].text);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&m->mutex[i]);
	free(m->set);
	free(m);
}

static unsigned
place_of(hm_str key, uint8_t sum[static HM_SHA256_SIZE])
{
	hm_sha256_of(key, sum);
	return (sum[16] | (unsigned)sum[17] << 8) % SETS;
}

/* The place of this key, or, to be taken, the one that expires first. */
static struct place *
find(struct hm_missing *m, unsigned set, const uint8_t *sum, bool take)
{
	struct place *oldest = &m->set[set][0];

	for (int k = 0; k < WAYS; k++) {
		struct place *p = &m->set[set][k];

		if (p->until && memcmp(p->key, sum, sizeof(p->key)) == 0)
			return p;
		if (p->until < oldest->until)
			oldest = p;
	}
	return take ? oldest : NULL;
}

void
hm_missing_put(struct hm_missing *m, hm_str key, struct hm_err *err)
{
	uint8_t sum[HM_SHA256_SIZE];
	unsigned set = place_of(key, sum);
	hm_str text = hm_err_str(err);
	struct place *p;

	if (m->keep == 0)
		return;
	if (text.n > TEXT_MAX)
		text.n = TEXT_MAX;
	pthread_mutex_lock(&m->mutex[set % LOCKS]);
	p = find(m, set, sum, true);
	memcpy(p->key, sum, sizeof(p->key));
	p->until = hm_clock_monotonic_ns() + m->keep;
	p->code = err->code;
	free(p->text);
	p->text = hm_mem_new(text.n + 1);
	memcpy(p->text, text.p, text.n);
	pthread_mutex_unlock(&m->mutex[set % LOCKS]);
}

int
hm_missing_get(struct hm_missing *m, hm_str key, struct hm_err *err)
{
	uint8_t sum[HM_SHA256_SIZE];
	unsigned set = place_of(key, sum);
	struct place *p;
	int rc = 0;

	if (m->keep == 0)
		return 0;
	pthread_mutex_lock(&m->mutex[set % LOCKS]);
	p = find(m, set, sum, false);
	if (p && p->until > hm_clock_monotonic_ns())
		rc = hm_err_set(err, p->code, "%s", p->text);
	pthread_mutex_unlock(&m->mutex[set % LOCKS]);
	return rc;
}
