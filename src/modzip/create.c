#include "modzip/create.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/path.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "modzip/check.h"
#include "os/file.h"
#include "zip/zip.h"

enum { DEPTH_MAX = 1024 };

/* One listing under way. */
struct lister {
	struct hm_arena *a;
	const char *dir;
	hm_str go;                    /* language version of the root's go.mod, or empty */
	struct hm_modzip_files found; /* regular files, in the order of filepath.Walk */
	struct hm_map submodule;      /* folders ("x/") with a go.mod, in any case */
	struct hm_modzip_listing *out;
};

bool
hm_modzip_is_vendored(hm_str name, hm_str go_version)
{
	bool new_rule = hm_gover_cmp(hm_gover_lang(go_version), HM_S("1.24")) >= 0;
	ptrdiff_t at;

	if (new_rule && hm_str_eqz(name, "vendor/modules.txt"))
		return true;
	if (hm_str_cut_prefix(&name, HM_S("vendor/")))
		return hm_str_index_byte(name, '/') >= 0;
	at = hm_str_index(name, HM_S("/vendor/"));
	if (at < 0)
		return false;
	/* before 1.24 the search began at a wrong place, and sums depend on it */
	name = hm_str_from(name, (new_rule ? (size_t)at : 0) + strlen("/vendor/"));
	return hm_str_index_byte(name, '/') >= 0;
}

static void
add(struct hm_arena *a, struct hm_modzip_files *list, hm_str path, const char *why)
{
	HM_PUSH(a, *list, ((struct hm_modzip_file){ .path = path, .why = hm_str_of(why) }));
}

static bool
is_gomod(hm_str base)
{
	return base.n == 6 && strncasecmp(base.p, "go.mod", 6) == 0;
}

static bool
is_vcs(hm_str base)
{
	return hm_str_eqz(base, ".bzr") || hm_str_eqz(base, ".git") || hm_str_eqz(base, ".hg") ||
	       hm_str_eqz(base, ".svn");
}

static const char *
full(struct lister *l, hm_str rel)
{
	return rel.n ? hm_arena_printf(l->a, "%s/" HM_F, l->dir, HM_P(rel)).p : l->dir;
}

/* The language version that the rules for vendor folders go by. */
static hm_str
read_go(struct hm_arena *a, const char *dir)
{
	struct hm_err err = { 0 };
	struct hm_gomod *f;
	hm_str data, go = { 0 };

	if (hm_file_read(a, hm_arena_printf(a, "%s/go.mod", dir).p, HM_MODZIP_GOMOD_MAX, &data,
	                 &err) == 0 &&
	    hm_gomod_parse_lax(a, HM_S("go.mod"), data, NULL, &f, &err) == 0)
		go = f->go;
	hm_err_free(&err);
	return go;
}

static bool
has_own_gomod(struct lister *l, hm_str rel)
{
	struct stat st;
	hm_str file = hm_arena_printf(l->a, "%s/go.mod", full(l, rel));

	return lstat(file.p, &st) == 0 && !S_ISDIR(st.st_mode);
}

static int walk(struct lister *l, hm_str rel, int depth, struct hm_err *err);

static int
visit(struct lister *l, hm_str rel, unsigned char type, int depth, struct hm_err *err)
{
	if (hm_modzip_is_vendored(rel, l->go)) {
		add(l->a, &l->out->omitted, rel, "file is in vendor directory");
		return type == DT_DIR ? walk(l, rel, depth + 1, err) : 0;
	}
	if (type == DT_DIR) {
		if (is_vcs(hm_path_base(rel)))
			add(l->a, &l->out->omitted, rel,
			    "directory is a version control repository");
		else if (has_own_gomod(l, rel))
			add(l->a, &l->out->omitted, rel, "directory is in another module");
		else
			return walk(l, rel, depth + 1, err);
		return 0;
	}
	if (type != DT_REG)
		add(l->a, &l->out->omitted, rel, "not a regular file");
	else
		add(l->a, &l->found, rel, "");
	return 0;
}

static int
walk(struct lister *l, hm_str rel, int depth, struct hm_err *err)
{
	struct hm_dirents e;

	if (depth > DEPTH_MAX)
		return hm_err_set(err, HM_ELIMIT, "open %s: folders too deep", full(l, rel));
	if (hm_dir_read(l->a, full(l, rel), &e, err))
		return -1;
	for (size_t i = 0; i < e.n; i++) {
		hm_str child = rel.n ? hm_path_cat(l->a, rel, e.v[i].name) : e.v[i].name;

		if (visit(l, child, e.v[i].type, depth, err))
			return -1;
	}
	return 0;
}

static bool
in_submodule(const struct lister *l, hm_str path)
{
	for (size_t i = path.n; i-- > 0;)
		if (path.p[i] == '/' && hm_map_has(&l->submodule, hm_str_sub(path, 0, i + 1)))
			return true;
	return false;
}

