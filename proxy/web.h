/*
 * web.h - the pages for people, made on the server, without script:
 *
 *	/                     search, what came last
 *	/search?q=TEXT
 *	/mod/MODULE           its versions
 *	/mod/MODULE@VERSION   README, licence, go.mod, requirements as a graph, hashes, uses
 *	/dashboard            traffic, hit rate, store, upstreams, errors
 *	/-/style.css, /-/icon.svg
 *
 * A browser (it asks for text/html) gets a page for any other address, too: status 404 and
 * the way to what may be meant.
 *
 * No module path begins with "mod", "search" or "-" as its first element (that needs a
 * dot), so no page has the name of a GOPROXY file.
 *
 * Pages are made at the desk (desk.h), kept for PAGE_FRESH seconds, and carry a policy
 * that lets a browser load nothing but the stylesheet.  Whoever may not read a module sees
 * it nowhere.
 */
#ifndef PROXY_WEB_H
#define PROXY_WEB_H

#include "proxy.h"

enum { PAGE_FRESH = 5, PAGE_CACHE = 16, PAGE_CACHE_MAX = 128 << 10 /* bytes of one page */ };

struct web;

struct web *web_new(void);
void web_free(struct web *w);
/* False: there is no page of this name; nothing was answered. */
bool web_serve(struct proxy *p, struct hm_exchange *x, hm_str url);

#endif
