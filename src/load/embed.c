/* Files of //go:embed patterns (resolveEmbed of cmd/go/internal/load/pkg.go). */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/path.h"
#include "load/pkg.h"
#include "mod/modpath.h"
#include "os/file.h"

struct resolver {
	struct hm_arena *a;  /* for what is answered */
	struct hm_arena tmp;
	hm_str dir;
	bool links;           /* symbolic links may be named */
	struct hm_map dir_ok; /* folders (and files) known to belong to the module */
	struct hm_map all;    /* files of all patterns */
	struct hm_map own;    /* files of the current pattern */
	struct hm_err *err;
};

static hm_str
rel_of(const struct resolver *r, hm_str path)
{
	hm_str_cut_prefix(&path, r->dir);
	hm_str_cut_prefix(&path, HM_S("/"));
	return path;
}

static bool
is_valid_path(hm_str s)
{
	hm_str elem;

	if (s.n == 0 || !hm_str_is_utf8(s))
		return false;
	while (hm_str_next(&s, '/', &elem))
		if (elem.n == 0 || hm_str_eqz(elem, ".") || hm_str_eqz(elem, ".."))
			return false;
	return true;
}

static bool
has_meta(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && strchr("*?[\\", s.p[i]))
			return true;
	return false;
}

/* What a module zip would not hold. */
static bool
is_bad_name(hm_str name)
{
	struct hm_err err = { 0 };
	bool bad = hm_modpath_check_file(name, &err) != 0;

	hm_err_free(&err);
	return bad || hm_str_eqz(name, ".bzr") || hm_str_eqz(name, ".hg") ||
	       hm_str_eqz(name, ".git") || hm_str_eqz(name, ".svn");
}

static void
glob_folder(struct resolver *r, hm_str dir, hm_str pattern, struct hm_strs *out)
{
	struct hm_dirents list = { 0 };
	struct hm_err err = { 0 };
	bool match;

	if (hm_dir_read(&r->tmp, dir.p, &list, &err) != 0)
		list.n = 0;
	hm_err_free(&err);
	for (size_t i = 0; i < list.n; i++)
		if (hm_path_match(pattern, list.v[i].name, &match) == 0 && match)
			HM_PUSH(&r->tmp, *out, hm_path_cat(&r->tmp, dir, list.v[i].name));
}

/* filepath.Glob below the package folder. */
static void
glob(struct resolver *r, hm_str pattern, struct hm_strs *out)
{
	struct hm_strs now = { 0 };
	hm_str elem, dir = r->dir;
	bool meta = false;
	struct stat st;

	if (!has_meta(pattern)) {
		dir = hm_path_cat(&r->tmp, dir, pattern);
		if (lstat(dir.p, &st) == 0)
			HM_PUSH(&r->tmp, *out, dir);
		return;
	}
	while (hm_str_next(&pattern, '/', &elem)) {
		struct hm_strs next = { 0 };

		if (!meta && !has_meta(elem) && pattern.p) {
			dir = hm_path_cat(&r->tmp, dir, elem);
			continue;
		}
		if (!meta)
			HM_PUSH(&r->tmp, now, dir);
		meta = true;
		for (size_t i = 0; i < now.n; i++)
			glob_folder(r, now.v[i], elem, &next);
		now = next;
	}
	*out = now;
}

static int
refuse(struct resolver *r, bool is_dir, hm_str rel, const char *why, hm_str more)
{
	return hm_err_set(r->err, HM_EINVALID, "cannot embed %s " HM_F ": %s" HM_F,
	                  is_dir ? "directory" : "file", HM_P(rel), why, HM_P(more));
}

/* No folder on the way to the file starts another module or has a name a module cannot have. */
static int
check_way(struct resolver *r, hm_str file, bool is_dir)
{
	hm_str rel = rel_of(r, file), dir = file, elem;
	struct stat st;

	for (; dir.n > r->dir.n + 1; dir = hm_path_dir(&r->tmp, dir)) {
		bool self = hm_str_eq(dir, file);

		if (hm_map_has(&r->dir_ok, dir))
			return 0;
		if (stat(hm_path_cat(&r->tmp, dir, HM_S("go.mod")).p, &st) == 0)
			return refuse(r, is_dir, rel, "in different module", HM_S(""));
		if (!self && lstat(dir.p, &st) == 0 && !S_ISDIR(st.st_mode))
			return refuse(r, is_dir, rel, "in non-directory ", rel_of(r, dir));
		hm_map_add(&r->dir_ok, dir);
		elem = hm_path_base(dir);
		if (is_bad_name(elem))
			return refuse(r, is_dir, rel,
			              self ? "invalid name " : "in invalid directory ", elem);
	}
	return 0;
}

