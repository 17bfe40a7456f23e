#include "vendor/source.h"

#include <stdlib.h>

#include "acquire/acquire.h"
#include "base/path.h"
#include "load/mainmods.h"
#include "modzip/hash.h"
#include "modzip/list.h"
#include "os/file.h"
#include "os/pool.h"
#include "verify/gosum.h"

/* One file of a module to hash. */
struct item {
	hm_str path; /* absolute */
	struct hm_h1_file *file;
	struct hm_err err;
};

struct sourcing {
	struct hm_modload *ml;
	struct hm_arena *a;
	struct hm_strs sums; /* go.sum files */
	HM_VEC(struct item) items;
};

int
hm_vendor_sha256(const char *path, uint8_t out[HM_SHA256_SIZE], struct hm_err *err)
{
	hm_str data;

	if (hm_file_map(path, &data, err))
		return -1;
	hm_sha256_of(data, out);
	hm_file_unmap(data);
	return 0;
}

static int
by_mod(const void *x, const void *y)
{
	return hm_modver_cmp(((const struct hm_vendor_source *)x)->mod,
	                     ((const struct hm_vendor_source *)y)->mod);
}

static void
add_sources(const struct hm_vendor_plan *plan, struct hm_arena *a, struct hm_vendor_sources *out)
{
	struct hm_map seen = { .arena = a };

	out->v = HM_NEW_N(a, plan->n, struct hm_vendor_source);
	for (size_t i = 0; i < plan->n; i++)
		if (hm_map_add(&seen, plan->v[i].mod.path))
			out->v[out->n++].mod = plan->v[i].mod;
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_mod);
	out->by_path.arena = a;
	for (size_t i = 0; i < out->n; i++)
		hm_map_set(&out->by_path, out->v[i].mod.path, &out->v[i]);
}

/* The go.sum files in use, those of a workspace's modules included. */
static void
find_sums(struct sourcing *s)
{
	struct hm_modload *ml = s->ml;

	if (ml->work_file.n)
		HM_PUSH(s->a, s->sums, hm_arena_printf(s->a, HM_F ".sum", HM_P(ml->work_file)));
	for (size_t i = 0; i < ml->n_mod_roots; i++) {
		hm_str file = hm_modload_gomod_path(ml, ml->mod_roots[i]);

		hm_str_cut_suffix(&file, HM_S(".mod"));
		HM_PUSH(s->a, s->sums, hm_arena_printf(s->a, HM_F ".sum", HM_P(file)));
	}
}

static bool
is_line_of(hm_str line, struct hm_modver m, hm_str sum)
{
	hm_str path, version, hash;

	return hm_str_next_field(&line, &path) && hm_str_next_field(&line, &version) &&
	       hm_str_next_field(&line, &hash) && hm_str_eq(path, m.path) &&
	       hm_str_eq(version, m.version) && hm_str_eq(hash, sum);
}

/* "go.sum:12"; empty when no file has that line. */
static hm_str
find_line(struct sourcing *s, struct hm_modver m, hm_str sum)
{
	struct hm_err err = { 0 };
	hm_str found = HM_S("");

	for (size_t i = 0; i < s->sums.n && !found.n; i++) {
		hm_str text, line;
		unsigned at = 0;

		if (hm_file_map(s->sums.v[i].p, &text, &err)) {
			hm_err_clear(&err);
			continue;
		}
		for (hm_str rest = text; !found.n && hm_str_next(&rest, '\n', &line);) {
			at++;
			if (is_line_of(line, m, sum))
				found = hm_arena_printf(
					s->a, HM_F ":%u",
					HM_P(hm_modload_short_path(s->ml, s->a, s->sums.v[i])), at);
		}
		hm_file_unmap(text);
	}
	hm_err_free(&err);
	return found;
}

/* Where the module is, and its files as work to do. */
static int
open_source(struct sourcing *s, struct hm_vendor_source *src, struct hm_h1_file **files, size_t *n,
            struct hm_err *err)
{
	struct hm_modver r = hm_modload_replacement(s->ml, src->mod);
	struct hm_strs names = { 0 };
	hm_str prefix;

	src->from = r.path.n ? r : src->mod;
	src->sha256.arena = s->a;
	if (src->from.version.n == 0) {
		src->dir = hm_modload_replace_dir(s->ml, s->a, src->from.path);
		return 0;
	}
	if (hm_acquire_dir(s->ml->acquire, src->from, &src->dir, err))
		return -1;
	if (hm_modzip_list_files(s->a, src->dir.p, &names, err))
		return hm_modver_wrap(err, src->from);
	prefix = hm_modver_str(s->a, src->from);
	*n = names.n;
	*files = HM_NEW_N(s->a, names.n, struct hm_h1_file);
	for (size_t i = 0; i < names.n; i++) {
		struct item it = { .path = hm_path_cat(s->a, src->dir, names.v[i]),
			           .file = &(*files)[i] };

		(*files)[i].name = hm_path_cat(s->a, prefix, names.v[i]);
		HM_PUSH(s->a, s->items, it);
	}
	return 0;
}

