#include "unit/unit.h"

#include <pthread.h>
#include <stdio.h>

#include "base/map.h"
#include "os/file.h"
#include "tlog/note.h"
#include "unit/memlog.h"
#include "verify/pass.h"

/* Keys of golang.org/x/mod's own tests. */
#define NAME "localhost.localdev/sumdb"
#define VKEY NAME "+00000c67+AcTrnkbUA+TU4heY3hkjiSES/DSQniBqIeQ/YppAUtK6"
#define SKEY "PRIVATE+KEY+" NAME "+00000c67+AXu6+oaVaOYuQOFrf1V59JK1owcFlJcHwwXHDfDGxSPk"

#define SAMPLER "rsc.io/sampler v1.3.0 h1:7uVkIFmeBqHfdjD+gZwtXXI+RODJ2Wc4O7MPEh/QiW4="
#define SAMPLER_MOD                                                                          \
	"rsc.io/sampler v1.3.0/go.mod h1:T1hPZKmBbMNahiBKFy5HrXp6adAjACjK9JXDnKaTXpA="
#define QUOTE "rsc.io/quote v1.5.2 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y="
#define QUOTE_MOD                                                                            \
	"rsc.io/quote v1.5.2/go.mod h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0="

/* A server with its log, and the files of one client. */
struct world {
	struct hm_arena arena;
	struct memlog log;
	struct hm_signer signer;
	struct hm_sumdb *db;
	pthread_mutex_t mutex; /* guards all below while a client runs */
	struct hm_map remote, config, cache; /* name -> hm_str */
	bool no_remote, no_tiles;
	unsigned conflicts; /* how many writes of the configuration still fail */
	unsigned reads, tile_reads, config_writes;
	hm_str security;
};

static void
store(struct world *w, struct hm_map *m, hm_str name, hm_str data)
{
	hm_str *v = HM_NEW(&w->arena, hm_str);

	*v = hm_arena_dup(&w->arena, data);
	hm_map_set(m, hm_arena_dup(&w->arena, name), v);
}

static hm_str
stored(struct hm_map *m, hm_str name)
{
	hm_str *v = hm_map_get(m, name);

	return v ? *v : (hm_str){ NULL, 0 };
}

static int
read_remote(void *ctx, hm_str path, struct hm_buf *out, struct hm_err *err)
{
	struct world *w = ctx;
	bool tile = hm_str_has_prefix(path, HM_S("/tile/"));
	hm_str data;

	pthread_mutex_lock(&w->mutex);
	data = stored(&w->remote, path);
	w->reads++;
	w->tile_reads += tile;
	if (w->no_remote || (tile && w->no_tiles))
		data.p = NULL;
	pthread_mutex_unlock(&w->mutex);
	if (!data.p)
		return hm_err_set(err, HM_ENOTFOUND, "no remote path " HM_F, HM_P(path));
	hm_buf_adds(out, data);
	return 0;
}

static int
read_config(void *ctx, hm_str file, struct hm_buf *out, struct hm_err *err)
{
	struct world *w = ctx;

	(void)err;
	pthread_mutex_lock(&w->mutex);
	hm_buf_adds(out, stored(&w->config, file));
	pthread_mutex_unlock(&w->mutex);
	return 0;
}

