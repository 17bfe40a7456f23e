/* The reading side: follows archive/zip reader.go in what it takes and what it calls wrong. */
#include "zip/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <libdeflate.h>
#define ZLIB_CONST
#include <zlib.h>

#include "base/mem.h"

#define END_SIG        "PK\x05\x06"
#define END64_LOC_SIG  "PK\x06\x07"
#define END64_SIG      "PK\x06\x06"
#define ENTRY_SIG      "PK\x01\x02"
#define LOCAL_SIG      "PK\x03\x04"
#define DESCRIPTOR_SIG "PK\x07\x08"

enum {
	END_LEN = 22,
	END64_LOC_LEN = 20,
	END64_LEN = 56,
	ENTRY_LEN = 46,
	LOCAL_LEN = 30,
	DESCRIPTOR_FLAG = 0x8,
	EXTRA_ZIP64 = 1,
	/* Slack behind input and output keeps libdeflate in its fast loop to the last byte. */
	IN_SLACK = 64,
	OUT_SLACK = 512,
	/* No deflate stream grows by more than this, whatever it claims. */
	DEFLATE_MAX_RATIO = 1032,
	/* What hm_zip_pass() reads and gives at a time. */
	PIECE_IN = 64 << 10,
	PIECE_OUT = 64 << 10,
	/* Linux maps so much of a file, to addresses aligned so, around what was asked for. */
	AROUND = 64 << 10,
};

/* What the end record says. */
struct end {
	uint64_t records, dir_size, dir_at;
	uint64_t first; /* where the first entry really is */
	uint64_t base; /* added to all offsets, modulo 2^64: bytes in front of the archive proper */
};

static uint16_t
le16(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t
le32(const char *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t
le64(const char *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static int
bad_format(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "zip: not a valid zip file");
}

static int
bad_eof(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "unexpected EOF");
}

static int
bad_sum(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "zip: checksum error");
}

/* Offset of the end record within the last `window` bytes, or -1. */
static ptrdiff_t
find_end(hm_str d, size_t window)
{
	size_t from = d.n > window ? d.n - window : 0;

	if (d.n - from < END_LEN)
		return -1;
	for (size_t i = d.n - END_LEN + 1; i-- > from;) {
		if (memcmp(d.p + i, END_SIG, 4))
			continue;
		/* a comment that does not fit ends the search in this window */
		return i + END_LEN + le16(d.p + i + 20) > d.n ? -1 : (ptrdiff_t)i;
	}
	return -1;
}

/* Replaces the numbers of *e by those of the zip64 record, if the file has one. */
static int
read_end64(hm_str d, uint64_t *end_at, struct end *e, struct hm_err *err)
{
	const char *loc;
	uint64_t at;

	if (*end_at < END64_LOC_LEN)
		return 0;
	loc = d.p + *end_at - END64_LOC_LEN;
	at = le64(loc + 8);
	if (memcmp(loc, END64_LOC_SIG, 4) || le32(loc + 4) != 0 || le32(loc + 16) != 1 ||
	    at > INT64_MAX)
		return 0;
	if (at > d.n || d.n - at < END64_LEN)
		return hm_err_set(err, HM_EINVALID, "EOF");
	if (memcmp(d.p + at, END64_SIG, 4))
		return bad_format(err);
	e->records = le64(d.p + at + 32);
	e->dir_size = le64(d.p + at + 40);
	e->dir_at = le64(d.p + at + 48);
	*end_at = at;
	return 0;
}

enum entry_result {
	ENTRY_OK,
	ENTRY_BAD,   /* no entry here: the directory ends */
	ENTRY_SHORT, /* cut off */
	ENTRY_EOF,   /* the archive ends where an entry (or its names) should begin */
};

/* Sizes and offset that did not fit 32 bits come from the zip64 extra field. */
static enum entry_result
read_extra(hm_str extra, struct hm_zip_file *f)
{
	bool size = f->size == UINT32_MAX, packed = f->packed == UINT32_MAX;
	bool at = f->at == UINT32_MAX;

	while (extra.n >= 4) {
		uint16_t tag = le16(extra.p), n = le16(extra.p + 2);
		hm_str field;

		extra = hm_str_from(extra, 4);
		if (extra.n < n)
			break;
		field = hm_str_sub(extra, 0, n);
		extra = hm_str_from(extra, n);
		if (tag != EXTRA_ZIP64)
			continue;
		for (int i = 0; i < 3; i++) {
			bool *need = i == 0 ? &size : i == 1 ? &packed : &at;
			uint64_t *to = i == 0 ? &f->size : i == 1 ? &f->packed : &f->at;

			if (!*need)
				continue;
			*need = false;
			if (field.n < 8)
				return ENTRY_BAD;
			*to = le64(field.p);
			field = hm_str_from(field, 8);
		}
	}
	return packed || at ? ENTRY_BAD : ENTRY_OK;
}

