/*
 * Finds the build information of a binary: debug/buildinfo.  The linker leaves a
 * block that begins with a magic text, 16-aligned, in a section of its own or
 * near the beginning of the data:
 *
 *	magic[14] pointer size[1] flags[1]
 *	flags & 2:	16 unused bytes, then Go version and module text, each
 *			behind its length (a varint)
 *	otherwise:	addresses of two Go strings (before Go 1.18)
 */
#include "binfo/binfo.h"
#include "binfo/obj.h"
#include "os/file.h"

#define ALIGN 16
#define HEADER 32
/* Go searches in steps of this size; where a step begins matters at the end of the data. */
#define STEP ((uint64_t)1 << 20)
#define VARINT_MAX 10
/* Images of a universal binary; there are not that many kinds of CPUs. */
#define FAT_MAX 256

enum { FLAG_BIG = 1, FLAG_INLINE = 2 };

static const hm_str magic = HM_S_INIT("\xff Go buildinf:");

/* Addresses [addr, addr + size) lie at offset in the file. */
struct range {
	uint64_t addr, size, offset;
	bool absent; /* not in the file at all */
};

struct exe {
	struct hm_arena arena;
	hm_str file;
	struct {
		struct range *v;
		size_t n, cap;
	} ranges;
	uint64_t data, data_size; /* where to search */
	const char *unmapped;     /* error for an address in no range */
};

static int
unrecognized(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "unrecognized file format");
}

static int
not_go(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "not a Go executable");
}

static void
add_range(struct exe *x, uint64_t addr, uint64_t size, uint64_t offset, bool absent)
{
	HM_PUSH(&x->arena, x->ranges, ((struct range){ addr, size, offset, absent }));
}

/* ---- formats */

static bool
open_elf(struct exe *x)
{
	const struct hm_elf_section *s;
	struct hm_elf e;

	if (!hm_elf_open(&x->arena, x->file, false, &e))
		return false;
	for (size_t i = 0; i < e.n_segment; i++)
		add_range(x, e.segment[i].addr, e.segment[i].file_size, e.segment[i].offset, false);
	s = hm_elf_find(&e, ".go.buildinfo");
	if (s) {
		x->data = s->addr;
		x->data_size = s->size;
		return true;
	}
	for (size_t i = 0; i < e.n_segment; i++) {
		const struct hm_elf_segment *p = &e.segment[i];

		if (p->type != HM_ELF_LOAD || (p->flags & (HM_ELF_X | HM_ELF_W)) != HM_ELF_W)
			continue;
		x->data = p->addr;
		x->data_size = p->mem_size;
		break;
	}
	return true;
}

static bool
open_macho(struct exe *x)
{
	enum { READ_WRITE = 3 };
	const struct hm_macho_section *s;
	struct hm_macho m;

	if (!hm_macho_open(&x->arena, x->file, &m))
		return false;
	for (size_t i = 0; i < m.segments.n; i++) {
		const struct hm_macho_segment *g = &m.segments.v[i];

		if (!hm_str_eqz(g->name, "__PAGEZERO"))
			add_range(x, g->addr, g->file_size, g->offset, false);
	}
	s = hm_macho_section(&m, "__go_buildinfo");
	if (s) {
		x->data = s->addr;
		x->data_size = s->size;
		return true;
	}
	for (size_t i = 0; i < m.segments.n; i++) {
		const struct hm_macho_segment *g = &m.segments.v[i];

		if (g->addr == 0 || g->file_size == 0 || g->prot != READ_WRITE ||
		    g->max_prot != READ_WRITE)
			continue;
		x->data = g->addr;
		x->data_size = g->mem_size;
		break;
	}
	return true;
}

/* A universal binary: big-endian count, then { cpu, subtype, offset, size, align } each. */
static bool
open_fat(struct exe *x)
{
	struct hm_obj_reader r = { .s = x->file, .big = true };
	struct hm_arena tmp = { 0 };
	uint32_t n = hm_obj_u32(&r, 4), type = 0;
	struct hm_macho m;
	hm_str first = x->file;
	bool ok = n > 0 && n <= FAT_MAX && hm_obj_u32(&r, 0) == 0xcafebabe;

	/* All images have to be sound and of one kind, though only the first one counts. */
	for (uint32_t i = 0; ok && i < n; i++) {
		uint64_t at = 8 + (uint64_t)i * 20;
		hm_str image =
			hm_obj_slice(x->file, hm_obj_u32(&r, at + 8), hm_obj_u32(&r, at + 12));

		ok = !r.bad && hm_macho_open(&tmp, image, &m) && (i == 0 || m.type == type);
		type = m.type;
		if (i == 0)
			first = image;
		for (uint32_t k = 0; ok && k < i; k++)
			ok = hm_obj_u64(&r, at) != hm_obj_u64(&r, 8 + (uint64_t)k * 20);
	}
	hm_arena_free(&tmp);
	x->file = first;
	return ok && open_macho(x);
}

