/*
 * evidence.h - what upstream sent and a check refused, kept for whoever looks into it:
 *
 *	DIR/evidence/example.com,!words,@v,v1.0.0.zip        the bytes (.info, .mod, a record)
 *	             example.com,!words,@v,v1.0.0.zip.why    the error, and when
 *
 * The latest of each; EVIDENCE_MAX of them, then no more is kept until someone removes some.
 */
#ifndef PROXY_EVIDENCE_H
#define PROXY_EVIDENCE_H

#include "proxy.h"

enum { EVIDENCE_MAX = 64 };

/* The bytes are wrong, which is more than that they cannot be had or checked. */
bool evidence_of(const struct hm_err *why);
/* The name that a file has there: one element, '/' becomes ','. */
hm_str evidence_name(struct hm_arena *a, hm_str rel);
/*
 * Best effort.  url is the file's in the GOPROXY protocol ("/example.com/!words/@v/...");
 * file is renamed away.
 */
void evidence_file(struct proxy *p, struct hm_arena *a, hm_str url, const char *file,
                   struct hm_err *why);
void evidence_text(struct proxy *p, struct hm_arena *a, hm_str url, hm_str bytes,
                   struct hm_err *why);

#endif
