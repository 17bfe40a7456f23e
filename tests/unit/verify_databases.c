/* Databases by module pattern, and what witnesses must have said. */
#include "unit/unit.h"

#include <stdlib.h>

#include "os/file.h"
#include "tilelog/checkpoint.h"
#include "tlog/cosign.h"
#include "unit/memlog.h"
#include "verify/verify.h"

#define H1 "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define H2 "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="

struct world {
	struct hm_arena a;
	struct hm_err err;
	struct hm_verify_conf conf;
	struct hm_verify *v;
	hm_str dir;
	struct hm_strs urls; /* everything asked for */
	/* a and b: two logs; each lookup gives the newest record. */
	struct side {
		struct memlog log;
		struct hm_signer signer;
		hm_str key;
		hm_str lines;    /* more signatures on each head */
	} a_log, b_log;
	struct hm_signer w[2];
	hm_str wkey[2];
	hm_str published; /* by the witness that has a URL */
};

static hm_str
signed_head(struct world *f, struct side *s, int64_t n, bool go)
{
	struct hm_tree t = memlog_tree(&s->log, n);
	struct hm_note note = { .text = go ? hm_tlog_format_tree(&f->a, &t) :
		                             hm_checkpoint_format(&f->a, s->signer.name, &t) };
	hm_str out;

	assert_ok(hm_note_sign(&f->a, &note, &s->signer, 1, &out, &f->err), &f->err);
	return out;
}

/* The line of witness i for the tree of n records, or, wrongly, for go's text of it. */
static hm_str
cosignature(struct world *f, struct side *s, int i, int64_t n, bool go_text)
{
	struct hm_tree t = memlog_tree(&s->log, n);
	hm_str text = go_text ? hm_tlog_format_tree(&f->a, &t) :
	                        hm_checkpoint_format(&f->a, s->signer.name, &t), line;

	assert_ok(hm_cosign(&f->a, &f->w[i], text, 1000 + n, &line, &f->err), &f->err);
	return line;
}

static int
get(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err)
{
	struct world *f = ctx;
	struct side *s = hm_str_has_prefix(url, HM_S("https://a.db/")) ? &f->a_log : &f->b_log;
	ptrdiff_t at = hm_str_index(url, HM_S("/tile/"));
	struct hm_tile t;

	HM_PUSH(&f->a, f->urls, hm_arena_dup(&f->a, url));
	if (hm_str_has_prefix(url, HM_S("https://w/"))) {
		if (f->published.n == 0)
			return hm_err_set(err, HM_ENOTFOUND, "nothing here");
		hm_buf_adds(out, f->published);
	} else if (hm_str_has_prefix(url, HM_S("https://sum.golang.org/"))) {
		return hm_err_set(err, HM_ENET, "the public database was asked");
	} else if (at >= 0) {
		assert_ok(hm_tile_parse_path(hm_str_from(url, (size_t)at + 1), &t, err), err);
		hm_buf_adds(out, memlog_tile(&s->log, &t));
	} else {
		hm_buf_printf(out, "%lld\nx.example/m v1.0.0 " H1 "\n\n",
		              (long long)s->log.n - 1);
		hm_buf_adds(out, signed_head(f, s, s->log.n, true));
		hm_buf_adds(out, s->lines);
	}
	return 0;
}

static int
try_proxies(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err), void *arg,
            struct hm_err *err)
{
	(void)ctx, (void)fn, (void)arg;
	return hm_err_set(err, HM_ENOTFOUND, "no proxies");
}

static void
make_side(struct world *f, struct side *s, const char *name)
{
	hm_str skey;

	assert_ok(hm_note_keygen(&f->a, hm_str_of(name), &skey, &s->key, &f->err), &f->err);
	assert_ok(hm_signer_parse(&f->a, skey, &s->signer, &f->err), &f->err);
	memlog_fill(&s->log, 4);
	memlog_add(&s->log, HM_S("x.example/m v1.0.0 " H1 "\n"));
}

