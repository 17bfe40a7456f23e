/*
 * proof.c - one record with all that proves it, in one file, in the format of
 * https://c2sp.org/tlog-proof:
 *
 *	c2sp.org/tlog-proof@v1
 *	extra <base64 of the record>
 *	index <number of the record>
 *	<base64 of a hash>...
 *
 *	<signed head>
 */
#include <stdio.h>

#include "base/path.h"
#include "codec/base64.h"
#include "codec/url.h"
#include "mod/modpath.h"
#include "os/file.h"
#include "remote.h"
#include "sumdb.h"
#include "tilelog/files.h"
#include "tilelog/index.h"
#include "tilelog/tail.h"

#define PROOF_HEAD HM_S("c2sp.org/tlog-proof@v1\n")
#define PROOF_MAX ((size_t)64 << 10)

struct proof {
	int64_t id;
	hm_str record;
	hm_str head; /* signed note */
	struct hm_proof path;
};

static hm_str
format_proof(struct hm_arena *a, const struct proof *p)
{
	struct hm_buf b = { 0 };

	hm_buf_adds(&b, PROOF_HEAD);
	hm_buf_printf(&b, "extra " HM_F "\n",
	              HM_P(hm_base64_encode(a, HM_BASE64_STD, p->record.p, p->record.n)));
	hm_buf_printf(&b, "index %lld\n", (long long)p->id);
	for (size_t i = 0; i < p->path.n; i++)
		hm_buf_printf(&b, HM_F "\n", HM_P(hm_hash_text(a, &p->path.h[i])));
	hm_buf_addc(&b, '\n');
	hm_buf_adds(&b, p->head);
	return hm_buf_take(&b, a);
}

static int
parse_proof(struct hm_arena *a, hm_str text, struct proof *p, struct hm_err *err)
{
	hm_str line;

	*p = (struct proof){ .id = 0 };
	if (!hm_str_cut_prefix(&text, PROOF_HEAD) || !hm_str_cut(text, '\n', &line, &text) ||
	    !hm_str_cut_prefix(&line, HM_S("extra ")) ||
	    !hm_base64_decode(a, HM_BASE64_STD, line, &p->record) ||
	    !hm_str_cut(text, '\n', &line, &text) || !hm_str_cut_prefix(&line, HM_S("index ")) ||
	    !hm_tlog_parse_size(line, &p->id))
		return hm_err_set(err, HM_EINVALID, "malformed proof");
	for (;;) {
		if (!hm_str_cut(text, '\n', &line, &text) || p->path.n == HM_TLOG_PROOF_MAX)
			return hm_err_set(err, HM_EINVALID, "malformed proof");
		if (line.n == 0)
			break;
		if (hm_hash_parse(line, &p->path.h[p->path.n++], err))
			return hm_err_set(err, HM_EINVALID, "malformed proof");
	}
	p->head = text;
	return 0;
}

/* ---- prove */

/* From a server: its answer to a lookup has all but the hashes. */
static int
look_up(struct remote *r, struct hm_arena *a, struct hm_modver m, struct proof *p,
        struct hm_err *err)
{
	hm_str path, version, answer;

	if (hm_modpath_escape(a, m.path, &path, err) ||
	    hm_modpath_escape_version(a, m.version, &version, err) ||
	    remote_get(r, a, hm_arena_printf(a, "lookup/" HM_F "@" HM_F, HM_P(path), HM_P(version)),
	               &answer, err))
		return -1;
	return hm_tlog_parse_record(answer, &p->id, &p->record, &p->head, err);
}

struct try {
	struct remote *r;
	struct hm_arena *a;
	hm_str key;
	int64_t size;
	struct proof *p;
};

static int
try_record(void *ctx, struct hm_hint hint, struct hm_err *err)
{
	struct try *t = ctx;
	int64_t id = hint.id;
	struct hm_tile tile = { HM_TILE_HEIGHT, -1, id / HM_TILE_WIDTH,
		                (int)(id % HM_TILE_WIDTH) + 1 };
	int64_t left = t->size - tile.n * HM_TILE_WIDTH;
	hm_str data;

	if (id < 0 || id >= t->size)
		return 0;
	tile.w = left < HM_TILE_WIDTH ? (int)left : HM_TILE_WIDTH;
	if (remote_tile(t->r, t->a, &tile, &data, err))
		return -1;
	for (int64_t i = 0; i <= id % HM_TILE_WIDTH; i++)
		hm_tile_next_record(&data, &t->p->record);
	if (!hm_str_eq(hm_tilelog_key(t->p->record), t->key))
		return 0;
	t->p->id = id;
	return 1;
}

/* From the public files of a log, also while a server has it. */
static int
find(struct remote *r, struct hm_arena *a, hm_str dir, struct hm_modver m, struct proof *p,
     struct hm_err *err)
{
	struct try t = { .r = r, .a = a, .key = record_key(a, m), .p = p };
	struct hm_logindex *x;
	struct hm_tree tree;
	int rc;

