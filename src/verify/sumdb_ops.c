#include "verify/sumdb_ops.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "codec/hex.h"
#include "codec/url.h"
#include "crypto/sha256.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/lockfile.h"
#include "tlog/note.h"
#include "verify/quorum.h"

/* Go defines the key of its public database, and another address for it. */
static const hm_str known_name = HM_S_INIT("sum.golang.org");
static const hm_str known_key =
	HM_S_INIT("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
static const hm_str alias_name = HM_S_INIT("sum.golang.google.cn");
static const hm_str alias_meaning =
	HM_S_INIT("sum.golang.org https://sum.golang.google.cn");

struct hm_sumdb_link {
	const struct hm_verify_conf *conf;
	struct hm_arena arena; /* what was parsed from GOSUMDB; constant */
	hm_str name, key;
	struct hm_verifier log; /* the same key */
	struct hm_url direct;
	struct hm_quorum *quorum; /* NULL: no witnesses needed */
	struct hm_sumdb *db;

	pthread_mutex_t mutex; /* guards all below */
	bool based;
	struct hm_arena base_arena;
	struct hm_url base;
	struct hm_err base_err;
};

/* web.Join: the path is appended as it is spelled. */
static struct hm_url
join(struct hm_arena *a, const struct hm_url *u, hm_str path)
{
	struct hm_url j = *u;
	hm_str dir = u->path, raw = u->raw_path;

	hm_str_cut_prefix(&path, HM_S("/"));
	hm_str_cut_suffix(&dir, HM_S("/"));
	hm_str_cut_suffix(&raw, HM_S("/"));
	j.path = hm_path_cat(a, dir, path);
	j.raw_path = hm_path_cat(a, raw, path);
	return j;
}

/* ---- the network */

static int
get(struct hm_sumdb_link *l, const struct hm_url *u, struct hm_buf *out, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = l->conf->remote.get(l->conf->remote.ctx, hm_url_string(&a, u), out, err);

	hm_arena_free(&a);
	return rc;
}

/* Does a proxy answer for the database?  Not found means: ask the next one, or go direct. */
static int
try_proxy(void *arg, hm_str proxy, struct hm_err *err)
{
	struct hm_sumdb_link *l = arg;
	struct hm_arena *a = &l->base_arena;
	struct hm_buf ignored = { 0 };
	struct hm_url u, supported;
	hm_str path;
	int rc;

	if (hm_str_eqz(proxy, "noproxy"))
		return hm_err_set(err, HM_ENOTFOUND, "path does not match GONOPROXY/GOPRIVATE");
	if (hm_str_eqz(proxy, "direct") || hm_str_eqz(proxy, "off"))
		return hm_err_set(err, HM_ENOTFOUND, "module lookup disabled by GOPROXY=off");
	if (hm_url_parse(a, hm_arena_dup(a, proxy), &u, err) < 0)
		return -1;
	path = hm_arena_printf(a, "sumdb/" HM_F, HM_P(l->name));
	supported = join(a, &u, hm_path_cat(a, path, HM_S("supported")));
	rc = get(l, &supported, &ignored, err);
	hm_buf_free(&ignored);
	if (rc == 0)
		l->base = join(a, &u, path);
	return rc;
}

/* Only when something must be asked for does it matter which way leads there. */
static int
find_base(struct hm_sumdb_link *l)
{
	const struct hm_verify_remote *remote = &l->conf->remote;

	if (l->based)
		return l->base_err.code == HM_OK ? 0 : -1;
	l->based = true;
	if (remote->try_proxies(remote->ctx, try_proxy, l, &l->base_err) == 0)
		return 0;
	if (l->base_err.code != HM_ENOTFOUND && l->base_err.code != HM_EGONE)
		return -1;
	hm_err_clear(&l->base_err);
	l->base = l->direct;
	return 0;
}

static int
read_remote(void *ctx, hm_str path, struct hm_buf *out, struct hm_err *err)
{
	struct hm_sumdb_link *l = ctx;
	struct hm_arena a = { 0 };
	struct hm_url u;
	int rc;

	pthread_mutex_lock(&l->mutex);
	rc = find_base(l);
	if (rc < 0)
		hm_err_set(err, l->base_err.code, HM_F, HM_P(hm_err_str(&l->base_err)));
	else
		u = join(&a, &l->base, path);
	pthread_mutex_unlock(&l->mutex);
	if (rc == 0)
		rc = get(l, &u, out, err);
	hm_arena_free(&a);
	return rc;
}

/* ---- files */

static hm_str
parent(hm_str path)
{
	ptrdiff_t slash = hm_str_rindex_byte(path, '/');

	return hm_str_sub(path, 0, slash > 0 ? (size_t)slash : 0);
}

/* Makes the folders above a file, if they can be made. */
static void
make_parent(struct hm_arena *a, hm_str file)
{
	struct hm_err ignored = { 0 };

	if (hm_dir_make_all(hm_arena_cstr(a, parent(file)), &ignored) < 0)
		hm_err_free(&ignored);
}

/* $GOPATH/pkg/sumdb/<file> */
static int
config_file(struct hm_sumdb_link *l, struct hm_arena *a, hm_str file, hm_str *out,
            struct hm_err *err)
{
	if (l->conf->sumdb_dir.n == 0)
		return hm_err_set(err, HM_EINVALID,
		                  "could not locate sumdb file: missing $GOPATH: " HM_F,
		                  HM_P(l->conf->gopath_error));
	*out = hm_path_cat(a, l->conf->sumdb_dir, file);
	return 0;
}

static int
read_config(void *ctx, hm_str file, struct hm_buf *out, struct hm_err *err)
{
	struct hm_sumdb_link *l = ctx;
	struct hm_arena a = { 0 };
	hm_str path, data = { NULL, 0 };
	int rc;

	if (hm_str_eqz(file, "key")) {
		hm_buf_adds(out, l->key);
		return 0;
	}
	rc = config_file(l, &a, file, &path, err);
	if (rc == 0)
		rc = hm_lockfile_read(&a, path.p, HM_SUMDB_ANSWER_MAX, &data, err);
	if (rc < 0 && hm_err_is(err, HM_ENOTFOUND)) {
		hm_err_clear(err);
		rc = 0;
	}
	hm_buf_adds(out, data);
	hm_arena_free(&a);
	return rc;
}

static int
write_config(void *ctx, hm_str file, hm_str was, hm_str now, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str path, data;
	int fd, rc = -1;

	if (config_file(ctx, &a, file, &path, err) < 0)
		goto out;
	make_parent(&a, path);
	if (hm_lockfile_edit(&a, path.p, HM_SUMDB_ANSWER_MAX, &fd, &data, err) < 0)
		goto out;
	if (data.n > 0 && !hm_str_eq(data, was))
		hm_err_set(err, HM_ECONFLICT, "write conflict");
	else
		rc = hm_lockfile_replace(fd, path.p, data, now, err);
	hm_lock_release(fd);
out:
	hm_arena_free(&a);
	return rc;
}

/* $GOMODCACHE/cache/download/sumdb/<file> */
static hm_str
cache_file(struct hm_sumdb_link *l, struct hm_arena *a, hm_str file)
{
	return hm_arena_printf(a, HM_F "/cache/download/sumdb/" HM_F, HM_P(l->conf->modcache),
	                       HM_P(file));
}

static bool
read_cache(void *ctx, hm_str file, struct hm_buf *out)
{
	struct hm_arena a = { 0 };
	struct hm_err ignored = { 0 };
	hm_str data;
	/* Go creates the file before it writes, so an empty one is none. */
	bool ok = hm_lockfile_read(&a, cache_file(ctx, &a, file).p, HM_SUMDB_ANSWER_MAX, &data,
	                           &ignored) == 0 &&
	          data.n > 0;

	if (ok)
		hm_buf_adds(out, data);
	hm_err_free(&ignored);
	hm_arena_free(&a);
	return ok;
}

static void
write_cache(void *ctx, hm_str file, hm_str data)
{
	struct hm_arena a = { 0 };
	struct hm_err ignored = { 0 };
	hm_str path = cache_file(ctx, &a, file);

	make_parent(&a, path);
	if (hm_file_publish(path.p, data, 0644, false, &ignored) < 0)
		hm_err_free(&ignored);
	hm_arena_free(&a);
}

/* Keeps the report of a fork beside the latest tree head, under its own hash. */
static void
security_error(void *ctx, hm_str msg)
{
	struct hm_sumdb_link *l = ctx;
	struct hm_arena a = { 0 };
	struct hm_err ignored = { 0 };
	uint8_t sum[HM_SHA256_SIZE];
	hm_str file, path;

	hm_sha256_of(msg, sum);
	file = hm_arena_printf(&a, HM_F "/misbehavior-" HM_F, HM_P(l->name),
	                       HM_P(hm_hex_encode(&a, sum, 8)));
	if (config_file(l, &a, file, &path, &ignored) == 0) {
		make_parent(&a, path);
		if (hm_file_publish(path.p, msg, 0644, true, &ignored) == 0)
			hm_log(l->conf->log, HM_LOG_WARN, "evidence kept in " HM_F, HM_P(path));
	}
	hm_err_free(&ignored);
	hm_arena_free(&a);
}

/* ---- GOSUMDB */

static int
parse_name(struct hm_sumdb_link *l, struct hm_err *err)
{
	struct hm_url *u = &l->direct;
	hm_str text = hm_arena_printf(&l->arena, "https://" HM_F, HM_P(l->name));

	if (hm_url_parse(&l->arena, text, u, err) == 0 &&
	    !hm_str_has_suffix(l->name, HM_S("/")) && u->host.n > 0 && !u->has_user &&
	    u->raw_path.n == 0 && !u->force_query && u->query.n == 0 && u->fragment.n == 0 &&
	    u->opaque.n == 0)
		return 0;
	return hm_err_set(err, HM_EINVALID, "invalid sumdb name (must be host[/path]): " HM_F,
	                  HM_P(l->name));
}

hm_str
hm_sumdb_key_of(hm_str word)
{
	return hm_str_eq(word, known_name) ? known_key : word;
}

static int
parse_key(struct hm_sumdb_link *l, struct hm_err *err)
{
	l->key = hm_sumdb_key_of(l->key);
	if (hm_verifier_parse(&l->arena, l->key, &l->log, err) < 0)
		return -1;
	l->name = l->log.name;
	return 0;
}

/* "key" or "key url" */
static int
parse_gosumdb(struct hm_sumdb_link *l, hm_str text, struct hm_err *err)
{
	hm_str url = { NULL, 0 }, more;

	if (hm_str_eq(text, alias_name))
		text = alias_meaning;
	if (hm_str_eqz(text, "off"))
		return hm_err_set(err, HM_EINVALID, "checksum database disabled by GOSUMDB=off");
	text = hm_arena_dup(&l->arena, text);
	if (!hm_str_next_field(&text, &l->key))
		return hm_err_set(err, HM_EINVALID, "missing GOSUMDB");
	if (hm_str_next_field(&text, &url) && hm_str_next_field(&text, &more))
		return hm_err_set(err, HM_EINVALID, "invalid GOSUMDB: too many fields");
	if (parse_key(l, err) < 0)
		return hm_err_wrap(err, "invalid GOSUMDB: ");
	if (parse_name(l, err) < 0)
		return -1;
	if (url.n == 0)
		return 0;
	l->based = true;
	if (hm_url_parse(&l->arena, url, &l->base, err) < 0)
		return hm_err_wrap(err, "invalid GOSUMDB URL: ");
	return 0;
}

static int
parse_choice(struct hm_sumdb_link *l, const struct hm_sumdb_choice *c, struct hm_err *err)
{
	l->key = hm_arena_dup(&l->arena, c->key);
	if (parse_key(l, err) < 0 || parse_name(l, err) < 0)
		return -1;
	l->based = true;
	l->base = l->direct;
	if (c->url.n && hm_url_parse(&l->arena, c->url, &l->base, err) < 0)
		return hm_err_wrap(err, "invalid URL: ");
	return 0;
}

int
hm_sumdb_check_choice(const struct hm_sumdb_choice *c, struct hm_err *err)
{
	struct hm_sumdb_link l = { .conf = NULL };
	int rc = parse_choice(&l, c, err);

	hm_arena_free(&l.arena);
	return rc;
}

static int
vouch(void *ctx, const struct hm_note *note, const struct hm_tree *tree, int64_t id,
      struct hm_err *err)
{
	struct hm_sumdb_link *l = ctx;

	return hm_quorum_vouch(l->quorum, l->db, note, tree, id, err);
}

int
hm_sumdb_dial(const struct hm_verify_conf *conf, const struct hm_sumdb_choice *choice,
              struct hm_sumdb_link **out, struct hm_err *err)
{
	struct hm_sumdb_link *l = hm_mem_new(sizeof(*l));
	struct hm_sumdb_ops ops = {
		.ctx = l,
		.read_remote = read_remote,
		.read_config = read_config,
		.write_config = write_config,
		.read_cache = read_cache,
		.write_cache = write_cache,
		.security_error = security_error,
	};
	int rc;

	l->conf = conf;
	pthread_mutex_init(&l->mutex, NULL);
	rc = choice ? parse_choice(l, choice, err) : parse_gosumdb(l, conf->gosumdb, err);
	if (rc < 0) {
		hm_sumdb_hang_up(l);
		return -1;
	}
	if (choice && choice->quorum) {
		l->quorum = hm_quorum_new(&conf->remote, choice, &l->log);
		ops.vouch = vouch;
	}
	l->db = hm_sumdb_new(&ops);
	*out = l;
	return 0;
}

void
hm_sumdb_hang_up(struct hm_sumdb_link *l)
{
	if (!l)
		return;
	hm_sumdb_free(l->db);
	hm_quorum_free(l->quorum);
	hm_err_free(&l->base_err);
	hm_arena_free(&l->base_arena);
	hm_arena_free(&l->arena);
	pthread_mutex_destroy(&l->mutex);
	free(l);
}

struct hm_sumdb *
hm_sumdb_client(struct hm_sumdb_link *l)
{
	return l->db;
}

hm_str
hm_sumdb_name(const struct hm_sumdb_link *l)
{
	return l->name;
}
