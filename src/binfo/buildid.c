#include "binfo/buildid.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "binfo/codesign.h"
#include "binfo/obj.h"
#include "crypto/sha256.h"
#include "mod/modtext.h"
#include "os/file.h"

/* As much of the beginning of a file as go looks at: archives, all others. */
#define ARCHIVE_HEAD 1024
#define BINARY_HEAD (32 * 1024)
/* Bytes searched and hashed in one go, while they are in the CPU's cache. */
#define BLOCK ((size_t)128 << 10)
#define AR_HEADER 60

enum { TAG_GO = 4, TAG_GNU = 3 };

static int
malformed(const char *name, struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "parse %s: malformed object file", name);
}

/* ---- archives */

static bool
parse_decimal(hm_str s, uint64_t *out)
{
	s = hm_str_trim(s);
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0;
}

static int
read_buildid_object(struct hm_arena *a, hm_str object, const char *name, hm_str *id,
                    struct hm_err *err)
{
	const struct hm_elf_section *s;
	struct hm_elf e;

	if (!hm_elf_open(a, object, false, &e))
		return malformed(name, err);
	s = hm_elf_find(&e, ".go.buildid");
	if (!s || hm_obj_slice(object, s->offset, s->size).n != s->size)
		return malformed(name, err);
	*id = hm_arena_dup(a, hm_obj_slice(object, s->offset, s->size));
	return 0;
}

/* gccgo keeps the ID in a member of its own; an archive without one has none. */
static int
read_gccgo_archive(struct hm_arena *a, hm_str file, const char *name, hm_str *id,
                   struct hm_err *err)
{
	uint64_t at = 8, size;

	while (at < file.n) {
		hm_str hdr = hm_obj_slice(file, at, AR_HEADER);

		if (hdr.n < AR_HEADER)
			return hm_err_set(err, HM_EINVALID, "unexpected EOF");
		if (!parse_decimal(hm_str_sub(hdr, 48, 58), &size))
			return malformed(name, err);
		at += AR_HEADER;
		if (hm_str_eqz(hm_str_trim(hm_str_sub(hdr, 0, 16)), "_buildid.o/"))
			return read_buildid_object(a, hm_obj_slice(file, at, size), name, id, err);
		at += size + (size & 1);
	}
	return 0;
}

/*
 *	!<arch>
 *	__.PKGDEF       0           0     0     644     7955      `
 *	go object linux amd64 go1.26 ...
 *	build id "..."
 */
static int
read_archive(struct hm_arena *a, hm_str file, const char *name, hm_str *id, struct hm_err *err)
{
	static const hm_str prefix[] = { HM_S_INIT("!<arch>"), HM_S_INIT("__.PKGDEF"),
		                         HM_S_INIT("go object "), HM_S_INIT("build id ") };
	hm_str head = hm_obj_slice(file, 0, ARCHIVE_HEAD), line = { NULL, 0 };

	for (int i = 0; i < 4; i++) {
		if (!hm_str_cut(head, '\n', &line, &head))
			return read_gccgo_archive(a, file, name, id, err);
		if (hm_str_cut_prefix(&line, prefix[i]))
			continue;
		/* A Go object that has no ID. */
		if (i == 3)
			return 0;
		return read_gccgo_archive(a, file, name, id, err);
	}
	if (hm_modtext_unquote(a, line, id))
		return 0;
	*id = HM_S("");
	return read_gccgo_archive(a, file, name, id, err);
}

/* ---- binaries */

/* The ID as the linker puts it at the beginning of the text. */
static int
read_raw(struct hm_arena *a, hm_str data, const char *name, hm_str *id, struct hm_err *err)
{
	static const hm_str begin = HM_S_INIT("\xff Go build ID: \""), end = HM_S_INIT("\"\n \xff");
	ptrdiff_t i = hm_str_index(data, begin), j;

	if (i < 0)
		return 0;
	data = hm_str_from(data, (size_t)i + begin.n);
	j = hm_str_index(data, end);
	if (j < 0 || !hm_modtext_unquote(a, hm_str_make(data.p - 1, (size_t)j + 2), id))
		return malformed(name, err);
	return 0;
}

/* One note segment; *id gets a Go ID, *gnu the last one of the system's. */
static bool
scan_notes(hm_str note, bool big, const struct hm_elf_segment *s, hm_str *id, hm_str *gnu)
{
	uint64_t left = s->file_size, at = s->offset;

	while (left >= 16) {
		struct hm_obj_reader r = { .s = note, .big = big };
		uint64_t name_size = hm_obj_u32(&r, 0), size = hm_obj_u32(&r, 4), step;
		uint32_t tag = hm_obj_u32(&r, 8);
		bool padded = s->align != 0 && (s->align & (s->align - 1)) == 0;
		hm_str name = hm_obj_slice(note, 12, 4), value = hm_obj_slice(note, 16, size);

		if (name_size == 4 && value.n == size) {
			if (tag == TAG_GO && hm_str_eq(name, hm_str_make("Go\0\0", 4))) {
				*id = value;
				return true;
			}
			if (tag == TAG_GNU && hm_str_eq(name, hm_str_make("GNU\0", 4)))
				*gnu = value;
		}
		step = 12 + ((name_size + 3) & ~(uint64_t)3) + ((size + 3) & ~(uint64_t)3);
		if (padded)
			step += -(at + step) & (s->align - 1);
		if (left <= step)
			break;
		at += step;
		left -= step;
		note = hm_str_from(note, (size_t)step);
	}
	return false;
}

