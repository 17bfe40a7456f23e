#include "unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/file.h"
#include "tilelog/checkpoint.h"
#include "tilelog/fsck.h"
#include "tilelog/tail.h"
#include "tilelog/tilelog.h"

static struct hm_arena arena;
static struct hm_err err;
static hm_str dir;
static hm_str vkey;

static int
set_up(void **state)
{
	(void)state;
	if (hm_dir_make_temp(&arena, "/tmp", "hermod-unit-", &dir, &err))
		return -1;
	return hm_tilelog_create(&arena, dir, HM_S("log.example"), &vkey, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

static const char *
in_dir(const char *name)
{
	return hm_arena_printf(&arena, HM_F "/%s", HM_P(dir), name).p;
}

static struct hm_tilelog *
open_log(void)
{
	struct hm_tilelog *l;

	assert_ok(hm_tilelog_open(dir, NULL, &l, &err), &err);
	return l;
}

static void
refuses_to_open(enum hm_code code, const char *text)
{
	struct hm_tilelog *l;

	assert_int_equal(hm_tilelog_open(dir, NULL, &l, &err), -1);
	if (err.code != code || !hm_str_contains(hm_err_str(&err), hm_str_of(text)))
		fail_msg("error is %d %s", err.code, hm_err_str(&err).p);
	hm_err_free(&err);
}

static hm_str
key_of(int64_t i)
{
	return hm_arena_printf(&arena, "example.com/m%lld v1.0.0", (long long)i);
}

static hm_str
text_of(int64_t i)
{
	hm_str k = key_of(i);

	return hm_arena_printf(&arena, HM_F " h1:x\n" HM_F "/go.mod h1:y\n", HM_P(k), HM_P(k));
}

static void
append(struct hm_tilelog *l, int64_t from, int64_t n)
{
	struct hm_append *v = HM_NEW_N(&arena, (size_t)n, struct hm_append);

	for (int64_t i = 0; i < n; i++)
		v[i].text = text_of(from + i);
	assert_ok(hm_tilelog_append(l, v, (size_t)n, &err), &err);
	for (int64_t i = 0; i < n; i++) {
		assert_true(v[i].fresh);
		assert_int_equal(v[i].id, from + i);
	}
}

static struct hm_tree
head_of(hm_str note, bool c2sp)
{
	struct hm_verifier v;
	struct hm_note n;
	struct hm_tree t;
	hm_str origin;

	assert_ok(hm_verifier_parse(&arena, vkey, &v, &err), &err);
	assert_ok(hm_note_open(&arena, note, &v, 1, &n, &err), &err);
	if (!c2sp) {
		assert_ok(hm_tlog_parse_tree(n.text, &t, &err), &err);
		return t;
	}
	assert_ok(hm_checkpoint_parse(n.text, &origin, &t, &err), &err);
	assert_true(hm_str_eqz(origin, "log.example"));
	return t;
}

/* Tiles as a client reads them: over what the log hands out. */
static int
read_tiles(void *ctx, const struct hm_tile *t, size_t n, hm_str *data, struct hm_err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct hm_tile_data d;

		if (hm_tilelog_tile(ctx, &arena, &t[i], &d, e))
			return -1;
		data[i] = hm_arena_dup(&arena, d.bytes);
		hm_tilelog_release(d.held);
	}
	return 0;
}

static void
no_save(void *ctx, const struct hm_tree *tree, const struct hm_tile *t, size_t n,
        const hm_str *data)
{
	(void)ctx, (void)tree, (void)t, (void)n, (void)data;
}

/* Record i is found, and a client can prove it; and that an older tree is a prefix. */
static void
assert_proven(struct hm_tilelog *l, int64_t i, const struct hm_tree *older)
{
	struct hm_tile_reader tr = { HM_TILE_HEIGHT, read_tiles, no_save, NULL, l };
	struct hm_tree tree;
	struct hm_tile_hashes th = { &tree, &tr };
	struct hm_hash_reader r;
	struct hm_found f;
	struct hm_hash h;
	struct hm_proof p;

	assert_ok(hm_tilelog_find(l, &arena, key_of(i), &f, &err), &err);
	assert_true(hm_str_eq(f.text, text_of(i)));
	tree = head_of(f.head, false);
	r = hm_tile_hash_reader(&th);
	h = hm_tlog_record_hash(f.text);
	assert_ok(hm_tlog_prove_record(tree.n, f.id, &r, &p, &err), &err);
	assert_ok(hm_tlog_check_record(p.h, p.n, &tree, f.id, &h, &err), &err);
	if (!older || older->n == 0)
		return;
	assert_ok(hm_tlog_prove_tree(tree.n, older->n, &r, &p, &err), &err);
	assert_ok(hm_tlog_check_tree(p.h, p.n, &tree, older, &err), &err);
}

static void
say(void *ctx, hm_str line)
{
	hm_buf_adds(ctx, line);
	hm_buf_addc(ctx, '\n');
}

static int
fsck(bool repair, struct hm_fsck *f, struct hm_buf *lines)
{
	hm_buf_clear(lines);
	*f = (struct hm_fsck){ .repair = repair, .say = say, .ctx = lines };
	return hm_tilelog_fsck(dir, NULL, f, &err);
}

static void
assert_clean(int64_t size)
{
	struct hm_buf lines = { 0 };
	struct hm_fsck f;

	assert_ok(fsck(false, &f, &lines), &err);
	if (size >= 0)
		assert_int_equal(f.size, size);
	assert_int_equal(f.wrong, 0);
	hm_buf_free(&lines);
}

/* ---- tests */

static void
appends_and_finds(void **state)
{
	struct hm_tilelog *l = open_log();
	struct hm_append again = { .text = text_of(3) }, other = { .text = HM_S("") };
	struct hm_tree first, last;
	struct hm_found f;

	(void)state;
	append(l, 0, 5);
	first = head_of(hm_tilelog_latest(l, &arena, NULL), false);
	assert_int_equal(first.n, 5);
	append(l, 5, 1);
	append(l, 6, 1000);
	assert_proven(l, 0, &first);
	assert_proven(l, 255, &first);
	assert_proven(l, 1005, &first);
	last = head_of(hm_tilelog_checkpoint(l, &arena), true);
	assert_int_equal(last.n, 1006);

	assert_ok(hm_tilelog_append(l, &again, 1, &err), &err);
	assert_false(again.fresh);
	assert_int_equal(again.id, 3);
	other.text = hm_arena_printf(&arena, HM_F " h1:z\n", HM_P(key_of(3)));
	assert_int_equal(hm_tilelog_append(l, &other, 1, &err), -1);
	assert_int_equal(err.code, HM_ESECURITY);
	hm_err_clear(&err);
	assert_true(hm_file_exists(in_dir("alarms")));
	assert_int_equal(hm_tilelog_find(l, &arena, HM_S("example.com/m3 v1.0.1"), &f, &err), -1);
	assert_int_equal(err.code, HM_ENOTFOUND);
	hm_err_clear(&err);
	assert_int_equal(hm_tilelog_stats(l).size, 1006);
	hm_tilelog_free(l);
	assert_clean(1006);

	l = open_log();
	assert_proven(l, 700, &last);
	hm_tilelog_free(l);
}

/* The same version twice in one batch, and records that are none. */
static void
batches_are_checked(void **state)
{
	struct hm_tilelog *l = open_log();
	struct hm_append v[5] = {
		{ .text = text_of(0) },
		{ .text = text_of(0) },
		{ .text = hm_arena_printf(&arena, HM_F " h1:z\n", HM_P(key_of(0))) },
		{ .text = HM_S("no newline") },
		{ .text = HM_S("a b h1:x\n\nc\n") },
	};
	char *huge = hm_arena_alloc(&arena, HM_TILELOG_RECORD_MAX + 2);
	struct hm_append long_one = { .text = { huge, HM_TILELOG_RECORD_MAX + 1 } };

	(void)state;
	assert_int_equal(hm_tilelog_append(l, v, 5, &err), -1);
	hm_err_clear(&err);
	assert_true(v[0].rc == 0 && v[0].fresh && v[0].id == 0);
	assert_true(v[1].rc == 0 && !v[1].fresh && v[1].id == 0);
	assert_int_equal(v[2].rc, -1);
	assert_int_equal(v[3].rc, -1);
	assert_int_equal(v[4].rc, -1);
	memset(huge, 'x', HM_TILELOG_RECORD_MAX);
	huge[HM_TILELOG_RECORD_MAX] = '\n';
	assert_int_equal(hm_tilelog_append(l, &long_one, 1, &err), -1);
	assert_int_equal(err.code, HM_ELIMIT);
	hm_err_clear(&err);
	assert_int_equal(hm_tilelog_stats(l).size, 1);
	hm_tilelog_free(l);
}

static void
refuses_wrong_tiles(void **state)
{
	static const struct hm_tile none[] = {
		{ 8, 0, 0, 11 }, { 8, 0, 1, 1 }, { 8, -1, 0, 11 }, { 8, 1, 0, 1 }, { 8, 7, 0, 1 },
		{ 8, -2, 0, 1 }, { 8, 0, -1, 1 }, { 8, 0, 0, 0 }, { 8, 0, 0, 257 }, { 9, 0, 0, 1 },
		{ 8, 0, INT64_MAX, 1 },
	};
	struct hm_tilelog *l = open_log();
	struct hm_tile_data d;
	struct hm_tile t = { 8, -1, 0, 10 };
	hm_str bundle;

	(void)state;
	append(l, 0, 10);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		assert_int_equal(hm_tilelog_tile(l, &arena, &none[i], &d, &err), -1);
		assert_int_equal(err.code, HM_ENOTFOUND);
		hm_err_clear(&err);
	}
	assert_ok(hm_tilelog_tile(l, &arena, &t, &d, &err), &err);
	assert_ok(hm_tilelog_entries(l, &arena, 0, 10, &bundle, &err), &err);
	for (int64_t i = 0; i < 10; i++) {
		hm_str text = text_of(i);

		assert_int_equal((unsigned char)bundle.p[0] << 8 | (unsigned char)bundle.p[1],
				 text.n);
		bundle = hm_str_from(bundle, 2);
		assert_true(hm_str_has_prefix(bundle, text));
		bundle = hm_str_from(bundle, text.n);
		assert_true(hm_str_has_prefix(d.bytes, text));
		d.bytes = hm_str_from(d.bytes, text.n + 1);
	}
	assert_int_equal(bundle.n + d.bytes.n, 0);
	hm_tilelog_free(l);
}

