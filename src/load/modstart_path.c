#include "load/modstart_path.h"

#include <dirent.h>

#include "base/path.h"
#include "conf/conf.h"
#include "load/import.h"
#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/modtext.h"
#include "os/file.h"

/* Larger Go files are not searched for an import comment. */
#define GO_FILE_MAX ((size_t)64 << 20)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The first run of digits in s without leading zeros; empty when there is none. */
static hm_str
first_number(hm_str s)
{
	size_t i = 0, end;

	while (i < s.n && !is_digit(s.p[i]))
		i++;
	for (end = i; end < s.n && is_digit(s.p[end]); end++)
		;
	while (i < end && s.p[i] == '0')
		i++;
	return hm_str_sub(s, i, end);
}

/* path without the digits and dots at its end. */
static hm_str
trim_number(hm_str path)
{
	size_t i = path.n;

	while (i > 0 && (is_digit(path.p[i - 1]) || path.p[i - 1] == '.'))
		i--;
	return hm_str_sub(path, 0, i);
}

static hm_str
suggest_module_path(struct hm_arena *a, hm_str path)
{
	hm_str url = trim_number(path), m = first_number(hm_str_from(path, url.n));

	hm_str_cut_suffix(&url, HM_S("/v"));
	hm_str_cut_suffix(&url, HM_S("/"));
	if (!m.n || hm_str_eqz(m, "1"))
		m = HM_S("2");
	return hm_arena_printf(a, HM_F "/v" HM_F, HM_P(url), HM_P(m));
}

static hm_str
suggest_gopkg_in(struct hm_arena *a, hm_str path)
{
	hm_str url = trim_number(path), m = first_number(path);

	hm_str_cut_suffix(&url, HM_S(".v"));
	hm_str_cut_suffix(&url, HM_S("/v"));
	hm_str_cut_suffix(&url, HM_S("/"));
	if (!m.n)
		m = HM_S("1");
	return hm_arena_printf(a, HM_F ".v" HM_F, HM_P(url), HM_P(m));
}

int
hm_modstart_check_path(struct hm_modload *ml, hm_str path, struct hm_err *err)
{
	hm_str quoted = hm_str_quote(ml->arena, path), prefix, major;

	if (hm_modpath_why_import(path, err)) {
		if (hm_import_is_local(path))
			hm_err_set(err, HM_EINVALID, "is a local import path");
		return hm_err_wrap(err, "malformed module path " HM_F ": ", HM_P(quoted));
	}
	if (hm_gover_is_toolchain(path))
		return hm_err_set(err, HM_EINVALID, "invalid module path " HM_F ": ", HM_P(quoted));
	if (hm_modpath_split(path, &prefix, &major))
		return 0;
	if (hm_str_has_prefix(path, HM_S("gopkg.in/")))
		return hm_err_set(err, HM_EINVALID, "invalid module path \"" HM_F "\": module "
		                  "paths beginning with gopkg.in/ must always have a major version "
		                  "suffix in the form of .vN:\n\tgo mod init " HM_F, HM_P(path),
		                  HM_P(suggest_gopkg_in(ml->arena, path)));
	return hm_err_set(err, HM_EINVALID, "invalid module path \"" HM_F "\": major version "
	                  "suffixes must be in the form of /vN and are only allowed for v2 or "
	                  "later:\n\tgo mod init " HM_F, HM_P(path),
	                  HM_P(suggest_module_path(ml->arena, path)));
}