static void
add_file(struct resolver *r, hm_str rel)
{
	hm_map_add(&r->own, hm_arena_dup(r->a, rel));
}

/* All files below dir but hidden ones (unless all) and those of other modules. */
static int
walk(struct resolver *r, hm_str dir, bool all, size_t *count)
{
	struct hm_dirents list = { 0 };
	struct stat st;

	if (hm_dir_read(&r->tmp, dir.p, &list, r->err) != 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		hm_str name = list.v[i].name, path = hm_path_cat(&r->tmp, dir, name);
		bool is_dir = list.v[i].type == DT_DIR;
		bool hidden = name.p[0] == '.' || name.p[0] == '_';
		bool bad = is_bad_name(name);

		if (bad || (hidden && !all)) {
			if (is_dir || hidden)
				continue;
			return refuse(r, false, rel_of(r, path), "invalid name ", name);
		}
		if (is_dir) {
			if (stat(hm_path_cat(&r->tmp, path, HM_S("go.mod")).p, &st) != 0 &&
			    walk(r, path, all, count) != 0)
				return -1;
		} else if (list.v[i].type == DT_REG) {
			++*count;
			add_file(r, rel_of(r, path));
		}
	}
	return 0;
}

static int
add_match(struct resolver *r, hm_str file, bool all)
{
	struct stat st;
	size_t count = 0;

	if (lstat(file.p, &st) != 0)
		return hm_err_sys(r->err, errno, "lstat " HM_F, HM_P(file));
	if (check_way(r, file, S_ISDIR(st.st_mode)) != 0)
		return -1;
	if (r->links && S_ISLNK(st.st_mode)) {
		if (stat(file.p, &st) != 0)
			return hm_err_sys(r->err, errno, "stat " HM_F, HM_P(file));
		if (S_ISDIR(st.st_mode))
			st.st_mode = S_IFLNK;
	}
	if (S_ISREG(st.st_mode)) {
		add_file(r, rel_of(r, file));
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return hm_err_set(r->err, HM_EINVALID, "cannot embed irregular file " HM_F,
		                  HM_P(rel_of(r, file)));
	if (walk(r, file, all, &count) != 0)
		return -1;
	return count > 0 ? 0
	                 : refuse(r, true, rel_of(r, file), "contains no embeddable files",
	                          HM_S(""));
}

static int
resolve_pattern(struct resolver *r, hm_str pattern, struct hm_strs *files)
{
	struct hm_strs matches = { 0 };
	hm_str g = pattern;
	bool all = hm_str_cut_prefix(&g, HM_S("all:")), ok;

	if (hm_path_match(g, HM_S(""), &ok) != 0 || hm_str_eqz(g, ".") || !is_valid_path(g))
		return hm_err_set(r->err, HM_EINVALID, "invalid pattern syntax");
	memset(&r->own, 0, sizeof(r->own));
	r->own.arena = &r->tmp;
	glob(r, g, &matches);
	for (size_t i = 0; i < matches.n; i++)
		if (add_match(r, matches.v[i], all) != 0)
			return -1;
	if (r->own.n == 0)
		return hm_err_set(r->err, HM_ENOTFOUND, "no matching files found");
	for (size_t i = 0; i < r->own.n; i++) {
		HM_PUSH(r->a, *files, r->own.e[i].key);
		hm_map_add(&r->all, r->own.e[i].key);
	}
	hm_strs_sort(files);
	return 0;
}

int
hm_embed_resolve(struct hm_arena *a, hm_str dir, const struct hm_strs *patterns,
                 bool links, struct hm_strs *files, struct hm_embed_map *map, hm_str *bad,
                 struct hm_err *err)
{
	struct resolver r = { .a = a, .dir = dir, .links = links, .err = err };
	int rc = 0;

	r.dir_ok.arena = r.all.arena = &r.tmp;
	for (size_t i = 0; rc == 0 && i < patterns->n; i++) {
		struct hm_embed_entry e = { patterns->v[i], { 0 } };

		rc = resolve_pattern(&r, e.pattern, &e.files);
		if (rc == 0 && map)
			HM_PUSH(a, *map, e);
		if (rc != 0) {
			hm_err_wrap(err, "pattern " HM_F ": ", HM_P(e.pattern));
			if (bad)
				*bad = e.pattern;
			if (map)
				map->n = 0;
		}
	}
	for (size_t i = 0; rc == 0 && i < r.all.n; i++)
		HM_PUSH(a, *files, r.all.e[i].key);
	hm_strs_sort(files);
	hm_arena_free(&r.tmp);
	return rc;
}
