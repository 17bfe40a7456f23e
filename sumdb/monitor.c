/*
 * monitor.c - somebody's log, followed: every head signed, every head a continuation of
 * the one before, every new record in the tree.  Reports new versions of the modules
 * one cares for; a fork or rollback ends it with the evidence kept.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "codec/json.h"
#include "mod/match.h"
#include "os/clock.h"
#include "os/file.h"
#include "remote.h"
#include "sumdb.h"
#include "tilelog/tail.h"

struct monitor {
	const struct options *o;
	struct remote r;
	struct hm_tree seen, now;
	hm_str seen_note, now_note; /* empty: nothing seen yet */
};

/* Both heads, for whoever has to be convinced. */
static int
contradiction(struct monitor *m, struct hm_arena *a, const char *what, struct hm_err *err)
{
	hm_str file = hm_arena_printf(a, HM_F ".evidence", HM_P(m->o->state));
	hm_str text = hm_arena_printf(a, "%s\n\nseen before:\n" HM_F "\nnow:\n" HM_F, what,
	                              HM_P(m->seen_note), HM_P(m->now_note));
	struct hm_err bad = { 0 };

	hm_err_set(err, HM_ESECURITY,
	           "SECURITY ERROR: %s: %lld records before, %lld now; both heads "
	           "are in " HM_F,
	           what, (long long)m->seen.n, (long long)m->now.n, HM_P(file));
	if (hm_file_publish(file.p, text, 0644, true, &bad))
		hm_err_append(err, " (could not be written: " HM_F ")", HM_P(hm_err_str(&bad)));
	hm_err_free(&bad);
	return -1;
}

/* The tree seen before must be the front of the tree now. */
static int
check_continuation(struct monitor *m, struct hm_arena *a, struct hm_err *err)
{
	struct hm_tile_reader tiles = remote_tiles(&m->r);
	struct hm_tile_hashes th = { &m->now, &tiles };
	struct hm_hash_reader hashes = hm_tile_hash_reader(&th);
	struct hm_hash root;

	if (m->now.n < m->seen.n)
		return contradiction(m, a, "the log was rolled back", err);
	if (m->seen.n == 0)
		return 0;
	m->r.scratch = a;
	if (m->now.n == m->seen.n)
		root = m->now.hash;
	else if (hm_tlog_tree_hash(m->seen.n, &hashes, &root, err))
		return -1;
	return hm_hash_eq(&root, &m->seen.hash) ? 0 :
	                                          contradiction(m, a, "the log has forked", err);
}

static void
report(struct monitor *m, int64_t id, hm_str text)
{
	hm_str key = hm_tilelog_key(text), path, version;
	struct hm_buf b = { 0 };

	hm_str_cut(key, ' ', &path, &version);
	if (m->o->pattern.n && !hm_match_prefix_patterns(m->o->pattern, path))
		return;
	if (!m->o->json) {
		printf("%lld " HM_F "@" HM_F "\n", (long long)id, HM_P(path), HM_P(version));
		return;
	}
	hm_buf_printf(&b, "{\"Record\":%lld,\"Path\":", (long long)id);
	hm_json_quote(&b, path, false);
	hm_buf_addz(&b, ",\"Version\":");
	hm_json_quote(&b, version, false);
	hm_buf_addz(&b, ",\"Lines\":");
	hm_json_quote(&b, text, false);
	hm_buf_addz(&b, "}\n");
	fwrite(b.p, 1, b.n, stdout);
	hm_buf_free(&b);
}

