#include "build/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "codec/hex.h"
#include "crypto/sha256.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"

enum {
	HEX = HM_HASH_SIZE * 2,
	ENTRY = 2 + 1 + HEX + 1 + HEX + 1 + 20 + 1 + 20 + 1,
	NAME = 3 + HEX + 2 + 1, /* "xx/<hex>-a" */
};

static const int64_t mtime_interval = 3600, trim_interval = 24 * 3600, trim_limit = 5 * 24 * 3600;

static const char readme[] =
	"Results of Go builds, kept to be used again. The format is that of the go\n"
	"command's build cache; what has not been used for some days is removed by\n"
	"itself. To empty it: clean -cache.\n";

struct hm_cache {
	struct hm_arena arena;
	hm_str dir;
	int fd; /* of dir */
};

static void
to_hex(const uint8_t id[HM_HASH_SIZE], char out[HEX])
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < HM_HASH_SIZE; i++) {
		out[2 * i] = digit[id[i] >> 4];
		out[2 * i + 1] = digit[id[i] & 15];
	}
}

static void
file_name(const uint8_t id[HM_HASH_SIZE], char kind, char name[NAME])
{
	to_hex(id, name + 3);
	name[0] = name[3];
	name[1] = name[4];
	name[2] = '/';
	name[3 + HEX] = '-';
	name[3 + HEX + 1] = kind;
	name[NAME - 1] = '\0';
}

int
hm_cache_open(hm_str dir, struct hm_cache **out, struct hm_err *err)
{
	struct hm_cache *c = hm_mem_new(sizeof(*c));
	char sub[3];

	c->fd = -1;
	c->dir = hm_arena_dup(&c->arena, dir);
	if (hm_dir_make_all(c->dir.p, err))
		goto fail;
	c->fd = open(c->dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->fd < 0) {
		hm_err_sys(err, errno, "open %s", c->dir.p);
		goto fail;
	}
	for (unsigned i = 0; i < 256; i++) {
		snprintf(sub, sizeof(sub), "%02x", i & 0xff);
		if (mkdirat(c->fd, sub, 0777) && errno != EEXIST) {
			hm_err_sys(err, errno, "mkdir %s/%s", c->dir.p, sub);
			goto fail;
		}
	}
	if (faccessat(c->fd, "README", F_OK, 0)) {
		struct hm_err ignored = { 0 };

		if (hm_file_write(hm_path_cat(&c->arena, c->dir, HM_S("README")).p,
		                  hm_str_of(readme), 0666, &ignored))
			hm_err_free(&ignored);
	}
	*out = c;
	return 0;
fail:
	hm_err_wrap(err, "failed to initialize build cache at %s: ", c->dir.p);
	hm_cache_free(c);
	return -1;
}

void
hm_cache_free(struct hm_cache *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	hm_arena_free(&c->arena);
	free(c);
}

hm_str
hm_cache_dir(const struct hm_cache *c)
{
	return c->dir;
}

/* Renews the time of last use when it is an hour old; best effort. */
static void
mark_used(struct hm_cache *c, const char *name, const struct stat *st)
{
	if (hm_clock_unix() - st->st_mtim.tv_sec >= mtime_interval)
		utimensat(c->fd, name, NULL, 0);
}

/* Digits, spaces before them. */
static bool
parse_num(const char *p, int64_t *out)
{
	size_t i = 0;
	int64_t v = 0;

	while (i < 20 && p[i] == ' ')
		i++;
	if (i == 20)
		return false;
	for (; i < 20; i++) {
		if (p[i] < '0' || p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, p[i] - '0', &v))
			return false;
	}
	*out = v;
	return true;
}

static bool
parse_entry(const char *p, const uint8_t id[HM_HASH_SIZE], struct hm_cache_entry *e)
{
	uint8_t have[HM_HASH_SIZE];

	return memcmp(p, "v1 ", 3) == 0 && p[3 + HEX] == ' ' && p[4 + 2 * HEX] == ' ' &&
	       p[25 + 2 * HEX] == ' ' && p[ENTRY - 1] == '\n' &&
	       hm_hex_decode(hm_str_make(p + 3, HEX), have, HM_HASH_SIZE) &&
	       memcmp(have, id, HM_HASH_SIZE) == 0 &&
	       hm_hex_decode(hm_str_make(p + 4 + HEX, HEX), e->out, HM_HASH_SIZE) &&
	       parse_num(p + 5 + 2 * HEX, &e->size) && parse_num(p + 26 + 2 * HEX, &e->time);
}

