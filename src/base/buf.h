/*
 * buf.h - a byte buffer that grows.
 */
#ifndef HM_BASE_BUF_H
#define HM_BASE_BUF_H

#include <stdarg.h>

#include "base/arena.h"

/* Zero-initialise to make an empty one; hm_buf_free() when done. */
struct hm_buf {
	char *p;
	size_t n;
	size_t cap;
};

void hm_buf_add(struct hm_buf *b, const void *p, size_t n);
void hm_buf_adds(struct hm_buf *b, hm_str s);
void hm_buf_addz(struct hm_buf *b, const char *z);
void hm_buf_addc(struct hm_buf *b, char c);
/* The code point as UTF-8. */
void hm_buf_add_rune(struct hm_buf *b, uint32_t r);
void hm_buf_printf(struct hm_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void hm_buf_vprintf(struct hm_buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Puts s before what is there. */
void hm_buf_prepend(struct hm_buf *b, hm_str s);
/* Room for n more bytes; answers where they go. Add them with b->n += k. */
char *hm_buf_room(struct hm_buf *b, size_t n);
/* What is in it, NUL behind; borrowed until the next change. */
hm_str hm_buf_str(struct hm_buf *b);
/* Copies what is in it to the arena and frees the buffer. */
hm_str hm_buf_take(struct hm_buf *b, struct hm_arena *a);
void hm_buf_clear(struct hm_buf *b);
void hm_buf_free(struct hm_buf *b);

/* Go's strconv.Quote of s. */
void hm_buf_quote(struct hm_buf *b, hm_str s);
hm_str hm_str_quote(struct hm_arena *a, hm_str s);

#endif