/* Reads the entry at the front of *rest and steps over it. */
static enum entry_result
read_entry(hm_str *rest, struct hm_zip_file *f)
{
	const char *p = rest->p;
	size_t name, extra, comment;

	if (rest->n < ENTRY_LEN)
		return rest->n ? ENTRY_SHORT : ENTRY_EOF;
	if (memcmp(p, ENTRY_SIG, 4))
		return ENTRY_BAD;
	f->flags = le16(p + 8);
	f->method = le16(p + 10);
	f->crc = le32(p + 16);
	f->packed = le32(p + 20);
	f->size = le32(p + 24);
	f->at = le32(p + 42);
	name = le16(p + 28);
	extra = le16(p + 30);
	comment = le16(p + 32);
	*rest = hm_str_from(*rest, ENTRY_LEN);
	if (rest->n < name + extra + comment)
		return rest->n ? ENTRY_SHORT : ENTRY_EOF;
	f->name = hm_str_sub(*rest, 0, name);
	p = rest->p + name;
	*rest = hm_str_from(*rest, name + extra + comment);
	return read_extra(hm_str_make(p, extra), f);
}

static int
read_end(hm_str d, struct end *e, struct hm_err *err)
{
	ptrdiff_t found = find_end(d, 1024);
	struct hm_zip_file first = { 0 };
	uint64_t at;
	hm_str rest;

	if (found < 0 && d.n > 1024)
		found = find_end(d, (size_t)65 * 1024);
	if (found < 0)
		return bad_format(err);
	at = (uint64_t)found;
	e->records = le16(d.p + at + 10);
	e->dir_size = le32(d.p + at + 12);
	e->dir_at = le32(d.p + at + 16);
	/* 0xffff, not 0xffffffff, for the size: as Go has it */
	if ((e->records == 0xffff || e->dir_size == 0xffff || e->dir_at == 0xffffffff) &&
	    read_end64(d, &at, e, err))
		return -1;
	if (e->dir_size > at || e->dir_at > INT64_MAX)
		return bad_format(err);
	e->first = at - e->dir_size;
	e->base = e->first - e->dir_at;
	if (e->dir_at >= e->first)
		return 0;
	/* some writers give a size that is off; what counts is where an entry is */
	rest = hm_str_from(d, e->dir_at);
	if (read_entry(&rest, &first) == ENTRY_OK) {
		e->first = e->dir_at;
		e->base = 0;
	}
	return 0;
}

int
hm_zip_open(struct hm_arena *a, hm_str data, struct hm_zip *z, struct hm_err *err)
{
	HM_VEC(struct hm_zip_file) files = { 0 };
	enum entry_result r;
	struct end e = { 0 };
	hm_str rest;

	if (read_end(data, &e, err))
		return -1;
	rest = hm_str_from(data, e.first);
	if (e.records && e.records < data.n / ENTRY_LEN && e.records <= HM_ZIP_ENTRIES_MAX) {
		files.v = HM_NEW_N(a, e.records, struct hm_zip_file);
		files.cap = e.records;
	}
	for (;;) {
		struct hm_zip_file f = { 0 };

		r = read_entry(&rest, &f);
		if (r != ENTRY_OK)
			break;
		if (files.n == HM_ZIP_ENTRIES_MAX)
			return hm_err_set(err, HM_ELIMIT, "zip: more than %zu entries",
			                  HM_ZIP_ENTRIES_MAX);
		f.at += e.base;
		HM_PUSH(a, files, f);
	}
	if (r == ENTRY_EOF)
		return hm_err_set(err, HM_EINVALID, "EOF");
	if ((uint16_t)files.n != (uint16_t)e.records)
		return r == ENTRY_BAD ? bad_format(err) : bad_eof(err);
	*z = (struct hm_zip){ .data = data, .f = files.v, .n = files.n };
	return 0;
}

struct hm_inflater {
	struct libdeflate_decompressor *d;
	char *out;
	size_t cap;
};

struct hm_inflater *
hm_inflater_new(void)
{
	struct hm_inflater *inf = hm_mem_new(sizeof(*inf));

	inf->d = libdeflate_alloc_decompressor();
	if (!inf->d)
		hm_mem_oom();
	return inf;
}

void
hm_inflater_free(struct hm_inflater *inf)
{
	if (!inf)
		return;
	libdeflate_free_decompressor(inf->d);
	free(inf->out);
	free(inf);
}

