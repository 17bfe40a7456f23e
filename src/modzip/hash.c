#include "modzip/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/sha256.h"
#include "modzip/chunks.h"
#include "modzip/check.h"
#include "modzip/list.h"
#include "os/file.h"
#include "os/pool.h"

static int
by_name(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_h1_file *)x)->name,
	                  ((const struct hm_h1_file *)y)->name);
}

static bool
has_newline(hm_str name, struct hm_err *err)
{
	if (hm_str_index_byte(name, '\n') < 0)
		return false;
	hm_err_set(err, HM_EINVALID, "dirhash: filenames with newlines are not supported");
	return true;
}

int
hm_h1_sum(struct hm_arena *a, struct hm_h1_file *files, size_t n, hm_str *out, struct hm_err *err)
{
	struct hm_buf line = { 0 };
	uint8_t digest[HM_SHA256_SIZE];
	struct hm_sha256 h;
	hm_str text;

	for (size_t i = 0; i < n; i++)
		if (has_newline(files[i].name, err))
			return -1;
	if (n > 0)
		qsort(files, n, sizeof(files[0]), by_name);
	hm_sha256_init(&h);
	for (size_t i = 0; i < n; i++) {
		hm_buf_clear(&line);
		hm_hex_add(&line, files[i].sha256, HM_SHA256_SIZE);
		hm_buf_addz(&line, "  ");
		hm_buf_adds(&line, files[i].name);
		hm_buf_addc(&line, '\n');
		hm_sha256_adds(&h, hm_buf_str(&line));
	}
	hm_sha256_final(&h, digest);
	hm_buf_free(&line);
	text = hm_base64_encode(a, HM_BASE64_STD, digest, sizeof(digest));
	*out = hm_arena_printf(a, "h1:" HM_F, HM_P(text));
	return 0;
}

hm_str
hm_h1_gomod(struct hm_arena *a, hm_str data)
{
	struct hm_h1_file f = { .name = HM_S_INIT("go.mod") };
	struct hm_err err = { 0 };
	hm_str out = { 0 };

	hm_sha256_of(data, f.sha256);
	hm_h1_sum(a, &f, 1, &out, &err); /* that name cannot fail */
	return out;
}

/* Bytes of a mapped archive that were read and stay in memory. */
enum { FORGET_EVERY = 256 << 10 };

/* Hashing zip entries, a chunk a job. */
struct zip_job {
	const struct hm_zip *z;
	const struct hm_chunk *chunks;
	uint8_t (*digests)[HM_SHA256_SIZE]; /* of each entry */
	atomic_bool failed;
};

static void
add_bytes(void *ctx, hm_str bytes)
{
	hm_sha256_adds(ctx, bytes);
}

static int
hash_entry(const struct zip_job *j, struct hm_inflater *inf, size_t i, struct hm_err *err)
{
	struct hm_sha256 h;

	hm_sha256_init(&h);
	if (hm_zip_pass(inf, j->z, &j->z->f[i], HM_MODZIP_MAX, add_bytes, &h, err))
		return -1;
	hm_sha256_final(&h, j->digests[i]);
	return 0;
}

static void
hash_zip_chunk(void *ctx, size_t at)
{
	struct zip_job *j = ctx;
	struct hm_inflater *inf = hm_inflater_new();
	size_t from = j->chunks[at].from, i = from;
	struct hm_err err = { 0 };
	uint64_t packed = 0;

	for (; i < j->chunks[at].to && !j->failed; i++) {
		if (hash_entry(j, inf, i, &err))
			j->failed = true;
		packed += j->z->f[i].packed;
		if (packed < FORGET_EVERY)
			continue;
		hm_zip_forget(j->z, from, i + 1);
		from = i + 1;
		packed = 0;
	}
	hm_err_free(&err);
	hm_zip_forget(j->z, from, i);
	hm_inflater_free(inf);
}