/* Records of one data tile from number `from` on, each held against its proven hash. */
static int
read_records(struct monitor *m, const struct hm_tile *t, int64_t from, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_tile_reader tiles = remote_tiles(&m->r);
	struct hm_hash want[HM_TILE_WIDTH];
	int64_t index[HM_TILE_WIDTH];
	hm_str data, text;
	int rc;

	m->r.scratch = &a;
	for (int i = 0; i < t->w; i++)
		index[i] = hm_tlog_index(0, t->n * HM_TILE_WIDTH + i);
	rc = hm_tile_read_hashes(&m->now, &tiles, index, (size_t)t->w, want, err);
	if (rc == 0)
		rc = remote_tile(&m->r, &a, t, &data, err);
	for (int i = 0; rc == 0 && i < t->w; i++) {
		int64_t id = t->n * HM_TILE_WIDTH + i;
		struct hm_hash h;

		hm_tile_next_record(&data, &text);
		h = hm_tlog_record_hash(text);
		if (!hm_hash_eq(&h, &want[i]))
			rc = hm_err_set(err, HM_ESECURITY,
			                "SECURITY ERROR: record %lld is not the one in the tree",
			                (long long)id);
		else if (id >= from)
			report(m, id, text);
	}
	hm_arena_free(&a);
	return rc;
}

static int
read_new(struct monitor *m, struct hm_err *err)
{
	struct hm_tile t = { HM_TILE_HEIGHT, -1, m->seen.n / HM_TILE_WIDTH, 0 };

	for (; m->seen.n < m->now.n && t.n * HM_TILE_WIDTH < m->now.n; t.n++) {
		int64_t left = m->now.n - t.n * HM_TILE_WIDTH;

		t.w = left < HM_TILE_WIDTH ? (int)left : HM_TILE_WIDTH;
		if (read_records(m, &t, m->seen.n, err))
			return -1;
	}
	return 0;
}

/* A head that does not move for too long: the log, or somebody between, holds it back. */
static int
check_age(struct monitor *m, struct hm_err *err)
{
	struct stat st;
	int64_t age;

	if (m->o->stale == 0)
		return 0;
	if (hm_file_stat(m->o->state.p, &st, err))
		return -1;
	age = hm_clock_unix() - st.st_mtime;
	if (age <= m->o->stale)
		return 0;
	return hm_err_set(err, HM_EINVALID, "stale: the head of %lld records is %lld seconds old",
	                  (long long)m->now.n, (long long)age);
}

static int
read_state(struct monitor *m, struct hm_arena *a, struct hm_err *err)
{
	if (hm_file_read(a, m->o->state.p, HM_TILELOG_HEAD_MAX, &m->seen_note, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err);
		m->seen_note = HM_S("");
		return 0;
	}
	if (remote_open_head(m->r.keys, m->r.n_keys, a, m->seen_note, &m->seen, err))
		return hm_err_wrap(err, HM_F ": ", HM_P(m->o->state));
	return 0;
}

static int
follow(struct monitor *m, struct hm_arena *a, struct hm_err *err)
{
	bool first;

	if (read_state(m, a, err) || remote_get(&m->r, a, HM_S("latest"), &m->now_note, err) ||
	    remote_open_head(m->r.keys, m->r.n_keys, a, m->now_note, &m->now, err))
		return -1;
	first = m->seen_note.n == 0;
	if (first && !m->o->from_start)
		m->seen = m->now;
	if (check_continuation(m, a, err) || read_new(m, err))
		return -1;
	if (!first && m->now.n == m->seen.n)
		return check_age(m, err);
	/* What was not told must be told again next time. */
	if (fflush(stdout))
		return hm_err_set(err, HM_EIO, "standard output: cannot be written");
	return hm_file_publish(m->o->state.p, m->now_note, 0644, true, err);
}

int
cmd_monitor(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err)
{
	struct monitor m = { .o = o };
	struct hm_strs vkeys = { 0 };
	struct hm_arena a = { 0 };
	int rc = -1;

	if (argc)
		hm_err_set(err, HM_EUSAGE, "unexpected word \"%s\"", argv[0]);
	else if (o->url.n == 0 || o->key.n == 0 || o->state.n == 0)
		hm_err_set(err, HM_EUSAGE, "--url, --key and --state are needed");
	else
		rc = 0;
	HM_PUSH(&a, vkeys, o->key);
	if (rc == 0)
		rc = remote_open(&m.r, o->url, &vkeys, log, err);
	if (rc == 0)
		rc = follow(&m, &a, err);
	remote_close(&m.r);
	hm_arena_free(&a);
	return rc;
}
