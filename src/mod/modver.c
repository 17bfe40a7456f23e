#include "mod/modver.h"

#include <stdlib.h>

#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/semver.h"

uint64_t
hm_modver_hash(struct hm_modver m)
{
	return hm_str_hash(m.path) * UINT64_C(0x9e3779b97f4a7c15) ^ hm_str_hash(m.version);
}

hm_str
hm_modver_str(struct hm_arena *a, struct hm_modver m)
{
	if (m.version.n == 0)
		return m.path;
	return hm_arena_concat(a, (hm_str[]){ m.path, HM_S("@"), m.version }, 3);
}

bool
hm_modver_cut(hm_str s, struct hm_modver *m)
{
	return hm_str_cut(s, '@', &m->path, &m->version);
}

int
hm_modver_unescape(struct hm_arena *a, hm_str s, struct hm_modver *m, struct hm_err *err)
{
	hm_str path, version;

	if (!hm_str_cut(s, '@', &path, &version) || hm_str_index_byte(version, '@') >= 0 ||
	    path.n == 0 || version.n == 0)
		return hm_err_set(err, HM_EINVALID, "invalid module@version syntax");
	if (hm_modpath_unescape(a, path, &m->path, err) ||
	    hm_modpath_unescape_version(a, version, &m->version, err) ||
	    hm_modpath_check_version(m->path, m->version, err))
		return -1;
	if (!hm_modpath_is_canonical_version(m->version))
		return hm_err_set(err, HM_EINVALID, "version " HM_F " is not canonical",
		                  HM_P(m->version));
	return 0;
}

/* Takes the part from the first '/' on ("/go.mod") off a version. */
static hm_str
cut_file(hm_str *version)
{
	ptrdiff_t i = hm_str_index_byte(*version, '/');
	hm_str file;

	if (i < 0)
		return HM_S("");
	file = hm_str_from(*version, (size_t)i);
	version->n = (size_t)i;
	return file;
}

static int
cmp_with(struct hm_modver a, struct hm_modver b, int (*cmp)(hm_str path, hm_str x, hm_str y))
{
	hm_str fa, fb;
	int c = hm_str_cmp(a.path, b.path);

	if (c)
		return c;
	fa = cut_file(&a.version);
	fb = cut_file(&b.version);
	if ((c = cmp(a.path, a.version, b.version)) || (c = hm_str_cmp(a.version, b.version)))
		return c;
	return hm_str_cmp(fa, fb);
}

static int
cmp_semver(hm_str path, hm_str x, hm_str y)
{
	(void)path;
	return hm_semver_cmp(x, y);
}

int
hm_modver_cmp(struct hm_modver a, struct hm_modver b)
{
	return cmp_with(a, b, hm_gover_mod_cmp);
}

int
hm_modver_cmp_sum(struct hm_modver a, struct hm_modver b)
{
	return cmp_with(a, b, cmp_semver);
}

static int
cmp_qsort(const void *x, const void *y)
{
	return hm_modver_cmp(*(const struct hm_modver *)x, *(const struct hm_modver *)y);
}

void
hm_modver_sort(struct hm_modvers *list)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), cmp_qsort);
}

/* Does msg begin with "path@version: "? */
static bool
names_module(hm_str msg, struct hm_modver m)
{
	return hm_str_cut_prefix(&msg, m.path) && hm_str_cut_prefix(&msg, HM_S("@")) &&
	       hm_str_cut_prefix(&msg, m.version) && hm_str_has_prefix(msg, HM_S(": "));
}

/* Takes `version "V" invalid: why` apart; V must need no quoting. */
static bool
cut_invalid(hm_str msg, hm_str *noun, hm_str *version, hm_str *why)
{
	static const hm_str mark = HM_S_INIT("\" invalid: ");
	ptrdiff_t i;

	*noun = HM_S("version");
	if (hm_str_has_prefix(msg, HM_S("pseudo-version")))
		*noun = HM_S("pseudo-version");
	if (!hm_str_cut_prefix(&msg, *noun) || !hm_str_cut_prefix(&msg, HM_S(" \"")))
		return false;
	i = hm_str_index_byte(msg, '"');
	if (i < 0 || !hm_str_has_prefix(hm_str_from(msg, (size_t)i), mark))
		return false;
	*version = hm_str_sub(msg, 0, (size_t)i);
	*why = hm_str_from(msg, (size_t)i + mark.n);
	return true;
}

int
hm_modver_wrap(struct hm_err *err, struct hm_modver m)
{
	struct hm_buf b = { 0 };
	hm_str msg = hm_err_str(err), noun, version, why;

	if (err->final || names_module(msg, m))
		return -1;
	if (cut_invalid(msg, &noun, &version, &why)) {
		hm_buf_printf(&b, HM_F "@" HM_F ": invalid " HM_F ": " HM_F, HM_P(m.path),
		              HM_P(version), HM_P(noun), HM_P(why));
		hm_buf_free(&err->msg);
		err->msg = b;
		return -1;
	}
	if (m.version.n)
		return hm_err_wrap(err, HM_F "@" HM_F ": ", HM_P(m.path), HM_P(m.version));
	return hm_err_wrap(err, "module " HM_F ": ", HM_P(m.path));
}
