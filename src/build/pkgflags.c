#include "build/pkgflags.h"

#include "base/path.h"
#include "build/builder.h"
#include "codec/quoted.h"
#include "load/modinfo.h"
#include "mod/match.h"

static int
parse(struct hm_arena *a, hm_str text, struct hm_pkgflag *out, struct hm_err *err)
{
	hm_str v = hm_str_trim(text);
	ptrdiff_t eq;

	*out = (struct hm_pkgflag){ 0 };
	if (v.n && v.p[0] != '-') {
		eq = hm_str_index_byte(v, '=');
		if (eq < 0)
			return hm_err_set(err, HM_EUSAGE, "missing =<value> in <pattern>=<value>");
		if (eq == 0)
			return hm_err_set(err, HM_EUSAGE, "missing <pattern> in <pattern>=<value>");
		if (v.p[0] == '\'' || v.p[0] == '"')
			return hm_err_set(err, HM_EUSAGE,
			                  "parameter may not start with quote character %c",
			                  v.p[0]);
		out->pattern = hm_str_trim(hm_str_sub(v, 0, (size_t)eq));
		v = hm_str_from(v, (size_t)eq + 1);
	}
	return hm_quoted_split(a, v, &out->words, err);
}

int
hm_pkgflags_parse(struct hm_arena *a, const char *flag, const struct hm_strs *texts,
                  struct hm_pkgflags *out, struct hm_err *err)
{
	struct hm_pkgflag f;

	for (size_t i = 0; i < texts->n; i++) {
		if (parse(a, texts->v[i], &f, err)) {
			err->code = HM_EUSAGE;
			return hm_err_wrap(err, "invalid value " HM_F " for flag -%s: ",
			                   HM_P(hm_str_quote(a, texts->v[i])), flag);
		}
		HM_PUSH(a, *out, f);
	}
	return 0;
}

/* ./x, ../x, . and ..: a folder, with or without "..." behind it. */
static bool
is_relative(hm_str p)
{
	return hm_str_eqz(p, ".") || hm_str_eqz(p, "..") || hm_str_has_prefix(p, HM_S("./")) ||
	       hm_str_has_prefix(p, HM_S("../"));
}

static bool
match_folder(const struct hm_builder *b, struct hm_arena *a, hm_str pattern, hm_str dir)
{
	ptrdiff_t dots = hm_str_index(pattern, HM_S("...")), slash;
	hm_str base = pattern, rel;

	if (dots < 0)
		return hm_str_eq(hm_path_join(a, b->o.cwd, pattern), dir);
	slash = hm_str_rindex_byte(hm_str_sub(pattern, 0, (size_t)dots), '/');
	base.n = (size_t)slash; /* there is one: the pattern begins with "./" or "../" */
	if (!hm_path_rel(a, hm_path_join(a, b->o.cwd, base), dir, &rel) || hm_str_eqz(rel, "..") ||
	    hm_str_has_prefix(rel, HM_S("../")))
		return false;
	return hm_match_pattern(hm_str_from(pattern, (size_t)slash + 1), rel);
}

static bool
match(const struct hm_builder *b, struct hm_arena *a, hm_str pattern, const struct hm_pkg *p)
{
	if (!pattern.p)
		return p->cmdline_pkg || p->cmdline_files;
	if (is_relative(pattern))
		return match_folder(b, a, pattern, p->dir);
	if (hm_str_eqz(pattern, "all"))
		return true;
	if (hm_str_eqz(pattern, "std"))
		return p->standard;
	if (hm_str_eqz(pattern, "cmd"))
		return p->standard && hm_str_has_prefix(p->import_path, HM_S("cmd/"));
	if (hm_str_eqz(pattern, "tool") && b->modules)
		return hm_strs_has(&b->mods.tools, p->import_path);
	if (hm_str_eqz(pattern, "work") && b->modules)
		return p->module && hm_strs_has(&b->mods.main_mods, p->module->path);
	return hm_match_pattern(pattern, p->import_path);
}

struct hm_strs
hm_pkgflags_for(const struct hm_builder *b, struct hm_arena *a, const struct hm_pkgflags *f,
                const struct hm_pkg *p)
{
	for (size_t i = f->n; i-- > 0;)
		if (match(b, a, f->v[i].pattern, p))
			return f->v[i].words;
	return (struct hm_strs){ 0 };
}
