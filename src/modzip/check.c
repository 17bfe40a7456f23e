#include "modzip/check.h"

#include "base/map.h"
#include "base/path.h"
#include "base/rune.h"
#include "mod/modpath.h"

/* A path that was seen. */
struct name {
	hm_str path;
	bool is_dir;
	bool settled; /* its parents were added and none collided */
};

/* Lines of the error list, and the one about size that goes before them. */
struct findings {
	struct hm_buf invalid;
	bool too_large;
};

/* One spelling for all strings that are equal under Unicode case folding. */
static hm_str
fold(struct hm_arena *a, hm_str s)
{
	struct hm_buf b = { 0 };
	size_t i = 0;

	while (i < s.n && (unsigned char)s.p[i] < 0x80 && !(s.p[i] >= 'A' && s.p[i] <= 'Z'))
		i++;
	if (i == s.n)
		return s;
	for (i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i), next;

		/* around the orbit to its least member */
		while ((next = hm_rune_fold(r)) > r)
			r = next;
		r = next;
		hm_buf_add_rune(&b, r >= 'A' && r <= 'Z' ? r + ('a' - 'A') : r);
	}
	return hm_buf_take(&b, a);
}

void
hm_modzip_names_init(struct hm_modzip_names *n, struct hm_arena *a)
{
	n->arena = a;
	n->map = HM_NEW(a, struct hm_map);
	n->map->arena = a;
}

/* Adds one path alone; *known gets what is there. */
static int
add_one(struct hm_modzip_names *n, hm_str path, bool is_dir, struct name **known,
        struct hm_err *err)
{
	bool fresh;
	struct hm_map_entry *e = hm_map_put(n->map, fold(n->arena, path), &fresh);
	hm_str x, y;

	if (fresh) {
		struct name *name = HM_NEW(n->arena, struct name);

		*name = (struct name){ .path = path, .is_dir = is_dir };
		e->val = name;
	}
	*known = e->val;
	if (fresh)
		return 0;
	x = hm_str_quote(n->arena, (*known)->path);
	y = hm_str_quote(n->arena, path);
	if (!hm_str_eq((*known)->path, path))
		return hm_err_set(err, HM_EINVALID,
		                  "case-insensitive file name collision: " HM_F " and " HM_F,
		                  HM_P(x), HM_P(y));
	if ((*known)->is_dir != is_dir)
		return hm_err_set(err, HM_EINVALID, "entry " HM_F " is both a file and a directory",
		                  HM_P(y));
	if (!is_dir)
		return hm_err_set(err, HM_EINVALID, "multiple entries for file " HM_F, HM_P(y));
	return 0;
}

static hm_str
parent_of(hm_str path)
{
	ptrdiff_t i = hm_str_rindex_byte(path, '/');

	return i < 0 ? HM_S("") : hm_str_sub(path, 0, (size_t)i);
}

int
hm_modzip_names_add(struct hm_modzip_names *n, hm_str path, bool is_dir, struct hm_err *err)
{
	struct name *known;

	for (hm_str p = path; p.n > 0; p = parent_of(p), is_dir = true) {
		if (add_one(n, p, is_dir, &known, err))
			return -1;
		if (known->settled)
			break;
	}
	for (hm_str p = parent_of(path); p.n > 0; p = parent_of(p)) {
		known = hm_map_get(n->map, fold(n->arena, p));
		if (known->settled)
			break;
		known->settled = true;
	}
	return 0;
}

static void
add_invalid(struct findings *f, hm_str name, hm_str why)
{
	if (f->invalid.n)
		hm_buf_addc(&f->invalid, '\n');
	hm_buf_adds(&f->invalid, name);
	hm_buf_addz(&f->invalid, ": ");
	hm_buf_adds(&f->invalid, why);
}

static bool
is_gomod_any_case(hm_str base)
{
	return base.n == 6 && strncasecmp(base.p, "go.mod", 6) == 0;
}

