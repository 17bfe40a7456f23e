/* The writing side: one pass, sizes in the local headers, no times, no attributes. */
#include "zip/zip.h"

#include <stdlib.h>

#include <libdeflate.h>

#include "base/mem.h"
#include "os/file.h"

enum {
	LEVEL = 6,
	VERSION = 20,
	VERSION64 = 45,
	FLAG_UTF8 = 0x800,
	FLUSH_AT = 1 << 20,
};

struct hm_zip_writer {
	struct libdeflate_compressor *z;
	char *packed;
	size_t packed_cap;
	int fd;
	char *path;
	struct hm_buf out; /* not yet written */
	struct hm_buf dir; /* central directory */
	uint64_t at;       /* offset of what comes next */
	size_t entries;
};

struct hm_zip_writer *
hm_zip_writer_new(int fd, const char *path)
{
	struct hm_zip_writer *w = hm_mem_new(sizeof(*w));

	w->z = libdeflate_alloc_compressor(LEVEL);
	w->path = strdup(path);
	if (!w->z || !w->path)
		hm_mem_oom();
	w->fd = fd;
	return w;
}

void
hm_zip_writer_free(struct hm_zip_writer *w)
{
	if (!w)
		return;
	libdeflate_free_compressor(w->z);
	hm_buf_free(&w->out);
	hm_buf_free(&w->dir);
	free(w->packed);
	free(w->path);
	free(w);
}

static void
put(struct hm_buf *b, uint64_t v, unsigned bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		hm_buf_addc(b, (char)(v & 0xff));
}

static int
flush(struct hm_zip_writer *w, struct hm_err *err)
{
	int rc = hm_file_write_fd(w->fd, w->path, hm_buf_str(&w->out), err);

	hm_buf_clear(&w->out);
	return rc;
}

static bool
is_ascii(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* What local header and directory entry have in common, from "version needed" on. */
static void
put_entry(struct hm_buf *b, hm_str name, enum hm_zip_method method, uint32_t crc, size_t packed,
          size_t size)
{
	put(b, VERSION, 2);
	put(b, is_ascii(name) ? 0 : FLAG_UTF8, 2);
	put(b, method, 2);
	put(b, 0, 4); /* time, date */
	put(b, crc, 4);
	put(b, packed, 4);
	put(b, size, 4);
	put(b, name.n, 2);
	put(b, 0, 2); /* extra */
}

int
hm_zip_writer_add(struct hm_zip_writer *w, hm_str name, hm_str content, struct hm_err *err)
{
	enum hm_zip_method method = HM_ZIP_DEFLATE;
	uint32_t crc = libdeflate_crc32(0, content.p, content.n);
	hm_str body;

	if (name.n > UINT16_MAX || content.n >= UINT32_MAX ||
	    w->at + content.n >= UINT32_MAX - 70000)
		return hm_err_set(err, HM_ELIMIT, "zip: %s: archive is too large", w->path);
	if (content.n > w->packed_cap) {
		free(w->packed);
		w->packed = hm_mem_grow(NULL, content.n, 1);
		w->packed_cap = content.n;
	}
	body = HM_S("");
	if (content.n > 0)
		body = hm_str_make(w->packed,
		                   libdeflate_deflate_compress(w->z, content.p, content.n,
		                                               w->packed, content.n));
	if (body.n == 0) {
		method = HM_ZIP_STORE;
		body = content;
	}

	hm_buf_add(&w->dir, "PK\x01\x02", 4);
	put(&w->dir, VERSION, 2);
	put_entry(&w->dir, name, method, crc, body.n, content.n);
	put(&w->dir, 0, 10); /* comment length, disk, attributes */
	put(&w->dir, w->at, 4);
	hm_buf_adds(&w->dir, name);

	hm_buf_add(&w->out, "PK\x03\x04", 4);
	put_entry(&w->out, name, method, crc, body.n, content.n);
	hm_buf_adds(&w->out, name);
	w->at += 30 + name.n + body.n;
	w->entries++;
	if (w->out.n + body.n > FLUSH_AT && flush(w, err))
		return -1;
	if (body.n > FLUSH_AT)
		return hm_file_write_fd(w->fd, w->path, body, err);
	hm_buf_adds(&w->out, body);
	return 0;
}

/* More entries than 16 bits can count: the numbers go into a zip64 end record. */
static void
put_end64(struct hm_zip_writer *w)
{
	hm_buf_add(&w->out, "PK\x06\x06", 4);
	put(&w->out, 56 - 12, 8);
	put(&w->out, VERSION64, 2);
	put(&w->out, VERSION64, 2);
	put(&w->out, 0, 8); /* disks */
	put(&w->out, w->entries, 8);
	put(&w->out, w->entries, 8);
	put(&w->out, w->dir.n, 8);
	put(&w->out, w->at, 8);
	hm_buf_add(&w->out, "PK\x06\x07", 4);
	put(&w->out, 0, 4);
	put(&w->out, w->at + w->dir.n, 8);
	put(&w->out, 1, 4);
}

int
hm_zip_writer_finish(struct hm_zip_writer *w, struct hm_err *err)
{
	bool wide = w->entries >= UINT16_MAX || w->dir.n >= UINT32_MAX;

	hm_buf_adds(&w->out, hm_buf_str(&w->dir));
	if (wide)
		put_end64(w);
	hm_buf_add(&w->out, "PK\x05\x06", 4);
	put(&w->out, 0, 4); /* disks */
	put(&w->out, wide ? UINT16_MAX : w->entries, 2);
	put(&w->out, wide ? UINT16_MAX : w->entries, 2);
	put(&w->out, wide ? UINT32_MAX : w->dir.n, 4);
	put(&w->out, wide ? UINT32_MAX : w->at, 4);
	put(&w->out, 0, 2); /* comment */
	return flush(w, err);
}