static int
write_config(void *ctx, hm_str file, hm_str was, hm_str now, struct hm_err *err)
{
	struct world *w = ctx;
	int rc = 0;

	pthread_mutex_lock(&w->mutex);
	w->config_writes++;
	if (w->conflicts > 0 || !hm_str_eq(stored(&w->config, file), was))
		rc = hm_err_set(err, HM_ECONFLICT, "write conflict");
	else
		store(w, &w->config, file, now);
	if (w->conflicts > 0)
		w->conflicts--;
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

static bool
read_cache(void *ctx, hm_str file, struct hm_buf *out)
{
	struct world *w = ctx;
	hm_str data;

	pthread_mutex_lock(&w->mutex);
	data = stored(&w->cache, file);
	hm_buf_adds(out, data);
	pthread_mutex_unlock(&w->mutex);
	return data.p != NULL;
}

static void
write_cache(void *ctx, hm_str file, hm_str data)
{
	struct world *w = ctx;

	pthread_mutex_lock(&w->mutex);
	store(w, &w->cache, file, data);
	pthread_mutex_unlock(&w->mutex);
}

static void
security_error(void *ctx, hm_str msg)
{
	struct world *w = ctx;

	w->security = hm_arena_dup(&w->arena, msg);
}

/* A client that remembers nothing but what its files say. */
static void
restart(struct world *w)
{
	struct hm_sumdb_ops ops = { w, 2, read_remote, read_config, write_config,
		                    read_cache, write_cache, security_error, NULL };

	hm_sumdb_free(w->db);
	w->db = hm_sumdb_new(&ops);
}

static hm_str
sign_text(struct world *w, hm_str text)
{
	struct hm_note note = { .text = text };
	struct hm_err err = { 0 };
	hm_str msg;

	assert_ok(hm_note_sign(&w->arena, &note, &w->signer, 1, &msg, &err), &err);
	return msg;
}

static hm_str
sign_tree(struct world *w, int64_t n)
{
	struct hm_tree t = memlog_tree(&w->log, n);

	return sign_text(w, hm_tlog_format_tree(&w->arena, &t));
}

static void
publish_tiles(struct world *w, int64_t older)
{
	struct hm_tiles tiles = { 0 };

	hm_tile_list_new(&w->arena, 2, older, w->log.n, &tiles);
	for (size_t i = 0; i < tiles.n; i++)
		store(w, &w->remote,
		      hm_arena_printf(&w->arena, "/" HM_F,
		                      HM_P(hm_tile_path(&w->arena, &tiles.v[i]))),
		      memlog_tile(&w->log, &tiles.v[i]));
}

/* Appends a record and serves it, its tree head and its tiles. */
static void
add_record(struct world *w, const char *key, const char *text)
{
	struct hm_err err = { 0 };
	hm_str record, head;

	assert_ok(hm_tlog_format_record(&w->arena, w->log.n, hm_str_of(text), &record, &err), &err);
	memlog_add(&w->log, hm_str_of(text));
	head = sign_tree(w, w->log.n);
	store(w, &w->remote, hm_arena_printf(&w->arena, "/lookup/%s", key),
	      hm_arena_concat(&w->arena, (hm_str[]){ record, head }, 2));
	publish_tiles(w, w->log.n - 1);
}

static void
init_world(struct world *w)
{
	struct hm_err err = { 0 };

	*w = (struct world){ .reads = 0 };
	w->remote.arena = w->config.arena = w->cache.arena = &w->arena;
	pthread_mutex_init(&w->mutex, NULL);
	assert_ok(hm_signer_parse(&w->arena, HM_S(SKEY), &w->signer, &err), &err);
	store(w, &w->config, HM_S("key"), HM_S(VKEY "\n"));
	add_record(w, "rsc.io/quote@v1.5.2",
	           QUOTE "\n" QUOTE_MOD "\nrsc.io/quote v1.5.2 h2:xyzzy\n");
	add_record(w, "golang.org/x/text@v0.0.0-20170915032832-14c0d48ead0c",
	           "golang.org/x/text v0.0.0-20170915032832-14c0d48ead0c "
	           "h1:qgOY6WgZOaTkIIMiVjBQcw93ERBE4m30iBm00nkL0i8=\n"
	           "golang.org/x/text v0.0.0-20170915032832-14c0d48ead0c/go.mod "
	           "h1:NqM8EUOU14njkJ3fqMW+pc6Ldnwhi/IjpwHt7yyuwOQ=\n");
	add_record(w, "rsc.io/sampler@v1.3.0", SAMPLER "\n" SAMPLER_MOD "\n");
	store(w, &w->config, HM_S(NAME "/latest"), sign_tree(w, 1));
	add_record(w, "rsc.io/!quote@v1.5.2", "rsc.io/Quote v1.5.2 h1:uppercase!=\n");
	restart(w);
}

static void
free_world(struct world *w)
{
	hm_sumdb_free(w->db);
	memlog_free(&w->log);
	hm_arena_free(&w->arena);
	pthread_mutex_destroy(&w->mutex);
}

static int
setup(void **state)
{
	static struct world w;

	init_world(&w);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	free_world(*state);
	return 0;
}

static void
expect_lookup(struct world *w, const char *path, const char *version, const char *want)
{
	struct hm_strs lines = { 0 };
	struct hm_err err = { 0 };

	assert_ok(hm_sumdb_lookup(w->db, &w->arena, hm_str_of(path), hm_str_of(version), &lines,
	                          &err),
	          &err);
	assert_str(hm_strs_join(&w->arena, &lines, HM_S("\n")), want);
}

static enum hm_code
expect_failure(struct world *w, const char *path, const char *version, const char *want)
{
	struct hm_strs lines = { 0 };
	struct hm_err err = { 0 };
	enum hm_code code;

	assert_int_equal(hm_sumdb_lookup(w->db, &w->arena, hm_str_of(path), hm_str_of(version),
	                                 &lines, &err),
	                 -1);
	assert_int_equal(lines.n, 0);
	if (want)
		assert_str(hm_err_str(&err), want);
	code = err.code;
	hm_err_free(&err);
	return code;
}

static void
expect_latest(struct world *w, int64_t n)
{
	assert_true(hm_str_eq(stored(&w->config, HM_S(NAME "/latest")), sign_tree(w, n)));
}

static void
lookup(void **state)
{
	struct world *w = *state;

	expect_latest(w, 1);
	expect_lookup(w, "rsc.io/sampler", "v1.3.0", SAMPLER);
	expect_latest(w, 3);

	/* Now all is cached, for the module and its go.mod; also for the next run. */
	w->no_remote = true;
	expect_lookup(w, "rsc.io/sampler", "v1.3.0", SAMPLER);
	expect_lookup(w, "rsc.io/sampler", "v1.3.0/go.mod", SAMPLER_MOD);
	restart(w);
	expect_lookup(w, "rsc.io/sampler", "v1.3.0", SAMPLER);
	expect_latest(w, 3);
	w->no_remote = false;

	/* Several lines; no new tile. */
	w->no_tiles = true;
	expect_lookup(w, "rsc.io/quote", "v1.5.2", QUOTE "\nrsc.io/quote v1.5.2 h2:xyzzy");
	expect_latest(w, 3);

	/* An escaped path; the only record behind the tree known so far. */
	w->no_tiles = false;
	expect_lookup(w, "rsc.io/Quote", "v1.5.2", "rsc.io/Quote v1.5.2 h1:uppercase!=");
	expect_latest(w, 4);
}

static void
first_contact(void **state)
{
	struct world *w = *state;

	store(w, &w->config, HM_S(NAME "/latest"), HM_S(""));
	expect_lookup(w, "rsc.io/sampler", "v1.3.0", SAMPLER);
	expect_latest(w, 3);
}

static void
no_such_record(void **state)
{
	struct world *w = *state;

	assert_int_equal(expect_failure(w, "rsc.io/none", "v1.0.0",
	                                "rsc.io/none@v1.0.0: no remote path "
	                                "/lookup/rsc.io/none@v1.0.0"),
	                 HM_ENOTFOUND);
	expect_failure(w, "rsc.io/no ne", "v1.0.0", NULL);
	expect_failure(w, "../up", "v1.0.0", NULL);
	expect_failure(w, "rsc.io/none", "../v1", NULL);
}

/* A write that another process wins is tried again; one that fails otherwise is an error. */
static void
config_conflicts(void **state)
{
	struct world *w = *state;

	w->conflicts = 3;
	expect_lookup(w, "rsc.io/sampler", "v1.3.0", SAMPLER);
	expect_latest(w, 3);
	assert_int_equal(w->config_writes, 4);
}

/* Another process has seen a newer tree: that one stays, and is taken over. */
static void
config_ahead(void **state)
{
	struct world *w = *state;

	expect_lookup(w, "rsc.io/sampler", "v1.3.0", SAMPLER);
	add_record(w, "rsc.io/pkg1@v1.5.2", "rsc.io/pkg1 v1.5.2 h1:hash!=\n");
	add_record(w, "rsc.io/pkg2@v1.5.2", "rsc.io/pkg2 v1.5.2 h1:hash!=\n");
	store(w, &w->config, HM_S(NAME "/latest"), sign_tree(w, 6));
	expect_lookup(w, "rsc.io/Quote", "v1.5.2", "rsc.io/Quote v1.5.2 h1:uppercase!=");
	expect_latest(w, 6);
	assert_int_equal(w->config_writes, 1);
}

static void
flip_tiles(struct world *w)
{
	for (size_t i = 0; i < w->remote.n; i++) {
		hm_str *data = w->remote.e[i].val;
		char *p = hm_arena_cstr(&w->arena, *data);

		if (!hm_str_has_prefix(w->remote.e[i].key, HM_S("/tile/")))
			continue;
		for (size_t k = 0; k < data->n; k++)
			p[k] = (char)(p[k] ^ 0x80);
		data->p = p;
	}
}

static void
bad_tiles(void **state)
{
	struct world *w = *state;
	struct hm_tree wrong = { .n = 1 };

	flip_tiles(w);
	assert_int_equal(expect_failure(w, "rsc.io/sampler", "v1.3.0",
	                                "rsc.io/sampler@v1.3.0: initializing sumdb.Client: "
	                                "checking tree#1: downloaded inconsistent tile"),
	                 HM_ESECURITY);
	assert_int_equal(w->cache.n, 0); /* nothing is kept */
	flip_tiles(w);
	restart(w);
	expect_lookup(w, "rsc.io/sampler", "v1.3.0", SAMPLER);

	flip_tiles(w);
	expect_failure(w, "rsc.io/Quote", "v1.5.2",
	               "rsc.io/Quote@v1.5.2: checking tree#3 against tree#4: "
	               "downloaded inconsistent tile");
	expect_latest(w, 3);
	flip_tiles(w);
	restart(w);
	expect_lookup(w, "rsc.io/Quote", "v1.5.2", "rsc.io/Quote v1.5.2 h1:uppercase!=");

	/* A wrong starting point looks the same. */
	restart(w);
	store(w, &w->config, HM_S(NAME "/latest"),
	      sign_text(w, hm_tlog_format_tree(&w->arena, &wrong)));
	expect_failure(w, "rsc.io/sampler", "v1.3.0",
	               "rsc.io/sampler@v1.3.0: initializing sumdb.Client: "
	               "checking tree#1: downloaded inconsistent tile");
}

static void
short_tiles(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < w->remote.n; i++) {
		hm_str *data = w->remote.e[i].val;

		if (hm_str_has_prefix(w->remote.e[i].key, HM_S("/tile/")))
			data->n /= 2;
	}
	expect_failure(w, "rsc.io/sampler", "v1.3.0",
	               "rsc.io/sampler@v1.3.0: initializing sumdb.Client: checking tree#1: "
	               "TileReader returned bad result slice (tile/2/0/000.p/1 len=16, want 32)");
	assert_int_equal(w->cache.n, 0);
}

