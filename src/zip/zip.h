/*
 * zip.h - zip archives in memory: a reader of the central directory that takes
 * what Go's archive/zip takes, and a deterministic writer.
 *
 * Layout (APPNOTE.TXT): local entries, central directory, end record; the end
 * record is found from the back.  Sizes, names and offsets come from the
 * central directory alone; of a local header only its length matters.  Every
 * number is held against the length of the archive before it is used.
 *
 * Errors have archive/zip's texts ("zip: not a valid zip file").
 */
#ifndef HM_ZIP_ZIP_H
#define HM_ZIP_ZIP_H

#include "base/err.h"
#include "base/vec.h"

/* Entries of one archive at most: reader and checks take some 500 bytes for each. */
#define HM_ZIP_ENTRIES_MAX ((size_t)1 << 20)

/* An entry of more bytes than this, packed or not, is large. */
#define HM_ZIP_LARGE ((uint64_t)512 << 10)

enum hm_zip_method {
	HM_ZIP_STORE = 0,
	HM_ZIP_DEFLATE = 8,
};

struct hm_zip_file {
	hm_str name;     /* as in the archive: a trailing slash marks a folder; borrowed from it */
	uint64_t size;   /* of the content, as declared; any value until the entry was read */
	uint64_t packed; /* of the stored bytes, as declared */
	uint64_t at;     /* offset of the local header */
	uint32_t crc;
	uint16_t method; /* enum hm_zip_method or one that cannot be read */
	uint16_t flags;
};

struct hm_zip {
	hm_str data;           /* the archive; borrowed from the caller */
	struct hm_zip_file *f; /* in the order of the directory; in the arena */
	size_t n;
	bool mapped; /* set by the caller: data is a file mapped by hm_file_map() */
	/* Set by the caller: hm_zip_pass() holds no HM_ZIP_LARGE entry, but takes longer. */
	bool frugal;
};

/* Reads the central directory of the archive in data. */
int hm_zip_open(struct hm_arena *a, hm_str data, struct hm_zip *z, struct hm_err *err);

static inline bool
hm_zip_is_dir(const struct hm_zip_file *f)
{
	return f->name.n > 0 && f->name.p[f->name.n - 1] == '/';
}

/* A decompressor with its output buffer; belongs to one thread at a time. */
struct hm_inflater;

struct hm_inflater *hm_inflater_new(void);
void hm_inflater_free(struct hm_inflater *inf);

/*
 * The whole content of an entry, its size and CRC checked; borrowed from inf
 * until its next use (from the archive when it is stored).  HM_ELIMIT when it
 * claims more than max bytes or more than deflate can make of the packed bytes.
 * Entries that are folders give nothing.
 */
int hm_zip_read(struct hm_inflater *inf, const struct hm_zip *z, const struct hm_zip_file *f,
                size_t max, hm_str *out, struct hm_err *err);

/*
 * As hm_zip_read(), but the content goes to take(), in pieces when the archive is frugal
 * and the entry large: take() has then seen bytes of an entry that turns out to be bad.
 */
int hm_zip_pass(struct hm_inflater *inf, const struct hm_zip *z, const struct hm_zip_file *f,
                size_t max, void (*take)(void *ctx, hm_str bytes), void *ctx, struct hm_err *err);

/* Entries [from, to) were read: their pages of a mapped archive need not stay in memory. */
void hm_zip_forget(const struct hm_zip *z, size_t from, size_t to);
/* Nor need those of the directory, until names are looked at again. */
void hm_zip_forget_names(const struct hm_zip *z);

/* Writes an archive to a descriptor; the same calls give the same bytes. */
struct hm_zip_writer;

/* fd stays the caller's; path is for error texts. */
struct hm_zip_writer *hm_zip_writer_new(int fd, const char *path);
/* Adds a file, deflated unless that makes it longer. */
int hm_zip_writer_add(struct hm_zip_writer *w, hm_str name, hm_str content, struct hm_err *err);
/* Writes the central directory. */
int hm_zip_writer_finish(struct hm_zip_writer *w, struct hm_err *err);
void hm_zip_writer_free(struct hm_zip_writer *w);

#endif
