/* Questions about import paths and folders that need no module state. */
#include "base/path.h"
#include "load/import.h"
#include "os/file.h"

bool
hm_import_is_std_path(hm_str path)
{
	hm_str first, rest;

	hm_str_cut(path, '/', &first, &rest);
	return hm_str_index_byte(first, '.') < 0;
}

bool
hm_import_is_local(hm_str path)
{
	return hm_str_eqz(path, ".") || hm_str_eqz(path, "..") ||
	       hm_str_has_prefix(path, HM_S("./")) || hm_str_has_prefix(path, HM_S("../"));
}

bool
hm_import_is_meta(hm_str path)
{
	static const char *const names[] = { "std", "cmd", "tool", "work", "all" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (hm_str_eqz(path, names[i]))
			return true;
	return false;
}

bool
hm_import_may_be_in(hm_str path, hm_str mpath)
{
	return hm_str_has_prefix(path, mpath) && (path.n == mpath.n || path.p[mpath.n] == '/');
}

/* path below dir by its text alone; "." for dir itself, empty when it is not. */
static hm_str
in_dir_lex(hm_str path, hm_str dir)
{
	if (dir.n == 0)
		return path;
	if (!hm_path_has_prefix(path, dir))
		return HM_S("");
	if (path.n == dir.n)
		return HM_S(".");
	return hm_str_from(path, dir.n + (dir.p[dir.n - 1] != '/'));
}

static hm_str
eval_links(struct hm_arena *a, hm_str path)
{
	struct hm_err err = { 0 };
	hm_str out = HM_S("");

	if (hm_file_real_path(a, hm_arena_cstr(a, path), &out, &err) || hm_str_eq(out, path))
		out = HM_S("");
	hm_err_free(&err);
	return out;
}

hm_str
hm_import_in_dir(struct hm_arena *a, hm_str path, hm_str dir)
{
	hm_str rel = in_dir_lex(path, dir), real_path, real_dir;

	if (rel.n)
		return rel;
	real_path = eval_links(a, path);
	if (real_path.n && (rel = in_dir_lex(real_path, dir)).n)
		return rel;
	real_dir = eval_links(a, dir);
	if (real_dir.n && (rel = in_dir_lex(path, real_dir)).n)
		return rel;
	if (real_dir.n && real_path.n)
		return in_dir_lex(real_path, real_dir);
	return HM_S("");
}