static void
big_answer(void **state)
{
	struct world *w = *state;
	hm_str huge = { NULL, HM_SUMDB_ANSWER_MAX + 1 };

	huge.p = hm_arena_alloc(&w->arena, huge.n);
	store(w, &w->remote, HM_S("/lookup/rsc.io/huge@v1.0.0"), huge);
	assert_int_equal(expect_failure(w, "rsc.io/huge", "v1.0.0", NULL), HM_ELIMIT);
}

/* Two clients were shown two continuations of one log; what each saw meets in the second. */
static void
fork_is_shown(void **state)
{
	static const char want[] =
		"SECURITY ERROR\n"
		"go.sum database server misbehavior detected!\n\n"
		"old database:\n"
		"\tgo.sum database tree\n"
		"\t5\n"
		"\tnWzN20+pwMt62p7jbv1/NlN95ePTlHijabv5zO/s36w=\n"
		"\t\n"
		"\t\xe2\x80\x94 " NAME " AAAMZ5/2FVAdMH58kmnz/0h299pwyskEbzDzoa2/YaPdhvLya4YWDFQQ"
		"xu2TQb5GpwAH4NdWnTwuhILafisyf3CNbgg=\n"
		"\t\n"
		"new database:\n"
		"\tgo.sum database tree\n"
		"\t6\n"
		"\twc4SkQt52o5W2nQ8To2ARs+mWuUJjss+sdleoiqxMmM=\n"
		"\t\n"
		"\t\xe2\x80\x94 " NAME " AAAMZ6oRNswlEZ6ZZhxrCvgl1MBy+nusq4JU+TG6Fe2NihWLqOzb+y2c"
		"2kzRLoCr4tvw9o36ucQEnhc20e4nA4Qc/wc=\n"
		"\t\n"
		"proof of misbehavior:\n"
		"\tT7i+H/8ER4nXOiw4Bj0koZOkGjkxoNvlI34GpvhHhQg=\n"
		"\tNsuejv72de9hYNM5bqFv8rv3gm3zJQwv/DT/WNbLDLA=\n"
		"\tmOmqqZ1aI/lzS94oq/JSbj7pD8Rv9S+xDyi12BtVSHo=\n"
		"\t/7Aw5jVSMM9sFjQhaMg+iiDYPMk6decH7QLOGrL9Lx0=";
	struct world *one = *state, two;
	struct hm_strs lines = { 0 };
	struct hm_err err = { 0 };

	init_world(&two);
	/* x/mod's own records, so that its hashes and signatures can be compared. */
	hm_sumdb_free(one->db), one->db = NULL;
	add_record(one, "rsc.io/pkg1@v1.5.2", "rsc.io/pkg1 v1.5.2 h1:hash!=\n");
	add_record(one, "rsc.io/pkg1@v1.5.4", "rsc.io/pkg1 v1.5.4 h1:hash!=\n");
	restart(one);
	expect_lookup(one, "rsc.io/pkg1", "v1.5.2", "rsc.io/pkg1 v1.5.2 h1:hash!=");
	add_record(&two, "rsc.io/pkg1@v1.5.3", "rsc.io/pkg1 v1.5.3 h1:hash!=\n");
	add_record(&two, "rsc.io/pkg1@v1.5.4", "rsc.io/pkg1 v1.5.4 h1:hash!=\n");
	expect_lookup(&two, "rsc.io/pkg1", "v1.5.4", "rsc.io/pkg1 v1.5.4 h1:hash!=");

	store(&two, &two.remote, HM_S("/lookup/rsc.io/pkg1@v1.5.2"),
	      stored(&one->remote, HM_S("/lookup/rsc.io/pkg1@v1.5.2")));
	assert_int_equal(hm_sumdb_lookup(two.db, &two.arena, HM_S("rsc.io/pkg1"), HM_S("v1.5.2"),
	                                 &lines, &err),
	                 -1);
	assert_int_equal(err.code, HM_ESECURITY);
	assert_true(err.final);
	assert_str(two.security, want);
	assert_true(hm_str_eq(hm_err_str(&err), two.security));
	assert_false(hm_map_has(&two.cache, HM_S(NAME "/lookup/rsc.io/pkg1@v1.5.2")));
	expect_latest(&two, 6);
	hm_err_free(&err);
	free_world(&two);
}

