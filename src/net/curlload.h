/*
 * curlload.h - libcurl, opened when the first request needs it: it and the forty
 * libraries behind it cost more to load than most commands take.  Private to net.
 */
#ifndef HM_NET_CURLLOAD_H
#define HM_NET_CURLLOAD_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/err.h"

/* Every function of libcurl that net calls. */
#define HM_CURL_CALLS(X)                                                              \
	X(easy_cleanup) X(easy_getinfo) X(easy_init) X(easy_reset) X(easy_setopt)     \
	X(easy_strerror) X(global_cleanup) X(global_init) X(multi_add_handle)         \
	X(multi_cleanup) X(multi_info_read) X(multi_init) X(multi_perform)            \
	X(multi_poll) X(multi_remove_handle) X(multi_setopt) X(multi_wakeup)          \
	X(slist_append) X(slist_free_all) X(version_info)

/* Zero-initialise. */
struct hm_curl {
	bool loaded;
#define HM_CURL_MEMBER(f) __typeof__(curl_##f) *f;
	HM_CURL_CALLS(HM_CURL_MEMBER)
#undef HM_CURL_MEMBER
};

/*
 * Fills the table and sets libcurl up; nothing happens when that was done before.
 * HM_EINTERNAL, with the package to install, when there is no libcurl or one older
 * than HM_CURL_OLDEST.  The library stays open until the process ends.
 */
#define HM_CURL_OLDEST 0x075800 /* 7.88.0 */
int hm_curl_load(struct hm_curl *c, struct hm_err *err);
/* Undoes the setting up; the table may be loaded again. */
void hm_curl_unload(struct hm_curl *c);

#endif
