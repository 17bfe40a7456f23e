#include "codec/diff.h"

#include "base/map.h"
#include "base/vec.h"

enum { CONTEXT = 3 };

/* Positions in the old and the new lines. */
struct at {
	size_t x, y;
};
struct ats {
	struct at *v;
	size_t n, cap;
};

/* The lines, each with its newline; a last one without gets the note that diff prints. */
static void
split(struct hm_arena *a, hm_str text, struct hm_strs *out)
{
	while (text.n) {
		ptrdiff_t nl = hm_str_index_byte(text, '\n');
		size_t n = nl >= 0 ? (size_t)nl + 1 : text.n;
		hm_str line = hm_str_sub(text, 0, n);

		if (nl < 0)
			line = hm_arena_printf(a, HM_F "\n\\ No newline at end of file\n",
			                       HM_P(line));
		HM_PUSH(a, *out, line);
		text = hm_str_from(text, n);
	}
}

/* How often a line occurs: once, more often, by side; and its place among the unique ones. */
struct count {
	unsigned x, y;
	size_t rank;
};

static struct count *
count_of(struct hm_map *m, hm_str line)
{
	struct hm_map_entry *e = hm_map_put(m, line, NULL);

	if (!e->val)
		e->val = HM_NEW(m->arena, struct count);
	return e->val;
}

/* Lines that both sides have exactly once, in the order of x; y by rank. */
struct unique {
	struct ats pairs;
	size_t *rank; /* of pairs.v[i] in y's order */
};

static void
find_unique(struct hm_arena *a, const struct hm_strs *x, const struct hm_strs *y,
            struct unique *out)
{
	struct hm_map counts = { .arena = a };
	size_t *lines = HM_NEW_N(a, y->n + 1, size_t), ranks = 0;

	for (size_t i = 0; i < x->n; i++)
		count_of(&counts, x->v[i])->x++;
	for (size_t i = 0; i < y->n; i++)
		count_of(&counts, y->v[i])->y++;
	for (size_t i = 0; i < y->n; i++) {
		struct count *c = count_of(&counts, y->v[i]);

		if (c->x == 1 && c->y == 1) {
			c->rank = ranks;
			lines[ranks++] = i;
		}
	}
	out->rank = HM_NEW_N(a, ranks + 1, size_t);
	for (size_t i = 0; i < x->n; i++) {
		const struct count *c = count_of(&counts, x->v[i]);
		struct at pair = { i, 0 };

		if (c->x != 1 || c->y != 1)
			continue;
		pair.y = lines[c->rank];
		out->rank[out->pairs.n] = c->rank;
		HM_PUSH(a, out->pairs, pair);
	}
}

/*
 * The longest run of unique lines that are in the same order on both sides
 * (Szymanski's algorithm A), between a pair at the start and one at the end.
 */
static struct ats
anchors(struct hm_arena *a, const struct hm_strs *x, const struct hm_strs *y)
{
	struct unique u = { 0 };
	struct ats seq = { 0 };
	size_t n, *least, *length, best = 0, last;

	find_unique(a, x, y, &u);
	n = u.pairs.n;
	least = HM_NEW_N(a, n + 1, size_t);  /* least last rank of a run of this length */
	length = HM_NEW_N(a, n + 1, size_t); /* of the longest run that ends at this pair */
	for (size_t i = 0; i < n; i++) {
		size_t lo = 0, hi = best;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (least[mid] >= u.rank[i])
				hi = mid;
			else
				lo = mid + 1;
		}
		least[lo] = u.rank[i];
		length[i] = lo + 1;
		if (best < lo + 1)
			best = lo + 1;
	}
	seq.n = seq.cap = best + 2;
	seq.v = HM_NEW_N(a, seq.n, struct at);
	seq.v[best + 1] = (struct at){ x->n, y->n };
	last = n;
	for (size_t i = n; i-- > 0 && best > 0;) {
		if (length[i] == best && u.rank[i] < last) {
			seq.v[best--] = u.pairs.v[i];
			last = u.rank[i];
		}
	}
	return seq;
}

/* What is being written. */
struct diff {
	struct hm_buf *out;
	struct hm_strs x, y;
	struct at done;  /* printed up to here */
	struct at start; /* of the current chunk */
	struct at count; /* lines of the current chunk on each side */
	struct hm_buf text; /* of the current chunk */
};

static void
put(struct diff *d, char sign, const struct hm_strs *lines, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		hm_buf_addc(&d->text, sign);
		hm_buf_adds(&d->text, lines->v[i]);
	}
	if (to > from && sign != '+')
		d->count.x += to - from;
	if (to > from && sign != '-')
		d->count.y += to - from;
}

/* Line numbers start at 1, but an empty side is at 0. */
static void
end_chunk(struct diff *d)
{
	hm_buf_printf(d->out, "@@ -%zu,%zu +%zu,%zu @@\n", d->start.x + (d->count.x > 0),
	              d->count.x, d->start.y + (d->count.y > 0), d->count.y);
	hm_buf_adds(d->out, hm_buf_str(&d->text));
	hm_buf_clear(&d->text);
	d->count = (struct at){ 0 };
}

/* One anchor: what differs before it, and the equal lines around it.  False at the end. */
static bool
step(struct diff *d, struct at m)
{
	struct at from = m, to = m;
	size_t same;
	bool at_end;

	while (from.x > d->done.x && from.y > d->done.y &&
	       hm_str_eq(d->x.v[from.x - 1], d->y.v[from.y - 1]))
		from.x--, from.y--;
	while (to.x < d->x.n && to.y < d->y.n && hm_str_eq(d->x.v[to.x], d->y.v[to.y]))
		to.x++, to.y++;
	put(d, '-', &d->x, d->done.x, from.x);
	put(d, '+', &d->y, d->done.y, from.y);
	at_end = to.x >= d->x.n && to.y >= d->y.n;
	same = to.x - from.x;
	if (!at_end && (same < CONTEXT || (d->text.n && same < 2 * CONTEXT))) {
		put(d, ' ', &d->x, from.x, to.x);
		d->done = to;
		return true;
	}
	if (d->text.n) {
		size_t n = same > CONTEXT ? CONTEXT : same;

		put(d, ' ', &d->x, from.x, from.x + n);
		d->done = (struct at){ from.x + n, from.y + n };
		end_chunk(d);
	}
	if (at_end)
		return false;
	d->start = (struct at){ to.x - CONTEXT, to.y - CONTEXT };
	put(d, ' ', &d->x, d->start.x, to.x);
	d->done = to;
	return true;
}

void
hm_diff(struct hm_buf *out, hm_str before_name, hm_str before, hm_str after_name, hm_str after)
{
	struct hm_arena a = { 0 };
	struct diff d = { .out = out };
	struct ats seq;

	if (hm_str_eq(before, after))
		return;
	split(&a, before, &d.x);
	split(&a, after, &d.y);
	hm_buf_printf(out, "diff " HM_F " " HM_F "\n--- " HM_F "\n+++ " HM_F "\n",
	              HM_P(before_name), HM_P(after_name), HM_P(before_name), HM_P(after_name));
	seq = anchors(&a, &d.x, &d.y);
	for (size_t i = 0; i < seq.n; i++)
		if (seq.v[i].x >= d.done.x && !step(&d, seq.v[i]))
			break;
	hm_buf_free(&d.text);
	hm_arena_free(&a);
}
