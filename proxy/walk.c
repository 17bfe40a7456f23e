#include "walk.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "mod/modpath.h"
#include "os/clock.h"
#include "os/file.h"

enum { DEPTH_MAX = 200, SUMDB_DEPTH_MAX = 40 };

int
store_file_kind(struct hm_arena *a, hm_str name, hm_str *version)
{
	static const struct {
		hm_str suffix;
		int kind;
	} kinds[] = {
		{ HM_S_INIT(".info"), HAS_INFO },    { HM_S_INIT(".mod"), HAS_MOD },
		{ HM_S_INIT(".zip"), HAS_ZIP },      { HM_S_INIT(".local"), HAS_LOCAL },
		{ HM_S_INIT(".ziphash"), HAS_HASH },
	};
	struct hm_err err = { 0 };
	int kind = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && kind == 0; i++)
		if (hm_str_cut_suffix(&name, kinds[i].suffix))
			kind = kinds[i].kind;
	if (kind && (hm_modpath_unescape_version(a, name, version, &err) ||
	             !hm_modpath_is_canonical_version(*version)))
		kind = 0;
	hm_err_free(&err);
	return kind;
}

/* A folder that may hold modules: escaped is its name below cache/download. */
struct folder {
	struct folder *next;
	unsigned depth;
	size_t n;
	char escaped[];
};

static void
push(struct folder **stack, hm_str parent, hm_str name, unsigned depth)
{
	size_t slash = parent.n ? 1 : 0, n = parent.n + slash + name.n;
	struct folder *d = hm_mem_grow(NULL, sizeof(*d) + n + 1, 1);

	*d = (struct folder){ .next = *stack, .depth = depth, .n = n };
	if (parent.n) {
		memcpy(d->escaped, parent.p, parent.n);
		d->escaped[parent.n] = '/';
	}
	if (name.n)
		memcpy(d->escaped + parent.n + slash, name.p, name.n);
	d->escaped[n] = '\0';
	*stack = d;
}

static int
visit(const struct hm_store *s, const struct walk *w, const struct folder *d, struct folder **stack,
      struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_dirents e = { 0 };
	struct hm_err none = { 0 };
	hm_str escaped = hm_str_make(d->escaped, d->n), path;
	hm_str dir =
		hm_arena_printf(&a, HM_F "/cache/download/" HM_F, HM_P(s->root), HM_P(escaped));
	int rc = 0;

	if (hm_dir_read(&a, dir.p, &e, &none))
		e.n = 0;
	for (size_t i = e.n; i-- > 0 && rc == 0;) {
		hm_err_clear(&none);
		if (e.v[i].type != DT_DIR || (d->n == 0 && hm_str_eqz(e.v[i].name, "sumdb")))
			continue;
		if (!hm_str_eqz(e.v[i].name, "@v")) {
			if (d->depth < DEPTH_MAX)
				push(stack, escaped, e.v[i].name, d->depth + 1);
			continue;
		}
		if (hm_modpath_unescape(&a, escaped, &path, &none))
			path = HM_S("");
		rc = w->folder(w->ctx, path, hm_path_cat(&a, dir, HM_S("@v")), err);
	}
	hm_err_free(&none);
	hm_arena_free(&a);
	return rc;
}

int
store_walk(const struct hm_store *s, const struct walk *w, struct hm_err *err)
{
	struct folder *stack = NULL, *d;
	int rc = 0;

	push(&stack, HM_S(""), HM_S(""), 0);
	while (stack) {
		d = stack;
		stack = d->next;
		if (rc == 0 && !(w->stop && w->stop(w->ctx)))
			rc = visit(s, w, d, &stack, err);
		free(d);
	}
	return rc;
}

/* ---- checksum databases */

struct walker {
	const struct sumdb_walk *w;
	size_t root; /* length of "<store>/cache/download/sumdb/" */
};

static bool
is_left(hm_str file)
{
	struct stat st;

	return lstat(file.p, &st) == 0 && hm_clock_unix() - st.st_mtim.tv_sec >= SUMDB_TEMP_AGE;
}

/* The database's name ends where the first of its own folders begins. */
static void
sumdb_one(struct walker *x, hm_str file)
{
	struct sumdb_file f = { .file = file };
	hm_str rel = hm_str_from(file, x->root);
	ptrdiff_t at = hm_str_index(rel, HM_S("/lookup/"));
	ptrdiff_t tile = hm_str_index(rel, HM_S("/tile/"));

	if (hm_str_has_suffix(file, HM_S(".tmp"))) {
		if (is_left(file))
			x->w->left(x->w->ctx, file);
		return;
	}
	if (tile > 0 && (at < 0 || tile < at))
		at = tile;
	if (at <= 0 || !x->w->file)
		return;
	f.name = hm_str_sub(rel, 0, (size_t)at);
	f.rest = hm_str_from(rel, (size_t)at);
	x->w->file(x->w->ctx, &f);
}

static void
sumdb_folder(struct walker *x, hm_str dir, int depth)
{
	struct hm_arena a = { 0 };
	struct hm_dirents e = { 0 };
	struct hm_err err = { 0 };

	if (depth > SUMDB_DEPTH_MAX || hm_dir_read(&a, dir.p, &e, &err))
		e.n = 0;
	hm_err_free(&err);
	for (size_t i = 0; i < e.n && !(x->w->stop && x->w->stop(x->w->ctx)); i++) {
		hm_str name = hm_path_cat(&a, dir, e.v[i].name);

		if (e.v[i].type == DT_DIR)
			sumdb_folder(x, name, depth + 1);
		else if (e.v[i].type == DT_REG)
			sumdb_one(x, name);
	}
	hm_arena_free(&a);
}

void
sumdb_walk(const struct hm_store *s, const struct sumdb_walk *w)
{
	struct hm_arena a = { 0 };
	struct walker x = { .w = w };
	hm_str root = hm_arena_printf(&a, HM_F "/cache/download/sumdb", HM_P(s->root));

	x.root = root.n + 1;
	sumdb_folder(&x, root, 0);
	hm_arena_free(&a);
}

static void
remove_left(void *ctx, hm_str file)
{
	struct hm_err err = { 0 };

	(void)ctx;
	hm_file_remove(file.p, &err);
	hm_err_free(&err);
}

struct sweep {
	void *ctx;
	bool (*stop)(void *ctx);
};

static bool
sweep_stops(void *ctx)
{
	struct sweep *s = ctx;

	return s->stop && s->stop(s->ctx);
}

void
sumdb_sweep(const struct hm_store *s, void *ctx, bool (*stop)(void *ctx))
{
	struct sweep x = { ctx, stop };
	const struct sumdb_walk w = { .ctx = &x, .left = remove_left, .stop = sweep_stops };

	sumdb_walk(s, &w);
}
