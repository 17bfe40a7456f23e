/*
 * proxy.h - which HTTP proxy a request goes through, from HTTP_PROXY, HTTPS_PROXY
 * and NO_PROXY (golang.org/x/net/http/httpproxy).  Private to net.
 */
#ifndef HM_NET_PROXY_H
#define HM_NET_PROXY_H

#include "codec/url.h"
#include "os/env.h"

struct hm_net_proxies {
	hm_str http, https, none; /* as set; none is NO_PROXY */
	bool cgi;                 /* REQUEST_METHOD is set: HTTP_PROXY may come from a client */
};

/* Copies to the arena. */
void hm_net_proxies_load(struct hm_net_proxies *p, const struct hm_env *env, struct hm_arena *a);
/* The proxy's URL, empty for a direct connection. */
int hm_net_proxy_for(const struct hm_net_proxies *p, struct hm_arena *a, const struct hm_url *u,
                     hm_str *out, struct hm_err *err);

#endif
