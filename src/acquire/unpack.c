/*
 * From a source to the cache, in one pass over the zip: fetch to a temporary
 * name, extract beside the final folder while hashing, verify, publish.  What go
 * does in download, downloadZip, hashZip and unzip of modfetch/fetch.go, in an
 * order in which nothing is visible before it is verified:
 *
 *	zip.tmp  ->  tree.tmp-N and h1  ->  go.sum, checksum database
 *	        ->  .ziphash  ->  .zip  ->  tree
 *
 * All of it happens under the lock of the version.  A run that dies leaves
 * only names that the next one (or go) sweeps up.
 */
#include "acquire/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "modzip/check.h"
#include "modzip/extract.h"
#include "modzip/hash.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/list.h"

struct work {
	struct hm_acquire *ac;
	const struct hm_store *store;
	struct hm_modver m;
	struct hm_arena arena;
	hm_str zip;      /* final name */
	hm_str tmp;      /* fetched file; empty when the zip was there */
	hm_str stage;    /* tree being made; empty when none is wanted */
	hm_str recorded; /* what .ziphash said, or empty */
	bool has_zip, has_hash, want_tree, done;
};

/* What is missing? done when nothing is. */
static int
survey(struct work *w, unsigned want, struct hm_err *err)
{
	enum hm_store_state state;
	hm_str dir, hash;

	w->want_tree = false;
	if ((want & HM_WANT_TREE) &&
	    hm_store_dir(w->store, &w->arena, w->m.path, w->m.version, &dir, &state, err)) {
		if (err->code != HM_ENOTFOUND)
			return -1;
		hm_err_clear(err);
		w->want_tree = true;
	}
	if (hm_store_path(w->store, &w->arena, w->m.path, w->m.version, "zip", &w->zip, err))
		return -1;
	hash = hm_arena_printf(&w->arena, HM_F "hash", HM_P(w->zip));
	w->has_zip = hm_file_exists(w->zip.p);
	w->has_hash = hm_file_exists(hash.p);
	w->done = !w->want_tree && (!(want & HM_WANT_ZIP) || (w->has_zip && w->has_hash));
	return 0;
}

/* "go: downloading" as go words it; for a toolchain by its own name. */
static void
announce(const struct work *w)
{
	const struct hm_log *log = w->ac->opts.log;
	hm_str v = w->m.version, name, platform, os, arch;
	ptrdiff_t dot;

	if (w->ac->quiet || (w->has_zip && w->has_hash))
		return;
	if (!hm_str_eqz(w->m.path, "golang.org/toolchain")) {
		hm_log(log, HM_LOG_INFO, "go: downloading " HM_F " " HM_F, HM_P(w->m.path),
		       HM_P(v));
		return;
	}
	hm_str_cut(v, '-', &v, &name);
	dot = hm_str_rindex_byte(name, '.');
	if (dot < 0) {
		hm_log(log, HM_LOG_INFO, "go: downloading " HM_F, HM_P(name));
		return;
	}
	platform = hm_str_from(name, (size_t)dot + 1);
	hm_str_cut(platform, '-', &os, &arch);
	hm_log(log, HM_LOG_INFO, "go: downloading " HM_F " (" HM_F "/" HM_F ")",
	       HM_P(hm_str_sub(name, 0, (size_t)dot)), HM_P(os), HM_P(arch));
}

/* A temporary file that one source after the other may fill. */
struct target {
	struct work *w;
	int fd;
};

static int
write_zip(void *ctx, hm_str bytes, struct hm_err *err)
{
	const struct target *t = ctx;

	return hm_file_write_fd(t->fd, t->w->tmp.p, bytes, err);
}

static int
empty(const struct target *t, struct hm_err *err)
{
	if (ftruncate(t->fd, 0) || lseek(t->fd, 0, SEEK_SET) < 0)
		return hm_err_sys(err, errno, "truncate " HM_F, HM_P(t->w->tmp));
	return 0;
}

