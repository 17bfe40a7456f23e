/*
 * remove.h - a version leaves the store: trimmed by the quota, or purged.
 *
 * What go would see is whole or absent at every moment: the zip goes first, then its
 * hash, .info and .mod, which the list is made from.  Who is reading a file keeps what
 * he has open.  A version of which the .mod is still there when the process dies is one
 * whose zip is fetched again when it is asked for.
 */
#ifndef PROXY_REMOVE_H
#define PROXY_REMOVE_H

#include "proxy.h"

enum remove_how {
	REMOVE_TRIM,  /* gives way (HM_ECONFLICT) to who is making it just now */
	REMOVE_PURGE, /* waits for him; the extracted tree goes, too; on disk when it returns */
};
/* HM_ENOTFOUND when there was nothing. facts is told and may be NULL. */
int remove_version(const struct hm_store *s, struct facts *facts, hm_str path, hm_str version,
                   enum remove_how how, struct hm_err *err);

/* A running server's memory of it. Any thread. */
void forget_trimmed(struct proxy *p, hm_str path, hm_str version);
/*
 * Everything that is remembered of the module.  Returns when no loop can still be putting
 * back what it read before: not for a loop's thread.
 */
void forget_purged(struct proxy *p, hm_str path);

/* Why, by whom, and from where (empty: this machine); borrowed. */
struct purge_why {
	hm_str reason, who, peer;
};
/*
 * Notes it in the audit log, removes a version, notes it in the facts, and has every server
 * of this folder, this process' own too, forget it: on return nobody serves it any more.
 * HM_ENOTFOUND when there was nothing.  p has its store, facts and audit log.
 */
int purge_version(struct proxy *p, struct hm_modver m, const struct purge_why *why,
                  struct hm_err *err);

#endif
