/*
 * err.h - one error: a code from the table below and a message that grows
 * outward as it travels up (`path@version: verifying: ...`).
 *
 * A fallible function takes `struct hm_err *err` last and returns 0, or -1 with
 * *err filled.  err is never NULL.  The message has no final newline and no
 * program name; several lines are allowed, as go has them.
 */
#ifndef HM_BASE_ERR_H
#define HM_BASE_ERR_H

#include "base/buf.h"

/*
 * X(code, text, exit status, HTTP status, may fall back to the next source)
 * A code says what a caller may do about it; the message says what happened.
 */
#define HM_ERR_CODES(X)                                                                      \
	X(HM_OK, "no error", 0, 200, false)                                                  \
	X(HM_EUSAGE, "wrong usage", 2, 400, false)                                           \
	X(HM_EINVALID, "invalid input", 1, 400, false)                                       \
	X(HM_ESYNTAX, "syntax error", 1, 400, false)                                         \
	X(HM_ENOTFOUND, "not found", 1, 404, true)                                           \
	X(HM_EGONE, "gone", 1, 410, true)                                                    \
	X(HM_EFORBIDDEN, "forbidden", 1, 403, false)                                         \
	X(HM_EHTTP, "unexpected answer of a server", 1, 502, false)                          \
	X(HM_ENET, "network", 1, 502, false)                                                 \
	X(HM_EOFF, "disabled by configuration", 1, 404, false)                               \
	X(HM_ESECURITY, "security error", 1, 403, false)                                     \
	X(HM_EPOLICY, "refused by policy", 1, 403, false)                                    \
	X(HM_EMISSINGSUM, "missing go.sum entry", 1, 403, false)                             \
	X(HM_EREADONLY, "updates needed but read-only", 1, 403, false)                       \
	X(HM_ELIMIT, "limit exceeded", 1, 413, false)                                        \
	X(HM_EIO, "input or output", 1, 500, false)                                          \
	X(HM_ETOOLCHAIN, "toolchain not usable", 1, 500, false)                              \
	X(HM_EBUILD, "build failed", 1, 500, false)                                          \
	X(HM_ECONFLICT, "conflict", 1, 409, false)                                           \
	X(HM_ENOTYET, "not yet supported", 1, 501, false)                                    \
	X(HM_EREPORTED, "already reported", 1, 500, false)                                   \
	X(HM_EINTERNAL, "internal error", 1, 500, false)

enum hm_code {
#define HM_ERR_ENUM(code, text, exit, http, fall) code,
	HM_ERR_CODES(HM_ERR_ENUM)
#undef HM_ERR_ENUM
};

/* Zero-initialise; hm_err_free() when done. May be reused after hm_err_clear(). */
struct hm_err {
	enum hm_code code;
	int sys; /* errno of the system call behind it, or 0 */
	bool final; /* the message is complete: hm_err_wrap() and _append() leave it alone */
	struct hm_buf msg;
};

/* Sets code and message; always returns -1, so that `return hm_err_set(...)` reads well. */
int hm_err_set(struct hm_err *err, enum hm_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * As hm_err_set() from errno `sys`: the message becomes "<fmt>: <Go's text of sys>",
 * where fmt is like Go's PathError "open /a/b".  ENOENT gives HM_ENOTFOUND, all
 * others HM_EIO.
 */
int hm_err_sys(struct hm_err *err, int sys, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Says that nothing may be put around the message any more (go's base.Fatalf); returns -1. */
int hm_err_finish(struct hm_err *err);
/* Puts text before the message; returns -1. */
int hm_err_wrap(struct hm_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts text after the message; returns -1. */
int hm_err_append(struct hm_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The message; borrowed from err. */
hm_str hm_err_str(struct hm_err *err);
bool hm_err_is(const struct hm_err *err, enum hm_code code);
void hm_err_clear(struct hm_err *err);
/* Moves src to dst (dst's old content is freed). */
void hm_err_move(struct hm_err *dst, struct hm_err *src);
void hm_err_free(struct hm_err *err);

const char *hm_code_text(enum hm_code code);
int hm_code_exit(enum hm_code code);
int hm_code_http(enum hm_code code);
/* May another source be asked after this error (go's "," rule)? */
bool hm_code_may_fall_back(enum hm_code code);
/* The text that Go's syscall.Errno prints, e.g. "no such file or directory". */
const char *hm_errno_text(int sys);

#endif