/* The server goes back to a tree that it had signed, and grows it another way. */
static void
rollback(void **state)
{
	struct world *w = *state, later;
	struct hm_map old_config;

	expect_lookup(w, "rsc.io/Quote", "v1.5.2", "rsc.io/Quote v1.5.2 h1:uppercase!=");
	expect_latest(w, 4);
	old_config = w->config;

	/* The same log again, with another fourth record; the client has its files. */
	init_world(&later);
	later.log.n = 3;
	later.log.hashes.n = (size_t)hm_tlog_count(3);
	add_record(&later, "rsc.io/evil@v1.0.0", "rsc.io/evil v1.0.0 h1:evil=\n");
	store(&later, &later.config, HM_S(NAME "/latest"),
	      stored(&old_config, HM_S(NAME "/latest")));
	assert_int_equal(expect_failure(&later, "rsc.io/evil", "v1.0.0", NULL), HM_ESECURITY);
	assert_int_equal(later.security.n, 0); /* its tiles do not even fit the head we had */
	for (size_t i = 0; i < w->cache.n; i++)
		store(&later, &later.cache, w->cache.e[i].key, *(hm_str *)w->cache.e[i].val);
	restart(&later);
	assert_int_equal(expect_failure(&later, "rsc.io/evil", "v1.0.0", NULL), HM_ESECURITY);
	assert_true(hm_str_has_prefix(later.security, HM_S("SECURITY ERROR\n")));

	/* Older heads of the same timeline are no rollback. */
	expect_lookup(w, "rsc.io/sampler", "v1.3.0", SAMPLER);
	expect_latest(w, 4);
	free_world(&later);
}

