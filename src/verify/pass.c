#include "verify/pass.h"

#include <inttypes.h>

#include "mod/modver.h"

static bool
is_lookup(hm_str path)
{
	return hm_str_has_prefix(path, HM_S("/lookup/"));
}

/* The record must be that of the module which was asked for, not just any of the log. */
static int
check_name(struct hm_arena *a, hm_str path, hm_str text, struct hm_err *err)
{
	struct hm_modver m;
	hm_str line;

	hm_str_cut_prefix(&path, HM_S("/lookup/"));
	if (hm_modver_unescape(a, path, &m, err))
		return -1;
	path = hm_arena_printf(a, HM_F " " HM_F " ", HM_P(m.path), HM_P(m.version));
	while (hm_str_next(&text, '\n', &line))
		if (hm_str_has_prefix(line, path))
			return 0;
	return hm_err_set(err, HM_ESECURITY, "the record is of another module");
}

static int
check_lookup(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str answer,
             struct hm_err *err)
{
	struct hm_buf b = { 0 };
	hm_str text;
	int rc;

	hm_buf_adds(&b, answer);
	rc = hm_sumdb_prove(db, &b, &text, err);
	if (rc == 0)
		rc = check_name(a, path, text, err);
	hm_buf_free(&b);
	return rc;
}

static bool
is_beyond(const struct hm_tile *t, const struct hm_tree *tree)
{
	int level = t->l < 0 ? 0 : t->l * t->h;

	return level > 62 || t->n > (tree->n >> level >> t->h) ||
	       (t->n << t->h) + t->w > tree->n >> level;
}

/* Records, each with an empty line behind it, against the hashes of the leaves. */
static int
check_records(const struct hm_tile *t, hm_str data, hm_str leaves, struct hm_err *err)
{
	for (int i = 0; i < t->w; i++) {
		ptrdiff_t end = hm_str_index(data, HM_S("\n\n"));
		size_t at = (size_t)i * sizeof(struct hm_hash);
		struct hm_hash h;

		if (end < 0)
			return hm_err_set(err, HM_ESECURITY, "there are %d records, not %d", i,
			                  t->w);
		h = hm_tlog_record_hash(hm_str_sub(data, 0, (size_t)end + 1));
		if (memcmp(h.b, leaves.p + at, sizeof(h.b)))
			return hm_err_set(err, HM_ESECURITY, "the tree has another record %" PRId64,
			                  (t->n << t->h) + i);
		data = hm_str_from(data, (size_t)end + 2);
	}
	return data.n ? hm_err_set(err, HM_ESECURITY, "there are more than %d records", t->w) : 0;
}

/* *right: the tile's bytes (for records: of their hashes). *beyond: no such tile in the tree. */
static int
make_tile(struct hm_sumdb *db, struct hm_arena *a, struct hm_tile t, hm_str *right, bool *beyond,
          struct hm_err *err)
{
	struct hm_tree tree;
	struct hm_tile_reader tiles;
	struct hm_tile_hashes th = { &tree, &tiles };
	struct hm_hash_reader r = hm_tile_hash_reader(&th);

	if (hm_sumdb_reader(db, &tree, &tiles, err))
		return -1;
	if (t.l < 0)
		t.l = 0;
	*beyond = is_beyond(&t, &tree);
	return *beyond ? 0 : hm_tile_make(a, &t, &r, right, err);
}

static int
ask(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str *out, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	int rc = hm_sumdb_ask(db, path, &b, err);

	*out = rc == 0 ? hm_buf_take(&b, a) : HM_S("");
	hm_buf_free(&b);
	return rc;
}

/* Somebody knows a larger tree: so may the server. */
static int
learn(struct hm_sumdb *db, struct hm_arena *a, struct hm_err *err)
{
	hm_str head;

	return ask(db, a, HM_S("/latest"), &head, err) || hm_sumdb_merge(db, head, err) ? -1 : 0;
}

static int
pass_tile(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str *out, bool *proven,
          bool *spoilt, struct hm_err *err)
{
	struct hm_tile t;
	hm_str right;
	bool beyond;
	int rc = hm_tile_parse_path(hm_str_from(path, 1), &t, err);

	*spoilt = true;
	if (rc == 0)
		rc = make_tile(db, a, t, &right, &beyond, err);
	if (rc == 0 && beyond) {
		rc = learn(db, a, err);
		if (rc == 0)
			rc = make_tile(db, a, t, &right, &beyond, err);
	}
	if (rc)
		return -1;
	*spoilt = false;
	if (beyond)
		return 0;
	if (t.l >= 0) {
		*out = right;
		*proven = true;
		return 0;
	}
	if (ask(db, a, path, out, err))
		return -1;
	rc = check_records(&t, *out, right, err);
	*proven = rc == 0;
	return rc;
}

int
hm_pass(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str *out, bool *proven,
        bool *spoilt, struct hm_err *err)
{
	struct hm_tree tree;
	struct hm_tile_reader tiles;
	int rc;

	*out = HM_S("");
	*proven = *spoilt = false;
	rc = hm_sumdb_reader(db, &tree, &tiles, err);
	if (rc) {
		*spoilt = true;
	} else if (hm_str_has_prefix(path, HM_S("/tile/"))) {
		rc = pass_tile(db, a, path, out, proven, spoilt, err);
	} else {
		if (ask(db, a, path, out, err))
			return -1;
		rc = is_lookup(path) ? check_lookup(db, a, path, *out, err) :
		                       hm_sumdb_merge(db, *out, err);
		*proven = rc == 0;
		*spoilt = rc != 0;
	}
	if (rc == 0 || hm_err_is(err, HM_ESECURITY))
		return rc;
	hm_err_clear(err); /* the client may do better: it is told what came */
	return 0;
}

int
hm_pass_check(struct hm_sumdb *db, struct hm_arena *a, hm_str path, hm_str answer,
              struct hm_err *err)
{
	struct hm_tile t;
	hm_str right;
	bool beyond;

	if (is_lookup(path))
		return check_lookup(db, a, path, answer, err);
	if (hm_tile_parse_path(hm_str_from(path, 1), &t, err) ||
	    make_tile(db, a, t, &right, &beyond, err))
		return -1;
	if (beyond)
		return hm_err_set(err, HM_ENOTFOUND, "the tree is not that large");
	if (t.l < 0)
		return check_records(&t, answer, right, err);
	return hm_str_eq(answer, right) ?
		0 : hm_err_set(err, HM_ESECURITY, "the tree has other hashes");
}