static void
make_room(struct hm_inflater *inf, size_t n)
{
	size_t cap = (size_t)256 << 10;

	if (n <= inf->cap)
		return;
	while (cap < n)
		cap *= 2;
	free(inf->out);
	inf->out = hm_mem_grow(NULL, cap, 1);
	inf->cap = cap;
}

/* The packed bytes, with *more bytes of the archive behind them; cut off where it ends. */
static int
find_body(const struct hm_zip *z, const struct hm_zip_file *f, hm_str *body, size_t *more,
          struct hm_err *err)
{
	const char *p;
	size_t skip;

	if (f->at > z->data.n || z->data.n - f->at < LOCAL_LEN)
		return hm_err_set(err, HM_EINVALID, "EOF");
	p = z->data.p + f->at;
	if (memcmp(p, LOCAL_SIG, 4))
		return bad_format(err);
	skip = f->at + LOCAL_LEN + le16(p + 26) + le16(p + 28);
	if (skip > z->data.n)
		skip = z->data.n;
	*body = hm_str_from(z->data, skip);
	if (body->n > f->packed)
		body->n = f->packed;
	*more = z->data.n - skip - body->n;
	return 0;
}

static int
inflate_whole(struct hm_inflater *inf, hm_str body, size_t more, const struct hm_zip_file *f,
              hm_str *out, struct hm_err *err)
{
	enum libdeflate_result r;
	size_t used = 0, made = 0;

	make_room(inf, f->size + OUT_SLACK);
	r = libdeflate_deflate_decompress_ex(inf->d, body.p,
	                                     body.n + (more < IN_SLACK ? more : IN_SLACK), inf->out,
	                                     f->size + OUT_SLACK, &used, &made);
	if (r == LIBDEFLATE_INSUFFICIENT_SPACE)
		return bad_format(err);
	if (r != LIBDEFLATE_SUCCESS && body.n == f->packed)
		return hm_err_set(err, HM_EINVALID, "flate: corrupt input");
	if (r != LIBDEFLATE_SUCCESS || used > body.n)
		return bad_eof(err);
	*out = hm_str_make(inf->out, made);
	return 0;
}

/* The copy of the CRC behind the packed bytes, which has a signature or not. */
static int
check_descriptor(hm_str body, size_t more, const struct hm_zip_file *f, struct hm_err *err)
{
	const char *p = body.p + body.n;
	size_t at = more >= 4 && memcmp(p, DESCRIPTOR_SIG, 4) == 0 ? 4 : 0;

	if (body.n < f->packed || more < 12)
		return bad_eof(err);
	return le32(p + at) == f->crc ? 0 : bad_sum(err);
}

/* Where the content is, if the entry may be read at all. */
static int
locate(const struct hm_zip *z, const struct hm_zip_file *f, size_t max, hm_str *body, size_t *more,
       struct hm_err *err)
{
	if (find_body(z, f, body, more, err))
		return -1;
	if (hm_zip_is_dir(f)) {
		*body = HM_S("");
		return f->size ? bad_format(err) : 0;
	}
	if (f->method != HM_ZIP_STORE && f->method != HM_ZIP_DEFLATE)
		return hm_err_set(err, HM_EINVALID, "zip: unsupported compression algorithm");
	if (f->method == HM_ZIP_DEFLATE && f->size / DEFLATE_MAX_RATIO > body->n)
		return bad_eof(err);
	if (f->size > max)
		return hm_err_set(err, HM_ELIMIT, "zip: entry of %" PRIu64 " bytes is too large",
		                  f->size);
	return 0;
}

static int
check_size(uint64_t made, const struct hm_zip_file *f, struct hm_err *err)
{
	if (made == f->size)
		return 0;
	return made > f->size ? bad_format(err) : bad_eof(err);
}

static int
check_sum(uint32_t crc, hm_str body, size_t more, const struct hm_zip_file *f, struct hm_err *err)
{
	if ((f->flags & DESCRIPTOR_FLAG) && check_descriptor(body, more, f, err))
		return -1;
	/* without a descriptor, zero means that no sum was set */
	return (f->crc || (f->flags & DESCRIPTOR_FLAG)) && crc != f->crc ? bad_sum(err) : 0;
}

int
hm_zip_read(struct hm_inflater *inf, const struct hm_zip *z, const struct hm_zip_file *f,
            size_t max, hm_str *out, struct hm_err *err)
{
	hm_str body = { 0 };
	size_t more = 0;

	if (locate(z, f, max, &body, &more, err))
		return -1;
	*out = body;
	if (hm_zip_is_dir(f))
		return 0;
	if (f->method == HM_ZIP_DEFLATE && inflate_whole(inf, body, more, f, out, err))
		return -1;
	if (check_size(out->n, f, err))
		return -1;
	return check_sum(libdeflate_crc32(0, out->p, out->n), body, more, f, err);
}