/* The record served is not the one that the tree has at its number. */
static void
wrong_record(void **state)
{
	struct world *w = *state;
	struct hm_err err = { 0 };
	hm_str record, head = sign_tree(w, 4);
	static const struct {
		int64_t id;
		const char *text, *want;
	} bad[] = {
		{ 2, "rsc.io/sampler v1.3.0 h1:evil=\n",
		  "rsc.io/evil@v1.0.0: cannot authenticate record data in server response" },
		{ 0, SAMPLER "\n" SAMPLER_MOD "\n",
		  "rsc.io/evil@v1.0.0: cannot authenticate record data in server response" },
		{ 4, "rsc.io/evil v1.0.0 h1:evil=\n",
		  "rsc.io/evil@v1.0.0: cannot validate record 4 in tree of size 4" },
		{ INT64_MAX, "rsc.io/evil v1.0.0 h1:evil=\n",
		  "rsc.io/evil@v1.0.0: cannot validate record 9223372036854775807 in tree of "
		  "size 4" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_ok(hm_tlog_format_record(&w->arena, bad[i].id, hm_str_of(bad[i].text),
		                                &record,
		                                &err),
		          &err);
		store(w, &w->remote, HM_S("/lookup/rsc.io/evil@v1.0.0"),
		      hm_arena_concat(&w->arena, (hm_str[]){ record, head }, 2));
		restart(w);
		assert_int_equal(expect_failure(w, "rsc.io/evil", "v1.0.0", bad[i].want),
		                 HM_ESECURITY);
		assert_false(hm_map_has(&w->cache, HM_S(NAME "/lookup/rsc.io/evil@v1.0.0")));
	}
}

/* Lines behind the tree head are signed, but not in the log: they do not count. */
static void
lines_outside_the_log(void **state)
{
	struct world *w = *state;
	struct hm_err err = { 0 };
	struct hm_tree t;
	hm_str record, text = HM_S("golang.org/x/good v1.0.0 h1:7uVkIFmeBqHfdjD+gZwtXXI+RODJ2Wc4"
	                           "O7MPEh/QiW4=\n");

	assert_ok(hm_tlog_format_record(&w->arena, w->log.n, text, &record, &err), &err);
	memlog_add(&w->log, text);
	t = memlog_tree(&w->log, w->log.n);
	text = hm_arena_printf(&w->arena, HM_F "golang.org/x/bad v1.0.0 h1:7uVk=\n",
	                       HM_P(hm_tlog_format_tree(&w->arena, &t)));
	store(w, &w->remote, HM_S("/lookup/golang.org/x/bad@v1.0.0"),
	      hm_arena_concat(&w->arena, (hm_str[]){ record, sign_text(w, text) }, 2));
	publish_tiles(w, w->log.n - 1);
	expect_lookup(w, "golang.org/x/bad", "v1.0.0", "");
}

static void
bad_signature(void **state)
{
	struct world *w = *state;
	hm_str answer = stored(&w->remote, HM_S("/lookup/rsc.io/sampler@v1.3.0"));
	struct hm_strs lines = { 0 };
	struct hm_err err = { 0 };
	char *p = hm_arena_cstr(&w->arena, answer);
	ptrdiff_t at = hm_str_index(answer, HM_S("tree\n3\n"));

	/* A tree of another size under a signature that was made for this one. */
	assert_true(at > 0);
	p[at + 5] = '2';
	store(w, &w->remote, HM_S("/lookup/rsc.io/sampler@v1.3.0"), hm_str_make(p, answer.n));
	assert_int_equal(hm_sumdb_lookup(w->db, &w->arena, HM_S("rsc.io/sampler"), HM_S("v1.3.0"),
	                                 &lines, &err),
	                 -1);
	assert_int_equal(err.code, HM_ESECURITY);
	assert_true(hm_str_has_prefix(
		hm_err_str(&err),
		HM_S("rsc.io/sampler@v1.3.0: reading tree note: invalid signature for key " NAME
	             "+00000c67\nnote:\ngo.sum database tree\n2\n")));
	expect_latest(w, 1);
	hm_err_free(&err);
}

static void
malformed_answers(void **state)
{
	struct world *w = *state;
	static const char *const bad[] = {
		"",
		"<html>502 bad gateway</html>\n",
		"1\nrsc.io/evil v1.0.0 h1:evil=\n",
		"x\nrsc.io/evil v1.0.0 h1:evil=\n\n",
		"1\nrsc.io/evil v1.0.0 h1:evil=\n\nno note",
		"1\nrsc.io/evil v1.0.0 h1:evil=\n\ngo.sum database tree\n1\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		store(w, &w->remote, HM_S("/lookup/rsc.io/evil@v1.0.0"), hm_str_of(bad[i]));
		restart(w);
		expect_failure(w, "rsc.io/evil", "v1.0.0", NULL);
		assert_false(hm_map_has(&w->cache, HM_S(NAME "/lookup/rsc.io/evil@v1.0.0")));
	}
	/* No tree head at all is the empty tree, in which there is no record. */
	store(w, &w->remote, HM_S("/lookup/rsc.io/evil@v1.0.0"),
	      HM_S("1\nrsc.io/evil v1.0.0 h1:evil=\n\n"));
	restart(w);
	expect_failure(w, "rsc.io/evil", "v1.0.0",
	               "rsc.io/evil@v1.0.0: cannot validate record 1 in tree of size 1");
}

static void
bad_key(void **state)
{
	struct world *w = *state;

	store(w, &w->config, HM_S("key"), HM_S("nonsense"));
	expect_failure(w, "rsc.io/sampler", "v1.3.0",
	               "rsc.io/sampler@v1.3.0: initializing sumdb.Client: malformed verifier id");
}

/* Many threads, many records: each record and each tile is asked for once. */

#define MANY 300

struct crowd {
	struct world *w;
	unsigned next, failed; /* guarded by w->mutex */
};

static void *
look_up_many(void *arg)
{
	struct crowd *c = arg;

	for (;;) {
		struct hm_arena a = { 0 };
		struct hm_strs lines = { 0 };
		struct hm_err err = { 0 };
		hm_str path, want;
		unsigned i;
		bool ok;

		pthread_mutex_lock(&c->w->mutex);
		i = c->next++;
		pthread_mutex_unlock(&c->w->mutex);
		if (i >= 2 * MANY)
			return NULL;
		path = hm_arena_printf(&a, "example.com/m%u", i % MANY);
		want = hm_arena_printf(&a, HM_F " v1.0.0 h1:%u=", HM_P(path), i % MANY);
		ok = hm_sumdb_lookup(c->w->db, &a, path, HM_S("v1.0.0"), &lines, &err) == 0 &&
		     lines.n == 1 && hm_str_eq(lines.v[0], want);
		pthread_mutex_lock(&c->w->mutex);
		c->failed += !ok;
		pthread_mutex_unlock(&c->w->mutex);
		hm_err_free(&err);
		hm_arena_free(&a);
	}
}

static void
threads(void **state)
{
	struct world *w = *state;
	struct crowd c = { .w = w };
	pthread_t t[8];
	char key[64], text[64];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "example.com/m%u@v1.0.0", i);
		snprintf(text, sizeof(text), "example.com/m%u v1.0.0 h1:%u=\n", i, i);
		add_record(w, key, text);
	}
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, look_up_many, &c), 0);
	for (size_t i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(c.failed, 0);
	assert_int_equal(w->reads - w->tile_reads, MANY);
	expect_latest(w, MANY + 4);
	for (size_t i = 0; i < w->cache.n; i++)
		if (hm_str_has_prefix(w->cache.e[i].key, HM_S(NAME "/tile/")))
			assert_true(hm_str_eq(*(hm_str *)w->cache.e[i].val,
			                      stored(&w->remote,
			                             hm_str_from(w->cache.e[i].key,
			                                         sizeof(NAME) - 1))));
}

