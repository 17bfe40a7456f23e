/*
 * transfer.h - one request on its way, through redirects and retries.  Private to net.
 *
 * A transfer belongs to the caller until it is queued, then to the client's
 * thread until `done` is set under the client's lock.
 */
#ifndef HM_NET_TRANSFER_H
#define HM_NET_TRANSFER_H

#include <pthread.h>

#include "codec/url.h"
#include "net/curlload.h"
#include "net/http.h"
#include "net/proxy.h"

#define HM_NET_MAX_DETAIL ((size_t)64 << 10) /* kept of an error's text */
#define HM_NET_MAX_HEAD ((size_t)256 << 10) /* fields of an answer, with 1xx answers and trailers */
#define HM_NET_MAX_DRAIN ((uint64_t)256 << 10) /* read of a body that nobody wants */
#define HM_NET_MAX_BACKOFF_MS 10000u

/* Settings that do not change after hm_http_new(). */
struct hm_net_settings {
	const struct hm_log *log;
	unsigned max_in_flight, connect_ms, header_ms, stall_ms, retries, backoff_ms, total_ms,
		buffer;
	hm_str ca_file, ca_dir; /* empty: curl's own */
	struct hm_net_proxies proxies;
};

/* curl's open sockets, for the client's thread alone; the last are closed with curl's multi. */
struct hm_net_socket {
	int fd, port; /* port: the local one; 0 as long as nobody asked */
};
struct hm_net_sockets {
	struct hm_arena arena;
	struct hm_net_socket *v;
	size_t n, cap;
};

struct hm_transfer {
	struct hm_transfer *next; /* in the client's queue or list */
	const struct hm_net_settings *set;
	const struct hm_http_req *req;
	struct hm_arena arena;
	const struct hm_curl *curl; /* NULL until hm_transfer_open() */
	CURL *easy;
	struct hm_net_sockets *sockets;
	int fd;                    /* of the connection; -1: not known */
	struct curl_slist *headers;
	char reason[CURL_ERROR_SIZE];
	char peer[64];             /* "127.0.0.1:80", the last address dialled */

	/* Where the request is now. */
	struct hm_url first, at;   /* as asked for; after redirects */
	hm_str shown;              /* the URL that an error names */
	unsigned redirects, attempts;
	int64_t not_before_ms;     /* pause before the next attempt */
	int64_t active_ms;         /* when something was heard last; 0: not sent yet */
	bool answered;             /* headers have begun */
	bool in_body;

	/* The answer so far. */
	int status;
	struct hm_buf status_text, head, body; /* head: "Name: value\n" lines */
	size_t head_bytes;         /* of all that came as fields */
	uint64_t bytes;
	bool sunk;                 /* a byte has reached the sink */
	bool drained;              /* we hung up on purpose */
	bool plain;                /* text/plain in UTF-8 */

	struct hm_err err;
	int rc;
	bool done;
	pthread_cond_t cond;
};

int64_t hm_net_now_ms(void);

/* Checks the request and copies what is needed. */
int hm_transfer_init(struct hm_transfer *t, const struct hm_net_settings *set,
                     const struct hm_http_req *req, struct hm_err *err);
/* Gives it a handle of curl's; nothing but hm_transfer_free() may go before. */
int hm_transfer_open(struct hm_transfer *t, const struct hm_curl *curl,
                     struct hm_net_sockets *sockets, struct hm_err *err);
void hm_transfer_free(struct hm_transfer *t);
/* Makes the handle ready for its next attempt at t->at. */
int hm_transfer_prepare(struct hm_transfer *t);
/* What comes after an attempt. */
enum hm_transfer_next { HM_TRANSFER_DONE, HM_TRANSFER_AGAIN };
enum hm_transfer_next hm_transfer_step(struct hm_transfer *t, CURLcode code);
/* Has nothing been heard for too long?  Then t->err says so. */
bool hm_transfer_timed_out(struct hm_transfer *t, int64_t now_ms);
/* The first header of that name, empty when there is none. */
hm_str hm_transfer_header(struct hm_transfer *t, const char *name);

/* neterr.c: t->err from curl's code, with Go's words. */
int hm_net_error(struct hm_transfer *t, CURLcode code);
/* `Get "URL": ` or `read "URL": ` before t->err. */
int hm_net_error_wrap(struct hm_transfer *t);

/* detail.c: the part of an error's text that is shown; empty when it is not fit to show. */
hm_str hm_net_detail(struct hm_arena *a, hm_str body);
bool hm_net_is_plain_text(hm_str content_type);
/* "Not Found" */
const char *hm_net_status_text(int status);

#endif
