#include "verify/verify.h"

#include <stdlib.h>

#include "base/mem.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/sha256.h"
#include "mod/match.h"
#include "mod/modver.h"
#include "verify/databases.h"
#include "verify/pass.h"

/* "h1:" and the base64 of 32 bytes. */
#define SUM_LEN (3 + 44)

struct hm_verify {
	struct hm_arena arena; /* the strings of conf; constant */
	struct hm_verify_conf conf;
	struct hm_sums *sums;
	struct hm_databases *dbs;
};

static const char sumdb_mismatch[] =
	"\n\nSECURITY ERROR\n"
	"This download does NOT match the one reported by the checksum server.\n"
	"The bits may have been replaced on the origin server, or an attacker may\n"
	"have intercepted the download attempt.\n\n"
	"For more information, see 'go help module-auth'.\n";

static const char sumdb_absent[] =
	"\n\nSECURITY ERROR\n"
	"This download does NOT match one reported by the checksum server.\n"
	"The checksum server has provided checksums, but the checksums do\n"
	"not contain an entry for the download.\n"
	"The checksum server may be malfunctioning, or an attacker may have\n"
	"intercepted the checksum request.\n"
	"The download cannot be verified.\n\n"
	"For more information, see 'go help module-auth'.\n";

struct hm_verify *
hm_verify_new(const struct hm_verify_conf *conf, struct hm_sums *sums)
{
	struct hm_verify *v = hm_mem_new(sizeof(*v));
	hm_str *const copy[] = {
		&v->conf.gosumdb,   &v->conf.gonosumdb,    &v->conf.goproxy,
		&v->conf.modcache,  &v->conf.sumdb_dir,    &v->conf.gopath_error,
		&v->conf.git_http_user_agent, &v->conf.sumdbs,
	};

	v->conf = *conf;
	for (size_t i = 0; i < sizeof(copy) / sizeof(*copy); i++)
		*copy[i] = hm_arena_dup(&v->arena, *copy[i]);
	v->sums = sums;
	v->dbs = hm_databases_new(&v->conf);
	return v;
}

void
hm_verify_free(struct hm_verify *v)
{
	if (!v)
		return;
	hm_databases_free(v->dbs);
	hm_sums_free(v->sums);
	hm_arena_free(&v->arena);
	free(v);
}

struct hm_sums *
hm_verify_sums(struct hm_verify *v)
{
	return v->sums;
}

struct hm_sums *
hm_verify_swap_sums(struct hm_verify *v, struct hm_sums *sums)
{
	struct hm_sums *old = v->sums;

	v->sums = sums;
	return old;
}

/*
 * Toolchains are never listed in go.sum, so nothing switches their lookup off,
 * but for a lone file:// proxy and for the public proxy's own downloads.
 */
static bool
must_look_up_toolchain(const struct hm_verify_conf *c)
{
	if (hm_str_has_prefix(c->goproxy, HM_S("file://")) &&
	    hm_str_index_byte(c->goproxy, ',') < 0 && hm_str_index_byte(c->goproxy, '|') < 0)
		return false;
	return !hm_str_contains(c->git_http_user_agent, HM_S("proxy.golang.org"));
}

bool
hm_verify_uses_sumdb(const struct hm_verify *v, hm_str path)
{
	if (hm_str_eqz(path, "golang.org/toolchain") && must_look_up_toolchain(&v->conf))
		return true;
	if (hm_databases_lists(v->dbs, path))
		return true;
	return !hm_str_eqz(v->conf.gosumdb, "off") &&
	       !hm_match_prefix_patterns(v->conf.gonosumdb, path);
}

hm_str
hm_verify_sumdb_name(const struct hm_verify *v, hm_str path)
{
	return hm_verify_uses_sumdb(v, path) ? hm_databases_name(v->dbs, path) : HM_S("");
}

/* The lines that the database has for a module must have this hash. */
static int
compare(const struct hm_strs *lines, struct hm_modver mod, hm_str hash, hm_str db,
        struct hm_err *err)
{
	for (size_t i = 0; i < lines->n; i++) {
		hm_str sum = hm_str_from(lines->v[i], mod.path.n + mod.version.n + 2);

		if (hm_str_eq(sum, hash))
			return 0;
		if (hm_str_has_prefix(sum, HM_S("h1:")))
			return hm_err_set(err, HM_ESECURITY,
			                  "checksum mismatch\n\tdownloaded: " HM_F "\n\t" HM_F
			                  ": " HM_F "%s",
			                  HM_P(hash), HM_P(db), HM_P(sum), sumdb_mismatch);
	}
	return hm_err_set(err, HM_ESECURITY, "checksum missing from sumdb response%s",
	                  sumdb_absent);
}