/* What the public database has answered, with heads of two sizes. */
static int
read_recorded(void *ctx, hm_str path, struct hm_buf *out, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str data, file = hm_arena_printf(&a, "%s/sumdb" HM_F, TEST_DATA, HM_P(path));
	int rc = hm_file_read(&a, file.p, HM_SUMDB_ANSWER_MAX, &data, err);

	(void)ctx;
	if (rc == 0)
		hm_buf_adds(out, data);
	hm_arena_free(&a);
	return rc;
}

static void
real_log(void **state)
{
	struct world *w = *state;
	struct hm_sumdb_ops ops = { w, 0, read_recorded, read_config, write_config, read_cache,
		                    write_cache, security_error, NULL };

	store(w, &w->config, HM_S("key"),
	      HM_S("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"));
	for (int order = 0; order < 2; order++) {
		hm_sumdb_free(w->db);
		w->db = hm_sumdb_new(&ops);
		for (int i = 0; i < 2; i++)
			if (i == order) {
				expect_lookup(w, "rsc.io/quote", "v1.5.2", QUOTE);
				expect_lookup(w, "rsc.io/quote", "v1.5.2/go.mod", QUOTE_MOD);
			} else {
				expect_lookup(w, "filippo.io/age", "v1.3.2",
				              "filippo.io/age v1.3.2 "
				              "h1:r6RSZLFSMm6rzKepZ7ZAYkKCu14f3/"
				              "Me8c7uKYh7C8c=");
			}
		assert_true(hm_str_has_prefix(stored(&w->config, HM_S("sum.golang.org/latest")),
		                              HM_S("go.sum database tree\n66393050\n")));
	}
	assert_true(hm_map_has(&w->cache, HM_S("sum.golang.org/tile/8/0/x239/226")));
}

