#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/sha256.h"
#include "mod/modpath.h"
#include "os/file.h"
#include "os/pool.h"
#include "sums.h"
#include "tar.h"

static const hm_str index_name = HM_S_INIT(SUMS_NAME);
static const hm_str first_line = HM_S_INIT("# hermod-proxy bundle 1\n");

enum { COPY_AT_ONCE = 1 << 20 };

/* ---- writing: what */

static int
add_stored(struct proxy *p, struct hm_arena *a, struct hm_modver m, const char *suffix, bool needed,
           struct bundle_files *out, struct hm_err *err)
{
	struct bundle_file f = { 0 };
	hm_str root;

	if (hm_store_path(&p->store, a, m.path, m.version, suffix, &f.source, err))
		return hm_modver_wrap(err, m);
	if (!hm_file_is_regular(f.source.p)) {
		if (!needed)
			return 0;
		hm_err_set(err, HM_ENOTFOUND, "its .%s is not in the store", suffix);
		return hm_modver_wrap(err, m);
	}
	root = hm_arena_printf(a, HM_F "/cache/download/", HM_P(p->store.root));
	f.name = hm_str_from(f.source, root.n);
	HM_PUSH(a, *out, f);
	return 0;
}

static int
add_list(struct hm_arena *a, const struct hm_modver *m, size_t n, struct bundle_files *out,
         struct hm_err *err)
{
	struct bundle_file f = { 0 };
	struct hm_buf b = { 0 };
	hm_str path;

	if (hm_modpath_escape(a, m[0].path, &path, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		hm_buf_printf(&b, HM_F "\n", HM_P(m[i].version));
	f.name = hm_arena_printf(a, HM_F "/@v/list", HM_P(path));
	f.data = hm_buf_take(&b, a);
	HM_PUSH(a, *out, f);
	return 0;
}

int
bundle_collect(struct proxy *p, struct hm_arena *a, const struct buildlist *list,
               struct bundle_files *out, struct hm_err *err)
{
	const struct hm_modvers *w = &list->whole;

	for (size_t i = 0, n; i < w->n; i += n) {
		for (n = 0; i + n < w->n && hm_str_eq(w->v[i + n].path, w->v[i].path); n++)
			if (add_stored(p, a, w->v[i + n], "info", false, out, err) ||
			    add_stored(p, a, w->v[i + n], "mod", true, out, err) ||
			    add_stored(p, a, w->v[i + n], "zip", true, out, err))
				return -1;
		if (add_list(a, &w->v[i], n, out, err))
			return -1;
	}
	for (size_t i = 0; i < list->mods.n; i++)
		if (add_stored(p, a, list->mods.v[i], "info", false, out, err) ||
		    add_stored(p, a, list->mods.v[i], "mod", true, out, err))
			return -1;
	return 0;
}

/* ---- writing: how */

/* Passes a file's content to `to`, in pieces; its size and sum land in f. */
static int
read_through(struct bundle_file *f, int (*to)(void *ctx, hm_str bytes, struct hm_err *err),
             void *ctx, struct hm_err *err)
{
	struct hm_sha256 h;
	hm_str data = f->data;
	int rc = 0;

	if (f->source.n && hm_file_map(f->source.p, &data, err))
		return -1;
	hm_sha256_init(&h);
	hm_sha256_adds(&h, data);
	hm_sha256_final(&h, f->sha256);
	f->size = data.n;
	for (size_t i = 0; rc == 0 && to && i < data.n; i += COPY_AT_ONCE)
		rc = to(ctx,
		        hm_str_sub(data, i, data.n - i < COPY_AT_ONCE ? data.n : i + COPY_AT_ONCE),
		        err);
	if (f->source.n)
		hm_file_unmap(data);
	return rc;
}

struct summing {
	struct bundle_files *files;
	struct hm_err *errs;
};

static void
sum_one(void *ctx, size_t i)
{
	struct summing *s = ctx;

	(void)!read_through(&s->files->v[i], NULL, NULL, &s->errs[i]);
}

static int
sum_all(struct hm_arena *a, struct bundle_files *files, struct hm_err *err)
{
	struct summing s = { files, HM_NEW_N(a, files->n, struct hm_err) };

	hm_pool_each(0, files->n, sum_one, &s);
	for (size_t i = 0; i < files->n; i++) {
		if (s.errs[i].code != HM_OK && err->code == HM_OK)
			hm_err_move(err, &s.errs[i]);
		hm_err_free(&s.errs[i]);
	}
	return err->code == HM_OK ? 0 : -1;
}

struct output {
	int fd;
	hm_str tmp;
	struct hm_buf b;
	uint64_t size;
};

static int
flush(struct output *o, struct hm_err *err)
{
	hm_str s = hm_buf_str(&o->b);
	int rc = hm_file_write_fd(o->fd, o->tmp.p, s, err);

	o->size += s.n;
	hm_buf_clear(&o->b);
	return rc;
}

static int
add_bytes(void *ctx, hm_str bytes, struct hm_err *err)
{
	struct output *o = ctx;

	hm_buf_adds(&o->b, bytes);
	return o->b.n >= COPY_AT_ONCE ? flush(o, err) : 0;
}

/* What is written is what was summed. */
static int
write_file(struct output *o, const struct bundle_file *f, struct hm_err *err)
{
	struct bundle_file again = *f;

	tar_header(&o->b, f->name, f->size);
	if (read_through(&again, add_bytes, o, err))
		return -1;
	if (again.size != f->size || memcmp(again.sha256, f->sha256, sizeof(f->sha256)))
		return hm_err_set(err, HM_EIO, HM_F ": changed while it was read", HM_P(f->source));
	tar_pad(&o->b, f->size);
	return 0;
}

static struct bundle_file
make_index(struct hm_arena *a, const struct bundle_files *files)
{
	struct bundle_file index = { .name = index_name };
	struct hm_err none = { 0 }; /* nothing is read or written */
	struct sum_lines lines = { 0 };
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < files->n; i++) {
		struct sum_line l = { .name = files->v[i].name };

		memcpy(l.sha256, files->v[i].sha256, sizeof(l.sha256));
		HM_PUSH(a, lines, l);
	}
	sums_format(&lines, first_line, &b);
	index.data = hm_buf_take(&b, a);
	(void)!read_through(&index, NULL, NULL, &none);
	return index;
}

static int
by_name(const void *x, const void *y)
{
	const struct bundle_file *f = x, *g = y;

	return hm_str_cmp(f->name, g->name);
}

static int
write_all(struct hm_arena *a, struct output *o, const struct bundle_files *files,
          struct hm_err *err)
{
	struct bundle_file index = make_index(a, files);

