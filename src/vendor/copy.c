#include "vendor/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "load/goheader.h"
#include "load/pkg.h"
#include "os/file.h"

enum { COPY_BUF = 1 << 18 };

/* Two folders and the room to copy from one to the other. */
struct copying {
	struct hm_arena *a;
	hm_str src, dst;
	int from, to; /* open folders */
	char *buf;
};

static void
close_folder(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int
open_folder(hm_str path, int *fd, struct hm_err *err)
{
	*fd = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? hm_err_sys(err, errno, "open " HM_F, HM_P(path)) : 0;
}

static void
copying_end(struct copying *c)
{
	close_folder(c->from);
	close_folder(c->to);
}

static int
copying_begin(struct copying *c, struct hm_arena *a, hm_str src, hm_str dst, struct hm_err *err)
{
	*c = (struct copying){ .a = a, .src = src, .dst = dst, .from = -1, .to = -1 };
	if (open_folder(src, &c->from, err) || open_folder(dst, &c->to, err)) {
		copying_end(c);
		return -1;
	}
	c->buf = hm_arena_alloc(a, COPY_BUF);
	return 0;
}

static int
pump(struct copying *c, int in, int out, hm_str name, struct hm_err *err)
{
	for (;;) {
		ssize_t n = read(in, c->buf, COPY_BUF);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hm_err_sys(err, errno, "read " HM_F "/" HM_F, HM_P(c->src),
			                  HM_P(name));
		if (n == 0)
			return 0;
		if (hm_file_write_fd(out, hm_path_cat(c->a, c->dst, name).p,
		                     hm_str_make(c->buf, (size_t)n), err))
			return -1;
	}
}

/*
 * Copies one file (name may have folders, which exist) unless it is there: then
 * another package has brought it, from the same place.
 */
static int
copy_file(struct copying *c, hm_str name, struct hm_err *err)
{
	int in = openat(c->from, name.p, O_RDONLY | O_CLOEXEC), out, rc;

	if (in < 0)
		return hm_err_sys(err, errno, "open " HM_F "/" HM_F, HM_P(c->src), HM_P(name));
	out = openat(c->to, name.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (out < 0) {
		rc = errno == EEXIST ? 0
		                     : hm_err_sys(err, errno, "open " HM_F "/" HM_F, HM_P(c->dst),
		                                  HM_P(name));
		close(in);
		return rc;
	}
	rc = pump(c, in, out, name, err);
	if (close(out) && rc == 0)
		rc = hm_err_sys(err, errno, "close " HM_F "/" HM_F, HM_P(c->dst), HM_P(name));
	close(in);
	return rc;
}

static const struct hm_scan_file *
find_scan(const struct hm_scan_dir *d, hm_str name)
{
	size_t lo = 0, hi = d ? d->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = hm_str_cmp(d->v[mid].name, name);

		if (r == 0)
			return &d->v[mid];
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* A Go file that is tagged "ignore" in a way that no tag can change stays behind. */
static bool
may_build(struct hm_arena *a, hm_str dir, const struct hm_scan_dir *scan, hm_str name)
{
	const struct hm_scan_file *f = find_scan(scan, name);
	struct hm_scan_file hidden = { .name = name, .is_go = true };
	struct hm_err err = { 0 };
	hm_str path, text;

	if (!f) { /* scans of folders leave out names with _ or . in front */
		path = hm_path_cat(a, dir, name);
		if (hm_file_read(a, path.p, HM_SCAN_MAX_FILE, &text, &err) == 0)
			hm_goheader_scan(a, path, text, true, &hidden);
		else
			hidden.error = hm_arena_dup(a, hm_err_str(&err));
		hm_err_free(&err);
		f = &hidden;
	}
	if (f->error.n) /* unreadable: go takes it along, but not with two //go:build lines */
		return !hm_str_has_suffix(f->error, HM_S(": multiple //go:build comments"));
	return hm_scan_should_build(f, hm_tags_any());
}

static bool
is_wanted(const struct hm_vendor_copy *v, struct hm_arena *a, hm_str dir,
          const struct hm_scan_dir *scan, hm_str name)
{
	if (hm_str_has_suffix(name, HM_S("_test.go")))
		return false;
	if (v->strip_gomod && (hm_str_eqz(name, "go.mod") || hm_str_eqz(name, "go.sum")))
		return false;
	return !hm_str_has_suffix(name, HM_S(".go")) || may_build(a, dir, scan, name);
}

static void
add_patterns(struct hm_arena *a, const struct hm_places *from, struct hm_strs *to)
{
	for (size_t i = 0; i < from->n; i++)
		HM_PUSH(a, *to, from->v[i].text);
}

/*
 * The //go:embed patterns of a package, all files considered; it may then have
 * several package names.  One without any file that could be built has none.
 */
static int
embed_patterns(const struct hm_vendor_copy *v, struct hm_arena *a, const struct hm_vendor_pkg *pkg,
               const struct hm_scan_dir *scan, struct hm_strs *out, struct hm_err *err)
{
	const struct hm_bpkg *p = hm_bpkg_import(a, &v->all_files, scan, HM_S(""));

	if (p->failed && p->err.kind == HM_LE_NO_GO)
		return 0;
	if (p->failed && p->err.kind != HM_LE_MULTIPLE) {
		hm_str where = p->err.kind == HM_LE_SCAN ? hm_pos_text(a, &p->err.pos)
		                                         : (hm_str){ 0 };

		hm_log(v->ml->log, HM_LOG_WARN,
		       "internal error: failed to find embedded files of " HM_F ": " HM_F "%s" HM_F,
		       HM_P(pkg->path), HM_P(where), where.n ? ": " : "", HM_P(p->err.text));
		return hm_err_set(err, HM_EREPORTED, "embedded files");
	}
	add_patterns(a, &p->embeds, out);
	if (v->test_embeds) {
		add_patterns(a, &p->test_embeds, out);
		add_patterns(a, &p->xtest_embeds, out);
	}
	return 0;
}

static int
copy_embeds(const struct hm_vendor_copy *v, struct copying *c, const struct hm_vendor_pkg *pkg,
            const struct hm_scan_dir *scan, struct hm_err *embed_err, struct hm_err *err)
{
	struct hm_strs patterns = { 0 }, files = { 0 };

	if (embed_patterns(v, c->a, pkg, scan, &patterns, err))
		return -1;
	if (patterns.n == 0)
		return 0;
	if (hm_embed_resolve(c->a, pkg->dir, &patterns, &files, NULL, NULL, embed_err))
		return 0;
	for (size_t i = 0; i < files.n; i++) {
		if (hm_str_index_byte(files.v[i], '/') >= 0) {
			hm_str dir = hm_path_dir(c->a, hm_path_cat(c->a, c->dst, files.v[i]));

			if (hm_dir_make_all(dir.p, err))
				return -1;
		}
		if (copy_file(c, files.v[i], err))
			return -1;
	}
	return 0;
}

int
hm_vendor_copy_package(const struct hm_vendor_copy *v, struct hm_arena *a,
                       const struct hm_vendor_pkg *pkg, hm_str dst, struct hm_err *embed_err,
                       struct hm_err *err)
{
	const struct hm_scan_dir *scan = NULL;
	struct hm_dirents list = { 0 };
	struct copying c;
	int rc = -1;

	if (hm_dir_read(a, pkg->dir.p, &list, err) ||
	    hm_scan_dir(v->scans, pkg->dir, &scan, err) ||
	    copying_begin(&c, a, pkg->dir, dst, err))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		hm_str name = list.v[i].name;

		if (list.v[i].type != DT_REG || !is_wanted(v, a, pkg->dir, scan, name))
			continue;
		if (copy_file(&c, name, err))
			goto out;
	}
	rc = copy_embeds(v, &c, pkg, scan, embed_err, err);
out:
	copying_end(&c);
	return rc;
}

static bool
is_metadata(hm_str name)
{
	static const char *const prefixes[] = {
		"AUTHORS",   "CONTRIBUTORS", "COPYLEFT", "COPYING", "COPYRIGHT",
		"LEGAL",     "LICENSE",      "NOTICE",   "PATENTS",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (hm_str_has_prefix(name, hm_str_of(prefixes[i])))
			return true;
	return false;
}

int
hm_vendor_copy_metadata(hm_str src, hm_str dst, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_dirents list = { 0 };
	struct copying c = { .from = -1, .to = -1 };
	int rc = hm_dir_read(&a, src.p, &list, err);

	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		if (list.v[i].type != DT_REG || !is_metadata(list.v[i].name))
			continue;
		if (!c.buf)
			rc = copying_begin(&c, &a, src, dst, err);
		if (rc == 0)
			rc = copy_file(&c, list.v[i].name, err);
	}
	copying_end(&c);
	hm_arena_free(&a);
	return rc;
}
