#include "tlog/tile.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#define HASH_SIZE ((int)sizeof(struct hm_hash))
#define HEIGHT_MAX 30
#define LEVEL_MAX 63
/* Each element of a path names three digits of the number. */
#define PATH_BASE 1000
/* Room that an integer takes, at most. */
#define NUMBER_MAX 24

static int
full_width(int h)
{
	return h >= 0 && h <= HEIGHT_MAX ? 1 << h : 0;
}

/* x >> s, also where C leaves that undefined. */
static int64_t
shift_right(int64_t x, int s)
{
	return s < 63 ? x >> s : 0;
}

/* The tile of a stored hash and which hashes of the tile are below it: [*from, *to). */
static struct hm_tile
locate(int h, int64_t index, int *from, int *to)
{
	struct hm_tile t = { .h = h };
	int level;
	int64_t n;

	hm_tlog_split_index(index, &level, &n);
	t.l = level / h;
	level -= t.l * h;
	t.n = n >> (h - level);
	n -= t.n << (h - level);
	*from = (int)(n << level);
	*to = t.w = (int)((n + 1) << level);
	return t;
}

struct hm_tile
hm_tile_for_index(int h, int64_t index)
{
	int from, to;

	return locate(h, index, &from, &to);
}

struct hm_hash
hm_tile_root(hm_str data)
{
	int n = (int)(data.n / sizeof(struct hm_hash));
	struct hm_hash stack[HEIGHT_MAX + 1];
	int top = 0;

	for (int i = 0; i < n; i++) {
		memcpy(stack[top++].b, data.p + (ptrdiff_t)i * HASH_SIZE, sizeof(stack->b));
		/* Each trailing 1 of i completes a pair, then a pair of pairs, ... */
		for (int bits = i; bits & 1; bits >>= 1) {
			top--;
			stack[top - 1] = hm_tlog_node_hash(&stack[top - 1], &stack[top]);
		}
	}
	return stack[0];
}

int
hm_tile_hash(const struct hm_tile *t, hm_str data, int64_t index, struct hm_hash *out,
             struct hm_err *err)
{
	char path[HM_TILE_PATH_MAX], other[HM_TILE_PATH_MAX];
	struct hm_tile small;
	int from, to;

	if (t->h < 1 || t->h > HEIGHT_MAX || t->l < 0 || t->l > LEVEL_MAX || t->w < 1 ||
	    t->w > full_width(t->h)) {
		hm_tile_path_put(t, path);
		return hm_err_set(err, HM_EINVALID, "invalid tile %s", path);
	}
	if (data.n < (size_t)t->w * sizeof(*out)) {
		hm_tile_path_put(t, path);
		return hm_err_set(err, HM_EINVALID, "data len %zu too short for tile %s", data.n,
		                  path);
	}
	small = locate(t->h, index, &from, &to);
	if (t->l != small.l || t->n != small.n || t->w < small.w) {
		hm_tile_path_put(t, path);
		hm_tile_path_put(&small, other);
		return hm_err_set(err, HM_EINVALID, "index %" PRId64 " is in %s not %s", index,
		                  other, path);
	}
	*out = hm_tile_root(hm_str_sub(data, (size_t)(from * HASH_SIZE), (size_t)(to * HASH_SIZE)));
	return 0;
}

void
hm_tile_list_new(struct hm_arena *a, int h, int64_t older, int64_t newer, struct hm_tiles *out)
{
	for (int l = 0; shift_right(newer, h * l) > 0; l++) {
		int64_t was = shift_right(older, h * l), now = shift_right(newer, h * l);
		struct hm_tile t = { h, l, was >> h, full_width(h) };

		if (was == now)
			continue;
		for (; t.n < now >> h; t.n++)
			HM_PUSH(a, *out, t);
		t.w = (int)(now - (t.n << h));
		if (t.w > 0)
			HM_PUSH(a, *out, t);
	}
}

int
hm_tile_make(struct hm_arena *a, const struct hm_tile *t, const struct hm_hash_reader *r,
             hm_str *out, struct hm_err *err)
{
	size_t n = t->w ? (size_t)t->w : (size_t)full_width(t->h);
	int64_t *index = HM_NEW_N(a, n, int64_t);
	struct hm_hash *hash = HM_NEW_N(a, n, struct hm_hash);

	for (size_t i = 0; i < n; i++)
		index[i] = hm_tlog_index(t->h * t->l, (t->n << t->h) + (int64_t)i);
	if (r->read(r->ctx, index, n, hash, err) < 0)
		return -1;
	*out = hm_str_make((const char *)hash, n * sizeof(*hash));
	return 0;
}

