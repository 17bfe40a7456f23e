#include "tilelog/fsck.h"

#include "os/file.h"
#include "tilelog/log.h"

/* What was published, to be met on the way. */
struct seen_head {
	const char *name;
	bool c2sp, there;
	struct hm_tree tree;
};

struct check {
	struct hm_tilelog *l; /* keys, index, folder; never started */
	struct hm_fsck *f;
	struct hm_logstate state;
	struct hm_tail tail;  /* the tree as computed again */
	struct seen_head heads[2];
	bool writing;         /* the second pass: put right what the first found wrong */
	bool index_wrong, head_wrong;
	int64_t suspect;      /* first record that its hash tile contradicts, or -1 */
};

static void say(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
say(struct check *c, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	c->f->say(c->f->ctx, hm_buf_str(&b));
	hm_buf_free(&b);
}

static void
wrong(struct check *c, const char *what, hm_str why)
{
	c->f->wrong++;
	say(c, "%s: " HM_F, what, HM_P(why));
}

/* ---- hash tiles */

static int
mend_tile(struct check *c, struct hm_arena *a, const struct hm_tile *t, hm_str bytes,
          struct hm_err *err)
{
	struct hm_tile_write w = { *t, bytes };
	char path[HM_TILE_PATH_MAX];

	hm_tile_path_put(t, path);
	if (hm_tilelog_write_tiles(a, c->l->dir, &w, 1, err))
		return -1;
	c->f->mended++;
	say(c, "public/%s: written again", path);
	return 0;
}

/* The first record of a level-0 tile that is not what the records give. */
static void
note_suspect(struct check *c, const struct hm_tile *t, hm_str disk, hm_str want)
{
	size_t i = 0;

	if (t->l != 0 || c->suspect >= 0 || disk.n != want.n)
		return;
	while (memcmp(disk.p + i * sizeof(struct hm_hash), want.p + i * sizeof(struct hm_hash),
	              sizeof(struct hm_hash)) == 0)
		i++;
	c->suspect = t->n * HM_TILE_WIDTH + (int64_t)i;
}

static int
check_tile(struct check *c, const struct hm_tile *t, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_err bad = { 0 };
	char path[HM_TILE_PATH_MAX + 8] = "public/";
	hm_str want, disk = HM_S("");
	int rc = 0;

	hm_tile_path_put(t, path + 7);
	if (!hm_tail_tile(&c->tail, t, &want))
		rc = hm_err_set(err, HM_EINTERNAL, "%s: not in memory", path);
	else if (hm_tilelog_read_tile(&a, c->l->dir, t, &disk, &bad) == 0 && hm_str_eq(disk, want))
		rc = 0;
	else if (c->writing)
		rc = mend_tile(c, &a, t, want, err);
	else if (bad.code != HM_OK)
		wrong(c, path, bad.code == HM_ENOTFOUND ? HM_S("missing") : hm_err_str(&bad));
	else
		wrong(c, path, HM_S("not what the records give"));
	if (rc == 0 && !c->writing && bad.code == HM_OK && !hm_str_eq(disk, want))
		note_suspect(c, t, disk, want);
	hm_err_free(&bad);
	hm_arena_free(&a);
	return rc;
}

/* The tiles that record size - 1 completed, or, at the end, all that are partial. */
static int
check_tiles(struct check *c, bool partial, struct hm_err *err)
{
	int64_t size = c->tail.size;

	for (int level = 0; level < HM_TAIL_LEVELS; level++) {
		int64_t n = size >> (HM_TILE_HEIGHT * level), rest = n % HM_TILE_WIDTH;
		struct hm_tile t = { HM_TILE_HEIGHT, level, n / HM_TILE_WIDTH, (int)rest };

		if (n == 0)
			break;
		if (!partial && rest)
			break; /* levels above did not change either */
		if (!partial)
			t = (struct hm_tile){ HM_TILE_HEIGHT, level, t.n - 1, HM_TILE_WIDTH };
		if (t.w && check_tile(c, &t, err))
			return -1;
	}
	return 0;
}

/* ---- index */

struct hits {
	struct check *c;
	hm_str key;
	struct hm_hint want;
	bool found;
};

static int
seen_hint(void *ctx, struct hm_hint hint, struct hm_err *err)
{
	struct hits *h = ctx;
	struct hm_arena a = { 0 };
	int64_t id = hint.id;
	struct hm_tile t = { HM_TILE_HEIGHT, -1, id / HM_TILE_WIDTH,
			     (int)(id % HM_TILE_WIDTH) + 1 };
	hm_str data, text = HM_S("");

	(void)err;
	if (id == h->want.id) {
		h->found = hint.at == h->want.at;
		return 0;
	}
	/* Another name of the same hash is no fault; the same name a second time is. */
	if (id >= 0 && id < h->c->state.sealed) {
		struct hm_err bad = { 0 };

		if (hm_tilelog_read_tile(&a, h->c->l->dir, &t, &data, &bad) == 0)
			while (data.n && hm_tile_next_record(&data, &text))
				;
		hm_err_free(&bad);
	}
	if (id < h->want.id && hm_str_eq(hm_tilelog_key(text), h->key)) {
		h->c->f->wrong++;
		say(h->c, "record %lld: " HM_F " is logged already as record %lld",
		    (long long)h->want.id, HM_P(h->key), (long long)id);
	}
	hm_arena_free(&a);
	return 0;
}

static int
check_index(struct check *c, hm_str text, struct hm_err *err)
{
	struct hits h = { .c = c,
		          .key = hm_tilelog_key(text),
		          .want = { c->tail.size, hm_tail_at(&c->tail) } };
	int64_t hash = hm_logindex_hash(h.key);

	if (c->writing)
		return c->index_wrong ? hm_logindex_add_hint(c->l->index, hash, h.want, err) : 0;
	if (hm_logindex_find(c->l->index, hash, seen_hint, &h, err))
		return -1;
	if (!h.found) {
		c->index_wrong = true;
		c->f->wrong++;
		say(c, "index.db: record %lld, " HM_F ", is missing", (long long)h.want.id,
		    HM_P(h.key));
	}
	return 0;
}

/* ---- records */

static void
check_heads(struct check *c)
{
	struct hm_err err = { 0 };
	struct hm_hash root;

	for (int i = 0; i < 2; i++) {
		struct seen_head *h = &c->heads[i];

		if (c->writing || !h->there || h->tree.n != c->tail.size)
			continue;
		if (hm_tail_root(&c->tail, &root, &err) || !hm_hash_eq(&root, &h->tree.hash)) {
			wrong(c, h->name, HM_S("it was published, but is not of these records"));
			c->head_wrong = true;
		}
	}
	hm_err_free(&err);
}

static int
take_record(struct check *c, hm_str text, struct hm_err *err)
{
	struct hm_hash h = hm_tlog_record_hash(text);

	if (check_index(c, text, err))
		return -1;
	hm_tail_add(&c->tail, text, &h);
	check_heads(c);
	if (c->tail.size % HM_TILE_WIDTH || c->tail.size > c->state.sealed)
		return 0;
	if (check_tiles(c, false, err))
		return -1;
	hm_tail_drop(&c->tail, c->tail.size);
	return 0;
}

static int
take_tile(struct check *c, const struct hm_tile *t, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str data, text;
	int rc = hm_tilelog_read_tile(&a, c->l->dir, t, &data, err);

	if (rc && err->code == HM_ENOTFOUND)
		err->code = HM_EINVALID;
	for (int i = 0; rc == 0 && i < t->w; i++) {
		hm_tile_next_record(&data, &text);
		rc = take_record(c, text, err);
	}
	hm_arena_free(&a);
	return rc;
}

static int
take_pending(struct check *c, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_strs texts = { 0 };
	int rc =
		hm_logindex_pending(c->l->index, &a, c->state.sealed, c->state.tree.n, &texts, err);

	for (size_t i = 0; rc == 0 && i < texts.n; i++)
		rc = take_record(c, texts.v[i], err);
	hm_arena_free(&a);
	return rc;
}

/* All records, once. */
static int
walk(struct check *c, struct hm_err *err)
{
	struct hm_tile t = { HM_TILE_HEIGHT, -1, 0, HM_TILE_WIDTH };
	int64_t sealed = c->state.sealed;
	int rc = 0;

	hm_tail_free(&c->tail);
	check_heads(c);
	for (; rc == 0 && t.n < sealed / HM_TILE_WIDTH; t.n++)
		rc = take_tile(c, &t, err);
	t.w = (int)(sealed % HM_TILE_WIDTH);
	if (rc == 0 && t.w)
		rc = take_tile(c, &t, err);
	if (rc == 0)
		rc = check_tiles(c, true, err);
	return rc ? rc : take_pending(c, err);
}

static int
check_root(struct check *c, struct hm_err *err)
{
	struct hm_hash root;

	if (hm_tail_root(&c->tail, &root, err))
		return -1;
	if (hm_hash_eq(&root, &c->state.tree.hash))
		return 0;
	c->f->wrong++;
	if (c->suspect >= 0)
		return hm_err_set(err, HM_ESECURITY,
		                  "public/tile/8/data: record %lld is not the one that was logged; "
		                  "the records do not give the signed root", (long long)c->suspect);
	return hm_err_set(err, HM_ESECURITY, "the records do not give the signed root");
}

static int
check_rows(struct check *c, struct hm_err *err)
{
	int64_t n;

	if (hm_logindex_count(c->l->index, &n, err))
		return -1;
	if (n != c->state.tree.n && !c->index_wrong) {
		c->index_wrong = true;
		c->f->wrong++;
		say(c, "index.db: %lld names for %lld records", (long long)n,
		    (long long)c->state.tree.n);
	}
	return 0;
}

/* ---- heads and database */

static int
read_heads(struct check *c, struct hm_arena *a, struct hm_err *err)
{
	static const char *const names[] = { "public/latest", "public/checkpoint" };

	for (int i = 0; i < 2; i++) {
		struct seen_head *h = &c->heads[i];
		struct hm_err bad = { 0 };
		hm_str note;

		*h = (struct seen_head){ .name = names[i], .c2sp = i == 1 };
		if (hm_file_read(a, hm_tilelog_file(a, c->l->dir, h->name).p, HM_TILELOG_HEAD_MAX,
				 &note, &bad) == 0 &&
		    hm_tilelog_open_head(c->l, a, note, h->c2sp, &h->tree, &bad) == 0)
			h->there = true;
		else if (bad.code != HM_ENOTFOUND)
			wrong(c, h->name, hm_err_str(&bad));
		hm_err_free(&bad);
		if (h->there && c->state.latest.n && h->tree.n > c->state.tree.n)
			return hm_err_set(err, HM_ESECURITY,
			                  "%s: published are %lld records, the database has %lld: "
			                  "it was set back", h->name, (long long)h->tree.n,
			                  (long long)c->state.tree.n);
	}
	return 0;
}

/* ---- is the list of names a secret? */

static const char *
name_of(bool open)
{
	return open ? "public" : "private";
}

static int
doubtful(struct check *c, struct hm_err *err)
{
	if (!c->f->repair)
		return 0; /* it counts as wrong */
	return hm_err_set(err, HM_EINVALID,
	                  "is its list of names public? That is not known: --public or --private");
}

/* What it is to be with a new database. */
static int
choose_declared(struct check *c, bool *open, struct hm_err *err)
{
	enum hm_declared d = c->f->declare;

	if (d == HM_UNDECLARED && hm_tilelog_read_declared(c->l->dir, &d, err)) {
		say(c, HM_F, HM_P(hm_err_str(err)));
		hm_err_clear(err);
	}
	*open = d == HM_DECLARED_PUBLIC;
	return d == HM_UNDECLARED ? doubtful(c, err) : 0;
}

static int
declare(struct check *c, bool open, struct hm_err *err)
{
	if (hm_logindex_declare(c->l->index, open, err) ||
	    hm_tilelog_write_declared(c->l->dir, open, err))
		return -1;
	c->state.open = open;
	say(c, "declared: %s", name_of(open));
	return 0;
}

/* The file and the database, which is read. */
static int
check_declared(struct check *c, struct hm_err *err)
{
	enum hm_declared want = c->f->declare, d;
	struct hm_err bad = { 0 };
	bool open = c->state.open;

	if (hm_tilelog_read_declared(c->l->dir, &d, &bad)) {
		wrong(c, "declared", hm_err_str(&bad));
		hm_err_free(&bad);
	} else if (d == HM_UNDECLARED) {
		wrong(c, "declared", HM_S("missing"));
		want = want ? want : open ? HM_DECLARED_PUBLIC : HM_DECLARED_PRIVATE;
	} else if (open != (d == HM_DECLARED_PUBLIC)) {
		c->f->wrong++;
		say(c, "declared: it says %s, index.db %s", name_of(!open), name_of(open));
	} else if (want == HM_UNDECLARED || want == d) {
		return 0;
	} else {
		return declare(c, !open, err);
	}
	if (want == HM_UNDECLARED || !c->f->repair)
		return doubtful(c, err);
	c->f->mended++;
	return declare(c, want == HM_DECLARED_PUBLIC, err);
}

static int
read_state(struct check *c, struct hm_arena *a, struct hm_err *err)
{
	struct hm_tree t;

	if (!hm_file_exists(hm_tilelog_file(a, c->l->dir, "index.db").p))
		return hm_err_set(err, HM_EINVALID, "index.db: it is not there");
	if (hm_logindex_open(c->l->dir, false, &c->l->index, err) ||
	    hm_logindex_check(c->l->index, err) ||
	    hm_logindex_state(c->l->index, a, &c->state, err))
		return -1;
	if (hm_tilelog_open_head(c->l, a, c->state.latest, false, &t, err))
		return hm_err_wrap(err, "index.db: ");
	if (t.n != c->state.tree.n || !hm_hash_eq(&t.hash, &c->state.tree.hash))
		return hm_err_set(err, HM_ESECURITY,
				  "index.db: the signed head is not that of the log");
	return 0;
}

/* A new database whose state is the newest published head. */
static int
new_database(struct check *c, struct hm_arena *a, struct hm_err *err)
{
	static const char *const files[] = { "index.db", "index.db-wal", "index.db-shm" };
	struct hm_tree tree;
	hm_str latest, point;
	bool open;
	int rc;

	if (choose_declared(c, &open, err))
		return -1;
	for (int i = 0; i < 3; i++) {
		hm_str from = hm_tilelog_file(a, c->l->dir, files[i]);

		if (hm_file_exists(from.p) &&
		    hm_file_rename(from.p, hm_arena_printf(a, HM_F ".bad", HM_P(from)).p, err))
			return -1;
	}
	c->state = (struct hm_logstate){ .tree.n = 0 };
	if (read_heads(c, a, err))
		return -1;
	if (!c->heads[0].there && !c->heads[1].there)
		return hm_err_set(err, HM_EINVALID, "neither a database nor a published head");
	tree = c->heads[!c->heads[0].there || (c->heads[1].there &&
	                                       c->heads[1].tree.n > c->heads[0].tree.n)].tree;
	if (hm_tilelog_sign(c->l, a, &tree, &latest, &point, err) ||
	    hm_logindex_open(c->l->dir, false, &c->l->index, err) ||
	    hm_logindex_begin(c->l->index, err))
		return -1;
	c->state = (struct hm_logstate){
		.tree = tree, .sealed = tree.n, .latest = latest, .checkpoint = point,
	};
	rc = hm_logindex_create(c->l->index, &c->state, err);
	if (rc == 0)
		rc = declare(c, open, err);
	if (rc == 0)
		rc = hm_logindex_commit(c->l->index, err);
	if (rc)
		hm_logindex_rollback(c->l->index);
	else
		say(c,
		    "index.db: made again from the published head of %lld records; heads that were "
		    "signed after it are forgotten",
		    (long long)tree.n);
	return rc;
}

static int
open_state(struct check *c, struct hm_arena *a, struct hm_err *err)
{
	if (read_state(c, a, err) == 0)
		return read_heads(c, a, err) || check_declared(c, err) ? -1 : 0;
	c->f->wrong++;
	if (!c->f->repair || err->code != HM_EINVALID)
		return -1;
	say(c, HM_F, HM_P(hm_err_str(err)));
	hm_err_clear(err);
	hm_logindex_free(c->l->index);
	c->l->index = NULL;
	if (new_database(c, a, err))
		return -1;
	c->index_wrong = true;
	return 0;
}

/* The records are proven: make the rest again from them. */
static int
mend(struct check *c, struct hm_err *err)
{
	int rc;

	c->writing = true;
	if (hm_logindex_begin(c->l->index, err))
		return -1;
	rc = c->index_wrong ? hm_logindex_clear(c->l->index, err) : 0;
	if (rc == 0)
		rc = walk(c, err);
	if (rc == 0)
		rc = hm_logindex_commit(c->l->index, err);
	if (rc) {
		hm_logindex_rollback(c->l->index);
		return -1;
	}
	if (c->index_wrong) {
		c->f->mended++;
		say(c, "index.db: names indexed again");
	}
	return 0;
}

static int
check_all(struct check *c, struct hm_err *err)
{
	uint64_t before;

	if (walk(c, err) || check_root(c, err) || check_rows(c, err))
		return -1;
	c->f->size = c->state.tree.n;
	before = c->f->wrong;
	if (before == 0)
		return 0;
	if (c->f->repair && mend(c, err))
		return -1;
	if (!c->f->repair || c->head_wrong)
		return hm_err_set(err, HM_EINVALID, "%llu things are wrong",
				  (unsigned long long)before);
	return 0;
}

int
hm_tilelog_fsck(hm_str dir, const struct hm_log *log, struct hm_fsck *f, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct check c = { .f = f, .suspect = -1 };
	int rc;

	f->size = 0;
	f->wrong = f->mended = 0;
	c.l = hm_tilelog_attach(dir, log, err);
	rc = !c.l || open_state(&c, &a, err) || check_all(&c, err) ? -1 : 0;
	if (rc && err->code != HM_ECONFLICT)
		hm_err_wrap(err, HM_F ": ", HM_P(dir));
	hm_tail_free(&c.tail);
	hm_tilelog_free(c.l);
	hm_arena_free(&a);
	return rc;
}