static void
one_writer(void **state)
{
	struct hm_tilelog *l = open_log();
	struct hm_buf lines = { 0 };
	struct hm_fsck f;
	hm_str other;

	(void)state;
	refuses_to_open(HM_ECONFLICT, "in use by another process");
	assert_int_equal(fsck(true, &f, &lines), -1);
	assert_int_equal(err.code, HM_ECONFLICT);
	hm_err_clear(&err);
	hm_tilelog_free(l);
	assert_int_equal(hm_tilelog_create(&arena, dir, HM_S("log.example"), &other, &err), -1);
	assert_int_equal(err.code, HM_ECONFLICT);
	hm_err_clear(&err);
	assert_clean(0);
	hm_buf_free(&lines);
}

static void
flip(const char *name, size_t at)
{
	hm_str data;

	assert_ok(hm_file_read(&arena, in_dir(name), 1 << 24, &data, &err), &err);
	assert_true(at < data.n);
	((char *)(uintptr_t)data.p)[at] ^= 1;
	assert_ok(hm_file_write(in_dir(name), data, 0644, &err), &err);
}

/* A damaged tile is named and not handed out; fsck makes hash tiles again. */
static void
damage_is_found(void **state)
{
	struct hm_tilelog *l = open_log();
	struct hm_tile hashes = { 8, 0, 0, 256 }, records = { 8, -1, 1, 256 };
	struct hm_buf lines = { 0 };
	struct hm_tile_data d;
	struct hm_found f;
	struct hm_fsck k;

	(void)state;
	append(l, 0, 600);
	hm_tilelog_free(l);
	flip("public/tile/8/0/000", 40);
	flip("public/tile/8/data/001", 30);
	l = open_log();
	assert_int_equal(hm_tilelog_tile(l, &arena, &hashes, &d, &err), -1);
	assert_int_equal(err.code, HM_EINVALID);
	assert_true(hm_str_contains(hm_err_str(&err), HM_S("public/tile/8/0/000: damaged")));
	hm_err_clear(&err);
	assert_int_equal(hm_tilelog_tile(l, &arena, &records, &d, &err), -1);
	assert_true(hm_str_contains(hm_err_str(&err), HM_S("public/tile/8/data/001: damaged")));
	hm_err_clear(&err);
	assert_int_equal(hm_tilelog_find(l, &arena, key_of(256), &f, &err), -1);
	assert_int_equal(err.code, HM_EINVALID);
	hm_err_clear(&err);
	assert_ok(hm_tilelog_find(l, &arena, key_of(300), &f, &err), &err); /* whole, for itself */
	assert_proven(l, 590, NULL);
	hm_tilelog_free(l);

	assert_int_equal(fsck(true, &k, &lines), -1);
	assert_true(hm_str_contains(hm_err_str(&err), HM_S("record 256 is not the one")) ||
	            hm_str_contains(hm_err_str(&err), HM_S("record 1 is not the one")));
	hm_err_clear(&err);
	flip("public/tile/8/data/001", 30);
	assert_int_equal(fsck(false, &k, &lines), -1);
	assert_int_equal(k.wrong, 1);
	hm_err_clear(&err);
	assert_ok(hm_file_remove(in_dir("public/tile/8/1/000.p/2"), &err), &err);
	assert_ok(fsck(true, &k, &lines), &err);
	assert_int_equal(k.wrong, 2);
	assert_int_equal(k.mended, 2);
	assert_clean(600);
	l = open_log();
	assert_proven(l, 300, NULL);
	hm_tilelog_free(l);
	hm_buf_free(&lines);
}

