/*
 * ownlog.h - a checksum database of one's own in the proxy (--sumdb DIR, a log that
 * `hermod-sumdb init` made): served at /sumdb/NAME/..., where go looks for it when
 * GOSUMDB=NAME+HASH+KEY and GOPROXY is this proxy.
 *
 * What comes into the store, whichever way, is appended within seconds; a lookup of what
 * the log lacks brings it into the store first.  What the log has under other hashes is
 * not admitted to the store, and is an alarm.
 */
#ifndef PROXY_OWNLOG_H
#define PROXY_OWNLOG_H

#include "proxy.h"

struct ownlog;

/* p->ownlog; it stays NULL without --sumdb.  p's store, facts and access are open. */
int ownlog_open(struct proxy *p, struct hm_err *err);
/* Its work ends, and the log is closed; before the server is freed. NULL is fine. */
void ownlog_close(struct ownlog *o);

/* False: not a path of this log. */
bool ownlog_serve(struct proxy *p, struct hm_exchange *x, const struct route *r);
/*
 * May this be admitted?  version is VERSION or VERSION/go.mod; what the log does not know
 * may.  HM_ESECURITY.  o may be NULL.  Any thread.
 */
int ownlog_vouch(struct ownlog *o, hm_str path, hm_str version, hm_str h1, struct hm_err *err);
/* On the facts' writer thread: what is new in the store is appended. o may be NULL. */
void ownlog_tick(struct ownlog *o, struct facts *f);

#endif
