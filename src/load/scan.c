#include "load/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "load/goheader.h"
#include "load/scan_folder.h"
#include "os/clock.h"
#include "os/file.h"

/* Most files show their imports in the first block. */
#define FIRST_READ ((size_t)16 << 10)
/* go does not trust its index for files younger than this. */
#define INDEX_AGE_NS ((int64_t)2000000000)

/* One buffer serves all files of a folder. */
struct reading {
	struct hm_arena *a;
	struct hm_buf buf;
	int dirfd;
	int64_t now;
};

hm_str
hm_pos_text(struct hm_arena *a, const struct hm_pos *pos)
{
	if (pos->line == 0)
		return pos->file.n ? pos->file : HM_S("-");
	if (pos->col == 0)
		return hm_arena_printf(a, HM_F ":%u", HM_P(pos->file), pos->line);
	return hm_arena_printf(a, HM_F ":%u:%u", HM_P(pos->file), pos->line, pos->col);
}

static bool
is_known_ext(hm_str ext)
{
	static const char *const known[] = {
		".go",  ".c",   ".cc",  ".cpp", ".cxx", ".m", ".h",  ".hh",   ".hpp",     ".hxx",
		".f",   ".F",   ".for", ".f90", ".s",   ".S", ".sx", ".swig", ".swigcxx", ".syso",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (hm_str_eqz(ext, known[i]))
			return true;
	return false;
}

/* Reads on until the buffer holds want bytes or the file ends; *whole says the latter. */
static int
read_to(int fd, struct hm_buf *b, size_t want, bool *whole)
{
	*whole = false;
	while (b->n < want) {
		ssize_t n = read(fd, hm_buf_room(b, want - b->n + 1), want - b->n + 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0) {
			*whole = true;
			return 0;
		}
		b->n += (size_t)n;
	}
	return 0;
}

static bool
scan_content(struct hm_arena *a, hm_str path, hm_str content, bool whole, struct hm_scan_file *f)
{
	return f->is_go ? hm_goheader_scan(a, path, content, whole, f)
	                : hm_goheader_scan_other(a, path, content, whole, f);
}

static void
scan_open(struct reading *r, int fd, hm_str path, size_t size, struct hm_scan_file *f)
{
	size_t want = size < FIRST_READ ? size : FIRST_READ;
	bool whole;
	int sys;

	if (size > HM_SCAN_MAX_FILE) {
		f->error = hm_arena_printf(r->a, "read " HM_F ": file too large", HM_P(path));
		return;
	}
	hm_buf_clear(&r->buf);
	sys = read_to(fd, &r->buf, want, &whole);
	if (!sys && r->buf.n >= size && !whole)
		whole = r->buf.n == size;
	if (!sys && scan_content(r->a, path, hm_buf_str(&r->buf), whole, f))
		return;
	if (!sys)
		sys = read_to(fd, &r->buf, HM_SCAN_MAX_FILE, &whole);
	if (!sys)
		scan_content(r->a, path, hm_buf_str(&r->buf), true, f);
	else
		f->error = hm_arena_printf(r->a, "read " HM_F ": read " HM_F ": %s", HM_P(path),
		                           HM_P(path), hm_errno_text(sys));
}

static bool
is_young(const struct reading *r, const struct stat *st)
{
	int64_t t = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;

	return t > r->now - INDEX_AGE_NS;
}

/* Scans one file; *young is set when it changed a moment ago. */
static void
scan_file(struct reading *r, hm_str dir, hm_str name, struct hm_scan_file *f, bool *young)
{
	hm_str path = hm_path_cat(r->a, dir, name), ext = hm_path_ext(name);
	struct stat st;
	int fd;

	f->name = name;
	f->is_go = hm_str_eqz(ext, ".go");
	f->is_test = hm_str_has_suffix(name, HM_S("_test.go"));
	if (hm_str_eqz(ext, ".syso")) {
		*young = fstatat(r->dirfd, name.p, &st, 0) == 0 && is_young(r, &st);
		return;
	}
	fd = openat(r->dirfd, name.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		f->error = hm_arena_printf(r->a, "open " HM_F ": %s", HM_P(path),
		                           hm_errno_text(errno));
		return;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*young = is_young(r, &st);
		scan_open(r, fd, path, (size_t)st.st_size, f);
	} else {
		f->error = hm_arena_printf(r->a, "read " HM_F ": not a regular file", HM_P(path));
	}
	close(fd);
}

struct entry_name {
	hm_str name;
	unsigned char type;
};

static int
entry_cmp(const void *x, const void *y)
{
	return hm_str_cmp(((const struct entry_name *)x)->name,
	                  ((const struct entry_name *)y)->name);
}

typedef HM_VEC(struct entry_name) entry_names;

/* All that is no folder, sorted; symbolic links to folders count as folders. */
static void
list_folder(struct hm_arena *a, DIR *d, entry_names *out, bool *indexed)
{
	struct dirent *de;
	struct stat st;

	while ((de = readdir(d))) {
		struct entry_name e = { { 0 }, de->d_type };

		if (e.type == DT_UNKNOWN &&
		    fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			e.type = (unsigned char)IFTODT(st.st_mode);
		if (e.type == DT_DIR)
			continue;
		if (e.type != DT_REG)
			*indexed = false;
		if (e.type == DT_LNK && fstatat(dirfd(d), de->d_name, &st, 0) == 0 &&
		    S_ISDIR(st.st_mode))
			continue;
		e.name = hm_arena_dup(a, hm_str_of(de->d_name));
		HM_PUSH(a, *out, e);
	}
	if (out->n > 0)
		qsort(out->v, out->n, sizeof(*out->v), entry_cmp);
}

static bool
is_go_file(const struct reading *r, const struct entry_name *e)
{
	struct stat st;

	if (!hm_str_has_suffix(e->name, HM_S(".go")))
		return false;
	return e->type == DT_REG ||
	       (e->type == DT_LNK && fstatat(r->dirfd, e->name.p, &st, 0) == 0 &&
	        S_ISREG(st.st_mode));
}

static void
scan_entry(struct reading *r, const struct entry_name *e, bool in_modcache,
           struct hm_scan_dir *out)
{
	struct hm_scan_file f = { 0 };
	bool young = false;
	struct stat st;

	if (is_go_file(r, e))
		out->has_go = true;
	if (is_known_ext(hm_path_ext(e->name)) && e->name.p[0] != '_' && e->name.p[0] != '.') {
		scan_file(r, out->dir, e->name, &f, &young);
		HM_PUSH(r->a, *out, f);
	} else if (out->indexed && !in_modcache) {
		young = fstatat(r->dirfd, e->name.p, &st, 0) == 0 && is_young(r, &st);
	}
	if (young)
		out->indexed = false;
}

int
hm_scan_folder(struct hm_arena *a, hm_str dir, bool in_modcache, struct hm_scan_dir *out,
               struct hm_err *err)
{
	struct reading r = { .a = a, .now = hm_clock_unix_nano() };
	entry_names names = { 0 };
	DIR *d;

	out->dir = hm_arena_dup(a, dir);
	out->indexed = true;
	d = opendir(out->dir.p);
	if (!d)
		return hm_err_sys(err, errno, "open " HM_F, HM_P(dir));
	r.dirfd = dirfd(d);
	list_folder(a, d, &names, &out->indexed);
	for (size_t i = 0; i < names.n; i++)
		scan_entry(&r, &names.v[i], in_modcache, out);
	if (in_modcache)
		out->indexed = true;
	hm_buf_free(&r.buf);
	closedir(d);
	return 0;
}

int
hm_scan_files(struct hm_arena *a, hm_str dir, const struct hm_strs *names,
              struct hm_scan_dir *out, struct hm_err *err)
{
	struct reading r = { .a = a, .now = hm_clock_unix_nano() };

	memset(out, 0, sizeof(*out));
	out->dir = hm_arena_dup(a, dir);
	r.dirfd = open(out->dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r.dirfd < 0)
		return hm_err_sys(err, errno, "open " HM_F, HM_P(dir));
	for (size_t i = 0; i < names->n; i++) {
		struct entry_name e = { hm_arena_dup(a, names->v[i]), DT_REG };

		scan_entry(&r, &e, true, out);
	}
	out->indexed = false;
	hm_buf_free(&r.buf);
	close(r.dirfd);
	return 0;
}
