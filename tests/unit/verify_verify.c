#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>

#include "os/file.h"
#include "tlog/note.h"
#include "unit/memlog.h"
#include "verify/verify.h"

#define H1 "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define AGE "h1:r6RSZLFSMm6rzKepZ7ZAYkKCu14f3/Me8c7uKYh7C8c="
#define AGE_MOD "h1:TH/Yr2sSRhCKbaH4XPxpUV0Us8Gv6txYUpiZQWz8Evk="
#define QUOTE "h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y="
#define DB "/sumdb/sum.golang.org"
/* A database of the test's own; the key is one of golang.org/x/mod's tests. */
#define OWN "localhost.localdev/sumdb"
#define OWN_KEY OWN "+00000c67+AcTrnkbUA+TU4heY3hkjiSES/DSQniBqIeQ/YppAUtK6"
#define OWN_SECRET "PRIVATE+KEY+" OWN "+00000c67+AXu6+oaVaOYuQOFrf1V59JK1owcFlJcHwwXHDfDGxSPk"

/* The recorded answers of the public database, behind proxies of the test's choice. */
struct fixture {
	struct hm_arena a;
	struct hm_err err;
	struct hm_verify_conf conf;
	struct hm_verify *v;
	hm_str dir;
	pthread_mutex_t mutex;
	const char *proxies;   /* separated by spaces */
	const char *supported; /* base of the proxy that answers for the database */
	enum hm_code refusal;  /* what the others answer */
	const char *database;  /* base under which its files are */
	struct hm_strs urls;   /* everything asked for */
	hm_str logged;
	struct memlog *log;    /* if there is one, its last record is the answer to each lookup */
	struct hm_signer signer;
};

static void
serve_lookup(struct fixture *f, struct hm_buf *out)
{
	struct hm_tree t = memlog_tree(f->log, f->log->n);
	struct hm_note note = { .text = hm_tlog_format_tree(&f->a, &t) };
	hm_str msg;

	assert_ok(hm_note_sign(&f->a, &note, &f->signer, 1, &msg, &f->err), &f->err);
	hm_buf_printf(out, "%lld\na.example/m v1.0.0 " H1 "\n\n", (long long)f->log->n - 1);
	hm_buf_adds(out, msg);
}

static void
serve_log(struct fixture *f, hm_str url, struct hm_buf *out)
{
	ptrdiff_t at = hm_str_index(url, HM_S("/tile/"));
	struct hm_tile t;

	if (at < 0) {
		serve_lookup(f, out);
		return;
	}
	assert_ok(hm_tile_parse_path(hm_str_from(url, (size_t)at + 1), &t, &f->err), &f->err);
	hm_buf_adds(out, memlog_tile(f->log, &t));
}

static int
get(void *ctx, hm_str url, struct hm_buf *out, struct hm_err *err)
{
	struct fixture *f = ctx;
	struct hm_arena a = { 0 };
	hm_str data, rest = url, file;
	int rc = -1;

	pthread_mutex_lock(&f->mutex);
	HM_PUSH(&f->a, f->urls, hm_arena_dup(&f->a, url));
	pthread_mutex_unlock(&f->mutex);
	if (f->log) {
		serve_log(f, url, out);
		return 0;
	}
	if (hm_str_has_suffix(url, HM_S("/supported"))) {
		if (f->supported && hm_str_cut_prefix(&rest, hm_str_of(f->supported)))
			rc = 0;
		else
			hm_err_set(err, f->refusal, "reading " HM_F ": refused", HM_P(url));
	} else if (f->database && hm_str_cut_prefix(&rest, hm_str_of(f->database))) {
		file = hm_arena_printf(&a, "%s/sumdb" HM_F, TEST_DATA, HM_P(rest));
		rc = hm_file_read(&a, file.p, HM_SUMDB_ANSWER_MAX, &data, err);
		if (rc == 0)
			hm_buf_adds(out, data);
		else
			hm_err_set(err, HM_ENOTFOUND, "reading " HM_F ": 404 Not Found", HM_P(url));
	} else {
		hm_err_set(err, HM_ENET, "reading " HM_F ": no route", HM_P(url));
	}
	hm_arena_free(&a);
	return rc;
}

/* GOPROXY with commas only. */
static int
try_proxies(void *ctx, int (*fn)(void *arg, hm_str proxy, struct hm_err *err), void *arg,
            struct hm_err *err)
{
	struct fixture *f = ctx;
	hm_str list = hm_str_of(f->proxies), proxy;

