#include "import.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/path.h"
#include "mod/modpath.h"
#include "os/file.h"

enum { DEPTH_MAX = 64 };

struct scan {
	struct hm_arena *arena;
	enum import_form form;
	struct import_list *out;
	hm_str root;
};

static bool
is_version(hm_str path, hm_str version)
{
	struct hm_err err = { 0 };
	bool ok = hm_modpath_check_version(path, version, &err) == 0 &&
	          hm_modpath_is_canonical_version(version);

	hm_err_free(&err);
	return ok;
}

/* ---- <path>/@v */

static hm_str *
field_of(struct import_version *v, hm_str *name)
{
	const struct {
		hm_str suffix;
		hm_str *field;
	} kinds[] = {
		{ HM_S(".info"), &v->info },
		{ HM_S(".mod"), &v->mod },
		{ HM_S(".zip"), &v->zip },
		{ HM_S(".ziphash"), &v->ziphash },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (hm_str_cut_suffix(name, kinds[i].suffix))
			return kinds[i].field;
	return NULL;
}

/* The files of one module: sorted names, but versions interleave ("v1.0.0", "v1.0.0-pre"). */
static int
scan_versions(struct scan *s, hm_str dir, hm_str path, struct hm_err *err)
{
	struct hm_dirents e = { 0 };
	struct hm_map map = { .arena = s->arena };

	if (hm_dir_read(s->arena, dir.p, &e, err))
		return -1;
	for (size_t i = 0; i < e.n; i++) {
		struct import_version kinds = { 0 }, *v;
		hm_str name = e.v[i].name, version, *field = field_of(&kinds, &name);
		struct hm_err none = { 0 };
		struct hm_map_entry *slot;

		if (!field || e.v[i].type != DT_REG)
			continue;
		if (hm_modpath_unescape_version(s->arena, name, &version, &none) ||
		    !is_version(path, version)) {
			hm_err_free(&none);
			s->out->ignored++;
			continue;
		}
		slot = hm_map_put(&map, version, NULL);
		if (!slot->val)
			slot->val = HM_NEW(s->arena, struct import_version);
		v = slot->val;
		v->path = path;
		v->version = version;
		name = e.v[i].name;
		*field_of(v, &name) = hm_path_cat(s->arena, dir, e.v[i].name);
	}
	for (size_t i = 0; i < map.n; i++) {
		struct import_version *v = map.e[i].val;

		if (v->mod.n || v->zip.n) /* an .info alone: nothing vouches for it */
			HM_PUSH(s->arena, *s->out, *v);
		else
			s->out->ignored++;
	}
	return 0;
}

/* ---- <path>/<version>/{go.mod,source.zip} */

/* Athens decodes the path of a request and leaves its version as it came. */
static hm_str
unescape_if(struct hm_arena *a, hm_str s,
            int (*unescape)(struct hm_arena *a, hm_str s, hm_str *out, struct hm_err *err))
{
	struct hm_err err = { 0 };
	hm_str out;

	if (hm_str_index_byte(s, '!') < 0 || unescape(a, s, &out, &err))
		out = s;
	hm_err_free(&err);
	return out;
}

static void
scan_athens(struct scan *s, hm_str dir, hm_str rel, const struct hm_dirents *e)
{
	struct import_version v = { 0 };
	ptrdiff_t slash = hm_str_rindex_byte(rel, '/');
	hm_str name;

	if (slash < 0)
		return;
	v.path = unescape_if(s->arena, hm_str_sub(rel, 0, (size_t)slash), hm_modpath_unescape);
	v.version = unescape_if(s->arena, hm_str_from(rel, (size_t)slash + 1),
	                        hm_modpath_unescape_version);
	if (!is_version(v.path, v.version)) {
		s->out->ignored++;
		return;
	}
	for (size_t i = 0; i < e->n; i++) {
		hm_str file = hm_path_cat(s->arena, dir, e->v[i].name);

		name = e->v[i].name;
		if (e->v[i].type != DT_REG)
			continue;
		if (hm_str_eqz(name, "go.mod"))
			v.mod = file;
		else if (hm_str_eqz(name, "source.zip"))
			v.zip = file;
		else if (hm_str_has_suffix(name, HM_S(".info")))
			v.info = file;
	}
	HM_PUSH(s->arena, *s->out, v);
}

/* ---- both */

static bool
has(const struct hm_dirents *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (hm_str_eqz(e->v[i].name, name))
			return true;
	return false;
}

static int
scan_module(struct scan *s, hm_str dir, hm_str rel, struct hm_err *err)
{
	struct hm_err none = { 0 };
	hm_str path;

	if (hm_modpath_unescape(s->arena, rel, &path, &none)) {
		hm_err_free(&none);
		s->out->ignored++;
		return 0;
	}
	return scan_versions(s, hm_path_cat(s->arena, dir, HM_S("@v")), path, err);
}

static int
scan_dir(struct scan *s, hm_str dir, hm_str rel, int depth, struct hm_err *err)
{
	bool proxy = s->form == IMPORT_AUTO || (s->form & (IMPORT_MODCACHE | IMPORT_GOPROXY));
	bool athens = s->form == IMPORT_AUTO || s->form == IMPORT_ATHENS;
	struct hm_dirents e = { 0 };

	if (depth > DEPTH_MAX)
		return hm_err_set(err, HM_ELIMIT, HM_F ": more than %d folders deep", HM_P(dir),
		                  DEPTH_MAX);
	if (hm_dir_read(s->arena, dir.p, &e, err))
		return -1;
	if (athens && has(&e, "go.mod") && has(&e, "source.zip")) {
		scan_athens(s, dir, rel, &e);
		return 0;
	}
	if (proxy && rel.n && has(&e, "@v") && scan_module(s, dir, rel, err))
		return -1;
	for (size_t i = 0; i < e.n; i++) {
		hm_str name = e.v[i].name;

		if (e.v[i].type != DT_DIR || name.p[0] == '@' ||
		    (rel.n == 0 && hm_str_eqz(name, "sumdb")))
			continue;
		if (scan_dir(s, hm_path_cat(s->arena, dir, name),
		             rel.n ? hm_path_cat(s->arena, rel, name) : name, depth + 1, err))
			return -1;
	}
	return 0;
}

static int
by_module(const void *a, const void *b)
{
	const struct import_version *x = a, *y = b;

	return hm_modver_cmp(hm_modver_of(x->path, x->version), hm_modver_of(y->path, y->version));
}

int
import_scan(struct hm_arena *a, hm_str src, enum import_form form, struct import_list *out,
            struct hm_err *err)
{
	struct scan s = { .arena = a, .form = form, .out = out };
	hm_str download = hm_path_cat(a, src, HM_S("cache/download"));

	if (form == IMPORT_MODCACHE || (form == IMPORT_AUTO && hm_file_is_dir(download.p))) {
		s.form = IMPORT_MODCACHE;
		src = download;
	}
	if (scan_dir(&s, src, HM_S(""), 0, err))
		return -1;
	if (out->n == 0)
		return hm_err_set(err, HM_EINVALID, HM_F ": no modules of %s are in it", HM_P(src),
		                  s.form == IMPORT_MODCACHE  ? "a module cache"
		                  : s.form == IMPORT_ATHENS  ? "Athens' disk store"
		                  : s.form == IMPORT_GOPROXY ? "a GOPROXY tree"
		                                             : "any form known");
	qsort(out->v, out->n, sizeof(*out->v), by_module);
	return 0;
}

/* ---- one version */

static int
read_if(struct hm_arena *a, hm_str file, size_t max, hm_str *out, struct hm_err *err)
{
	return file.n ? hm_file_read(a, file.p, max, out, err) : 0;
}

static int
read_and_admit(const struct admit *ad, struct hm_arena *a, const struct import_version *v,
               enum admit_outcome *outcome, struct hm_err *err)
{
	struct admit_module m = { .path = v->path, .version = v->version, .may_link = true };

	/* go may have fetched the zip alone */
	if (v->mod.n == 0 && admit_mod_of_zip(a, v->path, v->version, v->zip.p, &m.mod, err))
		return -1;
	if (read_if(a, v->info, ADMIT_INFO_MAX, &m.info, err) ||
	    read_if(a, v->mod, ADMIT_MOD_MAX, &m.mod, err) ||
	    read_if(a, v->ziphash, ADMIT_INFO_MAX, &m.want_h1, err))
		return -1;
	m.want_h1 = hm_str_trim(m.want_h1);
	m.zip = v->zip.n ? v->zip.p : NULL;
	m.local = !ad->verify || !hm_verify_uses_sumdb(ad->verify, v->path);
	return admit_module(ad, &m, outcome, err);
}

int
import_one(const struct admit *ad, const struct import_version *v, enum admit_outcome *outcome,
           struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = read_and_admit(ad, &a, v, outcome, err);

	hm_arena_free(&a);
	return rc ? hm_modver_wrap(err, hm_modver_of(v->path, v->version)) : 0;
}