/* What checkFiles of x/mod/zip says of one file; 0, or -1 with the reason. */
static int
check_file(struct hm_modzip_names *names, const struct hm_modzip_file *f, struct hm_err *err)
{
	if (hm_modpath_check_file(f->path, err))
		return -1;
	if (is_gomod(f->path) && !hm_str_eqz(f->path, "go.mod"))
		return hm_err_set(err, HM_EINVALID, "go.mod files must have lowercase names");
	if (hm_modzip_names_add(names, f->path, false, err))
		return -1;
	if (hm_str_eqz(f->path, "go.mod") && f->size > HM_MODZIP_GOMOD_MAX)
		return hm_err_set(err, HM_EINVALID, "go.mod file too large (max size is %zu bytes)",
		                  HM_MODZIP_GOMOD_MAX);
	if (hm_str_eqz(f->path, "LICENSE") && f->size > HM_MODZIP_LICENSE_MAX)
		return hm_err_set(err, HM_EINVALID,
		                  "LICENSE file too large (max size is %zu bytes)",
		                  HM_MODZIP_LICENSE_MAX);
	return 0;
}

static void
sort_out(struct lister *l, struct hm_modzip_names *names, struct hm_modzip_file f, uint64_t *total)
{
	struct hm_modzip_listing *out = l->out;
	struct hm_err err = { 0 };

	if (in_submodule(l, f.path)) {
		add(l->a, &out->omitted, f.path, "file is in another module");
	} else if (hm_str_eqz(f.path, ".hg_archival.txt")) {
		add(l->a, &out->omitted, f.path,
		    "file is inserted by 'hg archive' and is always omitted");
	} else if (check_file(names, &f, &err)) {
		f.why = hm_arena_dup(l->a, hm_err_str(&err));
		HM_PUSH(l->a, out->invalid, f);
	} else {
		if (f.size <= HM_MODZIP_MAX - *total)
			*total += f.size;
		else
			out->too_large = true;
		HM_PUSH(l->a, out->valid, f);
	}
	hm_err_free(&err);
}

int
hm_modzip_list_dir(struct hm_arena *a, const char *dir, struct hm_modzip_listing *out,
                   struct hm_err *err)
{
	struct lister l = { .a = a, .dir = dir, .go = read_go(a, dir), .out = out };
	struct hm_modzip_names names;
	uint64_t total = 0;

	*out = (struct hm_modzip_listing){ 0 };
	l.submodule.arena = a;
	hm_modzip_names_init(&names, a);
	if (access(dir, F_OK))
		return hm_err_sys(err, errno, "lstat %s", dir);
	if (walk(&l, HM_S(""), 0, err))
		return -1;
	for (size_t i = 0; i < l.found.n; i++) {
		struct hm_modzip_file *f = &l.found.v[i];
		ptrdiff_t cut = hm_str_rindex_byte(f->path, '/');
		struct stat st;

		if (lstat(full(&l, f->path), &st))
			return hm_err_sys(err, errno, "lstat %s", full(&l, f->path));
		f->size = (uint64_t)st.st_size;
		if (is_gomod(hm_path_base(f->path)))
			hm_map_add(&l.submodule, hm_str_sub(f->path, 0, (size_t)(cut + 1)));
	}
	for (size_t i = 0; i < l.found.n; i++)
		sort_out(&l, &names, l.found.v[i], &total);
	return 0;
}

static int
add_file(struct hm_zip_writer *w, const char *dir, hm_str prefix, const struct hm_modzip_file *f,
         struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str path = hm_arena_printf(&a, "%s/" HM_F, dir, HM_P(f->path)), content;
	hm_str name = hm_arena_printf(&a, HM_F HM_F, HM_P(prefix), HM_P(f->path));
	int rc = -1;

	if (hm_file_map(path.p, &content, err) == 0) {
		if (content.n > f->size) {
			hm_str q = hm_str_quote(&a, f->path);

			hm_err_set(err, HM_EINVALID, "file " HM_F " is larger than declared size",
			           HM_P(q));
		} else {
			rc = hm_zip_writer_add(w, name, content, err);
		}
		hm_file_unmap(content);
	}
	hm_arena_free(&a);
	return rc;
}

/* go's CheckedFiles.Err */
static int
listing_err(const struct hm_modzip_listing *l, struct hm_err *err)
{
	if (l->too_large)
		return hm_err_set(err, HM_ELIMIT,
		                  "module source tree too large (max size is %zu bytes)",
		                  HM_MODZIP_MAX);
	if (l->invalid.n == 0)
		return 0;
	hm_err_set(err, HM_EINVALID, "%s", "");
	for (size_t i = 0; i < l->invalid.n; i++)
		hm_err_append(err, "%s" HM_F ": " HM_F, i ? "\n" : "", HM_P(l->invalid.v[i].path),
		              HM_P(l->invalid.v[i].why));
	return -1;
}

int
hm_modzip_create(int fd, const char *name, hm_str path, hm_str version, const char *dir,
                 struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_zip_writer *w = NULL;
	struct hm_modzip_listing l;
	hm_str prefix;
	int rc = -1;

	if (hm_modzip_list_dir(&a, dir, &l, err)) {
		hm_err_wrap(err, "create zip from directory %s: ", dir);
		goto out;
	}
	if (hm_modzip_check_name(path, version, err) || listing_err(&l, err))
		goto wrap;
	prefix = hm_arena_printf(&a, HM_F "@" HM_F "/", HM_P(path), HM_P(version));
	w = hm_zip_writer_new(fd, name);
	for (size_t i = 0; i < l.valid.n; i++)
		if (add_file(w, dir, prefix, &l.valid.v[i], err))
			goto wrap;
	rc = hm_zip_writer_finish(w, err);
wrap:
	if (rc)
		hm_err_wrap(err, "create zip %s: ", dir);
out:
	hm_zip_writer_free(w);
	hm_arena_free(&a);
	return rc;
}