/* A witness that says yes, no, or something else. */
struct endorser {
	_Atomic enum mood { YES, NO, OTHER_TREE, NO_SIGNATURE } mood;
	_Atomic int64_t asked; /* of the newest tree */
	_Atomic int proven;
};

static int
endorse(void *ctx, struct hm_tilelog *l, struct hm_arena *a, const struct hm_tree *tree,
        hm_str checkpoint, hm_str *out, struct hm_err *e)
{
	struct endorser *w = ctx;
	struct hm_hash_reader r = { hm_tilelog_read_hashes, l };
	struct hm_hash root;
	hm_str size;

	w->asked = tree->n;
	if (hm_tlog_tree_hash(tree->n, &r, &root, e) == 0 && hm_hash_eq(&root, &tree->hash))
		w->proven++;
	size = hm_arena_printf(a, "\n%lld\n", (long long)tree->n);
	assert_true(hm_str_contains(checkpoint, size));
	switch (w->mood) {
	case NO:
		return hm_err_set(e, HM_ENET, "the witness is away");
	case OTHER_TREE:
		*out = hm_tilelog_checkpoint(l, a);
		return 0;
	case NO_SIGNATURE:
		*out = HM_S("log.example\n1\nx\n");
		return 0;
	default:
		*out = hm_arena_printf(a, HM_F "\xe2\x80\x94 w.example AAAAAAAA\n",
		                       HM_P(checkpoint));
		return 0;
	}
}

