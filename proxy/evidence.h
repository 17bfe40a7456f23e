/*
 * evidence.h - what upstream sent and a check refused, kept for whoever looks into it:
 *
 *	DIR/evidence/<escaped path>@<version>.zip (or .mod)   the bytes
 *	                                     ....why          the error, and when
 *
 * The latest of each version; EVIDENCE_MAX of them, then no more is kept until someone
 * removes some.
 */
#ifndef PROXY_EVIDENCE_H
#define PROXY_EVIDENCE_H

#include "proxy.h"

enum { EVIDENCE_MAX = 64 };

/* Best effort.  file is renamed away. */
void evidence_file(struct proxy *p, struct hm_arena *a, const struct route *r, const char *file,
                   struct hm_err *why);
void evidence_text(struct proxy *p, struct hm_arena *a, const struct route *r, hm_str bytes,
                   struct hm_err *why);

#endif