	hm_err_set(err, HM_ENOTFOUND, "no proxies");
	while (hm_str_next_field(&list, &proxy)) {
		if (fn(arg, proxy, err) == 0) {
			hm_err_clear(err);
			return 0;
		}
		if (err->code != HM_ENOTFOUND && err->code != HM_EGONE)
			return -1;
	}
	return -1;
}

static void
log_line(void *ctx, enum hm_log_level level, hm_str line)
{
	struct fixture *f = ctx;

	(void)level;
	f->logged = hm_arena_dup(&f->a, line);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	static struct hm_log log;

	pthread_mutex_init(&f->mutex, NULL);
	assert_ok(hm_dir_make_temp(&f->a, "/tmp", "hm-verify-", &f->dir, &f->err), &f->err);
	log = (struct hm_log){ .write = log_line, .ctx = f };
	f->proxies = "https://proxy.example/mod direct";
	f->supported = "https://proxy.example/mod" DB "/supported";
	f->database = "https://proxy.example/mod" DB;
	f->refusal = HM_ENOTFOUND;
	f->conf = (struct hm_verify_conf){
		.gosumdb = HM_S("sum.golang.org"),
		.goproxy = HM_S("https://proxy.example/mod,direct"),
		.modcache = hm_arena_printf(&f->a, HM_F "/mod", HM_P(f->dir)),
		.sumdb_dir = hm_arena_printf(&f->a, HM_F "/pkg/sumdb", HM_P(f->dir)),
		.remote = { f, get, try_proxies },
		.log = &log,
	};
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	hm_verify_free(f->v);
	hm_err_free(&f->err);
	hm_dir_remove_all(f->dir.p, true, &f->err);
	hm_arena_free(&f->a);
	pthread_mutex_destroy(&f->mutex);
	free(f);
	return 0;
}

static void
start(struct fixture *f)
{
	struct hm_sums_conf sums = { .file = hm_arena_printf(&f->a, HM_F "/go.sum", HM_P(f->dir)) };

	hm_verify_free(f->v);
	f->v = hm_verify_new(&f->conf, hm_sums_new(&sums));
	f->urls.n = 0;
}

static void
expect_good(struct fixture *f, const char *path, const char *version, const char *hash)
{
	assert_ok(hm_verify_sum(f->v, hm_str_of(path), hm_str_of(version), hm_str_of(hash),
	                        &f->err),
	          &f->err);
}

static void
expect_bad(struct fixture *f, const char *path, const char *version, const char *hash,
           enum hm_code code, const char *want)
{
	assert_int_equal(hm_verify_sum(f->v, hm_str_of(path), hm_str_of(version), hm_str_of(hash),
	                               &f->err),
	                 -1);
	assert_str(hm_err_str(&f->err), want);
	assert_int_equal(f->err.code, code);
	assert_false(hm_code_may_fall_back(f->err.code));
}

static void
from_database(void **state)
{
	struct fixture *f = *state;
	hm_str data;
	size_t asked;

	start(f);
	expect_good(f, "filippo.io/age", "v1.3.2", AGE);
	expect_good(f, "filippo.io/age", "v1.3.2/go.mod", AGE_MOD);
	assert_str(f->urls.v[0], "https://proxy.example/mod" DB "/supported");
	assert_str(f->urls.v[1], "https://proxy.example/mod" DB "/lookup/filippo.io/age@v1.3.2");
	assert_ok(hm_file_read(&f->a,
	                       hm_arena_printf(&f->a, HM_F "/pkg/sumdb/sum.golang.org/latest",
	                                       HM_P(f->dir))
	                               .p,
	                       4096, &data, &f->err),
	          &f->err);
	assert_true(hm_str_has_prefix(data, HM_S("go.sum database tree\n66393050\n")));
	/* go.sum has it now; nothing is asked for again. */
	asked = f->urls.n;
	expect_good(f, "filippo.io/age", "v1.3.2", AGE);
	assert_int_equal(f->urls.n, asked);
	/* A second run finds all in the caches, without even looking for a proxy. */
	start(f);
	expect_good(f, "filippo.io/age", "v1.3.2", AGE);
	assert_int_equal(f->urls.n, 0);
	assert_true(hm_file_exists(hm_arena_printf(&f->a,
	                                           HM_F "/mod/cache/download" DB
	                                                "/tile/8/0/x239/226",
	                                           HM_P(f->dir))
	                                   .p));
}

