#include "modzip/chunks.h"

/* Small enough that two threads end together, large enough that a job costs little. */
#define CHUNK_BYTES ((uint64_t)2 << 20)
/* Creating a file costs about as much as this many bytes. */
#define FILE_COST ((uint64_t)16 << 10)

struct hm_chunks
hm_chunks_of_zip(struct hm_arena *a, const struct hm_zip *z)
{
	struct hm_chunks out = { 0 };
	uint64_t cost = 0;
	size_t from = 0;

	for (size_t i = 0; i < z->n; i++) {
		cost += FILE_COST + (z->f[i].size < CHUNK_BYTES ? z->f[i].size : CHUNK_BYTES);
		if (cost < CHUNK_BYTES && i + 1 < z->n)
			continue;
		HM_PUSH(a, out, ((struct hm_chunk){ from, i + 1 }));
		from = i + 1;
		cost = 0;
	}
	return out;
}

void
hm_first_err_init(struct hm_first_err *f)
{
	*f = (struct hm_first_err){ .index = SIZE_MAX };
	pthread_mutex_init(&f->mutex, NULL);
}

void
hm_first_err_note(struct hm_first_err *f, size_t index, struct hm_err *err)
{
	pthread_mutex_lock(&f->mutex);
	if (index < f->index) {
		f->index = index;
		hm_err_move(&f->err, err);
	}
	pthread_mutex_unlock(&f->mutex);
	hm_err_clear(err);
}

int
hm_first_err_take(struct hm_first_err *f, struct hm_err *err)
{
	int rc = f->index == SIZE_MAX ? 0 : -1;

	if (rc)
		hm_err_move(err, &f->err);
	hm_first_err_free(f);
	hm_first_err_init(f);
	return rc;
}

void
hm_first_err_free(struct hm_first_err *f)
{
	pthread_mutex_destroy(&f->mutex);
	hm_err_free(&f->err);
}
