#include "tilelog/tail.h"

#include <stdlib.h>

#include "base/mem.h"

static void
push_hash(struct hm_tail_level *l, const struct hm_hash *h)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : HM_TILE_WIDTH;
		l->v = hm_mem_grow(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->n++] = *h;
}

/* A hash, and the root of each tile that it completes, one level up. */
static void
add_hash(struct hm_tail *t, struct hm_hash h)
{
	for (int i = 0; i < HM_TAIL_LEVELS; i++) {
		struct hm_tail_level *l = &t->level[i];

		push_hash(l, &h);
		if (l->n % HM_TILE_WIDTH)
			return;
		h = hm_tile_root(hm_str_make((const char *)&l->v[l->n - HM_TILE_WIDTH],
		                             HM_TILE_WIDTH * sizeof(h)));
	}
}

static void
add_text(struct hm_tail *t, hm_str text)
{
	hm_buf_adds(&t->data, text);
	hm_buf_addc(&t->data, '\n');
	if (t->end.n == t->end.cap) {
		t->end.cap = t->end.cap ? t->end.cap * 2 : HM_TILE_WIDTH;
		t->end.v = hm_mem_grow(t->end.v, t->end.cap, sizeof(*t->end.v));
	}
	t->end.v[t->end.n++] = t->data.n;
}

void
hm_tail_add(struct hm_tail *t, hm_str text, const struct hm_hash *hash)
{
	add_text(t, text);
	add_hash(t, *hash);
	t->size++;
}

bool
hm_tile_next_record(hm_str *data, hm_str *text)
{
	ptrdiff_t end = hm_str_index(*data, HM_S("\n\n"));

	if (end < 0)
		return false;
	*text = hm_str_sub(*data, 0, (size_t)end + 1);
	*data = hm_str_from(*data, (size_t)end + 2);
	return true;
}

static int
misfit(const struct hm_tile *tile, const char *what, struct hm_err *err)
{
	char path[HM_TILE_PATH_MAX];

	hm_tile_path_put(tile, path);
	return hm_err_set(err, HM_EINVALID, "%s: %s", path, what);
}

/* The records of the last data tile must be those whose hashes the tile beside it has. */
static int
load_texts(struct hm_tail *t, const struct hm_tile *tile, hm_str data, struct hm_err *err)
{
	hm_str text;

	for (size_t i = 0; i < t->level[0].n; i++) {
		struct hm_hash h;

		if (!hm_tile_next_record(&data, &text))
			return misfit(tile, "too few records", err);
		h = hm_tlog_record_hash(text);
		if (!hm_hash_eq(&h, &t->level[0].v[i]))
			return misfit(tile, "a record is not the one that was logged", err);
		add_text(t, text);
	}
	return data.n ? misfit(tile, "too many records", err) : 0;
}

int
hm_tail_load(struct hm_tail *t, int64_t size,
             int (*read)(void *ctx, struct hm_arena *a, const struct hm_tile *tile, hm_str *out,
                         struct hm_err *err),
             void *ctx, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_tile tile = { .h = HM_TILE_HEIGHT };
	hm_str data = HM_S("");
	int rc = 0;

	*t = (struct hm_tail){ .size = size, .first = size - size % HM_TILE_WIDTH };
	for (int i = 0; rc == 0 && i < HM_TAIL_LEVELS; i++) {
		int64_t n = size >> (HM_TILE_HEIGHT * i);
		struct hm_tail_level *l = &t->level[i];

		l->base = n - n % HM_TILE_WIDTH;
		tile.l = i;
		tile.n = n / HM_TILE_WIDTH;
		tile.w = (int)(n % HM_TILE_WIDTH);
		if (tile.w == 0)
			continue;
		rc = read(ctx, &a, &tile, &data, err);
		for (int k = 0; rc == 0 && k < tile.w; k++) {
			struct hm_hash h;

			memcpy(h.b, data.p + (size_t)k * sizeof(h), sizeof(h));
			push_hash(l, &h);
		}
	}
	if (rc == 0 && t->level[0].n) {
		tile = (struct hm_tile){ HM_TILE_HEIGHT, -1, size / HM_TILE_WIDTH,
			                 (int)(size % HM_TILE_WIDTH) };
		rc = read(ctx, &a, &tile, &data, err);
		if (rc == 0)
			rc = load_texts(t, &tile, data, err);
	}
	hm_arena_free(&a);
	return rc;
}

