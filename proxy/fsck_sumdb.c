/*
 * fsck_sumdb.c - tiles and records of checksum databases, against the newest tree head that
 * was seen of each.
 *
 * First with what is in the store alone.  One wrong tile can make others unprovable that
 * stand on it, so that nothing is set aside for that: the repair asks upstream for the tree,
 * in a folder of its own, and sets aside what is not in it.  What cannot be proven either
 * way is let be: clients prove all that they take.
 */
#include "fsck_priv.h"

#include "base/map.h"
#include "base/path.h"
#include "cmds.h"
#include "os/file.h"
#include "upstream.h"

struct db_check {
	struct fsck_work *w;
	struct hm_arena arena;
	struct hm_map suspect; /* NAME -> how many files look wrong (num) */
	struct hm_verify *verify;
	bool mending;
};

static int
no_get(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err)
{
	(void)ctx;
	(void)out;
	return hm_err_set(err, HM_ENOTFOUND, HM_F " is not in the store", HM_P(url));
}

static int
no_proxies(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err), void *arg,
           struct hm_err *err)
{
	(void)ctx;
	(void)fn;
	(void)arg;
	return hm_err_set(err, HM_ENOTFOUND, "nobody is asked");
}

static struct hm_verify *
make_verify(struct fsck *k, const struct hm_verify_remote *remote, hm_str modcache)
{
	static const struct hm_sums_conf none;
	struct hm_verify_conf v = proxy_verify_conf(k->p);

	v.remote = *remote;
	v.modcache = modcache;
	return hm_verify_new(&v, hm_sums_new(&none));
}

static bool
is_wrong(struct db_check *c, const struct sumdb_file *f, struct hm_err *why)
{
	struct hm_arena a = { 0 };
	hm_str data;
	bool wrong = hm_file_read(&a, f->file.p, HM_SUMDB_ANSWER_MAX, &data, why) == 0 &&
	             hm_verify_pass_check(c->verify, &a, f->name, f->rest, data, why) != 0 &&
	             hm_err_is(why, HM_ESECURITY);

	hm_arena_free(&a);
	return wrong;
}

static void
look(void *ctx, const struct sumdb_file *f)
{
	struct db_check *c = ctx;
	struct hm_err why = { 0 };

	if (is_wrong(c, f, &why))
		hm_map_put(&c->suspect, hm_arena_dup(&c->arena, f->name), NULL)->num++;
	hm_err_free(&why);
}

static void
mend(void *ctx, const struct sumdb_file *f)
{
	struct db_check *c = ctx;
	struct hm_err why = { 0 }, err = { 0 };
	hm_str rel = hm_str_from(f->file, c->w->k->p->store.root.n + 1);

	if (hm_map_has(&c->suspect, f->name) && is_wrong(c, f, &why)) {
		if (fsck_set_aside(c->w->k, f->file, rel, hm_err_str(&why), &err)) {
			fsck_say(c->w, 0, 0, HM_F ": " HM_F, HM_P(rel), HM_P(hm_err_str(&err)));
		} else {
			hm_map_put(&c->suspect, f->name, NULL)->num = 0;
			fsck_say(c->w, 0, 0, HM_F ": not in the signed tree; it is in evidence",
			         HM_P(rel));
		}
	}
	hm_err_free(&err);
	hm_err_free(&why);
}

static void
left(void *ctx, hm_str file)
{
	struct db_check *c = ctx;
	struct hm_err err = { 0 };
	hm_str rel = hm_str_from(file, c->w->k->p->store.root.n + 1);

	if (c->mending)
		return;
	fsck_say(c->w, 1, 0, HM_F ": a temporary file that was left", HM_P(rel));
	if (c->w->k->repair && hm_file_remove(file.p, &err) == 0)
		fsck_say(c->w, 0, 1, HM_F ": removed", HM_P(rel));
	hm_err_free(&err);
}

/* With nothing of the store but the newest tree head. */
static int
mend_all(struct db_check *c, struct hm_err *err)
{
	const struct sumdb_walk walk = { .ctx = c, .file = mend, .left = left };
	struct fsck *k = c->w->k;
	const struct hm_verify_remote remote = upstream_remote(k->p->upstreams);
	hm_str tmp = hm_env_or_empty(&k->p->conf->env, "TMPDIR"), scratch;
	struct hm_err none = { 0 };

	tmp = tmp.n ? hm_arena_dup(&c->arena, tmp) : HM_S("/tmp");
	if (hm_dir_make_temp(&c->arena, tmp.p, "hermod-proxy-fsck-", &scratch, err))
		return -1;
	c->mending = true;
	c->verify = make_verify(k, &remote, scratch);
	sumdb_walk(&k->p->store, &walk);
	hm_verify_free(c->verify);
	hm_dir_remove_all(scratch.p, true, &none);
	hm_err_free(&none);
	for (size_t i = 0; i < c->suspect.n; i++)
		if (c->suspect.e[i].num == 0)
			fsck_say(c->w, 0, 1, "sumdb " HM_F ": mended", HM_P(c->suspect.e[i].key));
	return 0;
}

int
fsck_sumdb(struct fsck_work *w, struct hm_err *err)
{
	static const struct hm_verify_remote nobody = { NULL, no_get, no_proxies };
	struct db_check c = { .w = w };
	const struct sumdb_walk walk = { .ctx = &c, .file = look, .left = left };
	int rc = 0;

	c.suspect.arena = &c.arena;
	c.verify = make_verify(w->k, &nobody, w->k->p->store.root);
	sumdb_walk(&w->k->p->store, &walk);
	hm_verify_free(c.verify);
	for (size_t i = 0; i < c.suspect.n; i++)
		fsck_say(w, 1, 0,
		         "sumdb " HM_F ": %llu files do not fit the signed tree, or stand on one "
		         "that does not",
		         HM_P(c.suspect.e[i].key), (unsigned long long)c.suspect.e[i].num);
	if (c.suspect.n && w->k->repair)
		rc = mend_all(&c, err);
	hm_arena_free(&c.arena);
	return rc;
}