static int
check_sumdb(struct hm_verify *v, struct hm_modver mod, hm_str hash, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_strs lines = { 0 };
	struct hm_modver bare = mod;
	struct hm_database *db = NULL;
	bool gomod = hm_str_cut_suffix(&bare.version, HM_S("/go.mod"));
	int rc;

	rc = hm_databases_take(v->dbs, mod.path, &db, err);
	if (rc == 0)
		rc = hm_sumdb_lookup(hm_sumdb_client(hm_database_link(db)), &a, mod.path,
		                     mod.version, &lines, err);
	if (rc == 0)
		rc = compare(&lines, mod, hash, hm_sumdb_name(hm_database_link(db)), err);
	if (db)
		hm_databases_give(v->dbs, db, rc < 0);
	if (rc < 0) {
		/* That the database knows nothing is no reason to ask another source. */
		if (hm_code_may_fall_back(err->code))
			err->code = HM_EHTTP;
		hm_err_wrap(err, "verifying %s: ", gomod ? "go.mod" : "module");
		hm_modver_wrap(err, bare);
	}
	hm_arena_free(&a);
	return rc;
}

int
hm_verify_sum(struct hm_verify *v, hm_str path, hm_str version, hm_str hash, struct hm_err *err)
{
	bool listed;

	if (hm_sums_check(v->sums, path, version, hash, &listed, err) < 0)
		return -1;
	if (listed)
		return 0;
	if (hm_verify_uses_sumdb(v, path) &&
	    check_sumdb(v, hm_modver_of(path, version), hash, err) < 0)
		return -1;
	return v->conf.long_lived ? 0 : hm_sums_add(v->sums, path, version, hash, err);
}

hm_str
hm_verify_gomod_sum(struct hm_arena *a, hm_str data)
{
	uint8_t sum[HM_SHA256_SIZE];
	hm_str line;

	/* dirhash.Hash1 of a tree with one file. */
	hm_sha256_of(data, sum);
	line = hm_arena_printf(a, HM_F "  go.mod\n", HM_P(hm_hex_encode(a, sum, sizeof(sum))));
	hm_sha256_of(line, sum);
	return hm_arena_printf(a, "h1:" HM_F,
	                       HM_P(hm_base64_encode(a, HM_BASE64_STD, sum, sizeof(sum))));
}

int
hm_verify_gomod(struct hm_verify *v, hm_str path, hm_str version, hm_str data,
                struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str gomod = hm_arena_concat(&a, (hm_str[]){ version, HM_S("/go.mod") }, 2);
	int rc = hm_verify_sum(v, path, gomod, hm_verify_gomod_sum(&a, data), err);

	hm_arena_free(&a);
	return rc;
}

bool
hm_verify_is_sum(hm_str hash)
{
	hash = hm_str_trim(hash);
	return hash.n == SUM_LEN && hm_str_index_byte(hash, '\0') < 0;
}

int
hm_verify_ziphash(struct hm_verify *v, hm_str path, hm_str version, hm_str ziphash, bool *stale,
                  struct hm_err *err)
{
	struct hm_buf quoted = { 0 };

	ziphash = hm_str_trim(ziphash);
	*stale = !hm_verify_is_sum(ziphash);
	if (*stale)
		return 0;
	if (hm_str_has_prefix(ziphash, HM_S("h1:"))) {
		if (hm_verify_sum(v, path, version, ziphash, err) < 0)
			return hm_err_finish(err);
		return 0;
	}
	hm_buf_quote(&quoted, ziphash);
	hm_err_set(err, HM_ESECURITY, "verifying " HM_F "@" HM_F ": unexpected ziphash: " HM_F,
	           HM_P(path), HM_P(version), HM_P(hm_buf_str(&quoted)));
	hm_buf_free(&quoted);
	return hm_err_finish(err);
}

int
hm_verify_pass(struct hm_verify *v, struct hm_arena *a, hm_str name, hm_str path, hm_str *out,
               bool *proven, struct hm_err *err)
{
	struct hm_database *db;
	bool spoilt;
	int rc;

	*out = HM_S("");
	*proven = false;
	if (hm_databases_take_named(v->dbs, name, &db, err)) {
		hm_err_clear(err);
		return 0;
	}
	rc = hm_pass(hm_sumdb_client(hm_database_link(db)), a, path, out, proven, &spoilt, err);
	hm_databases_give(v->dbs, db, spoilt);
	return rc;
}

int
hm_verify_pass_check(struct hm_verify *v, struct hm_arena *a, hm_str name, hm_str path,
                     hm_str answer, struct hm_err *err)
{
	struct hm_database *db;
	int rc;

	if (hm_databases_take_named(v->dbs, name, &db, err))
		return -1;
	rc = hm_pass_check(hm_sumdb_client(hm_database_link(db)), a, path, answer, err);
	hm_databases_give(v->dbs, db, rc != 0);
	return rc;
}
