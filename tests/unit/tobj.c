#include "unit/tobj.h"

struct w {
	struct hm_buf b;
	bool big, wide;
};

static void
num(struct w *w, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		hm_buf_addc(&w->b, (char)(v >> 8 * (w->big ? n - 1 - i : i)));
}

static void
u16(struct w *w, uint64_t v)
{
	num(w, v, 2);
}

static void
u32(struct w *w, uint64_t v)
{
	num(w, v, 4);
}

static void
word(struct w *w, uint64_t v)
{
	num(w, v, w->wide ? 8 : 4);
}

static void
name(struct w *w, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hm_buf_addc(&w->b, i < strlen(s) ? s[i] : '\0');
}

static void
pad_to(struct w *w, size_t n)
{
	while (w->b.n < n)
		hm_buf_addc(&w->b, '\0');
}

/* ---- ELF: header, 2 segments, notes at 0x200, names at 0x600, data at 0x1000, 4 sections */

#define NAMES ".shstrtab\0.go.buildinfo\0.note.gnu.build-id\0"

static void
elf_note(struct w *w, const char *owner, uint32_t tag, hm_str value)
{
	u32(w, 4);
	u32(w, value.n);
	u32(w, tag);
	name(w, owner, 4);
	hm_buf_adds(&w->b, value);
	pad_to(w, (w->b.n + 3) & ~(size_t)3);
}

static void
elf_segment(struct w *w, uint32_t type, uint32_t flags, uint64_t off, uint64_t addr, uint64_t size)
{
	u32(w, type);
	if (w->wide)
		u32(w, flags);
	word(w, off);
	word(w, addr);
	word(w, addr);
	word(w, size);
	word(w, size);
	if (!w->wide)
		u32(w, flags);
	word(w, 4);
}

static void
elf_section(struct w *w, uint32_t at, uint32_t type, uint64_t addr, uint64_t off, uint64_t size)
{
	u32(w, at);
	u32(w, type);
	word(w, 0);
	word(w, addr);
	word(w, off);
	word(w, size);
	u32(w, 0);
	u32(w, 0);
	word(w, 0);
	word(w, 0);
}

hm_str
tobj_elf(struct hm_arena *a, const struct tobj *o)
{
	struct w w = { .big = o->big, .wide = o->wide };
	size_t head = o->wide ? 64 : 52, gnu = 0x200, go, notes_end;
	uint64_t end = 0x1000 + o->data.n;

	name(&w, "\x7f" "ELF", 4);
	num(&w, o->wide ? 2 : 1, 1);
	num(&w, o->big ? 2 : 1, 1);
	num(&w, 1, 1);
	pad_to(&w, 16);
	u16(&w, 2);
	u16(&w, 62);
	u32(&w, 1);
	word(&w, 0);
	word(&w, head);
	word(&w, end);
	u32(&w, 0);
	u16(&w, head);
	u16(&w, o->wide ? 56 : 32);
	u16(&w, 2);
	u16(&w, o->wide ? 64 : 40);
	u16(&w, 4);
	u16(&w, 1);
	/* The sizes of the notes are known before they are written. */
	go = gnu + (o->gnu_note.n ? 16 + ((o->gnu_note.n + 3) & ~(size_t)3) : 0);
	notes_end = go + (o->go_note.n ? 16 + ((o->go_note.n + 3) & ~(size_t)3) : 0);
	elf_segment(&w, 4, 4, gnu, gnu, notes_end - gnu);
	elf_segment(&w, 1, 6, 0x1000, TOBJ_ADDR, o->data.n);
	pad_to(&w, gnu);
	if (o->gnu_note.n)
		elf_note(&w, "GNU", 3, o->gnu_note);
	if (o->go_note.n)
		elf_note(&w, "Go", 4, o->go_note);
	pad_to(&w, 0x600);
	hm_buf_add(&w.b, "\0" NAMES, sizeof(NAMES));
	pad_to(&w, 0x1000);
	hm_buf_adds(&w.b, o->data);
	elf_section(&w, 0, 0, 0, 0, 0);
	elf_section(&w, 1, 3, 0, 0x600, sizeof(NAMES));
	elf_section(&w, o->named ? 11 : 0, 1, TOBJ_ADDR, 0x1000, o->data.n);
	elf_section(&w, o->gnu_note.n ? 25 : 0, 7, gnu, gnu, go - gnu);
	return hm_buf_take(&w.b, a);
}

/* ---- Mach-O: data at 0x1000, then the signature */