static void
database_disagrees(void **state)
{
	struct fixture *f = *state;

	start(f);
	expect_bad(f, "filippo.io/age", "v1.3.2", H1, HM_ESECURITY,
	           "filippo.io/age@v1.3.2: verifying module: checksum mismatch\n"
	           "\tdownloaded: " H1 "\n"
	           "\tsum.golang.org: " AGE "\n\n"
	           "SECURITY ERROR\n"
	           "This download does NOT match the one reported by the checksum server.\n"
	           "The bits may have been replaced on the origin server, or an attacker may\n"
	           "have intercepted the download attempt.\n\n"
	           "For more information, see 'go help module-auth'.\n");
	expect_bad(f, "filippo.io/age", "v1.3.2/go.mod", AGE, HM_ESECURITY,
	           "filippo.io/age@v1.3.2: verifying go.mod: checksum mismatch\n"
	           "\tdownloaded: " AGE "\n"
	           "\tsum.golang.org: " AGE_MOD "\n\n"
	           "SECURITY ERROR\n"
	           "This download does NOT match the one reported by the checksum server.\n"
	           "The bits may have been replaced on the origin server, or an attacker may\n"
	           "have intercepted the download attempt.\n\n"
	           "For more information, see 'go help module-auth'.\n");
}

static void
not_in_database(void **state)
{
	struct fixture *f = *state;

	start(f);
	expect_bad(f, "filippo.io/none", "v1.0.0", H1, HM_EHTTP,
	           "filippo.io/none@v1.0.0: verifying module: filippo.io/none@v1.0.0: reading "
	           "https://proxy.example/mod" DB "/lookup/filippo.io/none@v1.0.0: 404 Not Found");
}

static void
switched_off(void **state)
{
	struct fixture *f = *state;

	f->conf.gosumdb = HM_S("off");
	start(f);
	expect_good(f, "filippo.io/age", "v1.3.2", H1);
	assert_int_equal(f->urls.n, 0);
	f->conf.gosumdb = HM_S("sum.golang.org");
	f->conf.gonosumdb = HM_S("filippo.io/*,x");
	start(f);
	expect_good(f, "filippo.io/age", "v1.3.2", H1);
	assert_int_equal(f->urls.n, 0);
	expect_good(f, "rsc.io/quote", "v1.5.2", QUOTE);
	assert_true(f->urls.n > 0);
}

static void
expect_uses(struct fixture *f, const char *path, bool want)
{
	start(f);
	assert_int_equal(hm_verify_uses_sumdb(f->v, hm_str_of(path)), want);
}

/* Toolchains are looked up whatever the settings, but from a lone file:// proxy. */
static void
toolchains(void **state)
{
	struct fixture *f = *state;

	expect_uses(f, "golang.org/toolchain", true);
	f->conf.gosumdb = HM_S("off");
	expect_uses(f, "golang.org/toolchain", true);
	expect_uses(f, "golang.org/x/text", false);
	f->conf.gosumdb = HM_S("sum.golang.org");
	f->conf.gonosumdb = HM_S("golang.org");
	expect_uses(f, "golang.org/toolchain", true);
	expect_uses(f, "golang.org/x/text", false);
	f->conf.goproxy = HM_S("file:///srv/mod");
	expect_uses(f, "golang.org/toolchain", false);
	f->conf.goproxy = HM_S("file:///srv/mod,direct");
	expect_uses(f, "golang.org/toolchain", true);
	f->conf.goproxy = HM_S("file:///srv/mod|direct");
	expect_uses(f, "golang.org/toolchain", true);
	f->conf.git_http_user_agent = HM_S("x proxy.golang.org/1");
	expect_uses(f, "golang.org/toolchain", false);
	f->conf.gonosumdb = HM_S("");
	f->conf.goproxy = HM_S("file:///srv/mod");
	expect_uses(f, "golang.org/toolchain", true);
	f->conf.gosumdb = HM_S("off");
	f->conf.goproxy = HM_S("direct");
	f->conf.git_http_user_agent = HM_S("");
	start(f);
	expect_bad(f, "golang.org/toolchain", "v0.0.1-go1.26.8.linux-amd64", H1, HM_EINVALID,
	           "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64: verifying module: "
	           "checksum database disabled by GOSUMDB=off");
}

static void
expect_gosumdb_error(struct fixture *f, const char *gosumdb, const char *want)
{
	f->conf.gosumdb = hm_str_of(gosumdb);
	start(f);
	expect_bad(f, "a.example/m", "v1.0.0", H1, HM_EINVALID,
	           hm_arena_printf(&f->a, "a.example/m@v1.0.0: verifying module: %s", want).p);
	assert_int_equal(f->urls.n, 0);
}

