/*
 * page.h - what is no module: health, metrics, the front page.
 */
#ifndef PROXY_PAGE_H
#define PROXY_PAGE_H

#include "proxy.h"

void page_serve(struct proxy *p, struct hm_exchange *x, hm_str url);

#endif