bool
hm_cache_get(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], struct hm_cache_entry *e)
{
	char name[NAME], text[ENTRY + 1];
	struct stat st;
	ssize_t n;
	int fd;

	file_name(id, 'a', name);
	fd = openat(c->fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	if (fstat(fd, &st))
		n = -1;
	close(fd);
	if (n != ENTRY || !parse_entry(text, id, e))
		return false;
	mark_used(c, name, &st);
	return true;
}

/* The one file in the folder of a cached executable; p == NULL when it is not like that. */
static hm_str
executable_in(struct hm_arena *a, hm_str dir)
{
	struct hm_dirents d = { 0 };
	struct hm_err err = { 0 };
	hm_str out = { 0 };

	if (hm_dir_read(a, dir.p, &d, &err) == 0 && d.n == 1)
		out = hm_path_cat(a, dir, d.v[0].name);
	hm_err_free(&err);
	return out;
}

hm_str
hm_cache_output(struct hm_cache *c, struct hm_arena *a, const uint8_t out[HM_HASH_SIZE])
{
	char name[NAME];
	struct stat st;
	hm_str path;

	file_name(out, 'd', name);
	path = hm_path_cat(a, c->dir, hm_str_of(name));
	if (fstatat(c->fd, name, &st, 0))
		return path;
	mark_used(c, name, &st);
	if (S_ISDIR(st.st_mode)) {
		hm_str exe = executable_in(a, path);

		return exe.p ? exe : path;
	}
	return path;
}

bool
hm_cache_get_file(struct hm_cache *c, struct hm_arena *a, const uint8_t id[HM_HASH_SIZE],
                  hm_str *path, struct hm_cache_entry *e)
{
	char name[NAME];
	struct stat st;

	if (!hm_cache_get(c, id, e))
		return false;
	file_name(e->out, 'd', name);
	if (fstatat(c->fd, name, &st, 0))
		return false;
	mark_used(c, name, &st);
	*path = hm_path_cat(a, c->dir, hm_str_of(name));
	if (S_ISDIR(st.st_mode)) {
		*path = executable_in(a, *path);
		if (!path->p || stat(path->p, &st))
			return false;
	}
	return st.st_size == e->size;
}

bool
hm_cache_get_bytes(struct hm_cache *c, struct hm_arena *a, const uint8_t id[HM_HASH_SIZE],
                   hm_str *data, struct hm_cache_entry *e)
{
	uint8_t sum[HM_HASH_SIZE];
	struct hm_err err = { 0 };
	int rc;

	if (!hm_cache_get(c, id, e))
		return false;
	rc = hm_file_read(a, hm_cache_output(c, a, e->out).p, HM_FILE_MAX, data, &err);
	hm_err_free(&err);
	if (rc)
		return false;
	hm_sha256_of(*data, sum);
	return memcmp(sum, e->out, sizeof(sum)) == 0;
}

/* Does the file hold these bytes already? */
static bool
same_content(const char *path, const uint8_t want[HM_HASH_SIZE])
{
	uint8_t sum[HM_HASH_SIZE];
	struct hm_err err = { 0 };
	hm_str map;

	if (hm_file_map(path, &map, &err)) {
		hm_err_free(&err);
		return false;
	}
	hm_sha256_of(map, sum);
	hm_file_unmap(map);
	return memcmp(sum, want, sizeof(sum)) == 0;
}

/*
 * Writes an output in place.  Others take a file of the right size for whole, so
 * the last byte goes last, and on failure the file is cut to nothing.
 */
static int
write_output(const char *path, hm_str data, int flags, mode_t mode, struct hm_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, mode);
	int rc;

	if (fd < 0) {
		if (errno == ETXTBSY) /* another process wrote it and runs it */
			return 0;
		return hm_err_sys(err, errno, "open %s", path);
	}
	if (data.n == 0) {
		close(fd);
		return 0;
	}
	rc = hm_file_write_fd(fd, path, hm_str_sub(data, 0, data.n - 1), err);
	if (rc == 0)
		rc = hm_file_write_fd(fd, path, hm_str_from(data, data.n - 1), err);
	if (rc && ftruncate(fd, 0))
		rc = -1;
	if (close(fd) && rc == 0) {
		rc = hm_err_sys(err, errno, "close %s", path);
		unlink(path);
	}
	return rc;
}

static int
store_output(struct hm_cache *c, hm_str exe_name, hm_str data, const uint8_t out[HM_HASH_SIZE],
             struct hm_err *err)
{
	struct hm_arena tmp = { 0 };
	struct stat st;
	char name[NAME];
	hm_str path;
	int rc = 0, flags = 0;
	bool there;

	file_name(out, 'd', name);
	path = hm_path_cat(&tmp, c->dir, hm_str_of(name));
	if (exe_name.n) {
		if (mkdir(path.p, 0777) && errno != EEXIST) {
			rc = hm_err_sys(err, errno, "mkdir %s", path.p);
			goto out;
		}
		if (!hm_file_is_dir(path.p)) {
			rc = hm_err_set(
				err, HM_EINTERNAL,
				"internal error: invalid binary cache entry: not a directory");
			goto out;
		}
		path = hm_path_cat(&tmp, path, exe_name);
	}
	there = stat(path.p, &st) == 0;
	if (there && (size_t)st.st_size == data.n && same_content(path.p, out))
		goto out;
	if (there && (size_t)st.st_size > data.n)
		flags = O_TRUNC;
	rc = write_output(path.p, data, flags, exe_name.n ? 0777 : 0666, err);
out:
	hm_arena_free(&tmp);
	return rc;
}

