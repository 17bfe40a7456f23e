/*
 * chunks.h - the entries of a zip in pieces of about the same work, so that
 * several threads finish together; and the error that a loop over them would have met first.
 */
#ifndef HM_MODZIP_CHUNKS_H
#define HM_MODZIP_CHUNKS_H

#include <pthread.h>

#include "base/err.h"
#include "base/vec.h"
#include "zip/zip.h"

/* Entries [from, to). */
struct hm_chunk {
	size_t from, to;
};
struct hm_chunks {
	struct hm_chunk *v;
	size_t n, cap;
};
struct hm_chunks hm_chunks_of_zip(struct hm_arena *a, const struct hm_zip *z);

/* Of errors noted by several threads, the one with the least index. */
struct hm_first_err {
	pthread_mutex_t mutex;
	size_t index;
	struct hm_err err;
};
void hm_first_err_init(struct hm_first_err *f);
/* Empties *err. */
void hm_first_err_note(struct hm_first_err *f, size_t index, struct hm_err *err);
/* 0, or -1 with the error moved to *err. After all threads are done; f is empty then. */
int hm_first_err_take(struct hm_first_err *f, struct hm_err *err);
void hm_first_err_free(struct hm_first_err *f);

#endif
