/*
 * internal.h - what the files of fetch share.
 */
#ifndef HM_FETCH_INTERNAL_H
#define HM_FETCH_INTERNAL_H

#include <pthread.h>

#include "fetch/fetch.h"
#include "fetch/web.h"

struct hm_fetch {
	const struct hm_conf *conf;
	struct hm_web web;
	struct hm_arena arena;
	hm_str mod_flag, mod_reason; /* hm_fetch_disable() */

	struct hm_fetch_sources sources; /* of GOPROXY, read by hm_fetch_new() */
	struct hm_err sources_err;

	bool no_lists;        /* hm_fetch_keep_no_lists() */
	pthread_mutex_t lock; /* guards lists */
	struct hm_map lists;  /* URL -> hm_str *: answers of @v/list, asked for once */
};

/* Parses and checks a proxy's URL as newProxyRepo does. */
int hm_fetch_parse_base(struct hm_arena *a, hm_str url, struct hm_url *u, struct hm_err *err);

#endif