/* ---- for somebody else (verify/pass.h) */

static hm_str
expect_pass(struct world *w, const char *path, bool want)
{
	struct hm_err err = { 0 };
	bool proven, spoilt;
	hm_str out;

	assert_ok(hm_pass(w->db, &w->arena, hm_str_of(path), &out, &proven, &spoilt, &err), &err);
	assert_int_equal(proven, want);
	return out;
}

static void
expect_lie(struct world *w, const char *path, const char *why)
{
	struct hm_err err = { 0 };
	bool proven, spoilt;
	hm_str out;

	assert_int_equal(
		hm_pass(w->db, &w->arena, hm_str_of(path), &out, &proven, &spoilt, &err), -1);
	assert_int_equal(err.code, HM_ESECURITY);
	assert_true(hm_str_contains(hm_err_str(&err), hm_str_of(why)));
	assert_false(proven);
	hm_err_free(&err);
	restart(w);
}

static hm_str
remote(struct world *w, const char *path)
{
	return stored(&w->remote, hm_str_of(path));
}

static void
pass(void **state)
{
	struct world *w = *state;
	const char *sampler = "/lookup/rsc.io/sampler@v1.3.0";
	unsigned reads;

	assert_true(hm_str_eq(expect_pass(w, sampler, true), remote(w, sampler)));
	expect_latest(w, 3);
	assert_true(hm_str_eq(expect_pass(w, "/tile/2/0/000.p/3", true),
	                      remote(w, "/tile/2/0/000.p/3")));
	/* A narrow one is the beginning of the wide one. */
	reads = w->reads;
	assert_true(hm_str_eq(expect_pass(w, "/tile/2/0/000.p/2", true),
	                      hm_str_sub(remote(w, "/tile/2/0/000.p/3"), 0, 64)));
	assert_int_equal(w->reads, reads);

	/* A tile of a tree that was not seen yet: the newest head is asked for. */
	store(w, &w->remote, HM_S("/latest"), sign_tree(w, 4));
	assert_true(
		hm_str_eq(expect_pass(w, "/tile/2/0/000", true), remote(w, "/tile/2/0/000")));
	expect_latest(w, 4);
	assert_int_equal(expect_pass(w, "/tile/2/0/007", false).n, 0);
	assert_int_equal(expect_pass(w, "/tile/2/1/000.p/3", false).n, 0);
	assert_int_equal(expect_pass(w, "/tile/2/63/000", false).n, 0);
	assert_int_equal(expect_pass(w, "/tile/2/0/x999/x999/x999/x999/x999/999", false).n, 0);

	/* Records. */
	store(w, &w->remote, HM_S("/tile/2/data/000.p/1"),
	      HM_S(QUOTE "\n" QUOTE_MOD "\nrsc.io/quote v1.5.2 h2:xyzzy\n\n"));
	expect_pass(w, "/tile/2/data/000.p/1", true);
}