static bool
open_pe(struct exe *x)
{
	enum { ANY_ALIGN = 0x600000, DATA_RW = 0x40 | 0x40000000 };
	const uint32_t data_rw = DATA_RW | 0x80000000u;
	struct hm_coff c;

	if (!hm_pe_open(&x->arena, x->file, &c))
		return false;
	for (size_t i = 0; i < c.n_section; i++) {
		const struct hm_coff_section *s = &c.section[i];

		add_range(x, c.base + s->addr, s->size, s->offset, s->offset == 0);
		if (x->data_size == 0 && s->addr != 0 && s->size != 0 &&
		    (s->flags & ~(uint32_t)ANY_ALIGN) == data_rw) {
			x->data = c.base + s->addr;
			x->data_size = s->mem_size;
		}
	}
	return true;
}

static bool
open_xcoff(struct exe *x)
{
	enum { DATA = 0x40 };
	bool found = false;
	struct hm_coff c;

	x->unmapped = "address not mapped";
	if (!hm_xcoff_open(&x->arena, x->file, &c))
		return false;
	for (size_t i = 0; i < c.n_section; i++) {
		const struct hm_coff_section *s = &c.section[i];

		add_range(x, s->addr, s->size, s->offset, s->offset == 0);
		if (!found && s->flags == DATA) {
			x->data = s->addr;
			x->data_size = s->size;
			found = true;
		}
	}
	return true;
}

static bool
is_plan9(uint32_t m)
{
	return m == 0x1eb || m == 0x8a97 || m == 0x647;
}

/* Header, then text, data and tables in a row; addresses are file offsets here. */
static bool
open_plan9(struct exe *x)
{
	struct hm_obj_reader r = { .s = x->file, .big = true };
	uint32_t at = hm_obj_u32(&r, 0) & 0x8000 ? 40 : 32;
	/* text, data, (bss), symbols, (entry), two tables */
	static const unsigned field[] = { 4, 8, 16, 24, 28 };

	x->unmapped = "address not mapped";
	hm_obj_u8(&r, at - 1);
	for (size_t i = 0; i < 5; i++) {
		uint32_t size = hm_obj_u32(&r, field[i]);

		add_range(x, at, size, at, false);
		if (i == 1) {
			x->data = at;
			x->data_size = size;
		}
		at += size;
	}
	return !r.bad;
}

static bool
open_exe(struct exe *x)
{
	struct hm_obj_reader r = { .s = x->file, .big = true };
	uint32_t m = hm_obj_u32(&r, 0);

	x->unmapped = "unrecognized file format";
	if (x->file.n < 16)
		return false;
	if (m == 0x7f454c46)
		return open_elf(x);
	if (m >> 16 == 0x4d5a)
		return open_pe(x);
	if (m >> 8 == 0xfeedfa || (m & 0xffffff) == 0xfaedfe)
		return open_macho(x);
	if (m == 0xcafebabe)
		return open_fat(x);
	if (m >> 16 == 0x1df || m >> 16 == 0x1f7)
		return open_xcoff(x);
	return is_plan9(m) && open_plan9(x);
}

/* ---- the block */

/* From an address on, what the file has of the range that holds it. */
static int
find_address(const struct exe *x, uint64_t addr, hm_str *out, struct hm_err *err)
{
	for (size_t i = 0; i < x->ranges.n; i++) {
		const struct range *r = &x->ranges.v[i];
		uint64_t into = addr - r->addr;

		/* As in go, an empty range at 0 holds every address (and no data). */
		if (addr < r->addr || addr > r->addr + r->size - 1)
			continue;
		if (r->absent)
			return hm_err_set(err, HM_EINVALID,
			                  "unexpected read from section with uninitialized data");
		*out = HM_S("");
		if (into < r->size && r->offset <= UINT64_MAX - into)
			*out = hm_obj_slice(x->file, r->offset + into, r->size - into);
		return 0;
	}
	return hm_err_set(err, HM_EINVALID, "%s", x->unmapped);
}

static int
bytes_at(const struct exe *x, uint64_t addr, uint64_t n, hm_str *out, struct hm_err *err)
{
	if (find_address(x, addr, out, err) < 0)
		return -1;
	if (out->n < n)
		return not_go(err);
	*out = hm_str_sub(*out, 0, (size_t)n);
	return 0;
}