hm_str
tobj_macho(struct hm_arena *a, const struct tobj *o)
{
	struct w w = { .big = o->big, .wide = o->wide };
	size_t seg = o->wide ? 72 : 56, sect = o->wide ? 80 : 68;
	size_t cmds = seg + 2 * sect + (o->uuid ? 24 : 0) + (o->signature ? 16 : 0);

	u32(&w, o->wide ? 0xfeedfacf : 0xfeedface);
	u32(&w, 0x01000007);
	u32(&w, 3);
	u32(&w, 2);
	u32(&w, 1u + o->uuid + (o->signature > 0));
	u32(&w, cmds);
	u32(&w, 0);
	if (o->wide)
		u32(&w, 0);
	u32(&w, o->wide ? 0x19 : 1);
	u32(&w, seg + 2 * sect);
	name(&w, "__TEXT", 16);
	word(&w, TOBJ_ADDR);
	word(&w, o->data.n);
	word(&w, 0x1000);
	word(&w, o->data.n);
	u32(&w, 3);
	u32(&w, 3);
	u32(&w, 2);
	u32(&w, 0);
	for (int i = 0; i < 2; i++) {
		size_t start = w.b.n;

		name(&w, i ? (o->named ? "__go_buildinfo" : "__data") : "__text", 16);
		name(&w, "__TEXT", 16);
		word(&w, TOBJ_ADDR);
		word(&w, o->data.n);
		u32(&w, 0x1000);
		pad_to(&w, start + sect);
	}
	if (o->uuid) {
		u32(&w, 0x1b);
		u32(&w, 24);
		name(&w, "0123456789abcdef", 16);
	}
	if (o->signature) {
		u32(&w, 0x1d);
		u32(&w, 16);
		u32(&w, 0x1000 + o->data.n);
		u32(&w, o->signature);
	}
	pad_to(&w, 0x1000);
	hm_buf_adds(&w.b, o->data);
	pad_to(&w, w.b.n + o->signature);
	return hm_buf_take(&w.b, a);
}

hm_str
tobj_fat(struct hm_arena *a, hm_str image)
{
	struct w w = { .big = true };

	u32(&w, 0xcafebabe);
	u32(&w, 1);
	u32(&w, 0x01000007);
	u32(&w, 3);
	u32(&w, 0x40);
	u32(&w, image.n);
	u32(&w, 4);
	pad_to(&w, 0x40);
	hm_buf_adds(&w.b, image);
	return hm_buf_take(&w.b, a);
}

/* ---- PE: image at 0x400000, data at 0x400 in the file */

hm_str
tobj_pe(struct hm_arena *a, const struct tobj *o)
{
	struct w w = { .wide = o->wide };
	size_t optional = o->wide ? 0xf0 : 0xe0;

	name(&w, "MZ", 0x3c);
	u32(&w, 0x80);
	pad_to(&w, 0x80);
	name(&w, "PE", 4);
	u16(&w, o->wide ? 0x8664 : 0x14c);
	u16(&w, 1);
	u32(&w, 0);
	u32(&w, 0);
	u32(&w, 0);
	u16(&w, optional);
	u16(&w, 0);
	u16(&w, o->wide ? 0x20b : 0x10b);
	pad_to(&w, 0x98 + (o->wide ? 24 : 28));
	word(&w, 0x400000);
	pad_to(&w, 0x98 + (o->wide ? 108 : 92));
	u32(&w, 16); /* data directories */
	pad_to(&w, 0x98 + optional);
	name(&w, ".data", 8);
	u32(&w, o->data.n);
	u32(&w, TOBJ_ADDR);
	u32(&w, o->data.n);
	u32(&w, 0x400);
	pad_to(&w, w.b.n + 12);
	u32(&w, 0xc0600040);
	pad_to(&w, 0x400);
	hm_buf_adds(&w.b, o->data);
	return hm_buf_take(&w.b, a);
}

/* ---- XCOFF: no optional header, data at 0x100, one symbol and an empty string table */

hm_str
tobj_xcoff(struct hm_arena *a, const struct tobj *o)
{
	struct w w = { .big = true, .wide = o->wide };
	size_t symbols = 0x100 + o->data.n;

	u16(&w, o->wide ? 0x1f7 : 0x1df);
	u16(&w, 1);
	u32(&w, 0);
	word(&w, symbols);
	if (!o->wide)
		u32(&w, 1);
	u16(&w, 0);
	u16(&w, 0);
	if (o->wide)
		u32(&w, 1);
	name(&w, ".data", 8);
	word(&w, TOBJ_ADDR);
	word(&w, TOBJ_ADDR);
	word(&w, o->data.n);
	word(&w, 0x100);
	word(&w, 0);
	word(&w, 0);
	num(&w, 0, o->wide ? 8 : 4);
	u32(&w, 0x40);
	pad_to(&w, 0x100);
	hm_buf_adds(&w.b, o->data);
	pad_to(&w, symbols + 18);
	u32(&w, 4);
	return hm_buf_take(&w.b, a);
}

/* ---- Plan 9: addresses are file offsets, so the data has to be aligned in the file */

hm_str
tobj_plan9(struct hm_arena *a, const struct tobj *o)
{
	struct w w = { .big = true };
	size_t text = o->wide ? 24 : 0;

	u32(&w, o->wide ? 0x8a97 : 0x1eb);
	u32(&w, text);
	u32(&w, o->data.n);
	pad_to(&w, o->wide ? 40 : 32);
	pad_to(&w, w.b.n + text);
	hm_buf_adds(&w.b, o->data);
	return hm_buf_take(&w.b, a);
}