static void
hash_one(void *ctx, size_t i)
{
	struct sourcing *s = ctx;
	struct item *it = &s->items.v[i];

	hm_vendor_sha256(it->path.p, it->file->sha256, &it->err);
}

static int
hash_all(struct sourcing *s, struct hm_err *err)
{
	int rc = 0;

	hm_pool_each(0, s->items.n, hash_one, s);
	for (size_t i = 0; i < s->items.n; i++) {
		if (s->items.v[i].err.code && rc == 0) {
			hm_err_move(err, &s->items.v[i].err);
			rc = -1;
		}
		hm_err_free(&s->items.v[i].err);
	}
	return rc;
}

static int
modified(const struct hm_vendor_source *src, const char *by, hm_str want, struct hm_err *err)
{
	hm_err_set(err, HM_ESECURITY,
	           "verifying " HM_F "@" HM_F ": dir has been modified (" HM_F ")\n"
	           "\tfiles: " HM_F "\n\t%s: " HM_F "\n"
	           "To fetch the module again, empty the module cache: hermod clean -modcache",
	           HM_P(src->from.path), HM_P(src->from.version), HM_P(src->dir), HM_P(src->h1), by,
	           HM_P(want));
	return hm_err_finish(err);
}

/* Holds the hash of the files against what vouches for the module. */
static int
prove(struct sourcing *s, struct hm_vendor_source *src, struct hm_err *err)
{
	struct hm_sums *sums = hm_acquire_sums(s->ml->acquire);
	hm_str want;

	if (sums && hm_sums_recorded(sums, s->a, src->from.path, src->from.version, &want) &&
	    want.n) {
		src->proof = HM_PROOF_GOSUM;
		src->proof_at = find_line(s, src->from, want);
		return hm_str_eq(want, src->h1) ? 0 : modified(src, "go.sum", want, err);
	}
	/* The download was held against the database; the files are held against it. */
	want = hm_acquire_sum(s->ml->acquire, src->from);
	if (!hm_str_eq(want, src->h1))
		return modified(src, "download", want, err);
	src->proof_at = hm_acquire_sumdb_name(s->ml->acquire, src->from.path);
	src->proof = src->proof_at.n ? HM_PROOF_SUMDB : HM_PROOF_NONE;
	return 0;
}

static int
finish(struct sourcing *s, struct hm_vendor_source *src, struct hm_h1_file *files, size_t n,
       struct hm_err *err)
{
	size_t skip;

	if (src->from.version.n == 0)
		return 0;
	if (hm_h1_sum(s->a, files, n, &src->h1, err))
		return hm_modver_wrap(err, src->from);
	skip = hm_modver_str(s->a, src->from).n + 1;
	for (size_t i = 0; i < n; i++)
		hm_map_set(&src->sha256, hm_str_from(files[i].name, skip), files[i].sha256);
	return prove(s, src, err);
}

int
hm_vendor_sources_make(const struct hm_vendor_plan *plan, struct hm_arena *a,
                       struct hm_vendor_sources *out, struct hm_err *err)
{
	struct sourcing s = { .ml = plan->ml, .a = a };
	struct hm_h1_file **files;
	size_t *n;

	*out = (struct hm_vendor_sources){ 0 };
	add_sources(plan, a, out);
	find_sums(&s);
	files = HM_NEW_N(a, out->n, struct hm_h1_file *);
	n = HM_NEW_N(a, out->n, size_t);
	for (size_t i = 0; i < out->n; i++)
		if (open_source(&s, &out->v[i], &files[i], &n[i], err))
			return -1;
	if (hash_all(&s, err))
		return -1;
	for (size_t i = 0; i < out->n; i++)
		if (finish(&s, &out->v[i], files[i], n[i], err))
			return -1;
	return 0;
}

const struct hm_vendor_source *
hm_vendor_source_of(const struct hm_vendor_sources *s, hm_str name)
{
	for (;;) {
		const struct hm_vendor_source *src = hm_map_get(&s->by_path, name);
		ptrdiff_t slash;

		if (src)
			return src;
		slash = hm_str_rindex_byte(name, '/');
		if (slash < 0)
			return NULL;
		name.n = (size_t)slash;
	}
}

int
hm_vendor_source_sha256(const struct hm_vendor_source *s, const struct hm_vendor_file *file,
                        uint8_t out[HM_SHA256_SIZE], struct hm_err *err)
{
	const uint8_t *have;

	if (s->from.version.n == 0)
		return hm_vendor_sha256(file->src.p, out, err);
	have = hm_map_get(&s->sha256, hm_str_from(file->src, s->dir.n + 1));
	if (!have)
		return hm_err_set(err, HM_ESECURITY, HM_F " is not in " HM_F "@" HM_F,
		                  HM_P(file->src), HM_P(s->from.path), HM_P(s->from.version));
	memcpy(out, have, HM_SHA256_SIZE);
	return 0;
}