/* Truncates after writing, so that writing the same entry twice disturbs no reader. */
static int
store_entry(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], const uint8_t out[HM_HASH_SIZE],
            size_t size, struct hm_err *err)
{
	char name[NAME], text[ENTRY + 1], hid[HEX], hout[HEX];
	int fd, rc;

	file_name(id, 'a', name);
	to_hex(id, hid);
	to_hex(out, hout);
	snprintf(text, sizeof(text), "v1 %.*s %.*s %20zu %20lld\n", HEX, hid, HEX, hout, size,
	         (long long)hm_clock_unix_nano());
	fd = openat(c->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return hm_err_sys(err, errno, "open %s/%s", c->dir.p, name);
	rc = hm_file_write_fd(fd, name, hm_str_make(text, ENTRY), err);
	if (rc == 0 && ftruncate(fd, ENTRY))
		rc = hm_err_sys(err, errno, "truncate %s/%s", c->dir.p, name);
	if (close(fd) && rc == 0)
		rc = hm_err_sys(err, errno, "close %s/%s", c->dir.p, name);
	if (rc)
		unlinkat(c->fd, name, 0);
	return rc;
}

int
hm_cache_put_exe(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], hm_str name, hm_str data,
                 uint8_t out[HM_HASH_SIZE], struct hm_err *err)
{
	hm_sha256_of(data, out);
	if (store_output(c, name, data, out, err))
		return -1;
	return store_entry(c, id, out, data.n, err);
}

int
hm_cache_put(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], hm_str data,
             uint8_t out[HM_HASH_SIZE], struct hm_err *err)
{
	return hm_cache_put_exe(c, id, HM_S(""), data, out, err);
}

int
hm_cache_put_bytes(struct hm_cache *c, const uint8_t id[HM_HASH_SIZE], hm_str data,
                   struct hm_err *err)
{
	uint8_t out[HM_HASH_SIZE];

	return hm_cache_put(c, id, data, out, err);
}

/* Was the cache trimmed within a day (and not in the future)? */
static bool
trimmed_lately(int fd, int64_t now)
{
	char text[32], *end;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long long t;

	if (n <= 0)
		return false;
	text[n] = '\0';
	errno = 0;
	t = strtoll(text, &end, 10);
	if (errno || end == text || hm_str_trim(hm_str_of(end)).n)
		return false;
	return now - t < trim_interval && now - t > -mtime_interval;
}

static void
trim_folder(struct hm_cache *c, const char *sub, int64_t cutoff)
{
	struct hm_arena a = { 0 };
	struct hm_dirents d = { 0 };
	struct hm_err err = { 0 };
	hm_str dir = hm_path_cat(&a, c->dir, hm_str_of(sub));
	struct stat st;

	if (hm_dir_read(&a, dir.p, &d, &err))
		d.n = 0;
	for (size_t i = 0; i < d.n; i++) {
		hm_str path;

		if (!hm_str_has_suffix(d.v[i].name, HM_S("-a")) &&
		    !hm_str_has_suffix(d.v[i].name, HM_S("-d")))
			continue;
		path = hm_path_cat(&a, dir, d.v[i].name);
		if (stat(path.p, &st) || st.st_mtim.tv_sec >= cutoff)
			continue;
		hm_err_clear(&err);
		if (S_ISDIR(st.st_mode) ? hm_dir_remove_all(path.p, false, &err) : unlink(path.p))
			continue; /* best effort */
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

int
hm_cache_trim(struct hm_cache *c, struct hm_err *err)
{
	struct hm_arena tmp = { 0 };
	int64_t now = hm_clock_unix();
	char text[32], sub[3];
	int fd, rc = 0, n;
	bool skip;

	fd = openat(c->fd, "trim.txt", O_RDONLY | O_CLOEXEC);
	skip = fd >= 0 && trimmed_lately(fd, now);
	if (fd >= 0)
		close(fd);
	if (skip)
		return 0;
	if (hm_lock_acquire(hm_path_cat(&tmp, c->dir, HM_S("trim.txt")).p, true, &fd, err)) {
		/* A cache that cannot be written is not trimmed. */
		hm_err_clear(err);
		goto out;
	}
	/* The new time goes in first, so that others do not start as well. */
	skip = trimmed_lately(fd, now);
	n = snprintf(text, sizeof(text), "%lld", (long long)now);
	if (!skip && (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n))
		skip = true;
	hm_lock_release(fd);
	for (unsigned i = 0; !skip && i < 256; i++) {
		snprintf(sub, sizeof(sub), "%02x", i & 0xff);
		trim_folder(c, sub, now - trim_limit - mtime_interval);
	}
out:
	hm_arena_free(&tmp);
	return rc;
}