	if (write_file(o, &index, err))
		return -1;
	for (size_t i = 0; i < files->n; i++)
		if (write_file(o, &files->v[i], err))
			return -1;
	tar_end(&o->b);
	return flush(o, err);
}

int
bundle_write(struct hm_arena *a, struct bundle_files *files, hm_str to, uint64_t *size,
             struct hm_err *err)
{
	struct output o = { .fd = -1 };
	int rc;

	if (files->n > SUMS_MAX)
		return hm_err_set(err, HM_ELIMIT, "more than %zu files", SUMS_MAX);
	if (files->n)
		qsort(files->v, files->n, sizeof(*files->v), by_name);
	if (sum_all(a, files, err) || hm_file_temp(a, to.p, &o.tmp, &o.fd, err))
		return -1;
	rc = write_all(a, &o, files, err);
	if (rc == 0) {
		rc = hm_file_commit(o.fd, o.tmp.p, to.p, 0644, true, err);
	} else {
		close(o.fd);
		unlink(o.tmp.p);
	}
	*size = o.size;
	hm_buf_free(&o.b);
	return rc;
}

/* ---- reading */

/* The lines of SHA256SUMS and the files that they are for. */
struct checking {
	struct sum_lines lines;
	hm_str *body;
	bool *wrong;
};

static void
check_one(void *ctx, size_t i)
{
	struct checking *c = ctx;
	uint8_t sum[32];

	hm_sha256_of(c->body[i], sum);
	c->wrong[i] = memcmp(sum, c->lines.v[i].sha256, sizeof(sum)) != 0;
}

static int
parse(struct hm_arena *a, hm_str data, struct checking *out, struct hm_err *err)
{
	struct tar_file f;
	size_t i = 0;
	int rc = tar_next(a, &data, &f, err);

	if (rc < 0)
		return -1;
	if (rc == 0 || !hm_str_eq(f.name, index_name))
		return hm_err_set(err, HM_EINVALID, "no bundle: it does not begin with SHA256SUMS");
	if (sums_parse(a, f.body, first_line, &out->lines, err))
		return -1;
	out->body = HM_NEW_N(a, out->lines.n, hm_str);
	out->wrong = HM_NEW_N(a, out->lines.n, bool);
	for (; (rc = tar_next(a, &data, &f, err)) > 0; i++) {
		if (i >= out->lines.n || !hm_str_eq(f.name, out->lines.v[i].name))
			return hm_err_set(err, HM_EINVALID, HM_F ": not what SHA256SUMS lists here",
			                  HM_P(f.name));
		out->body[i] = f.body;
	}
	if (rc == 0 && i < out->lines.n)
		return hm_err_set(err, HM_EINVALID, HM_F ": is in SHA256SUMS alone",
		                  HM_P(out->lines.v[i].name));
	return rc;
}

static int
check(struct checking *c, struct hm_map *files, struct hm_err *err)
{
	hm_pool_each(0, c->lines.n, check_one, c);
	for (size_t i = 0; i < c->lines.n; i++) {
		if (c->wrong[i])
			return hm_err_set(err, HM_ESECURITY,
			                  HM_F ": its sum is not that of SHA256SUMS",
			                  HM_P(c->lines.v[i].name));
		hm_map_set(files, c->lines.v[i].name, &c->body[i]);
	}
	return 0;
}

int
bundle_open(struct hm_arena *a, hm_str file, struct bundle *out, struct hm_err *err)
{
	struct checking c = { 0 };

	*out = (struct bundle){ .files = { .arena = a } };
	if (hm_file_map(file.p, &out->data, err))
		return -1;
	if (parse(a, out->data, &c, err) || check(&c, &out->files, err)) {
		bundle_close(out);
		return hm_err_wrap(err, HM_F ": ", HM_P(file));
	}
	return 0;
}

void
bundle_close(struct bundle *b)
{
	if (b->data.p)
		hm_file_unmap(b->data);
	b->data = (hm_str){ 0 };
}
