#include "remote.h"

#include "tilelog/checkpoint.h"
#include "tilelog/tail.h"
#include "tilelog/tilelog.h"

int
remote_open(struct remote *r, hm_str base, const struct hm_strs *vkeys, const struct hm_log *log,
            struct hm_err *err)
{
	struct hm_http_config http = { .log = log };
	struct hm_env env;

	hm_env_load(&env, &r->arena);
	r->base = hm_arena_dup(&r->arena, base);
	r->keys = HM_NEW_N(&r->arena, vkeys->n, struct hm_verifier);
	r->n_keys = vkeys->n;
	for (size_t i = 0; i < vkeys->n; i++)
		if (hm_verifier_parse(&r->arena, vkeys->v[i], &r->keys[i], err))
			return hm_err_wrap(err, "key: ");
	r->conf = hm_conf_new(HM_CONF_GO, &env, HM_S(""), err);
	if (!r->conf)
		return -1;
	http.env = &r->conf->env;
	r->http = hm_http_new(&http);
	r->fetch = hm_fetch_new(r->conf, r->http, log);
	return 0;
}

void
remote_close(struct remote *r)
{
	hm_fetch_free(r->fetch);
	hm_http_free(r->http);
	hm_conf_free(r->conf);
	for (int i = 0; i < HM_TAIL_LEVELS; i++)
		hm_buf_free(&r->kept[i].bytes);
	hm_arena_free(&r->arena);
}

/* Does this source of GOPROXY pass the database through?  The way to it lands in r->base. */
static int
try_source(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct remote *r = ctx;
	hm_str base, ignored;

	if (!hm_str_contains(src->url, HM_S("://")))
		return hm_err_set(err, HM_ENOTFOUND, HM_F " is no proxy", HM_P(src->url));
	base = hm_arena_printf(&r->arena, HM_F "/sumdb/" HM_F, HM_P(src->url),
	                       HM_P(r->keys[0].name));
	if (hm_fetch_get(r->fetch, &r->arena, base, HM_S("supported"), HM_TILELOG_HEAD_MAX,
	                 &ignored, err))
		return -1;
	r->base = base;
	return 0;
}

static int
find_base(struct remote *r, struct hm_err *err)
{
	if (r->base.n || hm_fetch_try(r->fetch, try_source, r, err) == 0)
		return 0;
	if (!hm_code_may_fall_back(err->code) && err->code != HM_EOFF)
		return -1;
	hm_err_clear(err);
	r->base = hm_arena_printf(&r->arena, "https://" HM_F, HM_P(r->keys[0].name));
	return 0;
}

int
remote_head(struct remote *r, struct hm_arena *a, bool c2sp_first, hm_str *note,
            struct hm_err *err)
{
	const char *names[] = { "latest", "checkpoint" };

	r->c2sp = c2sp_first;
	if (remote_get(r, a, hm_str_of(names[r->c2sp]), note, err) == 0)
		return 0;
	/* A proxy that passes a database through may call a path a bad request. */
	if (err->code != HM_EHTTP && !hm_code_may_fall_back(err->code))
		return -1;
	hm_err_clear(err);
	r->c2sp = !c2sp_first;
	return remote_get(r, a, hm_str_of(names[r->c2sp]), note, err);
}

int
remote_get(struct remote *r, struct hm_arena *a, hm_str path, hm_str *out, struct hm_err *err)
{
	if (find_base(r, err))
		return -1;
	return hm_fetch_get(r->fetch, a, r->base, path, HM_TILELOG_TILE_MAX, out, err);
}

int
remote_open_head(const struct hm_verifier *keys, size_t n, struct hm_arena *a, hm_str text,
                 struct hm_tree *out, struct hm_err *err)
{
	struct hm_note note;

	if (hm_note_open(a, text, keys, n, &note, err))
		return -1;
	return hm_checkpoint_read(note.text, keys[0].name, out, err);
}