static int
setup(void **state)
{
	struct world *f = calloc(1, sizeof(*f));
	hm_str skey;

	assert_ok(hm_dir_make_temp(&f->a, "/tmp", "hm-dbs-", &f->dir, &f->err), &f->err);
	make_side(f, &f->a_log, "a.db");
	make_side(f, &f->b_log, "b.db");
	for (int i = 0; i < 2; i++) {
		assert_ok(hm_note_keygen(&f->a, i ? HM_S("w1") : HM_S("w0"), &skey, &f->wkey[i],
		                         &f->err), &f->err);
		assert_ok(hm_signer_parse(&f->a, skey, &f->w[i], &f->err), &f->err);
	}
	f->conf = (struct hm_verify_conf){
		.gosumdb = HM_S("sum.golang.org"),
		.gonosumdb = HM_S("*.example"),
		.modcache = hm_arena_printf(&f->a, HM_F "/mod", HM_P(f->dir)),
		.sumdb_dir = hm_arena_printf(&f->a, HM_F "/pkg/sumdb", HM_P(f->dir)),
		.remote = { f, get, try_proxies },
	};
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct world *f = *state;

	hm_verify_free(f->v);
	hm_dir_remove_all(f->dir.p, true, &f->err);
	memlog_free(&f->a_log.log);
	memlog_free(&f->b_log.log);
	hm_err_free(&f->err);
	hm_arena_free(&f->a);
	free(f);
	return 0;
}

static void
start(struct world *f, hm_str sumdbs)
{
	static const struct hm_sums_conf none;

	hm_verify_free(f->v);
	f->conf.sumdbs = sumdbs;
	f->v = hm_verify_new(&f->conf, hm_sums_new(&none));
	f->urls.n = 0;
}

static void
expect_good(struct world *f)
{
	assert_ok(hm_verify_sum(f->v, HM_S("x.example/m"), HM_S("v1.0.0"), HM_S(H1), &f->err),
	          &f->err);
}

static void
expect_bad(struct world *f, enum hm_code code, const char *part)
{
	assert_int_equal(hm_verify_sum(f->v, HM_S("x.example/m"), HM_S("v1.0.0"), HM_S(H1),
	                               &f->err), -1);
	if (f->err.code != code || !hm_str_contains(hm_err_str(&f->err), hm_str_of(part)))
		fail_msg("got %s: " HM_F, hm_code_text(f->err.code), HM_P(hm_err_str(&f->err)));
	hm_err_clear(&f->err);
}

static hm_str
table(struct world *f, const char *before)
{
	return hm_arena_printf(&f->a, "%s y.example=" HM_F "; x.example=" HM_F, before,
	                       HM_P(f->b_log.key), HM_P(f->a_log.key));
}

static void
by_pattern(void **state)
{
	struct world *f = *state;

	start(f, HM_S(""));
	assert_false(hm_verify_uses_sumdb(f->v, HM_S("x.example/m")));
	assert_str(hm_verify_sumdb_name(f->v, HM_S("x.example/m")), "");
	start(f, table(f, ""));
	assert_true(hm_verify_uses_sumdb(f->v, HM_S("x.example/m")));
	assert_str(hm_verify_sumdb_name(f->v, HM_S("x.example/m")), "a.db");
	assert_str(hm_verify_sumdb_name(f->v, HM_S("y.example")), "b.db");
	assert_str(hm_verify_sumdb_name(f->v, HM_S("z.other")), "sum.golang.org");
	assert_false(hm_verify_uses_sumdb(f->v, HM_S("z.example")));
	expect_good(f);
	assert_str(f->urls.v[0], "https://a.db/lookup/x.example/m@v1.0.0");
	assert_int_equal(hm_verify_sum(f->v, HM_S("x.example/m"), HM_S("v1.0.0"), HM_S(H2),
	                               &f->err), -1);
	assert_int_equal(f->err.code, HM_ESECURITY);
	hm_err_clear(&f->err);
	assert_int_equal(hm_verify_sum(f->v, HM_S("z.other/m"), HM_S("v1.0.0"), HM_S(H1),
	                               &f->err), -1);
	assert_true(hm_str_contains(hm_err_str(&f->err), HM_S("the public database was asked")));
}

static void
malformed(void **state)
{
	struct world *f = *state;

	start(f, HM_S("x.example"));
	expect_bad(f, HM_EINVALID, "invalid HERMOD_SUMDBS: line 1: ");
	start(f, HM_S("x.example=a+b+c"));
	expect_bad(f, HM_EINVALID, "invalid HERMOD_SUMDBS: x.example: malformed verifier id");
	start(f, HM_S("@/nosuch/file"));
	expect_bad(f, HM_EINVALID, "invalid HERMOD_SUMDBS: open /nosuch/file: ");
	/* Two logs under one name would share what is known of them. */
	make_side(f, &f->b_log, "a.db");
	start(f, table(f, ""));
	expect_bad(f, HM_EINVALID, "two keys of a.db");
	assert_int_equal(f->urls.n, 0);
}

