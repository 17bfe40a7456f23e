#include "modzip/extract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/map.h"
#include "crypto/sha256.h"
#include "modzip/check.h"
#include "modzip/chunks.h"
#include "modzip/hash.h"
#include "os/file.h"
#include "os/pool.h"

/* One extraction; threads share it. */
struct job {
	const struct hm_modzip_extract *x;
	size_t prefix; /* length of "path@version/" */
	int root;      /* descriptor of x->dir */
	struct hm_h1_file *files;
	struct hm_first_err failed;
	pthread_mutex_t mutex;
	pthread_cond_t done;
	size_t left; /* chunks not yet done; under mutex */
};

/* What the pool is handed. */
struct piece {
	struct job *job;
	struct hm_chunk chunk;
};

/* The folder of the last file, kept open: the next file is most often beside it. */
struct place {
	hm_str dir;
	int fd;
};

/* Every folder that files are in, parents before children. */
static struct hm_strs
list_dirs(struct hm_arena *a, const struct hm_zip *z, size_t prefix)
{
	struct hm_map seen = { .arena = a };
	struct hm_strs dirs = { 0 };
	hm_str last = { 0 };

	for (size_t i = 0; i < z->n; i++) {
		hm_str name = hm_str_from(z->f[i].name, prefix);
		ptrdiff_t cut = hm_zip_is_dir(&z->f[i]) ? -1 : hm_str_rindex_byte(name, '/');
		hm_str dir = hm_str_sub(name, 0, cut < 0 ? 0 : (size_t)cut);

		if (cut < 0 || hm_str_eq(dir, last))
			continue;
		last = dir;
		for (size_t k = 0; k <= dir.n; k++) {
			hm_str d = hm_str_sub(dir, 0, k);

			if ((k == dir.n || dir.p[k] == '/') && hm_map_add(&seen, d))
				HM_PUSH(a, dirs, hm_arena_dup(a, d));
		}
	}
	return dirs;
}

static int
make_dirs(const struct job *j, const struct hm_strs *dirs, struct hm_err *err)
{
	for (size_t i = 0; i < dirs->n; i++)
		if (mkdirat(j->root, dirs->v[i].p, 0777))
			return hm_err_sys(err, errno, "mkdir %s/%s", j->x->dir, dirs->v[i].p);
	return 0;
}

/* They all were made with the same mode, that of the root. */
static void
close_dirs(const struct job *j, const struct hm_strs *dirs)
{
	struct stat st;
	mode_t mode;

	if (fstat(j->root, &st))
		return;
	mode = st.st_mode & 07777 & ~(mode_t)0222;
	for (size_t i = dirs->n; i-- > 0;)
		(void)!fchmodat(j->root, dirs->v[i].p, mode, 0); /* best effort, as go's */
	fchmod(j->root, mode);
}