static struct hm_tilelog *
open_endorsed(struct endorser *w)
{
	struct hm_tilelog_opts o = { .endorse = endorse, .ctx = w };
	struct hm_tilelog *l;

	assert_ok(hm_tilelog_open_with(dir, &o, &l, &err), &err);
	return l;
}

static bool
is_shown(struct hm_tilelog *l, int64_t n)
{
	return hm_tilelog_stats(l).size == n &&
	       head_of(hm_tilelog_latest(l, &arena, NULL), false).n == n &&
	       head_of(hm_tilelog_checkpoint(l, &arena), true).n == n;
}

/* What nobody endorsed is durable, and seen by nobody, also by who opens the log otherwise. */
static void
endorsed_heads(void **state)
{
	struct endorser w = { YES, 0, 0 };
	struct hm_tilelog *l = open_endorsed(&w);
	struct hm_append one = { .text = text_of(300) }, plain = { .text = text_of(301) };
	struct hm_found f;

	(void)state;
	append(l, 0, 300);
	assert_true(is_shown(l, 300));
	assert_true(hm_str_contains(hm_tilelog_checkpoint(l, &arena), HM_S("w.example")));
	assert_in_range(w.proven, 1, 2); /* the empty head may be endorsed first */
	for (enum mood m = NO; m <= NO_SIGNATURE; m++) {
		w.mood = m;
		assert_int_equal(hm_tilelog_append(l, &one, 1, &err), -1);
		hm_err_clear(&err);
		assert_int_equal(w.asked, 301);
		assert_true(is_shown(l, 300));
		assert_int_equal(hm_tilelog_find(l, &arena, key_of(300), &f, &err), -1);
		hm_err_clear(&err);
	}
	w.mood = NO;
	hm_tilelog_free(l);
	assert_int_equal(fsck(false, &(struct hm_fsck){ 0 }, &(struct hm_buf){ 0 }), 0);

	l = open_log(); /* as `add` does */
	assert_true(is_shown(l, 300));
	assert_ok(hm_tilelog_append(l, &plain, 1, &err), &err);
	assert_int_equal(plain.id, 301);
	assert_true(is_shown(l, 300));
	hm_tilelog_free(l);

	l = open_endorsed(&w);
	assert_true(is_shown(l, 300));
	w.mood = YES;
	assert_ok(hm_tilelog_append(l, &one, 1, &err), &err);
	assert_false(one.fresh);
	assert_int_equal(one.id, 300);
	assert_true(is_shown(l, 302));
	hm_tilelog_free(l);
	l = open_endorsed(&w);
	assert_true(is_shown(l, 302));
	hm_tilelog_free(l);
}

