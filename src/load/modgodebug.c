/*
 * godebug lines: the settings that a toolchain knows are in the table of its
 * package internal/godebugs, one line a setting:
 *
 *	{Name: "panicnil", Package: "runtime", Changed: 21, Old: "1"},
 *	{Name: "x509sha1", Removed: 24},
 */
#include "base/path.h"
#include "conf/conf.h"
#include "load/modfiles.h"
#include "mod/gover.h"
#include "os/file.h"

#define TABLE_MAX ((size_t)1 << 20)

static int
lookup(hm_str table, hm_str verb, hm_str key, struct hm_arena *a, struct hm_err *err)
{
	hm_str want = hm_arena_printf(a, "{Name: \"" HM_F "\",", HM_P(key)), line;
	hm_str quoted = hm_str_quote(a, key);
	ptrdiff_t i;

	while (hm_str_next(&table, '\n', &line)) {
		line = hm_str_trim(line);
		if (!hm_str_cut_prefix(&line, want))
			continue;
		i = hm_str_index(line, HM_S("Removed: "));
		if (i < 0)
			return 0;
		hm_str_cut(hm_str_from(line, (size_t)i + sizeof("Removed: ") - 1), '}', &line,
		           &want);
		return hm_err_set(err, HM_EINVALID, "use of removed " HM_F " " HM_F
		                  ", see https://go.dev/doc/godebug#go-1" HM_F, HM_P(verb),
		                  HM_P(quoted), HM_P(line));
	}
	return hm_err_set(err, HM_EINVALID, "unknown " HM_F " " HM_F, HM_P(verb), HM_P(quoted));
}

static int
check_default(const struct hm_modload *ml, hm_str value, struct hm_err *err)
{
	hm_str go = value;

	if (!hm_str_cut_prefix(&go, HM_S("go")) || !hm_gover_valid(go))
		return hm_err_set(err, HM_EINVALID, "value for default= must be goVERSION");
	if (hm_gover_cmp(go, ml->local_go) > 0)
		return hm_err_set(err, HM_EINVALID,
		                  "default=" HM_F " too new (toolchain is go" HM_F ")",
		                  HM_P(value), HM_P(ml->local_go));
	return 0;
}

static bool
has_any(hm_str s, const char *bytes)
{
	for (; *bytes; bytes++)
		if (hm_str_index_byte(s, *bytes) >= 0)
			return true;
	return false;
}

int
hm_modload_check_godebug(const struct hm_modload *ml, hm_str verb, hm_str key, hm_str value,
                         struct hm_err *err)
{
	struct hm_arena tmp = { 0 };
	struct hm_err io = { 0 };
	hm_str file, table;
	int rc = 0;

	if (has_any(key, " \t"))
		return hm_err_set(err, HM_EINVALID, "key contains space");
	if (has_any(value, " \t"))
		return hm_err_set(err, HM_EINVALID, "value contains space");
	if (has_any(key, ","))
		return hm_err_set(err, HM_EINVALID, "key contains comma");
	if (has_any(value, ","))
		return hm_err_set(err, HM_EINVALID, "value contains comma");
	if (hm_str_eqz(key, "default"))
		return check_default(ml, value, err);
	file = hm_path_join(&tmp, ml->conf->goroot, HM_S("src/internal/godebugs/table.go"));
	/* Without a toolchain there is no table; the compiler's go will judge. */
	if (hm_file_read(&tmp, file.p, TABLE_MAX, &table, &io) == 0)
		rc = lookup(table, verb, key, &tmp, err);
	hm_err_free(&io);
	hm_arena_free(&tmp);
	return rc;
}
