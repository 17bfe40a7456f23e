/*
 * control.h - how a command on this machine speaks to the servers of a store: sockets in
 * DIR/control, a folder that only its owner may enter; a line there, a line back.
 *
 *	forget PATH     all that is remembered of this module
 *	purged PATH     the same, because a version was purged
 *	came PATH@VERSION   it is here now, whatever is remembered (news.h)
 *	flush           what it knows goes to facts.db
 *
 * and "ok", or what was wrong.
 */
#ifndef PROXY_CONTROL_H
#define PROXY_CONTROL_H

#include "proxy.h"

struct control;

/* Listens, on a thread of its own. */
int control_new(struct proxy *p, struct control **out, struct hm_err *err);
/* NULL is fine. */
void control_free(struct control *c);

/* Says it to every server of the store, and waits for each; those that died are passed over. */
int control_tell(hm_str dir, hm_str line, struct hm_err *err);

#endif