static int
read_elf(struct hm_arena *a, hm_str file, const char *name, hm_str *id, struct hm_err *err)
{
	hm_str go = HM_S(""), gnu = HM_S("");
	struct hm_elf e;

	if (!hm_elf_open(a, hm_obj_slice(file, 0, BINARY_HEAD), true, &e))
		return malformed(name, err);
	for (size_t i = 0; i < e.n_segment; i++) {
		const struct hm_elf_segment *s = &e.segment[i];
		hm_str note = hm_obj_slice(file, s->offset, s->file_size);

		if (s->type != HM_ELF_NOTE || s->file_size < 16)
			continue;
		if (note.n != s->file_size)
			return hm_err_set(err, HM_EINVALID, "unexpected EOF");
		if (scan_notes(note, e.big, s, &go, &gnu)) {
			*id = hm_arena_dup(a, go);
			return 0;
		}
	}
	*id = hm_arena_dup(a, gnu);
	return 0;
}

static bool
is_macho(hm_str file)
{
	static const char magic[4][4] = {
		"\xfe\xed\xfa\xce",
		"\xfe\xed\xfa\xcf",
		"\xce\xfa\xed\xfe",
		"\xcf\xfa\xed\xfe",
	};

	for (size_t i = 0; i < 4; i++)
		if (hm_str_has_prefix(file, hm_str_make(magic[i], 4)))
			return true;
	return false;
}

/* Here the text may begin anywhere, but mostly it is near. */
static int
read_macho(struct hm_arena *a, hm_str file, const char *name, hm_str *id, struct hm_err *err)
{
	const struct hm_macho_section *s;
	struct hm_macho m;
	hm_str text;

	if (read_raw(a, hm_obj_slice(file, 0, BINARY_HEAD), name, id, err) == 0 && id->n > 0)
		return 0;
	hm_err_clear(err);
	if (!hm_macho_open(a, file, &m))
		return malformed(name, err);
	s = hm_macho_section(&m, "__text");
	if (!s)
		return hm_err_set(err, HM_EINVALID, "parse %s: cannot find __text section", name);
	text = hm_obj_slice(file, s->offset, s->size < BINARY_HEAD ? s->size : BINARY_HEAD);
	return read_raw(a, text, name, id, err);
}

int
hm_buildid_read(struct hm_arena *a, hm_str file, const char *name, hm_str *id,
                struct hm_err *err)
{
	*id = HM_S("");
	if (file.n < 8)
		return hm_err_set(err, HM_EINVALID, "EOF");
	if (hm_str_has_prefix(file, HM_S("!<arch>\n")))
		return read_archive(a, file, name, id, err);
	if (hm_str_has_prefix(file, HM_S("\x7f" "ELF")))
		return read_elf(a, file, name, id, err);
	if (is_macho(file))
		return read_macho(a, file, name, id, err);
	return read_raw(a, hm_obj_slice(file, 0, BINARY_HEAD), name, id, err);
}

int
hm_buildid_read_file(struct hm_arena *a, const char *path, hm_str *id, struct hm_err *err)
{
	hm_str file;
	int rc;

	if (hm_file_map(path, &file, err) < 0)
		return -1;
	rc = hm_buildid_read(a, file, path, id, err);
	hm_file_unmap(file);
	return rc;
}

/* ---- content hash */

/* A range of the file that reads as zeros. */
struct hole {
	uint64_t from, to;
};

static void
add_hole(struct hole *h, size_t *n, uint64_t from, uint64_t to, size_t file_size)
{
	if (to > file_size)
		to = file_size;
	if (from < to)
		h[(*n)++] = (struct hole){ from, to };
}

/* What depends on the build ID itself, and so must not go into it. */
static size_t
find_holes(struct hm_arena *a, hm_str file, struct hole h[2])
{
	const struct hm_elf_section *s;
	struct hm_macho m;
	struct hm_elf e;
	size_t n = 0;

	if (hm_elf_open(a, file, false, &e)) {
		s = hm_elf_find(&e, ".note.gnu.build-id");
		/* behind the note's header and the name "GNU" */
		if (s && s->size > 16)
			add_hole(h, &n, s->offset + 16, s->offset + s->size, file.n);
	} else if (hm_macho_open(a, file, &m)) {
		if (m.has_uuid)
			add_hole(h, &n, m.uuid_offset, m.uuid_offset + m.uuid_size, file.n);
		if (m.is_signed)
			add_hole(h, &n, m.sig_offset, (uint64_t)m.sig_offset + m.sig_size, file.n);
	}
	if (n == 2 && h[0].from > h[1].from) {
		struct hole t = h[0];

		h[0] = h[1];
		h[1] = t;
	}
	return n;
}