static void
wrong_key_is_refused(void **state)
{
	hm_str skey, other;

	(void)state;
	assert_ok(hm_note_keygen(&arena, HM_S("log.example"), &skey, &other, &err), &err);
	assert_ok(hm_file_publish(in_dir("key"), skey, 0644, false, &err), &err);
	refuses_to_open(HM_ESECURITY, "others may read it");
	assert_ok(hm_file_publish(in_dir("key"), skey, 0600, false, &err), &err);
	refuses_to_open(HM_ESECURITY, "no verifiable signatures");
	assert_ok(hm_file_publish(in_dir("key"), HM_S("junk\n"), 0600, false, &err), &err);
	refuses_to_open(HM_EINVALID, "malformed");
}

static void
copy(const char *from, const char *to)
{
	assert_ok(hm_file_copy(in_dir(from), in_dir(to), 0644, &err), &err);
}

/* An old backup of the database would sign other trees of sizes that the world has seen. */
static void
set_back_is_refused(void **state)
{
	struct hm_tilelog *l = open_log();
	struct hm_buf lines = { 0 };
	struct hm_fsck f;

	(void)state;
	append(l, 0, 300);
	hm_tilelog_free(l);
	copy("index.db", "old.db");
	l = open_log();
	append(l, 300, 10);
	hm_tilelog_free(l);
	copy("index.db", "new.db");
	copy("old.db", "index.db");
	refuses_to_open(HM_ESECURITY, "it was set back");
	assert_int_equal(fsck(true, &f, &lines), -1);
	assert_int_equal(err.code, HM_ESECURITY);
	hm_err_clear(&err);

	/* Truncated, and gone: from the published head on. */
	assert_ok(hm_file_write(in_dir("index.db"), HM_S("not a database, not at all"), 0644, &err),
	          &err);
	refuses_to_open(HM_EINVALID, "index.db");
	assert_ok(fsck(true, &f, &lines), &err);
	assert_int_equal(f.size, 310);
	assert_clean(310);
	l = open_log();
	append(l, 310, 10);
	assert_proven(l, 5, NULL);
	hm_tilelog_free(l);
	hm_buf_free(&lines);
}

