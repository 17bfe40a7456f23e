/*
 * http.h - HTTP client: blocking requests, any number at once over one connection
 * pool (libcurl multi in a thread of its own, HTTP/2 where the server has it).
 *
 * TLS is always verified, with the roots of SSL_CERT_FILE or SSL_CERT_DIR or the
 * system.  HTTP_PROXY, HTTPS_PROXY, NO_PROXY (either case) hold as in Go's
 * http.ProxyFromEnvironment.  No text that leaves here contains a credential.
 */
#ifndef HM_NET_HTTP_H
#define HM_NET_HTTP_H

#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"
#include "os/env.h"

#define HM_HTTP_MAX_REDIRECTS 10
#define HM_HTTP_MAX_BODY ((uint64_t)64 << 20) /* where a request sets no limit */
/*
 * Requests in flight at once; more wait.  300 small files of the public proxy over one
 * HTTP/2 connection: 8 at once 0.28 s, 16: 0.17, 32 to 128: 0.14; 150 zips (230 MB):
 * 8: 2.1 s, 32: 0.7, 64: 0.9.
 */
#define HM_HTTP_MAX_IN_FLIGHT 64

struct hm_http;

/* Zero-initialise. env is read during hm_http_new() only. */
struct hm_http_config {
	const struct hm_env *env;
	const struct hm_log *log;  /* told of retries when it traces */
	unsigned max_in_flight;    /* 0: HM_HTTP_MAX_IN_FLIGHT */
	unsigned connect_ms;       /* 0: 30 s */
	unsigned header_ms;        /* until the first byte of the answer; 0: 60 s */
	unsigned stall_ms;         /* without a byte; 0: 60 s */
	unsigned retries;          /* attempts after the first; 0: 3. UINT_MAX: none */
	unsigned backoff_ms;       /* first pause, doubled each time; 0: 250 ms */
	unsigned total_ms;         /* of one attempt, where the request sets none; 0: no limit */
	unsigned buffer;           /* bytes, of each request at work; 0: 256 KiB */
};

/*
 * Cheap: libcurl is loaded and the thread started by the first hm_http_get(), which
 * fails with HM_EINTERNAL and the package's name where there is no libcurl.
 */
struct hm_http *hm_http_new(const struct hm_http_config *c);
/* No request may be running. NULL is fine. */
void hm_http_free(struct hm_http *h);
/*
 * Requests under way fail now, and those to come at once: HM_ENET, "context canceled".  For
 * the end of a program that cannot wait for a peer.  Any thread; NULL is fine.
 */
void hm_http_cancel(struct hm_http *h);

/*
 * Takes the bytes of a 200 answer, in order, on the client's thread: be quick,
 * block on nothing but a local file.  Non-zero stops the transfer with *err.
 */
struct hm_http_sink {
	int (*write)(void *ctx, hm_str bytes, struct hm_err *err);
	void *ctx;
};

enum hm_http_security {
	HM_HTTP_DEFAULT,     /* http when the URL says so, https verified */
	HM_HTTP_SECURE_ONLY, /* https only: `insecure URL: ...` */
	HM_HTTP_INSECURE,    /* GOINSECURE: certificates are not checked */
};

/* Zero-initialise. Everything is borrowed for the call. */
struct hm_http_req {
	hm_str url;              /* user:password@ becomes basic authentication (https only) */
	bool head;               /* HEAD instead of GET */
	/*
	 * "POST", "PUT": sends body with it.  Such a request is sent once: it is not retried, and
	 * follows a redirect only where that keeps the method (307, 308).
	 */
	hm_str method;
	hm_str body;
	bool keep_body;          /* resp.body whatever the status is (up to 64 KiB of an error) */
	struct hm_strs headers;  /* "Name: value"; not sent on to another host by a redirect */
	enum hm_http_security security;
	struct hm_http_sink sink; /* write == NULL: the body lands in hm_http_resp.body */
	uint64_t max_body;        /* of a 200 answer; 0: HM_HTTP_MAX_BODY; HM_ELIMIT above */
	unsigned total_ms;        /* 0: no limit but those on stalling */
};

struct hm_http_resp {
	int status;
	hm_str status_text;   /* "404 Not Found" */
	hm_str url;           /* redacted, as asked for (not as redirected) */
	hm_str body;          /* 200 without a sink; see keep_body */
	uint64_t body_bytes;
	hm_str content_type, etag, last_modified;
	struct hm_strs www_authenticate;
	struct hm_strs headers; /* all of the final answer, "Name: value" */
	hm_str detail; /* of text/plain other than 200: what to show of it, indented as go does */
};

/*
 * Sends and waits.  0 whenever there was an answer, whatever its status: see
 * hm_http_status_err().  -1: HM_ENET with go's shape `Get "https://...": reason`
 * (`read "...": reason` once the body had begun), HM_ELIMIT, HM_EINVALID, or the
 * sink's error.  Retried on connection failures, 429, 502, 503, 504, as long as no
 * byte reached the sink.  resp lives in the arena.  Any thread.
 */
int hm_http_get(struct hm_http *h, struct hm_arena *a, const struct hm_http_req *req,
                struct hm_http_resp *resp, struct hm_err *err);
/*
 * go's error for an answer other than 200: `reading URL: 404 Not Found`, then
 * "\n\tserver response: ..." when there is detail.  HM_ENOTFOUND (404),
 * HM_EGONE (410), HM_EFORBIDDEN (401, 403), HM_EHTTP; 0 for 200.  err->sys is the status.
 */
int hm_http_status_err(const struct hm_http_resp *resp, struct hm_err *err);

/* Requests sent over the wire so far, retries and redirects included; connections opened. */
struct hm_http_stats {
	uint64_t requests, retries, connections, bytes;
};
struct hm_http_stats hm_http_stats(struct hm_http *h);

#endif