static void
skip_blanks(hm_str *s)
{
	while (s->n && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = hm_str_from(*s, 1);
}

/* `package p // import "x"`; the quoted part. */
static bool
import_comment(hm_str line, hm_str *quoted)
{
	size_t n = 0;
	ptrdiff_t end;
	hm_str rest;

	if (!hm_str_cut_prefix(&line, HM_S("package")))
		return false;
	rest = line;
	skip_blanks(&rest);
	if (rest.n == line.n)
		return false;
	while (n < rest.n && !strchr(" \t\r/", rest.p[n]))
		n++;
	if (!n || n == rest.n || (rest.p[n] != ' ' && rest.p[n] != '\t'))
		return false;
	rest = hm_str_from(rest, n);
	skip_blanks(&rest);
	if (!hm_str_cut_prefix(&rest, HM_S("//")) || !rest.n || !strchr(" \t", rest.p[0]))
		return false;
	skip_blanks(&rest);
	if (!hm_str_cut_prefix(&rest, HM_S("import")) || !rest.n || !strchr(" \t", rest.p[0]))
		return false;
	skip_blanks(&rest);
	if (rest.n < 3 || rest.p[0] != '"')
		return false;
	end = hm_str_index_byte(hm_str_from(rest, 1), '"');
	if (end < 1)
		return false;
	*quoted = hm_str_sub(rest, 0, (size_t)end + 2);
	return hm_str_trim(hm_str_from(rest, quoted->n)).n == 0;
}

static bool
find_import_comment(struct hm_arena *a, hm_str file, hm_str *path)
{
	struct hm_err err = { 0 };
	hm_str data, line, quoted;

	if (hm_file_read(a, hm_arena_cstr(a, file), GO_FILE_MAX, &data, &err)) {
		hm_err_free(&err);
		return false;
	}
	while (hm_str_index_byte(data, '\n') >= 0 && hm_str_next(&data, '\n', &line))
		if (import_comment(line, &quoted))
			return hm_modtext_unquote(a, quoted, path);
	return false;
}

/* The import comment of some Go file in dir itself. */
static bool
comment_in_dir(struct hm_arena *a, hm_str dir, const struct hm_dirents *ents, hm_str *path)
{
	for (size_t i = 0; i < ents->n; i++)
		if (ents->v[i].type == DT_REG &&
		    hm_str_has_suffix(ents->v[i].name, HM_S(".go")) &&
		    find_import_comment(a, hm_path_cat(a, dir, ents->v[i].name), path))
			return true;
	return false;
}

static bool
path_from_comments(struct hm_arena *a, hm_str dir, hm_str *path)
{
	struct hm_dirents ents = { 0 }, sub;
	struct hm_err err = { 0 };
	bool found = false;

	if (hm_dir_read(a, hm_arena_cstr(a, dir), &ents, &err))
		hm_err_clear(&err);
	found = comment_in_dir(a, dir, &ents, path);
	for (size_t i = 0; i < ents.n && !found; i++) {
		hm_str below = hm_path_cat(a, dir, ents.v[i].name);

		sub = (struct hm_dirents){ 0 };
		if (ents.v[i].type != DT_DIR || hm_dir_read(a, below.p, &sub, &err)) {
			hm_err_clear(&err);
			continue;
		}
		found = comment_in_dir(a, below, &sub, path);
		if (found)
			*path = hm_path_dir(a, *path);
	}
	hm_err_free(&err);
	return found;
}

int
hm_modstart_find_path(struct hm_modload *ml, hm_str dir, hm_str *out, struct hm_err *err)
{
	struct hm_arena *a = ml->arena;
	hm_str list = ml->conf->gopath, place, rel;
	hm_str reason = HM_S("outside GOPATH, module path must be specified");
	struct hm_err bad = { 0 };

	if (path_from_comments(a, dir, out))
		return 0;
	while (hm_str_next(&list, ':', &place)) {
		if (!place.n)
			continue;
		rel = hm_import_in_dir(a, dir, hm_path_join(a, place, HM_S("src")));
		if (!rel.n || hm_str_eqz(rel, "."))
			continue;
		if (hm_modpath_check_import(rel, &bad) == 0) {
			*out = rel;
			return 0;
		}
		reason = hm_arena_printf(a, "bad module path inferred from directory in GOPATH: "
		                         HM_F, HM_P(hm_err_str(&bad)));
		hm_err_free(&bad);
		break;
	}
	return hm_err_set(err, HM_EINVALID, "cannot determine module path for source directory "
	                  HM_F " (" HM_F ")\n\nExample usage:\n"
	                  "\t'go mod init example.com/m' to initialize a v0 or v1 module\n"
	                  "\t'go mod init example.com/m/v2' to initialize a v2 module\n\n"
	                  "Run 'go help mod init' for more information.\n", HM_P(dir),
	                  HM_P(reason));
}