/* No file may grow: the batch fails as a whole, the log stays as it was and goes on later. */
static void
failed_batch_leaves_nothing(void **state)
{
	struct hm_tilelog *l = open_log();
	struct hm_append v[20] = { { .ctx = NULL } };
	struct rlimit was, tight;
	struct hm_tree before;
	struct hm_found f;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	append(l, 0, 250);
	for (int round = 0; round < 3; round++) {
		before = head_of(hm_tilelog_latest(l, &arena, NULL), false);
		tight = was;
		tight.rlim_cur = (rlim_t)(round * 4096 + 1);
		setrlimit(RLIMIT_FSIZE, &tight);
		for (int i = 0; i < 20; i++)
			v[i] = (struct hm_append){ .text = text_of(before.n + i) };
		assert_int_equal(hm_tilelog_append(l, v, 20, &err), -1);
		setrlimit(RLIMIT_FSIZE, &was);
		assert_int_equal(err.code, HM_EIO);
		hm_err_clear(&err);
		assert_int_equal(hm_tilelog_stats(l).size, before.n);
		assert_int_equal(hm_tilelog_find(l, &arena, key_of(before.n), &f, &err), -1);
		assert_int_equal(err.code, HM_ENOTFOUND);
		hm_err_clear(&err);
		append(l, before.n, 20);
		assert_proven(l, before.n + 19, &before);
	}
	hm_tilelog_free(l);
	assert_clean(310);
}

/* ---- killed at any moment */

struct seen {
	int64_t n;
	struct hm_hash root;
};

/* Appends until it is killed, and tells of each head that a client could have got. */
static void
append_for_ever(int fd)
{
	struct hm_tilelog *l = open_log();
	int64_t n = hm_tilelog_stats(l).size;

	for (int64_t step = 1;; step = step % 97 + 7) {
		struct hm_tree t;
		struct seen s;

		append(l, n, step);
		n += step;
		t = head_of(hm_tilelog_latest(l, &arena, NULL), false);
		s = (struct seen){ t.n, t.hash };
		if (write(fd, &s, sizeof(s)) != sizeof(s))
			break;
		hm_arena_free(&arena); /* names in it are not used again */
	}
}

static void
killed_at_random(void **state)
{
	const char *times = getenv("HERMOD_TEST_KILLS");
	int rounds = times ? atoi(times) : 12;
	struct seen last = { 0 };
	unsigned seed = 12345;

	(void)state;
	for (int i = 0; i < rounds; i++) {
		struct hm_tilelog *l;
		struct hm_tree older;
		struct seen s;
		int fds[2], status;
		pid_t child;

		assert_int_equal(pipe(fds), 0);
		child = fork();
		if (child == 0) {
			char path[128], key[256];

			close(fds[0]);
			snprintf(path, sizeof(path), HM_F, HM_P(dir));
			snprintf(key, sizeof(key), HM_F, HM_P(vkey));
			dir = hm_str_of(path);
			vkey = hm_str_of(key);
			append_for_ever(fds[1]);
			_exit(1);
		}
		close(fds[1]);
		seed = seed * 1103515245 + 12345;
		hm_clock_sleep_ms(20 + (seed >> 16) % 150);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		while (read(fds[0], &s, sizeof(s)) == sizeof(s))
			last = s;
		close(fds[0]);

		l = open_log();
		assert_true(hm_tilelog_stats(l).size >= last.n);
		older = (struct hm_tree){ last.n, last.root };
		if (last.n > 0)
			assert_proven(l, last.n - 1, &older);
		hm_tilelog_free(l);
	}
	assert_true(last.n > 0);
	assert_clean(-1);
}

int
test_tilelog_tilelog(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(appends_and_finds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(batches_are_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_wrong_tiles, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_writer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(endorsed_heads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_key_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(set_back_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failed_batch_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_at_random, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("tilelog/tilelog", tests, NULL, NULL);
}