void
hm_tail_cut(struct hm_tail *t, int64_t size)
{
	for (int i = 0; i < HM_TAIL_LEVELS; i++)
		t->level[i].n = (size_t)((size >> (HM_TILE_HEIGHT * i)) - t->level[i].base);
	t->end.n = (size_t)(size - t->first);
	t->data.n = t->end.n ? t->end.v[t->end.n - 1] : 0;
	t->size = size;
}

static void
drop_texts(struct hm_tail *t, int64_t first)
{
	size_t n = first > t->first ? (size_t)(first - t->first) : 0;
	size_t bytes = n ? t->end.v[n - 1] : 0;

	if (n == 0)
		return;
	memmove(t->data.p, t->data.p + bytes, t->data.n - bytes);
	t->data.n -= bytes;
	for (size_t i = n; i < t->end.n; i++)
		t->end.v[i - n] = t->end.v[i] - bytes;
	t->end.n -= n;
	t->first = first;
}

void
hm_tail_drop(struct hm_tail *t, int64_t size)
{
	for (int i = 0; i < HM_TAIL_LEVELS; i++) {
		struct hm_tail_level *l = &t->level[i];
		int64_t n = size >> (HM_TILE_HEIGHT * i), base = n - n % HM_TILE_WIDTH;

		if (base <= l->base)
			continue;
		l->n -= (size_t)(base - l->base);
		memmove(l->v, l->v + (base - l->base), l->n * sizeof(*l->v));
		l->base = base;
	}
	drop_texts(t, size - size % HM_TILE_WIDTH);
}

void
hm_tail_free(struct hm_tail *t)
{
	for (int i = 0; i < HM_TAIL_LEVELS; i++)
		free(t->level[i].v);
	free(t->end.v);
	hm_buf_free(&t->data);
	*t = (struct hm_tail){ 0 };
}

/* Hashes n..n+count-1 of a tile level, or NULL. */
static const struct hm_hash *
hashes(const struct hm_tail *t, int level, int64_t n, int64_t count)
{
	const struct hm_tail_level *l;

	if (level < 0 || level >= HM_TAIL_LEVELS)
		return NULL;
	l = &t->level[level];
	if (n < l->base || count > (int64_t)l->n || n - l->base > (int64_t)l->n - count)
		return NULL;
	return &l->v[n - l->base];
}

static int
read_stored(void *ctx, const int64_t *index, size_t n, struct hm_hash *out, struct hm_err *err)
{
	const struct hm_tail *t = ctx;

	for (size_t i = 0; i < n; i++) {
		const struct hm_hash *h;
		int level, up;
		int64_t at;

		hm_tlog_split_index(index[i], &level, &at);
		up = level % HM_TILE_HEIGHT;
		h = hashes(t, level / HM_TILE_HEIGHT, at << up, (int64_t)1 << up);
		if (!h)
			return hm_err_set(err, HM_EINTERNAL, "hash %lld is not in the log's tail",
			                  (long long)index[i]);
		out[i] = hm_tile_root(hm_str_make((const char *)h, sizeof(*h) << up));
	}
	return 0;
}

int
hm_tail_root(const struct hm_tail *t, struct hm_hash *out, struct hm_err *err)
{
	struct hm_hash_reader r = { read_stored, (void *)(uintptr_t)t };

	return hm_tlog_tree_hash(t->size, &r, out, err);
}

int64_t
hm_tail_at(const struct hm_tail *t)
{
	size_t n = (size_t)(t->size % HM_TILE_WIDTH), before = t->end.n - n;

	return (int64_t)(t->data.n - (before ? t->end.v[before - 1] : 0));
}

bool
hm_tail_record(const struct hm_tail *t, int64_t id, hm_str *text)
{
	size_t i, from;

	if (id < t->first || id >= t->size)
		return false;
	i = (size_t)(id - t->first);
	from = i ? t->end.v[i - 1] : 0;
	*text = hm_str_make(t->data.p + from, t->end.v[i] - from - 1);
	return true;
}

bool
hm_tail_tile(const struct hm_tail *t, const struct hm_tile *tile, hm_str *out)
{
	int64_t first = tile->n << HM_TILE_HEIGHT;
	const struct hm_hash *h;

	if (tile->l < 0) {
		size_t from, i;

		if (first < t->first || first > t->size - tile->w)
			return false;
		i = (size_t)(first - t->first);
		from = i ? t->end.v[i - 1] : 0;
		*out = hm_str_make(t->data.p + from, t->end.v[i + (size_t)tile->w - 1] - from);
		return true;
	}
	h = hashes(t, tile->l, first, tile->w);
	if (h)
		*out = hm_str_make((const char *)h, (size_t)tile->w * sizeof(*h));
	return h != NULL;
}