/* The rules for one entry; name is without the prefix. -1 with the reason. */
static int
check_entry(struct hm_modzip_names *names, hm_str name, const struct hm_zip_file *f,
            uint64_t *total, struct findings *found, struct hm_err *err)
{
	bool is_dir = hm_str_cut_suffix(&name, HM_S("/"));
	hm_str base = hm_path_base(name);

	if (!hm_path_is_clean(name))
		return hm_err_set(err, HM_EINVALID, "file path is not clean");
	if (hm_modpath_check_file(name, err) || hm_modzip_names_add(names, name, is_dir, err))
		return -1;
	if (is_dir)
		return 0;
	if (is_gomod_any_case(base) && base.n != name.n)
		return hm_err_set(err, HM_EINVALID, "go.mod file not in module root directory");
	if (is_gomod_any_case(base) && !hm_str_eqz(name, "go.mod"))
		return hm_err_set(err, HM_EINVALID, "go.mod files must have lowercase names");
	if (f->size <= HM_MODZIP_MAX - *total)
		*total += f->size;
	else
		found->too_large = true;
	/* as Go, which compares signed numbers */
	if (f->size > INT64_MAX)
		return 0;
	if (hm_str_eqz(name, "go.mod") && f->size > HM_MODZIP_GOMOD_MAX)
		return hm_err_set(err, HM_EINVALID, "go.mod file too large (max size is %zu bytes)",
		                  HM_MODZIP_GOMOD_MAX);
	if (hm_str_eqz(name, "LICENSE") && f->size > HM_MODZIP_LICENSE_MAX)
		return hm_err_set(err, HM_EINVALID,
		                  "LICENSE file too large (max size is %zu bytes)",
		                  HM_MODZIP_LICENSE_MAX);
	return 0;
}

static void
check_entries(struct hm_arena *a, const struct hm_zip *z, hm_str prefix, struct findings *found)
{
	struct hm_modzip_names names;
	struct hm_err err = { 0 };
	uint64_t total = 0;

	hm_modzip_names_init(&names, a);
	hm_map_reserve(names.map, z->n);
	for (size_t i = 0; i < z->n; i++) {
		hm_str name = z->f[i].name;

		if (!hm_str_cut_prefix(&name, prefix)) {
			hm_str q = hm_str_quote(a, prefix);

			hm_err_set(&err, HM_EINVALID, "path does not have prefix " HM_F, HM_P(q));
		} else if (name.n == 0 ||
		           check_entry(&names, name, &z->f[i], &total, found, &err) == 0) {
			continue;
		}
		add_invalid(found, z->f[i].name, hm_err_str(&err));
		hm_err_clear(&err);
	}
	hm_err_free(&err);
}

int
hm_modzip_check_name(hm_str path, hm_str version, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = 0;

	if (!hm_modpath_is_canonical_version(version)) {
		hm_str canonical = hm_modpath_canonical_version(&a, version);
		hm_str have = hm_str_quote(&a, version), want = hm_str_quote(&a, canonical);

		rc = hm_err_set(err, HM_EINVALID,
		                "version " HM_F " is not canonical (should be " HM_F ")",
		                HM_P(have), HM_P(want));
	} else {
		rc = hm_modpath_check_version(path, version, err);
	}
	hm_arena_free(&a);
	return rc;
}

int
hm_modzip_check(const struct hm_zip *z, hm_str path, hm_str version, struct hm_err *err)
{
	struct findings found = { 0 };
	struct hm_arena a = { 0 };
	hm_str prefix;
	int rc = 0;

	if (hm_modzip_check_name(path, version, err))
		return -1;
	if (z->data.n > HM_MODZIP_MAX)
		return hm_err_set(err, HM_ELIMIT,
		                  "module zip file is too large (%zu bytes; limit is %zu bytes)",
		                  z->data.n, HM_MODZIP_MAX);
	prefix = hm_arena_printf(&a, HM_F "@" HM_F "/", HM_P(path), HM_P(version));
	check_entries(&a, z, prefix, &found);
	if (found.too_large) {
		rc = hm_err_set(err, HM_ELIMIT,
		                "total uncompressed size of module contents too large "
		                "(max size is %zu bytes)",
		                HM_MODZIP_MAX);
	} else if (found.invalid.n) {
		rc = hm_err_set(err, HM_EINVALID, "%s", "");
		hm_buf_adds(&err->msg, hm_buf_str(&found.invalid)); /* may hold NULs */
	}
	hm_buf_free(&found.invalid);
	hm_arena_free(&a);
	return rc;
}