/* Entries in order of name; of several with one name the last stands for all. */
struct by_name {
	hm_str name;
	size_t index;
};

static int
cmp_by_name(const void *x, const void *y)
{
	const struct by_name *a = x, *b = y;
	int r = hm_str_cmp(a->name, b->name);

	return r ? r : (a->index > b->index) - (a->index < b->index);
}

static struct by_name *
sort_entries(struct hm_arena *a, const struct hm_zip *z)
{
	struct by_name *e = HM_NEW_N(a, z->n, struct by_name);

	for (size_t i = 0; i < z->n; i++)
		e[i] = (struct by_name){ z->f[i].name, i };
	if (z->n)
		qsort(e, z->n, sizeof(e[0]), cmp_by_name);
	for (size_t i = z->n; i-- > 1;)
		if (hm_str_eq(e[i - 1].name, e[i].name))
			e[i - 1].index = e[i].index;
	return e;
}

/* Once more in order, for the error that go meets first (none if it was in a hidden entry). */
static int
hash_in_order(const struct zip_job *j, const struct by_name *e, struct hm_err *err)
{
	struct hm_inflater *inf = hm_inflater_new();
	int rc = 0;

	for (size_t i = 0; i < j->z->n && rc == 0; i++)
		rc = has_newline(e[i].name, err) || hash_entry(j, inf, e[i].index, err);
	hm_inflater_free(inf);
	return rc ? -1 : 0;
}

int
hm_h1_zip(struct hm_arena *a, const struct hm_zip *z, unsigned threads, hm_str *out,
          struct hm_err *err)
{
	struct hm_arena mine = { 0 };
	struct hm_chunks chunks = hm_chunks_of_zip(&mine, z);
	struct by_name *e = sort_entries(&mine, z);
	struct hm_h1_file *files = HM_NEW_N(&mine, z->n, struct hm_h1_file);
	struct zip_job job = { .z = z, .chunks = chunks.v };
	int rc;

	hm_zip_forget_names(z);
	job.digests = hm_arena_array(&mine, z->n, sizeof(job.digests[0]));
	if (threads == 1)
		for (size_t i = 0; i < chunks.n; i++)
			hash_zip_chunk(&job, i);
	else
		hm_pool_each(threads, chunks.n, hash_zip_chunk, &job);
	rc = job.failed ? hash_in_order(&job, e, err) : 0;
	for (size_t i = 0; i < z->n; i++) {
		files[i].name = e[i].name;
		memcpy(files[i].sha256, job.digests[e[i].index], HM_SHA256_SIZE);
	}
	if (rc == 0)
		rc = hm_h1_sum(a, files, z->n, out, err);
	hm_arena_free(&mine);
	return rc;
}

int
hm_h1_zip_file(struct hm_arena *a, const char *path, unsigned threads, hm_str *out,
               struct hm_err *err)
{
	struct hm_arena mine = { 0 };
	struct hm_zip z = { 0 };
	hm_str data;
	int rc;

	if (hm_file_map(path, &data, err))
		return -1;
	rc = hm_zip_open(&mine, data, &z, err);
	z.mapped = true;
	if (rc == 0)
		rc = hm_h1_zip(a, &z, threads, out, err);
	hm_file_unmap(data);
	hm_arena_free(&mine);
	return rc;
}

/* Hashing files of a folder. */
struct dir_job {
	const char *dir;
	int fd;
	struct hm_strs rel; /* slash-separated paths below dir */
	size_t per_chunk;
	struct hm_h1_file *files;
	struct hm_first_err *failed;
};

static int
hash_file(const struct dir_job *j, const char *rel, char *buf, size_t cap, uint8_t *digest,
          struct hm_err *err)
{
	int fd = openat(j->fd, rel, O_RDONLY | O_CLOEXEC);
	struct hm_sha256 h;
	ssize_t k;