static void
gosumdb_errors(void **state)
{
	struct fixture *f = *state;

	expect_gosumdb_error(f, "", "missing GOSUMDB");
	expect_gosumdb_error(f, " ", "missing GOSUMDB");
	expect_gosumdb_error(f, "sum.golang.org a b", "invalid GOSUMDB: too many fields");
	expect_gosumdb_error(f, "other.example", "invalid GOSUMDB: malformed verifier id");
	expect_gosumdb_error(f,
	                     "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTT"
	                     "AD8OuAn8",
	                     "invalid GOSUMDB: invalid verifier hash");
	expect_gosumdb_error(f, "sum.golang.org :bad",
	                     "invalid GOSUMDB URL: parse \":bad\": missing protocol scheme");
}

static void
expect_base(struct fixture *f, const char *gosumdb, const char *proxies, const char *supported,
            const char *base)
{
	struct hm_str want = hm_arena_printf(&f->a, "%s/lookup/filippo.io/age@v1.3.2", base);

	f->conf.gosumdb = hm_str_of(gosumdb);
	f->conf.modcache = hm_arena_printf(&f->a, HM_F "x", HM_P(f->conf.modcache));
	f->proxies = proxies;
	f->supported = supported;
	f->database = base;
	start(f);
	expect_good(f, "filippo.io/age", "v1.3.2", AGE);
	assert_true(hm_strs_has(&f->urls, want));
}

static void
ways_to_the_database(void **state)
{
	struct fixture *f = *state;
	const char *direct = "https://sum.golang.org";

	expect_base(f, "sum.golang.org", "direct", NULL, direct);
	expect_base(f, "sum.golang.org", "off", NULL, direct);
	expect_base(f, "sum.golang.org", "noproxy direct", NULL, direct);
	expect_base(f, "sum.golang.org", "https://a.example", NULL, direct);
	expect_base(f, "sum.golang.org", "https://a.example https://b.example/x/",
	            "https://b.example/x" DB "/supported", "https://b.example/x" DB);
	f->refusal = HM_EGONE;
	expect_base(f, "sum.golang.org", "https://a.example https://b.example",
	            "https://b.example" DB "/supported", "https://b.example" DB);
	expect_base(f, "sum.golang.org", "file:///srv/mod", "file:///srv/mod" DB "/supported",
	            "file:///srv/mod" DB);
	/* A URL in GOSUMDB is taken as it is; no proxy is asked. */
	expect_base(f, "sum.golang.org https://db.example/path/", "https://a.example", NULL,
	            "https://db.example/path");
	assert_false(hm_strs_has(&f->urls, HM_S("https://a.example" DB "/supported")));
	expect_base(f, "sum.golang.google.cn", "https://a.example", NULL,
	            "https://sum.golang.google.cn");
}

/* A proxy that fails otherwise makes the database unavailable: no way round it. */
static void
proxy_fails(void **state)
{
	struct fixture *f = *state;

	f->supported = NULL;
	f->refusal = HM_EFORBIDDEN;
	start(f);
	for (int i = 0; i < 2; i++)
		expect_bad(f, "filippo.io/age", "v1.3.2", AGE, HM_EFORBIDDEN,
		           "filippo.io/age@v1.3.2: verifying module: filippo.io/age@v1.3.2: "
		           "reading "
		           "https://proxy.example/mod" DB "/supported: refused");
	assert_int_equal(f->urls.n, 1);
}

static void
no_gopath(void **state)
{
	struct fixture *f = *state;

	f->conf.sumdb_dir = HM_S("");
	f->conf.gopath_error = HM_S("$HOME is not defined");
	start(f);
	expect_bad(f, "filippo.io/age", "v1.3.2", AGE, HM_EINVALID,
	           "filippo.io/age@v1.3.2: verifying module: filippo.io/age@v1.3.2: initializing "
	           "sumdb.Client: could not locate sumdb file: missing $GOPATH: $HOME is not "
	           "defined");
}

static void
gomod(void **state)
{
	struct fixture *f = *state;

	/* As go.sum files have it for "module example.com/a\n". */
	assert_str(hm_verify_gomod_sum(&f->a, HM_S("")),
	           "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=");
	f->conf.gosumdb = HM_S("off");
	start(f);
	assert_ok(hm_verify_gomod(f->v, HM_S("a.example/m"), HM_S("v1.0.0"), HM_S("module m\n"),
	                          &f->err),
	          &f->err);
	assert_int_equal(hm_verify_gomod(f->v, HM_S("a.example/m"), HM_S("v1.0.0"),
	                                 HM_S("module x\n"), &f->err),
	                 -1);
	assert_int_equal(f->err.code, HM_ESECURITY);
	assert_true(hm_str_has_prefix(hm_err_str(&f->err),
	                              HM_S("verifying a.example/m@v1.0.0/go.mod: checksum "
	                                   "mismatch\n")));
}