static int
go_to(const struct job *j, struct place *at, hm_str dir, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int fd;

	if (at->fd >= 0 && hm_str_eq(at->dir, dir))
		return 0;
	if (at->fd >= 0)
		close(at->fd);
	fd = openat(j->root, dir.n ? hm_arena_cstr(&a, dir) : ".",
	            O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	hm_arena_free(&a);
	*at = (struct place){ .dir = dir, .fd = fd };
	return fd >= 0 ? 0 : hm_err_sys(err, errno, "open %s/" HM_F, j->x->dir, HM_P(dir));
}

static int
write_file(const struct job *j, struct place *at, hm_str name, hm_str content, struct hm_err *err)
{
	ptrdiff_t cut = hm_str_rindex_byte(name, '/');
	hm_str dir = hm_str_sub(name, 0, cut < 0 ? 0 : (size_t)cut);
	hm_str base = hm_str_from(name, (size_t)(cut + 1));
	char z[NAME_MAX + 1];
	int fd, rc;

	if (go_to(j, at, dir, err))
		return -1;
	if (base.n >= sizeof(z))
		return hm_err_sys(err, ENAMETOOLONG, "open %s/" HM_F, j->x->dir, HM_P(name));
	memcpy(z, base.p, base.n);
	z[base.n] = '\0';
	fd = openat(at->fd, z, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
	if (fd < 0)
		return hm_err_sys(err, errno, "open %s/" HM_F, j->x->dir, HM_P(name));
	rc = hm_file_write_fd(fd, z, content, err);
	if (close(fd) && rc == 0)
		rc = hm_err_sys(err, errno, "close %s/" HM_F, j->x->dir, HM_P(name));
	return rc;
}

static int
extract_entry(struct job *j, struct hm_inflater *inf, struct place *at, size_t i,
              struct hm_err *err)
{
	const struct hm_zip_file *f = &j->x->zip->f[i];
	hm_str name = hm_str_from(f->name, j->prefix), content;

	if (hm_zip_read(inf, j->x->zip, f, HM_MODZIP_MAX, &content, err))
		return -1;
	j->files[i].name = f->name;
	hm_sha256_of(content, j->files[i].sha256);
	return hm_zip_is_dir(f) ? 0 : write_file(j, at, name, content, err);
}

static void
extract_chunk(struct job *j, struct hm_chunk c)
{
	struct hm_inflater *inf = hm_inflater_new();
	struct place at = { .fd = -1 };
	struct hm_err err = { 0 };

	for (size_t i = c.from; i < c.to; i++)
		if (extract_entry(j, inf, &at, i, &err)) {
			hm_first_err_note(&j->failed, i, &err);
			break;
		}
	hm_zip_forget(j->x->zip, c.from, c.to);
	if (at.fd >= 0)
		close(at.fd);
	hm_err_free(&err);
	hm_inflater_free(inf);
}

static void
extract_piece(void *arg)
{
	const struct piece *p = arg;
	struct job *j = p->job;

	extract_chunk(j, p->chunk);
	pthread_mutex_lock(&j->mutex);
	if (--j->left == 0)
		pthread_cond_signal(&j->done);
	pthread_mutex_unlock(&j->mutex);
}

static void
extract_all(struct hm_arena *a, struct job *j, const struct hm_chunks *chunks)
{
	struct piece *pieces;

	if (!j->x->pool) {
		for (size_t i = 0; i < chunks->n; i++)
			extract_chunk(j, chunks->v[i]);
		return;
	}
	pieces = HM_NEW_N(a, chunks->n, struct piece);
	j->left = chunks->n;
	for (size_t i = 0; i < chunks->n; i++) {
		pieces[i] = (struct piece){ .job = j, .chunk = chunks->v[i] };
		hm_pool_submit(j->x->pool, 0, extract_piece, &pieces[i]);
	}
	pthread_mutex_lock(&j->mutex);
	while (j->left > 0)
		pthread_cond_wait(&j->done, &j->mutex);
	pthread_mutex_unlock(&j->mutex);
}

int
hm_modzip_extract(struct hm_arena *a, const struct hm_modzip_extract *x, hm_str *h1,
                  struct hm_err *err)
{
	struct hm_arena mine = { 0 };
	struct job j = { .x = x, .prefix = x->path.n + 1 + x->version.n + 1, .root = -1 };
	struct hm_chunks chunks = hm_chunks_of_zip(&mine, x->zip);
	struct hm_strs dirs;
	int rc = -1;

	hm_first_err_init(&j.failed);
	pthread_mutex_init(&j.mutex, NULL);
	pthread_cond_init(&j.done, NULL);
	if (mkdir(x->dir, 0777)) {
		hm_err_sys(err, errno, "mkdir %s", x->dir);
		goto out;
	}
	j.root = open(x->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (j.root < 0) {
		hm_err_sys(err, errno, "open %s", x->dir);
		goto out;
	}
	j.files = HM_NEW_N(&mine, x->zip->n, struct hm_h1_file);
	dirs = list_dirs(&mine, x->zip, j.prefix);
	if (make_dirs(&j, &dirs, err))
		goto out;
	extract_all(&mine, &j, &chunks);
	if (hm_first_err_take(&j.failed, err))
		goto out;
	rc = hm_h1_sum(a, j.files, x->zip->n, h1, err);
	if (rc == 0 && x->read_only)
		close_dirs(&j, &dirs);
out:
	if (j.root >= 0)
		close(j.root);
	pthread_cond_destroy(&j.done);
	pthread_mutex_destroy(&j.mutex);
	hm_first_err_free(&j.failed);
	hm_arena_free(&mine);
	return rc;
}

void
hm_modzip_make_read_only(const char *dir)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_strs dirs = { 0 };

	HM_PUSH(&a, dirs, hm_arena_dup(&a, hm_str_of(dir)));
	for (size_t i = 0; i < dirs.n; i++) {
		struct hm_dirents e = { 0 };
		hm_str parent = dirs.v[i];

		if (hm_dir_read(&a, parent.p, &e, &err))
			hm_err_clear(&err);
		for (size_t k = 0; k < e.n; k++)
			if (e.v[k].type == DT_DIR)
				HM_PUSH(&a, dirs,
				        hm_arena_printf(&a, HM_F "/" HM_F, HM_P(parent),
				                        HM_P(e.v[k].name)));
	}
	for (size_t i = dirs.n; i-- > 0;) {
		struct stat st;

		if (lstat(dirs.v[i].p, &st) == 0 && (st.st_mode & 0222))
			chmod(dirs.v[i].p, st.st_mode & 07777 & ~(mode_t)0222);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}