/* The aligned magic in one step of the data, or -1. */
static ptrdiff_t
find_magic(hm_str data)
{
	for (size_t from = 0; from <= data.n;) {
		ptrdiff_t i = hm_str_index(hm_str_from(data, from), magic);

		if (i < 0)
			return -1;
		from += (size_t)i;
		if (from % ALIGN == 0)
			return (ptrdiff_t)from;
		from = (from + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	}
	return -1;
}

static int
find_block(const struct exe *x, uint64_t *addr, struct hm_err *err)
{
	uint64_t at = (x->data + ALIGN - 1) & ~(uint64_t)(ALIGN - 1), end = x->data + x->data_size;

	if (x->data_size == 0)
		return not_go(err);
	if (end < x->data)
		return unrecognized(err);
	for (; at < end && at >= x->data; at += STEP) {
		hm_str data;
		ptrdiff_t i;

		if (find_address(x, at, &data, err) < 0)
			return -1;
		if (data.n == 0)
			break;
		data = hm_obj_slice(data, 0, end - at < STEP ? end - at : STEP);
		i = find_magic(data);
		if (i < 0)
			continue;
		if (end - at - (uint64_t)i < HEADER)
			break;
		*addr = at + (uint64_t)i;
		return 0;
	}
	return not_go(err);
}

/* A varint of at most 64 bits; the number of its bytes, or 0 when it is none. */
static size_t
read_varint(hm_str s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n && i < VARINT_MAX; i++) {
		uint64_t b = (unsigned char)s.p[i];

		if (i == VARINT_MAX - 1 && b > 1)
			return 0;
		*out |= (b & 0x7f) << (7 * i);
		if (b < 0x80)
			return i + 1;
	}
	return 0;
}

static int
read_inline(const struct exe *x, uint64_t *addr, hm_str *out, struct hm_err *err)
{
	uint64_t len;
	size_t n;

	if (bytes_at(x, *addr, VARINT_MAX, out, err) < 0)
		return -1;
	n = read_varint(*out, &len);
	if (n == 0)
		return not_go(err);
	*addr += n;
	if (bytes_at(x, *addr, len, out, err) < 0)
		return -1;
	*addr += len;
	return 0;
}

/* A Go string header at an address; empty when it is not sound. */
static hm_str
read_pointed(const struct exe *x, uint64_t addr, unsigned ptr, bool big)
{
	struct hm_err ignored = { 0 };
	struct hm_obj_reader r = { .big = big };
	hm_str out = { NULL, 0 };

	if (bytes_at(x, addr, 2 * ptr, &r.s, &ignored) == 0) {
		uint64_t data = hm_obj_word(&r, 0, ptr == 8), n = hm_obj_word(&r, ptr, ptr == 8);

		if (bytes_at(x, data, n, &out, &ignored) < 0)
			out = HM_S("");
	}
	hm_err_free(&ignored);
	return out;
}

static int
read_block(const struct exe *x, uint64_t addr, hm_str *version, hm_str *mod, struct hm_err *err)
{
	struct hm_obj_reader r = { .bad = false };
	unsigned ptr;

	if (bytes_at(x, addr, HEADER, &r.s, err) < 0)
		return -1;
	if (hm_obj_u8(&r, 15) & FLAG_INLINE) {
		addr += HEADER;
		if (read_inline(x, &addr, version, err) < 0 || read_inline(x, &addr, mod, err) < 0)
			return -1;
	} else {
		ptr = hm_obj_u8(&r, 14);
		r.big = hm_obj_u8(&r, 15) & FLAG_BIG;
		if (ptr != 4 && ptr != 8)
			return not_go(err);
		*version = read_pointed(x, hm_obj_word(&r, 16, ptr == 8), ptr, r.big);
		*mod = read_pointed(x, hm_obj_word(&r, 16 + ptr, ptr == 8), ptr, r.big);
	}
	return version->n > 0 ? 0 : not_go(err);
}

int
hm_binfo_read_raw(hm_str file, hm_str *go_version, hm_str *mod, struct hm_err *err)
{
	struct exe x = { .file = file };
	uint64_t addr = 0;
	int rc;

	*go_version = *mod = HM_S("");
	if (!open_exe(&x))
		rc = unrecognized(err);
	else
		rc = find_block(&x, &addr, err);
	if (rc == 0)
		rc = read_block(&x, addr, go_version, mod, err);
	/* The text is framed by 16 random bytes on each side. */
	if (mod->n >= 33 && mod->p[mod->n - 17] == '\n')
		*mod = hm_str_sub(*mod, 16, mod->n - 16);
	else
		*mod = HM_S("");
	hm_arena_free(&x.arena);
	return rc;
}

int
hm_binfo_read(struct hm_arena *a, hm_str file, struct hm_binfo *bi, struct hm_err *err)
{
	hm_str version, mod;

	if (hm_binfo_read_raw(file, &version, &mod, err) < 0 ||
	    hm_binfo_parse(a, hm_arena_dup(a, mod), bi, err) < 0)
		return -1;
	bi->go_version = hm_arena_dup(a, version);
	return 0;
}

int
hm_binfo_read_file(struct hm_arena *a, const char *path, struct hm_binfo *bi,
                   struct hm_err *err)
{
	hm_str file;
	int rc;

	if (hm_file_map(path, &file, err) < 0) {
		if (hm_str_has_prefix(hm_err_str(err), HM_S("open ")))
			return hm_err_wrap(err, "could not read Go build info: ");
		unrecognized(err);
		return hm_err_wrap(err, "could not read Go build info from %s: ", path);
	}
	rc = hm_binfo_read(a, file, bi, err);
	hm_file_unmap(file);
	return rc ? hm_err_wrap(err, "could not read Go build info from %s: ", path) : 0;
}