static hm_str
tile_path(const struct remote *r, struct hm_arena *a, const struct hm_tile *t)
{
	hm_str path = hm_tile_path(a, t);
	bool data = hm_str_cut_prefix(&path, HM_S("tile/8/data/"));

	if (!r->c2sp)
		return hm_tile_path(a, t);
	if (!data)
		hm_str_cut_prefix(&path, HM_S("tile/8/"));
	return hm_arena_printf(a, "tile/%s" HM_F, data ? "entries/" : "", HM_P(path));
}

bool
remote_next_record(const struct remote *r, hm_str *data, hm_str *text)
{
	size_t n;

	if (!r->c2sp)
		return hm_tile_next_record(data, text);
	if (data->n < 2)
		return false;
	n = (size_t)(uint8_t)data->p[0] << 8 | (uint8_t)data->p[1];
	if (data->n - 2 < n)
		return false;
	*text = hm_str_sub(*data, 2, 2 + n);
	*data = hm_str_from(*data, 2 + n);
	return true;
}

static bool
cut_tile(const struct remote *r, const struct hm_tile *t, hm_str *data)
{
	hm_str rest = *data, text;

	if (t->l >= 0) {
		rest.n = data->n;
		data->n = (size_t)t->w * sizeof(struct hm_hash);
		return rest.n >= data->n;
	}
	for (int i = 0; i < t->w; i++)
		if (!remote_next_record(r, &rest, &text))
			return false;
	data->n -= rest.n;
	return true;
}

int
remote_tile(struct remote *r, struct hm_arena *a, const struct hm_tile *t, hm_str *out,
            struct hm_err *err)
{
	struct hm_tile full = { t->h, t->l, t->n, 1 << t->h };

	if (remote_get(r, a, tile_path(r, a, t), out, err)) {
		if (t->w == full.w || (err->code != HM_ENOTFOUND && err->code != HM_EGONE))
			return -1;
		hm_err_clear(err);
		if (remote_get(r, a, tile_path(r, a, &full), out, err))
			return -1;
	}
	if (!cut_tile(r, t, out))
		return hm_err_set(err, HM_EINVALID, HM_F ": the tile is too short",
		                  HM_P(hm_tile_path(a, t)));
	return 0;
}

void
remote_forget_tiles(struct remote *r)
{
	for (int i = 0; i < HM_TAIL_LEVELS; i++)
		r->kept[i].tile = (struct hm_tile){ .w = 0 };
}

static struct kept_tile *
kept(struct remote *r, const struct hm_tile *t)
{
	return t->l > 0 && t->l < HM_TAIL_LEVELS ? &r->kept[t->l] : NULL;
}

static int
read_tiles(void *ctx, const struct hm_tile *t, size_t n, hm_str *data, struct hm_err *err)
{
	struct remote *r = ctx;

	for (size_t i = 0; i < n; i++) {
		const struct kept_tile *k = kept(r, &t[i]);

		if (k && hm_tile_eq(&k->tile, &t[i]))
			data[i] = hm_arena_dup(r->scratch, hm_str_make(k->bytes.p, k->bytes.n));
		else if (remote_tile(r, r->scratch, &t[i], &data[i], err))
			return -1;
	}
	return 0;
}

/* Only what was found right is kept. */
static void
keep_tiles(void *ctx, const struct hm_tree *tree, const struct hm_tile *t, size_t n,
           const hm_str *data)
{
	(void)tree;
	for (size_t i = 0; i < n; i++) {
		struct kept_tile *k = kept(ctx, &t[i]);

		if (!k || hm_tile_eq(&k->tile, &t[i]))
			continue;
		k->tile = t[i];
		hm_buf_clear(&k->bytes);
		hm_buf_adds(&k->bytes, data[i]);
	}
}

struct hm_tile_reader
remote_tiles(struct remote *r)
{
	return (struct hm_tile_reader){ HM_TILE_HEIGHT, read_tiles, keep_tiles, NULL, r };
}

int
remote_front(struct remote *r, const struct hm_tree *tree, int64_t n, struct hm_hash *out,
             struct hm_err *err)
{
	struct hm_tile_reader tiles = remote_tiles(r);
	struct hm_tile_hashes th = { tree, &tiles };
	struct hm_hash_reader hashes = hm_tile_hash_reader(&th);

	return hm_tlog_tree_hash(n, &hashes, out, err);
}