static void
quorum(void **state)
{
	struct world *f = *state;
	struct side *s = &f->a_log;
	hm_str two = table(f, hm_arena_printf(&f->a,
	                                      "quorum 2; witness " HM_F "; witness " HM_F ";",
	                                      HM_P(f->wkey[0]), HM_P(f->wkey[1])).p);
	hm_str w0 = cosignature(f, s, 0, 5, false), w1 = cosignature(f, s, 1, 5, false);

	start(f, table(f, ""));
	expect_good(f); /* its head is cached now, without cosignatures */
	start(f, two);
	expect_bad(f, HM_ESECURITY, "cosigned by 0, HERMOD_SUMDBS wants 2 of 2");
	assert_str(f->urls.v[f->urls.n - 1], "https://a.db/lookup/x.example/m@v1.0.0");
	s->lines = w0;
	start(f, two);
	expect_bad(f, HM_ESECURITY, "cosigned by 1, HERMOD_SUMDBS wants 2 of 2");
	s->lines = hm_arena_concat(&f->a, (hm_str[]){ w0, cosignature(f, s, 0, 5, false) }, 2);
	start(f, two);
	expect_bad(f, HM_ESECURITY, "cosigned by 1, HERMOD_SUMDBS wants 2 of 2");
	/* A signature of the text that all logs share is none of this log. */
	s->lines = hm_arena_concat(&f->a, (hm_str[]){ w0, cosignature(f, s, 1, 5, true) }, 2);
	start(f, two);
	expect_bad(f, HM_ESECURITY, "invalid cosignature for key w1+");
	s->lines = hm_arena_concat(&f->a, (hm_str[]){ w0, cosignature(f, s, 1, 4, false) }, 2);
	start(f, two);
	expect_bad(f, HM_ESECURITY, "invalid cosignature for key w1+");
	s->lines = hm_arena_concat(&f->a, (hm_str[]){ w0, w1 }, 2);
	start(f, two);
	expect_good(f);
	/* And from then on out of the cache. */
	s->lines = HM_S("");
	start(f, two);
	expect_good(f);
	assert_int_equal(f->urls.n, 0);
}

/* A witness that is asked where its signature is missing on the head. */
static void
asked(void **state)
{
	struct world *f = *state;
	struct side *s = &f->a_log;
	hm_str one = table(f, hm_arena_printf(&f->a, "quorum 1; witness " HM_F " https://w/;",
	                                      HM_P(f->wkey[0])).p);

	start(f, one);
	expect_bad(f, HM_ESECURITY, "w0: nothing here");
	/* 4 records: all but the one in question. */
	f->published = hm_arena_concat(&f->a, (hm_str[]){ signed_head(f, s, 4, false),
	                                                  cosignature(f, s, 0, 4, false) }, 2);
	start(f, one);
	expect_bad(f, HM_ESECURITY, "w0: has seen 4 records, not yet this one");
	f->published = signed_head(f, s, 5, false);
	start(f, one);
	expect_bad(f, HM_ESECURITY, "w0: not cosigned by w0");
	f->published = hm_arena_concat(&f->a, (hm_str[]){ signed_head(f, s, 5, false),
	                                                  cosignature(f, s, 0, 5, false) }, 2);
	start(f, one);
	expect_good(f);
	assert_str(f->urls.v[f->urls.n - 1],
	           "https://w/990b0ffdcedbd1d98b5ac55d0409fe79eaa010bc1a43cff2ac48431366bd22ac"
	           "/checkpoint"); /* sha256 of "a.db" */
}

/* It has seen another history: that is the end, whatever the quorum. */
static void
contradicted(void **state)
{
	struct world *f = *state;
	struct side *s = &f->a_log;
	struct side fork = *s;
	hm_str one = table(f, hm_arena_printf(&f->a, "quorum 1; witness " HM_F " https://w/;",
	                                      HM_P(f->wkey[0])).p);

	fork.log = (struct memlog){ .n = 0 };
	memlog_fill(&fork.log, 3);
	memlog_add(&fork.log, HM_S("another leaf"));
	memlog_add(&fork.log, HM_S("x.example/m v1.0.0 " H1 "\n"));
	f->published = hm_arena_concat(&f->a, (hm_str[]){ signed_head(f, &fork, 5, false),
	                                                  cosignature(f, &fork, 0, 5, false) }, 2);
	start(f, one);
	expect_bad(f, HM_ESECURITY, "SECURITY ERROR\ngo.sum database server misbehavior");
	memlog_free(&fork.log);
}

int
test_verify_databases(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(by_pattern), WITH(malformed), WITH(quorum), WITH(asked), WITH(contradicted),
	};
#undef WITH

	return cmocka_run_group_tests_name("verify/databases", tests, NULL, NULL);
}