/* Copies a local zip inside the kernel; false: take the ordinary way. */
static bool
copy_local(const struct target *t, const char *path)
{
	int in = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t left;
	ssize_t k = 1;

	if (in < 0)
		return false;
	if (fstat(in, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > HM_FETCH_MAX_ZIP) {
		close(in);
		return false;
	}
	for (left = (uint64_t)st.st_size; left > 0 && k > 0; left -= k > 0 ? (uint64_t)k : 0)
		k = copy_file_range(in, NULL, t->fd, NULL, left, 0);
	close(in);
	return left == 0;
}

static int
fetch_from(void *ctx, hm_str source, struct hm_err *err)
{
	struct target *t = ctx;
	struct hm_http_sink sink = { .write = write_zip, .ctx = t };
	struct hm_arena a = { 0 };
	struct hm_repo repo;
	hm_str local = { 0 };
	int rc;

	rc = hm_acquire_open(t->w->ac, &a, source, t->w->m.path, &repo, err);
	if (rc == 0)
		rc = hm_repo_zip_path(&repo, &a, t->w->m.version, &local, err);
	if (rc == 0 && !(local.n && copy_local(t, local.p))) {
		rc = empty(t, err);
		if (rc == 0)
			rc = hm_repo_zip(&repo, t->w->m.version, &sink, err);
		if (rc) {
			struct hm_err second = { 0 };

			if (empty(t, &second))
				hm_err_move(err, &second);
			hm_err_free(&second);
		}
	}
	hm_arena_free(&a);
	return rc;
}

static int
fetch(struct work *w, struct hm_err *err)
{
	struct target t = { .w = w };
	int rc;

	if (hm_store_temp_zip(w->store, &w->arena, w->m.path, w->m.version, &w->tmp, &t.fd, err))
		return -1;
	rc = hm_acquire_try(w->ac, fetch_from, &t, err);
	if (close(t.fd) && rc == 0)
		rc = hm_err_sys(err, errno, "close " HM_F, HM_P(w->tmp));
	return rc;
}

/* downloadZip's own look at the names, with its words. */
static int
check_prefix(struct work *w, const struct hm_zip *z, struct hm_err *err)
{
	hm_str name = hm_modver_str(&w->arena, w->m);
	hm_str prefix = hm_arena_printf(&w->arena, HM_F "/", HM_P(name));

	for (size_t i = 0; i < z->n; i++)
		if (!hm_str_has_prefix(z->f[i].name, prefix))
			return hm_err_set(err, HM_EINVALID,
			                  "zip for " HM_F " has unexpected file " HM_F, HM_P(name),
			                  HM_P(z->f[i].name));
	return 0;
}

/* go says it once where it happens and once as the error. */
static int
fail_unzip(struct work *w, struct hm_err *err)
{
	hm_err_wrap(err, "unzip " HM_F ": ", HM_P(w->zip));
	hm_log(w->ac->opts.log, HM_LOG_INFO, "-> " HM_F, HM_P(hm_err_str(err)));
	return -1;
}

/* Is this the right hash for the module, and what the cache knew it by? */
static int
check_hash(struct work *w, hm_str h1, struct hm_err *err)
{
	if (hm_acquire_verify_sum(w->ac, w->m, h1, err))
		return -1;
	if (w->has_zip && w->recorded.n && !hm_str_eq(h1, w->recorded))
		return hm_err_set(err, HM_ESECURITY,
		                  HM_F " " HM_F ": zip has been modified (" HM_F ")",
		                  HM_P(w->m.path), HM_P(w->m.version), HM_P(w->zip));
	return 0;
}

/* Breaks the rules for module zips: that it is not even the right zip would be worse. */
static int
refuse(struct work *w, const struct hm_zip *z, struct hm_err *why, struct hm_err *err)
{
	hm_str h1;

	if (hm_h1_zip(&w->arena, z, 1, &h1, err))
		return hm_modver_wrap(err, w->m);
	if (check_hash(w, h1, err))
		return -1;
	hm_err_move(err, why);
	return fail_unzip(w, err);
}

static int
extract(struct work *w, const struct hm_zip *z, hm_str *h1, struct hm_err *err)
{
	struct hm_modzip_extract x = { .zip = z,
		                       .path = w->m.path,
		                       .version = w->m.version,
		                       .read_only = !w->store->rw,
		                       .pool = hm_acquire_get_pool(w->ac) };
	struct hm_err why = { 0 };
	int rc;

	if (hm_modzip_check(z, w->m.path, w->m.version, &why)) {
		rc = refuse(w, z, &why, err);
		hm_err_free(&why);
		return rc;
	}
	if (hm_store_stage(w->store, &w->arena, w->m.path, w->m.version, &w->stage, err))
		return -1;
	x.dir = w->stage.p;
	if (hm_modzip_extract(&w->arena, &x, h1, err) == 0)
		return 0;
	/* what is wrong with the zip itself go would have found while hashing */
	return err->sys ? fail_unzip(w, err) : hm_modver_wrap(err, w->m);
}

static int
read_data(struct work *w, hm_str data, hm_str *h1, struct hm_err *err)
{
	struct hm_zip z = { 0 };

	if (hm_zip_open(&w->arena, data, &z, err))
		return hm_modver_wrap(err, w->m);
	z.mapped = true;
	if (w->tmp.n && check_prefix(w, &z, err))
		return -1;
	if (w->want_tree)
		return extract(w, &z, h1, err);
	return hm_h1_zip(&w->arena, &z, 1, h1, err) ? hm_modver_wrap(err, w->m) : 0;
}

/* Reads the zip once. */
static int
read_zip(struct work *w, hm_str *h1, struct hm_err *err)
{
	hm_str data;
	int rc;

	hm_acquire_enter(w->ac);
	rc = hm_file_map(w->has_zip ? w->zip.p : w->tmp.p, &data, err);
	if (rc == 0) {
		rc = read_data(w, data, h1, err);
		hm_file_unmap(data);
	}
	hm_acquire_leave(w->ac);
	return rc;
}

static int
publish(struct work *w, hm_str h1, struct hm_err *err)
{
	if (!hm_str_eq(h1, w->recorded) &&
	    hm_store_write_ziphash(w->store, w->m.path, w->m.version, h1, err))
		return -1;
	if (w->tmp.n && hm_file_rename(w->tmp.p, w->zip.p, err))
		return -1;
	if (w->tmp.n)
		hm_store_mend_list(hm_path_dir(&w->arena, w->zip), w->m.version);
	w->tmp = HM_S("");
	if (w->want_tree && hm_store_publish(w->store, w->m.path, w->m.version, w->stage.p, err))
		return -1;
	w->stage = HM_S("");
	return 0;
}

/* The lock is held. */
static int
run(struct work *w, struct hm_err *err)
{
	hm_str h1 = { 0 };
	int rc;

	hm_store_sweep(w->store, w->m.path, w->m.version);
	hm_store_ziphash(w->store, &w->arena, w->m.path, w->m.version, &w->recorded);
	rc = w->has_zip ? 0 : fetch(w, err);
	if (rc == 0)
		rc = read_zip(w, &h1, err);
	if (rc == 0)
		rc = check_hash(w, h1, err);
	if (rc == 0)
		rc = publish(w, h1, err);
	if (rc) {
		struct hm_err ignored = { 0 };

		if (w->stage.n)
			hm_dir_remove_all(w->stage.p, true, &ignored);
		if (w->tmp.n)
			unlink(w->tmp.p);
		hm_err_free(&ignored);
	}
	return rc;
}

int
hm_acquire_unpack(struct hm_acquire *ac, struct hm_modver m, unsigned want, struct hm_err *err)
{
	struct work w = { .ac = ac, .m = m };
	int lock = -1, rc;

	rc = hm_acquire_store(ac, &w.store, err);
	if (rc == 0)
		rc = survey(&w, want, err);
	if (rc == 0 && !w.done) {
		announce(&w);
		rc = hm_store_lock(w.store, m.path, m.version, &lock, err);
		/* another may have done it while this one waited */
		if (rc == 0)
			rc = survey(&w, want, err);
		if (rc == 0 && !w.done)
			rc = run(&w, err);
		hm_lock_release(lock);
	}
	hm_arena_free(&w.arena);
	return rc;
}
