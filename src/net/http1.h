/*
 * http1.h - the grammar of HTTP/1.1 requests (RFC 9112, RFC 9110), read strictly:
 * what two implementations could read in two ways is refused.
 *
 * Pure: bytes in, fields out.  A refused request has a status to answer with, and
 * its connection must be closed, since where the next request starts is unknown.
 */
#ifndef HM_NET_HTTP1_H
#define HM_NET_HTTP1_H

#include "base/str.h"

enum {
	HM_HTTP1_HEAD_MAX = 16384,  /* request line and header fields together */
	HM_HTTP1_TARGET_MAX = 8192,
	HM_HTTP1_FIELDS_MAX = 64,
};

enum hm_http1_method {
	HM_HTTP1_GET,
	HM_HTTP1_HEAD,
	HM_HTTP1_PUT,
	HM_HTTP1_POST,
	HM_HTTP1_DELETE,
};

struct hm_http1_field {
	hm_str name, value; /* as sent; value without the white space around it */
};

/* A request's head; all slices are borrowed from the bytes parsed. */
struct hm_http1_request {
	enum hm_http1_method method;
	int minor;           /* HTTP/1.minor: 0 or 1 */
	hm_str target;       /* origin form: "/path?query" */
	hm_str path, query;  /* still percent-encoded; query without '?' */
	hm_str host;
	struct hm_http1_field field[HM_HTTP1_FIELDS_MAX];
	size_t n_fields;
	bool close;          /* the connection ends after the answer */
	bool expect_continue;
	bool chunked;        /* the body comes in chunks */
	bool has_length;
	uint64_t length;     /* of the body; 0 without has_length */
};

/*
 * Parses the head at the start of buf.  Answers
 *	> 0  its length: the body starts there
 *	  0  more bytes are needed (buf ends inside the head and is within limits)
 *	< 0  minus the status to refuse it with: 400, 405, 414, 417, 431, 501, 505
 */
int hm_http1_parse(hm_str buf, struct hm_http1_request *req);

/* The value of a field (name in any case); p == NULL when it is not there. */
hm_str hm_http1_field(const struct hm_http1_request *req, const char *name);

/*
 * A chunked body.  Zero-initialise; feed with what has come.  Chunk extensions and
 * trailer fields are refused: nobody who uploads modules sends them.
 */
struct hm_http1_chunks {
	uint64_t left; /* of the chunk's data */
	int state;
	int digits;
};
/*
 * Takes bytes off the front of *in.  *data gets the next run of body bytes (borrowed
 * from in; may be empty).  Answers 1 when the body has ended, 0 when more must
 * come, -1 when it is malformed.
 */
int hm_http1_chunk(struct hm_http1_chunks *c, hm_str *in, hm_str *data);

#endif
