#include "conf/envfile.h"

#include <stdlib.h>

#include "conf/conf.h"
#include "os/file.h"

void
hm_envfile_read(struct hm_map *map, const char *path)
{
	struct hm_arena *a = map->arena;
	struct hm_err ignored = { 0 };
	hm_str rest, line, name, value;

	if (hm_file_read(a, path, HM_CONF_MAX_FILE, &rest, &ignored) < 0) {
		hm_err_free(&ignored);
		return;
	}
	while (hm_str_next(&rest, '\n', &line))
		if (hm_str_cut(line, '=', &name, &value) && name.n && name.p[0] >= 'A' &&
		    name.p[0] <= 'Z')
			hm_map_set(map, name, hm_arena_cstr(a, value));
}

/* The name a line sets; empty for comments and anything else. */
static hm_str
name_of(hm_str line)
{
	hm_str name, value;

	if (!hm_str_cut(line, '=', &name, &value) || hm_str_index_byte(name, '#') >= 0)
		return HM_S("");
	return name;
}

static int
by_name(const void *x, const void *y)
{
	return hm_str_cmp(name_of(*(const hm_str *)x), name_of(*(const hm_str *)y));
}

static hm_str *
find_last(struct hm_strs *lines, hm_str name)
{
	for (size_t i = lines->n; i > 0; i--)
		if (hm_str_eq(name_of(lines->v[i - 1]), name))
			return &lines->v[i - 1];
	return NULL;
}

/* A NULL line is a deleted one; go keeps its place as an empty line until the sort is done. */
static void
drop_duplicates(struct hm_strs *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		hm_str name = name_of(lines->v[i]);

		if (name.n && find_last(lines, name) != &lines->v[i])
			lines->v[i] = hm_str_make(NULL, 0);
	}
}

static void
sort_runs(struct hm_strs *lines)
{
	size_t start = 0;

	for (size_t i = 0; i <= lines->n; i++) {
		if (i < lines->n && name_of(lines->v[i]).n)
			continue;
		if (i > start)
			qsort(lines->v + start, i - start, sizeof(hm_str), by_name);
		start = i + 1;
	}
}

hm_str
hm_envfile_edit(struct hm_arena *a, hm_str old, const struct hm_strs *set,
                const struct hm_strs *unset)
{
	struct hm_strs lines = { 0 };
	struct hm_buf b = { 0 };
	hm_str rest = old, line, *at;

	hm_str_cut_suffix(&rest, HM_S("\n"));
	if (old.n)
		while (hm_str_next(&rest, '\n', &line))
			HM_PUSH(a, lines, line);
	drop_duplicates(&lines);
	for (size_t i = 0; i < set->n; i++) {
		at = find_last(&lines, name_of(set->v[i]));
		if (at)
			*at = set->v[i];
		else
			HM_PUSH(a, lines, set->v[i]);
	}
	for (size_t i = 0; i < unset->n; i++) {
		at = find_last(&lines, unset->v[i]);
		if (at)
			*at = hm_str_make(NULL, 0);
	}
	sort_runs(&lines);
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i].p)
			hm_buf_printf(&b, HM_F "\n", HM_P(lines.v[i]));
	return hm_buf_take(&b, a);
}