static void
ziphash(void **state)
{
	struct fixture *f = *state;
	static const hm_str damaged[] = {
		HM_S_INIT(""),
		HM_S_INIT("h1:AAAA="),
		HM_S_INIT("h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0AA="),
		HM_S_INIT("h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=x"),
	};
	bool stale;

	f->conf.gosumdb = HM_S("off");
	start(f);
	for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
		assert_ok(hm_verify_ziphash(f->v, HM_S("a.example/m"), HM_S("v1.0.0"), damaged[i],
		                            &stale, &f->err),
		          &f->err);
		assert_true(stale);
		assert_false(hm_verify_is_sum(damaged[i]));
	}
	assert_ok(hm_verify_ziphash(f->v, HM_S("a.example/m"), HM_S("v1.0.0"), HM_S(" " H1 "\n"),
	                            &stale, &f->err),
	          &f->err);
	assert_false(stale);
	assert_int_equal(hm_verify_ziphash(f->v, HM_S("a.example/m"), HM_S("v1.0.0"),
	                                   HM_S("h2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
	                                   &stale, &f->err),
	                 -1);
	assert_str(hm_err_str(&f->err),
	           "verifying a.example/m@v1.0.0: unexpected ziphash: "
	           "\"h2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"");
	assert_int_equal(hm_verify_ziphash(f->v, HM_S("a.example/m"), HM_S("v1.0.0"), HM_S(AGE),
	                                   &stale, &f->err),
	                 -1);
	assert_int_equal(f->err.code, HM_ESECURITY);
}

/* A fork is reported as it is, and the report is kept beside the last tree head. */
static void
evidence(void **state)
{
	struct fixture *f = *state;
	struct memlog honest = { .n = 0 }, forked = { .n = 0 };
	hm_str dir = hm_arena_printf(&f->a, HM_F "/" OWN, HM_P(f->conf.sumdb_dir)), kept, want;
	struct hm_dirents e = { 0 };

	memlog_fill(&honest, 4);
	memlog_fill(&forked, 3);
	for (int i = 0; i < 3; i++)
		memlog_add(&forked, HM_S("another leaf"));
	memlog_add(&honest, HM_S("a.example/m v1.0.0 " H1 "\n"));
	memlog_add(&forked, HM_S("a.example/m v1.0.0 " H1 "\n"));
	assert_ok(hm_signer_parse(&f->a, HM_S(OWN_SECRET), &f->signer, &f->err), &f->err);
	f->conf.gosumdb = HM_S(OWN_KEY " https://db.example");
	f->log = &honest;
	start(f);
	expect_good(f, "a.example/m", "v1.0.0", H1);

	f->log = &forked;
	start(f);
	assert_int_equal(hm_verify_sum(f->v, HM_S("a.example/n"), HM_S("v1.0.0"), HM_S(H1),
	                               &f->err),
	                 -1);
	assert_int_equal(f->err.code, HM_ESECURITY);
	assert_true(f->err.final);
	assert_true(hm_str_has_prefix(hm_err_str(&f->err),
	                              HM_S("SECURITY ERROR\ngo.sum database server misbehavior "
	                                   "detected!\n\nold database:\n\tgo.sum database tree\n"
	                                   "\t5\n")));
	assert_ok(hm_dir_read(&f->a, dir.p, &e, &f->err), &f->err);
	assert_int_equal(e.n, 2);
	assert_str(e.v[0].name, "latest");
	assert_true(hm_str_has_prefix(e.v[1].name, HM_S("misbehavior-")));
	kept = hm_arena_printf(&f->a, HM_F "/" HM_F, HM_P(dir), HM_P(e.v[1].name));
	want = hm_arena_printf(&f->a, "evidence kept in " HM_F, HM_P(kept));
	assert_str(f->logged, want.p);
	assert_ok(hm_file_read(&f->a, kept.p, 1 << 20, &kept, &f->err), &f->err);
	assert_true(hm_str_contains(kept, HM_S("new database:\n\tgo.sum database tree\n\t7\n")));
	assert_true(hm_str_contains(kept, HM_S("proof of misbehavior:\n\t")));
	memlog_free(&honest);
	memlog_free(&forked);
}

int
test_verify_verify(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(from_database),  WITH(database_disagrees),   WITH(not_in_database),
		WITH(switched_off),   WITH(toolchains),           WITH(gosumdb_errors),
		WITH(proxy_fails),    WITH(ways_to_the_database), WITH(no_gopath),
		WITH(gomod),          WITH(ziphash),              WITH(evidence),
	};
#undef WITH

	return cmocka_run_group_tests_name("verify/verify", tests, NULL, NULL);
}