/* ---- in pieces */

/*
 * The pages of these bytes need not stay in memory, nor those around them that the kernel
 * maps in the same breath; who still reads there gets them anew.
 */
static void
forget(const struct hm_zip *z, size_t start, size_t end)
{
	uintptr_t first = (uintptr_t)z->data.p, last = first + z->data.n;
	uintptr_t from = (first + start) / AROUND * AROUND;
	uintptr_t to = (first + end + AROUND - 1) / AROUND * AROUND;

	from = from < first ? first : from; /* where a page begins */
	to = to > last ? last : to;
	if (z->mapped && start < end)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

/* One entry on its way to take(). */
struct passage {
	const struct hm_zip *z;
	const struct hm_zip_file *f;
	void (*take)(void *ctx, hm_str bytes);
	void *ctx;
	hm_str rest;   /* of the packed bytes: what was not read yet */
	uint64_t made;
	uint32_t crc;
};

static hm_str
next_packed(struct passage *p)
{
	hm_str piece = hm_str_sub(p->rest, 0, p->rest.n < PIECE_IN ? p->rest.n : PIECE_IN);
	size_t at = (size_t)(piece.p - p->z->data.p);

	forget(p->z, at > PIECE_IN ? at - PIECE_IN : 0, at); /* what was given before */
	p->rest = hm_str_from(p->rest, piece.n);
	return piece;
}

static void
give(struct passage *p, hm_str bytes)
{
	p->made += bytes.n;
	p->crc = libdeflate_crc32(p->crc, bytes.p, bytes.n);
	if (p->made <= p->f->size)
		p->take(p->ctx, bytes);
}

/* libdeflate wants the whole content in memory, zlib does not. */
static int
inflate_pieces(struct passage *p, char *out, struct hm_err *err)
{
	z_stream s = { 0 };
	int r;

	if (inflateInit2(&s, -MAX_WBITS) != Z_OK)
		hm_mem_oom();
	do {
		if (s.avail_in == 0) {
			hm_str piece = next_packed(p);

			s.next_in = (const Bytef *)piece.p;
			s.avail_in = (uInt)piece.n;
		}
		s.next_out = (Bytef *)out;
		s.avail_out = PIECE_OUT;
		r = inflate(&s, Z_NO_FLUSH);
		give(p, hm_str_make(out, PIECE_OUT - s.avail_out));
	} while (r == Z_OK && p->made <= p->f->size);
	inflateEnd(&s);
	if (r == Z_MEM_ERROR)
		hm_mem_oom();
	if (r == Z_DATA_ERROR || r == Z_NEED_DICT)
		return hm_err_set(err, HM_EINVALID, "flate: corrupt input");
	return r == Z_BUF_ERROR ? bad_eof(err) : 0; /* no input was left */
}

int
hm_zip_pass(struct hm_inflater *inf, const struct hm_zip *z, const struct hm_zip_file *f,
            size_t max, void (*take)(void *ctx, hm_str bytes), void *ctx, struct hm_err *err)
{
	struct passage p = { .z = z, .f = f, .take = take, .ctx = ctx };
	hm_str body;
	size_t more;

	if (!z->frugal || (f->size <= HM_ZIP_LARGE && f->packed <= HM_ZIP_LARGE)) {
		if (hm_zip_read(inf, z, f, max, &body, err))
			return -1;
		take(ctx, body);
		return 0;
	}
	if (locate(z, f, max, &body, &more, err))
		return -1;
	p.rest = body;
	make_room(inf, PIECE_OUT);
	if (f->method == HM_ZIP_DEFLATE && inflate_pieces(&p, inf->out, err))
		return -1;
	while (f->method == HM_ZIP_STORE && p.rest.n)
		give(&p, next_packed(&p));
	if (check_size(p.made, f, err))
		return -1;
	return check_sum(p.crc, body, more, f, err);
}

void
hm_zip_forget(const struct hm_zip *z, size_t from, size_t to)
{
	size_t start = z->data.n, end = 0;

	for (size_t i = from; i < to; i++) {
		const struct hm_zip_file *f = &z->f[i];

		if (f->at > z->data.n || f->packed > z->data.n - f->at)
			return;
		start = f->at < start ? f->at : start;
		end = f->at + f->packed > end ? f->at + f->packed : end;
	}
	if (start < end)
		forget(z, start, end);
}

void
hm_zip_forget_names(const struct hm_zip *z)
{
	if (z->n)
		forget(z, (size_t)(z->f[0].name.p - z->data.p), z->data.n);
}