static void
hash_range(struct hm_arena *a, struct hm_sha256 *h, hm_str file, size_t from, size_t to,
           hm_str id, struct hm_buildid_at *at)
{
	while (from < to) {
		size_t end = to - from > BLOCK ? from + BLOCK : to;
		size_t reach = to - end > id.n - 1 ? end + id.n - 1 : to;
		const char *hit = memmem(file.p + from, reach - from, id.p, id.n);

		if (!hit) {
			hm_sha256_add(h, file.p + from, end - from);
			from = end;
			continue;
		}
		hm_sha256_add(h, file.p + from, (size_t)(hit - file.p) - from);
		hm_sha256_add_zeros(h, id.n);
		HM_PUSH(a, *at, hit - file.p);
		from = (size_t)(hit - file.p) + id.n;
	}
}

int
hm_buildid_find_and_hash(struct hm_arena *a, hm_str file, hm_str id, struct hm_buildid_at *at,
                         uint8_t hash[32], struct hm_err *err)
{
	struct hm_arena tmp = { 0 };
	struct hole hole[2];
	struct hm_sha256 h;
	size_t from = 0, n;

	*at = (struct hm_buildid_at){ .n = 0 };
	if (id.n == 0)
		return hm_err_set(err, HM_EINVALID, "buildid.FindAndHash: no id specified");
	n = find_holes(&tmp, file, hole);
	hm_arena_free(&tmp);
	hm_sha256_init(&h);
	for (size_t i = 0; i < n; i++) {
		if (hole[i].to <= from)
			continue;
		if (hole[i].from > from) {
			hash_range(a, &h, file, from, (size_t)hole[i].from, id, at);
			from = (size_t)hole[i].from;
		}
		hm_sha256_add_zeros(&h, (size_t)hole[i].to - from);
		from = (size_t)hole[i].to;
	}
	hash_range(a, &h, file, from, file.n, id, at);
	hm_sha256_final(&h, hash);
	return 0;
}

/* ---- rewriting */

static int
write_at(int fd, const char *path, hm_str data, int64_t at, struct hm_err *err)
{
	while (data.n > 0) {
		ssize_t n = pwrite(fd, data.p, data.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hm_err_sys(err, errno, "write %s", path);
		data = hm_str_from(data, (size_t)n);
		at += n;
	}
	return 0;
}

/* Go's linker signs as "a.out"; a signature of another length is another's, and stays. */
static int
sign_again(int fd, const char *path, hm_str file, struct hm_err *err)
{
	static const hm_str id = HM_S_INIT("a.out");
	const struct hm_macho_segment *text;
	struct hm_arena a = { 0 };
	struct hm_macho m;
	uint8_t *sig;
	int rc = 0;

	if (!hm_macho_open(&a, file, &m) || !m.is_signed ||
	    hm_codesign_size(m.sig_offset, id) != (int64_t)m.sig_size ||
	    (uint64_t)m.sig_offset + m.sig_size > file.n)
		goto out;
	text = hm_macho_segment(&m, "__TEXT");
	if (!text)
		goto out;
	sig = hm_arena_alloc(&a, m.sig_size);
	hm_codesign_sign(sig, hm_str_sub(file, 0, m.sig_offset), id, text->offset, text->file_size,
	                 m.type == HM_MACHO_EXEC);
	rc = write_at(fd, path, hm_str_make((char *)sig, m.sig_size), m.sig_offset, err);
out:
	hm_arena_free(&a);
	return rc;
}

static int
sign_macho(int fd, const char *path, struct hm_err *err)
{
	char magic[4];
	struct stat st;
	void *map;
	int rc;

	if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic) ||
	    !is_macho(hm_str_make(magic, sizeof(magic))))
		return 0;
	if (fstat(fd, &st))
		return hm_err_sys(err, errno, "stat %s", path);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return hm_err_sys(err, errno, "mmap %s", path);
	rc = sign_again(fd, path, hm_str_make(map, (size_t)st.st_size), err);
	munmap(map, (size_t)st.st_size);
	return rc;
}

int
hm_buildid_rewrite(int fd, const char *path, const struct hm_buildid_at *at, hm_str id,
                   struct hm_err *err)
{
	for (size_t i = 0; i < at->n; i++)
		if (write_at(fd, path, id, at->v[i], err) < 0)
			return -1;
	return sign_macho(fd, path, err);
}

void
hm_buildid_hash_text(const uint8_t hash[32], char out[HM_BUILDID_HASH_LEN + 1])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (int i = 0; i < HM_BUILDID_HASH_LEN / 4; i++) {
		uint32_t v = (uint32_t)hash[3 * i] << 16 | (uint32_t)hash[3 * i + 1] << 8 |
		             hash[3 * i + 2];

		for (int k = 0; k < 4; k++)
			out[4 * i + k] = digits[v >> (18 - 6 * k) & 63];
	}
	out[HM_BUILDID_HASH_LEN] = '\0';
}