	if (fd < 0)
		return hm_err_sys(err, errno, "open %s/%s", j->dir, rel);
	hm_sha256_init(&h);
	while ((k = read(fd, buf, cap)) != 0) {
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			break;
		hm_sha256_add(&h, buf, (size_t)k);
		if ((size_t)k < cap / 2)
			break; /* the end, without asking again */
	}
	if (k < 0)
		hm_err_sys(err, errno, "read %s/%s", j->dir, rel);
	close(fd);
	hm_sha256_final(&h, digest);
	return k < 0 ? -1 : 0;
}

static void
hash_dir_chunk(void *ctx, size_t at)
{
	enum { BUF = 128 << 10 };
	const struct dir_job *j = ctx;
	size_t from = at * j->per_chunk, to = from + j->per_chunk;
	struct hm_err err = { 0 };
	struct hm_arena a = { 0 };
	char *buf = hm_arena_alloc(&a, BUF);

	for (size_t i = from; i < to && i < j->rel.n; i++)
		if (hash_file(j, j->rel.v[i].p, buf, BUF, j->files[i].sha256, &err)) {
			hm_first_err_note(j->failed, i, &err);
			break;
		}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static int
list_one(struct hm_arena *a, const char *dir, hm_str rel, struct hm_strs *todo,
         struct hm_strs *files, struct hm_err *err)
{
	struct hm_dirents entries = { 0 };
	hm_str path = rel.n ? hm_arena_printf(a, "%s/" HM_F, dir, HM_P(rel)) : hm_str_of(dir);

	if (hm_dir_read(a, path.p, &entries, err))
		return -1;
	for (size_t i = 0; i < entries.n; i++) {
		hm_str name = rel.n ? hm_path_cat(a, rel, entries.v[i].name)
		                    : hm_arena_dup(a, entries.v[i].name);

		if (entries.v[i].type == DT_DIR)
			HM_PUSH(a, *todo, name);
		else
			HM_PUSH(a, *files, name);
	}
	return 0;
}

int
hm_modzip_list_files(struct hm_arena *a, const char *dir, struct hm_strs *files, struct hm_err *err)
{
	struct hm_strs todo = { 0 };

	HM_PUSH(a, todo, HM_S(""));
	while (todo.n > 0)
		if (list_one(a, dir, todo.v[--todo.n], &todo, files, err))
			return -1;
	return 0;
}

int
hm_h1_dir(struct hm_arena *a, const char *dir, hm_str prefix, unsigned threads, hm_str *out,
          struct hm_err *err)
{
	struct hm_arena mine = { 0 };
	struct hm_first_err failed;
	struct dir_job job = { .dir = dir, .fd = -1, .per_chunk = 64, .failed = &failed };
	size_t chunks;
	int rc = -1;

	hm_first_err_init(&failed);
	job.fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (job.fd < 0) {
		if (errno == ENOTDIR)
			hm_err_set(err, HM_EINVALID, "%s is not a directory", dir);
		else
			hm_err_sys(err, errno, "lstat %s", dir);
		goto out;
	}
	if (hm_modzip_list_files(&mine, dir, &job.rel, err))
		goto out;
	job.files = HM_NEW_N(&mine, job.rel.n, struct hm_h1_file);
	for (size_t i = 0; i < job.rel.n; i++)
		job.files[i].name = hm_path_cat(&mine, prefix, job.rel.v[i]);
	chunks = (job.rel.n + job.per_chunk - 1) / job.per_chunk;
	if (threads == 1)
		for (size_t i = 0; i < chunks; i++)
			hash_dir_chunk(&job, i);
	else
		hm_pool_each(threads, chunks, hash_dir_chunk, &job);
	rc = hm_first_err_take(&failed, err);
	if (rc == 0)
		rc = hm_h1_sum(a, job.files, job.rel.n, out, err);
out:
	if (job.fd >= 0)
		close(job.fd);
	hm_first_err_free(&failed);
	hm_arena_free(&mine);
	return rc;
}
