#include "unit/zipmake.h"

#include <libdeflate.h>

static void
put(struct hm_buf *b, uint64_t v, unsigned bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		hm_buf_addc(b, (char)(v & 0xff));
}

static void
put_common(struct hm_buf *b, const struct zip_entry *e, uint32_t crc, size_t packed, size_t size)
{
	put(b, 20, 2);
	put(b, e->descriptor ? 8 : 0, 2);
	put(b, e->deflate ? 8 : 0, 2);
	put(b, 0, 4);
	put(b, crc, 4);
	put(b, packed, 4);
	put(b, size, 4);
	put(b, strlen(e->name), 2);
	put(b, 0, 2);
}

static size_t
put_body(struct hm_buf *b, const struct zip_entry *e)
{
	struct libdeflate_compressor *z;
	size_t n = strlen(e->text), packed;

	if (!e->deflate) {
		hm_buf_addz(b, e->text);
		return n;
	}
	z = libdeflate_alloc_compressor(6);
	packed = libdeflate_deflate_compress(z, e->text, n, hm_buf_room(b, n + 100), n + 100);
	b->n += packed;
	libdeflate_free_compressor(z);
	return packed;
}

void
zip_make(struct hm_buf *out, const struct zip_entry *e, size_t n)
{
	struct hm_buf dir = { 0 };
	size_t at[64];

	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(e[i].text), packed;
		uint32_t crc = libdeflate_crc32(0, e[i].text, size) + e[i].crc_off;
		struct hm_buf body = { 0 };

		packed = put_body(&body, &e[i]);
		size = e[i].claim ? e[i].claim : size;
		at[i % 64] = out->n;
		hm_buf_add(out, "PK\x03\x04", 4);
		put_common(out, &e[i], e[i].descriptor ? 0 : crc, packed, size);
		hm_buf_addz(out, e[i].name);
		hm_buf_adds(out, hm_buf_str(&body));
		hm_buf_free(&body);
		if (e[i].descriptor) {
			hm_buf_add(out, "PK\x07\x08", 4);
			put(out, crc, 4);
			put(out, packed, 4);
			put(out, size, 4);
		}
		hm_buf_add(&dir, "PK\x01\x02", 4);
		put(&dir, 20, 2);
		put_common(&dir, &e[i], crc, packed, size);
		put(&dir, 0, 10);
		put(&dir, at[e[i].at_of ? e[i].at_of - 1 : i % 64], 4);
		hm_buf_addz(&dir, e[i].name);
	}
	put(&dir, 0, 0);
	hm_buf_adds(out, hm_buf_str(&dir));
	hm_buf_add(out, "PK\x05\x06", 4);
	put(out, 0, 4);
	put(out, n & 0xffff, 2);
	put(out, n & 0xffff, 2);
	put(out, dir.n, 4);
	put(out, out->n - dir.n - 16, 4);
	put(out, 0, 2);
	hm_buf_free(&dir);
}
