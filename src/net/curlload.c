#include "net/curlload.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "os/image.h"

static const struct {
	const char *name;
	size_t at; /* of the pointer in struct hm_curl */
} calls[] = {
#define CALL(f) { "curl_" #f, offsetof(struct hm_curl, f) },
	HM_CURL_CALLS(CALL)
#undef CALL
};

/* Of a dlopen() or dlsym() that just failed. */
static int
unusable(struct hm_err *err)
{
	const char *why = dlerror();

	return hm_err_set(err, HM_EINTERNAL,
	                  "the network needs libcurl (package libcurl4 or libcurl): %s",
	                  why ? why : "cannot load it");
}

static int
check_version(const struct hm_curl *c, struct hm_err *err)
{
	const curl_version_info_data *v = c->version_info(CURLVERSION_NOW);

	if (v->version_num >= HM_CURL_OLDEST)
		return 0;
	/* An older one ignores options silently, the permitted protocols among them. */
	return hm_err_set(err, HM_EINTERNAL, "libcurl %s is too old: hermod needs 7.88",
	                  v->version);
}

int
hm_curl_load(struct hm_curl *c, struct hm_err *err)
{
	void *lib;

	if (c->loaded)
		return 0;
	lib = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return unusable(err);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		void *f = dlsym(lib, calls[i].name);

		if (!f)
			return unusable(err);
		memcpy((char *)c + calls[i].at, &f, sizeof(f));
	}
	if (check_version(c, err) < 0)
		return -1;
	if (c->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return hm_err_set(err, HM_EINTERNAL, "curl_global_init failed");
	c->loaded = true;
	hm_image_forget(); /* some 30 libraries came with it */
	return 0;
}

void
hm_curl_unload(struct hm_curl *c)
{
	if (c->loaded)
		c->global_cleanup();
	c->loaded = false;
}