	if (remote_get(r, a, HM_S("checkpoint"), &p->head, err) ||
	    remote_open_head(r->keys, r->n_keys, a, p->head, &tree, err) ||
	    hm_logindex_open(dir, true, &x, err))
		return -1;
	t.size = tree.n;
	rc = hm_logindex_find(x, hm_logindex_hash(t.key), try_record, &t, err);
	hm_logindex_free(x);
	if (rc == 0)
		return hm_err_set(err, HM_ENOTFOUND, HM_F "@" HM_F ": not in the published log",
		                  HM_P(m.path), HM_P(m.version));
	return rc < 0 ? -1 : 0;
}

static int
prove_one(struct remote *r, struct hm_arena *a, const struct options *o, struct hm_modver m,
          hm_str *out, struct hm_err *err)
{
	struct hm_tile_reader tiles = remote_tiles(r);
	struct hm_tree tree;
	struct hm_tile_hashes th = { &tree, &tiles };
	struct hm_hash_reader hashes = hm_tile_hash_reader(&th);
	struct hm_hash leaf;
	struct proof p = { .id = 0 };

	r->scratch = a;
	if (check_modver(m, err) ||
	    (o->url.n ? look_up(r, a, m, &p, err) : find(r, a, o->dir, m, &p, err)) ||
	    remote_open_head(r->keys, r->n_keys, a, p.head, &tree, err) ||
	    hm_tlog_prove_record(tree.n, p.id, &hashes, &p.path, err))
		return -1;
	leaf = hm_tlog_record_hash(p.record);
	if (hm_tlog_check_record(p.path.h, p.path.n, &tree, p.id, &leaf, err))
		return -1;
	if (!hm_str_eq(hm_tilelog_key(p.record), record_key(a, m)))
		return hm_err_set(err, HM_ESECURITY, "the server answers with another record");
	*out = format_proof(a, &p);
	return 0;
}

/* Which log: --url with --key, or --dir. */
static int
open_remote(struct remote *r, struct hm_arena *a, const struct options *o, struct hm_log *log,
            struct hm_err *err)
{
	struct hm_strs vkeys = { 0 };
	struct hm_signers signers = { 0 };

	if (o->url.n) {
		if (o->key.n == 0)
			return hm_err_set(err, HM_EUSAGE,
			                  "--key is missing: NAME+HASH+KEY of the log");
		HM_PUSH(a, vkeys, o->key);
		return remote_open(r, o->url, &vkeys, log, err);
	}
	if (o->dir.n == 0)
		return hm_err_set(err, HM_EUSAGE, "--dir or --url is missing: where is the log?");
	if (hm_tilelog_read_keys(a, o->dir, &signers, &vkeys, err))
		return -1;
	return remote_open(r, hm_url_from_path(a, hm_path_cat(a, o->dir, HM_S("public"))), &vkeys,
	                   log, err);
}

int
cmd_prove(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err)
{
	struct remote r = { .n_keys = 0 };
	struct hm_arena a = { 0 };
	struct hm_modver m;
	hm_str proof;
	int rc = -1;

	if (argc != 1 || !hm_modver_cut(hm_str_of(argv[0]), &m))
		hm_err_set(err, HM_EUSAGE, "prove what? PATH@VERSION");
	else if (open_remote(&r, &a, o, log, err) == 0)
		rc = prove_one(&r, &a, o, m, &proof, err);
	if (rc == 0 && o->output.n)
		rc = hm_file_publish(o->output.p, proof, 0644, false, err);
	else if (rc == 0)
		fwrite(proof.p, 1, proof.n, stdout);
	remote_close(&r);
	hm_arena_free(&a);
	return rc;
}

/* ---- check */

static int
check_proof(struct hm_arena *a, const struct options *o, hm_str text, struct proof *p,
            struct hm_err *err)
{
	struct hm_verifier key;
	struct hm_tree tree;
	struct hm_hash leaf;

	if (hm_verifier_parse(a, o->key, &key, err) || parse_proof(a, text, p, err) ||
	    remote_open_head(&key, 1, a, p->head, &tree, err) ||
	    check_cosigned(o, &key, 1, p->head, err))
		return -1;
	leaf = hm_tlog_record_hash(p->record);
	return hm_tlog_check_record(p->path.h, p->path.n, &tree, p->id, &leaf, err);
}

int
cmd_check(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct proof p;
	hm_str text;
	int rc = -1;

	(void)log;
	if (o->key.n == 0)
		hm_err_set(err, HM_EUSAGE, "--key is missing: NAME+HASH+KEY of the log");
	else if (argc != 1)
		hm_err_set(err, HM_EUSAGE, "check what? A file that prove wrote");
	else if (hm_file_read(&a, argv[0], PROOF_MAX, &text, err) == 0)
		rc = check_proof(&a, o, text, &p, err);
	if (rc == 0)
		printf(HM_F, HM_P(p.record));
	else if (argc == 1 && err->code != HM_EUSAGE)
		hm_err_wrap(err, "%s: ", argv[0]);
	hm_arena_free(&a);
	return rc;
}
