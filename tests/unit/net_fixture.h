/*
 * net_fixture.h - runs tests/e2e/fixture_proxy for a test.
 */
#ifndef HM_TESTS_NET_FIXTURE_H
#define HM_TESTS_NET_FIXTURE_H

#include <sys/types.h>

#include "base/arena.h"

struct fixture {
	struct hm_arena a;
	hm_str dir;  /* what is served; removed at the end */
	hm_str cert; /* with TLS */
	hm_str url;
	pid_t pid;
	int in; /* the server ends when this closes */
};

/* False when the server cannot be run. */
bool fixture_start(struct fixture *f, bool tls);
void fixture_stop(struct fixture *f);
/* Writes a file below dir, with the folders it needs. */
void fixture_put(struct fixture *f, const char *name, hm_str data);
/* URL + "/_spec" + path */
hm_str fixture_url(struct fixture *f, const char *spec, const char *path);

#endif
