#include "tar.h"

#include <stdio.h>

#include "base/vec.h"

/* Offsets and lengths of the fields that are used. */
enum {
	NAME = 0,
	NAME_LEN = 100,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	SIZE_LEN = 12,
	MTIME = 136,
	SUM = 148,
	SUM_LEN = 8,
	TYPE = 156,
	MAGIC = 257,
	DEV_MAJOR = 329,
	DEV_MINOR = 337,
	TYPE_FILE = '0',
	TYPE_PAX = 'x',
};

bool
tar_is_name(hm_str name)
{
	hm_str rest = name, part;

	if (name.n == 0 || name.n > TAR_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f)
			return false;
	while (hm_str_next(&rest, '/', &part))
		if (part.n == 0 || hm_str_eqz(part, ".") || hm_str_eqz(part, ".."))
			return false;
	return true;
}

/* The sum of the header's bytes, its own field taken as spaces. */
static unsigned
checksum(const char *block)
{
	unsigned sum = 0;

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM && i < SUM + SUM_LEN ? ' ' : (unsigned char)block[i];
	return sum;
}

static void
put_header(struct hm_buf *out, hm_str name, char type, uint64_t size)
{
	char b[TAR_BLOCK] = { 0 };

	memcpy(b + NAME, name.p, name.n);
	memcpy(b + MODE, "0000644", 8);
	memcpy(b + UID, "0000000", 8);
	memcpy(b + GID, "0000000", 8);
	snprintf(b + SIZE, SIZE_LEN, "%011llo", (unsigned long long)size);
	memcpy(b + MTIME, "00000000000", 12);
	b[TYPE] = type;
	memcpy(b + MAGIC, "ustar\00000", 8);
	memcpy(b + DEV_MAJOR, "0000000", 8);
	memcpy(b + DEV_MINOR, "0000000", 8);
	snprintf(b + SUM, SUM_LEN, "%06o", checksum(b));
	b[SUM + 7] = ' ';
	hm_buf_add(out, b, sizeof(b));
}

/* "LENGTH path=NAME\n"; LENGTH counts itself. */
static void
put_pax(struct hm_buf *out, hm_str name)
{
	size_t bare = sizeof(" path=\n") - 1 + name.n, n = bare + 1;
	struct hm_buf b = { 0 };
	int digits;

	do {
		char text[32];

		digits = snprintf(text, sizeof(text), "%zu", n);
		n = bare + (size_t)digits;
	} while (snprintf(NULL, 0, "%zu", n) != digits);
	hm_buf_printf(&b, "%zu path=" HM_F "\n", n, HM_P(name));
	put_header(out, HM_S("path"), TYPE_PAX, b.n);
	hm_buf_adds(out, hm_buf_str(&b));
	tar_pad(out, b.n);
	hm_buf_free(&b);
}

void
tar_header(struct hm_buf *out, hm_str name, uint64_t size)
{
	if (name.n > NAME_LEN) {
		put_pax(out, name);
		name.n = NAME_LEN;
	}
	put_header(out, name, TYPE_FILE, size);
}

static void
put_zeros(struct hm_buf *out, size_t n)
{
	static const char zeros[TAR_BLOCK];

	for (; n > 0; n -= n < TAR_BLOCK ? n : TAR_BLOCK)
		hm_buf_add(out, zeros, n < TAR_BLOCK ? n : TAR_BLOCK);
}

static size_t
padding(uint64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

void
tar_pad(struct hm_buf *out, uint64_t size)
{
	put_zeros(out, padding(size));
}

void
tar_end(struct hm_buf *out)
{
	put_zeros(out, (size_t)2 * TAR_BLOCK);
}

/* ---- reading */

static int
malformed(const char *why, struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "malformed archive: %s", why);
}

/* Octal digits up to the NUL that ends the field. */
static bool
octal(const char *p, size_t n, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i + 1 < n; i++) {
		if (p[i] < '0' || p[i] > '7')
			return false;
		*out = *out * 8 + (uint64_t)(p[i] - '0');
	}
	return n > 0 && p[n - 1] == '\0';
}

static bool
is_zero(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i])
			return false;
	return true;
}

/* One header and what it covers. */
static int
take(hm_str *rest, struct hm_err *err, char *type, hm_str *name, hm_str *body)
{
	const char *b = rest->p;
	uint64_t size, sum;
	size_t whole;

	if (rest->n < TAR_BLOCK)
		return malformed("cut off", err);
	if (memcmp(b + MAGIC, "ustar\00000", 8) || !octal(b + SUM, SUM_LEN - 1, &sum) ||
	    b[SUM + 7] != ' ' || sum != checksum(b) || !octal(b + SIZE, SIZE_LEN, &size))
		return malformed("a header is wrong", err);
	if (size > TAR_SIZE_MAX || size > rest->n - TAR_BLOCK)
		return malformed("cut off", err);
	whole = TAR_BLOCK + (size_t)size + padding(size);
	if (whole > rest->n || !is_zero(hm_str_sub(*rest, TAR_BLOCK + (size_t)size, whole)))
		return malformed("cut off", err);
	*type = b[TYPE];
	*name = hm_str_make(b + NAME, strnlen(b + NAME, NAME_LEN));
	*body = hm_str_sub(*rest, TAR_BLOCK, TAR_BLOCK + (size_t)size);
	*rest = hm_str_from(*rest, whole);
	return 0;
}

static bool
pax_path(struct hm_arena *a, hm_str record, hm_str *name)
{
	hm_str length, value;

	if (!hm_str_cut(record, ' ', &length, &value) ||
	    !hm_str_eq(length, hm_arena_printf(a, "%zu", record.n)) ||
	    !hm_str_cut_prefix(&value, HM_S("path=")) || !hm_str_cut_suffix(&value, HM_S("\n")) ||
	    value.n <= NAME_LEN)
		return false;
	*name = value;
	return true;
}

int
tar_next(struct hm_arena *a, hm_str *rest, struct tar_file *out, struct hm_err *err)
{
	hm_str name, longer = { 0 };
	char type;

	if (rest->n == (size_t)2 * TAR_BLOCK && is_zero(*rest))
		return 0;
	if (take(rest, err, &type, &name, &out->body))
		return -1;
	if (type == TYPE_PAX) {
		if (!pax_path(a, out->body, &longer))
			return malformed("a pax header that is none of a name", err);
		if (take(rest, err, &type, &name, &out->body))
			return -1;
		if (!hm_str_eq(name, hm_str_sub(longer, 0, NAME_LEN)))
			return malformed("a header is wrong", err);
		name = longer;
	}
	if (type != TYPE_FILE)
		return malformed("an entry that is no file", err);
	if (!tar_is_name(name))
		return malformed("a name that is no clean relative path", err);
	out->name = name;
	return 1;
}
