/* Zip and tree of one module, read side by side. */
#include "modzip/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/map.h"
#include "base/path.h"
#include "crypto/sha256.h"
#include "modzip/check.h"
#include "modzip/list.h"
#include "os/file.h"

enum { BUF = 128 << 10, FORGET_EVERY = 128 };

struct pair {
	const struct hm_zip *z;
	int fd;                /* the tree */
	struct hm_map in_tree; /* path below it -> 1 + index into tree */
	struct hm_h1_file *tree;
	bool *seen; /* of each file of the tree */
	struct hm_h1_file *entries;
	struct hm_inflater *inf;
	char *buf;
};

/*
 * Hashes a file, or, when it equals `known`, takes known's hash. -1 when it cannot be read.
 */
static int
hash_file(const struct pair *p, const char *rel, hm_str known, const uint8_t *known_hash,
          uint8_t *digest)
{
	int fd = openat(p->fd, rel, O_RDONLY | O_CLOEXEC);
	bool same = known_hash != NULL;
	struct hm_sha256 h;
	size_t at = 0;
	ssize_t k;

	if (fd < 0)
		return -1;
	hm_sha256_init(&h);
	while ((k = read(fd, p->buf, BUF)) > 0 || (k < 0 && errno == EINTR)) {
		size_t n = k > 0 ? (size_t)k : 0;

		if (same && n <= known.n - at && memcmp(known.p + at, p->buf, n) == 0) {
			at += n;
			continue;
		}
		if (same)
			hm_sha256_add(&h, known.p, at);
		same = false;
		hm_sha256_add(&h, p->buf, n);
	}
	close(fd);
	if (k < 0)
		return -1;
	if (same && at == known.n) {
		memcpy(digest, known_hash, HM_SHA256_SIZE);
		return 0;
	}
	if (same) /* it ends early */
		hm_sha256_add(&h, known.p, at);
	hm_sha256_final(&h, digest);
	return 0;
}

static int
hash_entry(struct pair *p, size_t i, hm_str prefix, struct hm_err *err)
{
	const struct hm_zip_file *f = &p->z->f[i];
	hm_str content, rel = f->name;
	size_t at;

	if (hm_zip_read(p->inf, p->z, f, HM_MODZIP_MAX, &content, err))
		return -1;
	p->entries[i].name = f->name;
	hm_sha256_of(content, p->entries[i].sha256);
	if (!hm_str_cut_prefix(&rel, prefix) || !hm_str_cut_prefix(&rel, HM_S("/")))
		return 0;
	at = (size_t)hm_map_num(&p->in_tree, rel);
	if (at == 0)
		return 0;
	/* two entries of one name: let the plain way sort it out */
	if (p->seen[at - 1])
		return -1;
	p->seen[at - 1] = true;
	return hash_file(p, hm_map_find(&p->in_tree, rel)->key.p, content, p->entries[i].sha256,
	                 p->tree[at - 1].sha256);
}

/* The files that the zip does not have. */
static int
hash_rest(const struct pair *p, const struct hm_strs *rel)
{
	for (size_t i = 0; i < rel->n; i++)
		if (!p->seen[i] && hash_file(p, rel->v[i].p, HM_S(""), NULL, p->tree[i].sha256))
			return -1;
	return 0;
}

/* -1 for whatever is out of the ordinary. */
static int
read_both(struct hm_arena *a, struct hm_arena *mine, const struct hm_zip *z, const char *dir,
          hm_str prefix, struct hm_h1_pair *out, struct hm_err *err)
{
	struct pair p = { .z = z, .fd = -1, .in_tree = { .arena = mine } };
	struct hm_strs rel = { 0 };
	int rc = -1;

	if (hm_modzip_list_files(mine, dir, &rel, err))
		return -1;
	p.fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p.fd < 0)
		return -1;
	p.inf = hm_inflater_new();
	p.buf = hm_arena_alloc(mine, BUF);
	p.entries = HM_NEW_N(mine, z->n, struct hm_h1_file);
	p.tree = HM_NEW_N(mine, rel.n, struct hm_h1_file);
	p.seen = HM_NEW_N(mine, rel.n, bool);
	for (size_t i = 0; i < rel.n; i++) {
		hm_map_set_num(&p.in_tree, rel.v[i], (intptr_t)i + 1);
		p.tree[i].name = hm_path_cat(mine, prefix, rel.v[i]);
	}
	for (size_t i = 0; i < z->n; i++) {
		if (hash_entry(&p, i, prefix, err))
			goto out;
		if (i % FORGET_EVERY == FORGET_EVERY - 1)
			hm_zip_forget(z, i + 1 - FORGET_EVERY, i + 1);
	}
	if (hash_rest(&p, &rel) || hm_h1_sum(a, p.entries, z->n, &out->zip, err))
		goto out;
	rc = hm_h1_sum(a, p.tree, rel.n, &out->dir, err);
out:
	hm_inflater_free(p.inf);
	close(p.fd);
	return rc;
}

static int
try_both(struct hm_arena *a, const char *zip, const char *dir, hm_str prefix,
         struct hm_h1_pair *out, struct hm_err *err)
{
	struct hm_arena mine = { 0 };
	struct hm_zip z = { 0 };
	hm_str data;
	int rc;

	if (hm_file_map(zip, &data, err))
		return -1;
	rc = hm_zip_open(&mine, data, &z, err);
	z.mapped = true;
	if (rc == 0)
		rc = read_both(a, &mine, &z, dir, prefix, out, err);
	hm_file_unmap(data);
	hm_arena_free(&mine);
	return rc;
}

int
hm_h1_zip_and_dir(struct hm_arena *a, const char *zip, const char *dir, hm_str prefix,
                  struct hm_h1_pair *out, struct hm_err *err)
{
	*out = (struct hm_h1_pair){ 0 };
	if (zip && dir && try_both(a, zip, dir, prefix, out, err) == 0)
		return 0;
	hm_err_clear(err);
	if (zip && hm_h1_zip_file(a, zip, 1, &out->zip, err))
		return -1;
	return dir ? hm_h1_dir(a, dir, prefix, 1, &out->dir, err) : 0;
}
