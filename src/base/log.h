/*
 * log.h - where a library function says something to the person who runs it.
 *
 * The library never prints: it hands a line (no newline) to the sink of its
 * context.  cli writes it to stderr; a server writes it to its log.
 */
#ifndef HM_BASE_LOG_H
#define HM_BASE_LOG_H

#include "base/str.h"

enum hm_log_level {
	HM_LOG_TRACE,  /* -x: commands and requests */
	HM_LOG_INFO,   /* what go prints on stderr unasked ("go: downloading ...") */
	HM_LOG_WARN,
};

/* write may be called from several threads at once. */
struct hm_log {
	void (*write)(void *ctx, enum hm_log_level level, hm_str line);
	void *ctx;
	bool trace; /* is HM_LOG_TRACE wanted? lets callers skip the formatting */
};

/* log may be NULL. */
void hm_log(const struct hm_log *log, enum hm_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