static void
pass_lies(void **state)
{
	struct world *w = *state;
	hm_str right = remote(w, "/lookup/rsc.io/sampler@v1.3.0");
	char *bent;

	store(w, &w->remote, HM_S("/lookup/rsc.io/other@v1.3.0"), right);
	expect_lie(w, "/lookup/rsc.io/other@v1.3.0", "another module");

	bent = (char *)(uintptr_t)hm_arena_dup(&w->arena, right).p;
	bent[40] ^= 1;
	store(w, &w->remote, HM_S("/lookup/rsc.io/sampler@v1.3.0"),
	      hm_str_make(bent, right.n));
	expect_lie(w, "/lookup/rsc.io/sampler@v1.3.0", "cannot authenticate record data");

	store(w, &w->remote, HM_S("/tile/2/data/000.p/1"), HM_S(QUOTE "\n\n"));
	expect_lie(w, "/tile/2/data/000.p/1", "another record 0");
	store(w, &w->remote, HM_S("/tile/2/data/000.p/1"), HM_S(QUOTE));
	expect_lie(w, "/tile/2/data/000.p/1", "there are 0 records");

	right = remote(w, "/tile/2/0/000");
	bent = (char *)(uintptr_t)hm_arena_dup(&w->arena, right).p;
	bent[100] ^= 1;
	store(w, &w->remote, HM_S("/tile/2/0/000"), hm_str_make(bent, right.n));
	store(w, &w->remote, HM_S("/latest"), sign_tree(w, 4));
	expect_lie(w, "/tile/2/0/000", "inconsistent tile");
	assert_null(stored(&w->cache, HM_S(NAME "/tile/2/0/000")).p);
}

/* Tiles that cannot be had do not make an answer wrong. */
static void
pass_unproven(void **state)
{
	struct world *w = *state;

	w->no_tiles = true;
	assert_int_equal(expect_pass(w, "/lookup/rsc.io/sampler@v1.3.0", false).n, 0);
	store(w, &w->config, HM_S(NAME "/latest"), HM_S(""));
	restart(w);
	assert_true(expect_pass(w, "/lookup/rsc.io/sampler@v1.3.0", false).n > 0);
	assert_null(stored(&w->cache, HM_S(NAME "/lookup/rsc.io/sampler@v1.3.0")).p);
}

int
test_verify_sumdb(void)
{
#define WITH_WORLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(lookup),
		WITH_WORLD(first_contact),
		WITH_WORLD(no_such_record),
		WITH_WORLD(config_conflicts),
		WITH_WORLD(config_ahead),
		WITH_WORLD(bad_tiles),
		WITH_WORLD(short_tiles),
		WITH_WORLD(big_answer),
		WITH_WORLD(fork_is_shown),
		WITH_WORLD(rollback),
		WITH_WORLD(wrong_record),
		WITH_WORLD(lines_outside_the_log),
		WITH_WORLD(bad_signature),
		WITH_WORLD(malformed_answers),
		WITH_WORLD(bad_key),
		WITH_WORLD(threads),
		WITH_WORLD(real_log),
		WITH_WORLD(pass),
		WITH_WORLD(pass_lies),
		WITH_WORLD(pass_unproven),
	};
#undef WITH_WORLD

	return cmocka_run_group_tests_name("verify/sumdb", tests, NULL, NULL);
}