/* x001/x234/067 */
static size_t
put_number(char *out, int64_t n)
{
	int part[8];
	int parts = 0;
	size_t len = 0;

	if (n < 0)
		return (size_t)snprintf(out, NUMBER_MAX, "%" PRId64, n);
	do {
		part[parts++] = (int)(n % PATH_BASE);
		n /= PATH_BASE;
	} while (n > 0);
	while (parts-- > 0) {
		if (parts)
			out[len++] = 'x';
		out[len++] = (char)('0' + part[parts] / 100);
		out[len++] = (char)('0' + part[parts] / 10 % 10);
		out[len++] = (char)('0' + part[parts] % 10);
		if (parts)
			out[len++] = '/';
	}
	return len;
}

static size_t
put_small(char *out, int n)
{
	if (n < 0 || n > 9) /* no tile that is there has such */
		return (size_t)snprintf(out, NUMBER_MAX, "%d", n);
	out[0] = (char)('0' + n);
	return 1;
}

/* Servers check a path by making it again, for each request: so without printf. */
size_t
hm_tile_path_put(const struct hm_tile *t, char out[HM_TILE_PATH_MAX])
{
	size_t n = 5;

	memcpy(out, "tile/", n);
	n += put_small(out + n, t->h);
	out[n++] = '/';
	if (t->l < 0) {
		memcpy(out + n, "data", 4);
		n += 4;
	} else {
		n += put_small(out + n, t->l);
	}
	out[n++] = '/';
	n += put_number(out + n, t->n);
	out[n] = '\0';
	if (t->w != full_width(t->h))
		n += (size_t)snprintf(out + n, NUMBER_MAX, ".p/%d", t->w);
	return n;
}

hm_str
hm_tile_path(struct hm_arena *a, const struct hm_tile *t)
{
	char path[HM_TILE_PATH_MAX];
	size_t n = hm_tile_path_put(t, path);

	return hm_arena_dup(a, hm_str_make(path, n));
}

/* Digits only, no more than an int holds. */
static bool
parse_small(hm_str s, int *out)
{
	int64_t n = 0;

	if (s.n == 0 || s.n > 10)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (s.p[i] - '0');
	}
	*out = (int)n;
	return n <= INT_MAX;
}

static bool
parse_number(hm_str s, int64_t *out)
{
	hm_str elem;
	int part;

	*out = 0;
	while (hm_str_next(&s, '/', &elem)) {
		hm_str_cut_prefix(&elem, HM_S("x"));
		if (elem.n != 3 || !parse_small(elem, &part) ||
		    __builtin_mul_overflow(*out, PATH_BASE, out) ||
		    __builtin_add_overflow(*out, part, out))
			return false;
	}
	return true;
}

/* Takes "P/W" off the end when "P" ends in ".p"; without one the tile is full. */
static bool
parse_width(hm_str *s, int h, int *w)
{
	ptrdiff_t slash = hm_str_rindex_byte(*s, '/');
	hm_str head;

	*w = full_width(h);
	if (slash < 0)
		return true;
	head = hm_str_sub(*s, 0, (size_t)slash);
	if (!hm_str_cut_suffix(&head, HM_S(".p")))
		return true;
	if (!parse_small(hm_str_from(*s, (size_t)slash + 1), w) || *w < 1 || *w >= full_width(h))
		return false;
	*s = head;
	return true;
}

static bool
parse_path(hm_str path, struct hm_tile *t)
{
	hm_str h, l, rest = path;

	if (!hm_str_cut_prefix(&rest, HM_S("tile/")) || !hm_str_cut(rest, '/', &h, &rest) ||
	    !hm_str_cut(rest, '/', &l, &rest))
		return false;
	if (!parse_small(h, &t->h) || t->h < 1 || t->h > HEIGHT_MAX)
		return false;
	if (hm_str_eqz(l, "data"))
		t->l = -1;
	else if (!parse_small(l, &t->l))
		return false;
	return parse_width(&rest, t->h, &t->w) && parse_number(rest, &t->n);
}

int
hm_tile_parse_path(hm_str path, struct hm_tile *t, struct hm_err *err)
{
	char again[HM_TILE_PATH_MAX];
	struct hm_buf quoted = { 0 };

	/* One spelling only: what was parsed must print as it was. */
	if (parse_path(path, t) &&
	    hm_str_eq(path, hm_str_make(again, hm_tile_path_put(t, again))))
		return 0;
	hm_buf_quote(&quoted, path);
	hm_err_set(err, HM_EINVALID, "malformed tile path " HM_F, HM_P(hm_buf_str(&quoted)));
	hm_buf_free(&quoted);
	return -1;
}
