/*
 * reload.h - SIGHUP: certificate, accounts' limits, policy, upstreams and most settings
 * anew, while requests go on.
 *
 * What the settings make (struct proxy) comes in generations.  The first, `base`, owns
 * what all share: store, memory, facts, accounts, sockets.  A request is served to its
 * end by the generation that took it; a new one takes all later requests.  An old one is
 * freed by a reload RETIRED_KEEP later, when nothing can be using it any more.
 *
 * A setting that is wrong, or a file that cannot be read, leaves everything as it was.
 */
#ifndef PROXY_RELOAD_H
#define PROXY_RELOAD_H

#include "proxy.h"

enum { RETIRED_KEEP = 3600 }; /* seconds; no request or fill takes as long */

/* How the server was started: what a reload reads again. */
struct reload {
	struct proxy *base;
	int argc;
	char **argv;
	struct proxy *retired; /* by .older */
};

/* Says in the log what came of it. One thread at a time. */
void reload_now(struct reload *r);
/* What any generation still asks upstreams for fails now: nobody waits for it any more. */
void reload_cancel(struct reload *r);
/* Frees all generations but base; no request is at work. */
void reload_close(struct reload *r);

#endif
