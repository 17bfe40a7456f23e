/*
 * news.h - versions that came into the store beside the server's own fills: an import, a
 * bundle, a prefetch, a replica's primary.  What a server remembers may say otherwise
 * ("not found", a list without them).
 */
#ifndef PROXY_NEWS_H
#define PROXY_NEWS_H

#include "mod/modver.h"
#include "proxy.h"

/* In the server: the memory of it goes. Any thread. */
void news_came(struct proxy *p, struct hm_modver m);
/*
 * From a command: tells every server of the store (control.h).  That one cannot be told
 * is no error: what it remembers wrongly ends by itself.
 */
void news_tell(struct proxy *p, struct hm_modver m);

#endif
