/*
 * fuzz_http1.c - request heads and chunked bodies of any content.
 *
 * A head that is accepted must have been whole: cut by one byte it asks for more.  A
 * chunked body must come out the same in one piece and byte by byte.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "net/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
head(hm_str in)
{
	struct hm_http1_request r, again;
	int n = hm_http1_parse(in, &r);

	if (n <= 0)
		return;
	if ((size_t)n > in.n || n > HM_HTTP1_HEAD_MAX)
		abort();
	if (hm_http1_parse(hm_str_sub(in, 0, (size_t)n - 1), &again) != 0)
		abort();
	if (r.has_length && r.chunked)
		abort();
	if (hm_str_index_byte(r.path, ' ') >= 0 || r.path.n == 0 || r.path.p[0] != '/')
		abort();
}

/* Decodes in pieces of n bytes; the body lands in out. */
static int
body(hm_str in, size_t n, struct hm_buf *out)
{
	struct hm_http1_chunks c = { 0 };
	int rc = 0;

	while (in.n && rc == 0) {
		hm_str piece = hm_str_sub(in, 0, n < in.n ? n : in.n), data;

		in = hm_str_from(in, piece.n);
		do {
			rc = hm_http1_chunk(&c, &piece, &data);
			hm_buf_adds(out, data);
		} while (rc == 0 && piece.n);
	}
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hm_str in = hm_str_make((const char *)data, size);
	struct hm_buf whole = { 0 }, bytes = { 0 };

	head(in);
	if (body(in, size, &whole) != body(in, 1, &bytes) ||
	    !hm_str_eq(hm_buf_str(&whole), hm_buf_str(&bytes)))
		abort();
	hm_buf_free(&whole);
	hm_buf_free(&bytes);
	return 0;
}
