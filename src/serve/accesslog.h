/*
 * accesslog.h - one line for each request, as text or JSON.
 *
 *	2026-01-02T15:04:05.678Z 192.0.2.7 alice GET /m/@v/list 200 123 456us
 *	{"time":"...","peer":"192.0.2.7","account":"alice","method":"GET","path":"...",
 *	 "status":200,"sent":123,"received":0,"us":456,"cut":false}
 *
 * Neither the query nor a field of the request appears, since credentials may be
 * there; control characters and what is no UTF-8 are escaped.
 *
 * Lines go to a bounded buffer that a thread of its own writes out: a slow disk or
 * pipe never holds up a request.  What does not fit is dropped and counted.
 */
#ifndef HM_SERVE_ACCESSLOG_H
#define HM_SERVE_ACCESSLOG_H

#include "net/server.h"

enum {
	HM_ACCESSLOG_BUFFER = 1 << 20, /* bytes that wait to be written, at most */
	HM_ACCESSLOG_PATH_MAX = 1024,  /* bytes of a path; the rest is cut */
};

struct hm_accesslog;

/*
 * format: "text", "json" or "off"; path: a file that is appended to, empty for
 * standard error.  HM_EUSAGE for another format; *out is NULL for "off".
 */
int hm_accesslog_check(hm_str format, struct hm_err *err);
int hm_accesslog_new(hm_str format, hm_str path, struct hm_accesslog **out, struct hm_err *err);
/* Writes what is left, for two seconds at most. NULL is fine. */
void hm_accesslog_free(struct hm_accesslog *l);

/* From hm_server_opts.served. account may be empty. l may be NULL. Never waits for a disk. */
void hm_accesslog_add(struct hm_accesslog *l, const struct hm_served *s, hm_str account);
/* The file was renamed: open it anew before the next line. Async-signal-safe; l may be NULL. */
void hm_accesslog_reopen(struct hm_accesslog *l);
/* Lines that did not fit or could not be written. */
uint64_t hm_accesslog_dropped(const struct hm_accesslog *l);

/* The line itself, with its newline; unix_ns is when the answer was sent. */
void hm_accesslog_format(struct hm_buf *out, bool json, int64_t unix_ns,
                         const struct hm_served *s, hm_str account);

#endif
