#include "sums.h"

#include <stdlib.h>

#include "codec/hex.h"
#include "tar.h"

enum { HEX_LEN = 64 };

static int
by_name(const void *x, const void *y)
{
	return hm_str_cmp(((const struct sum_line *)x)->name, ((const struct sum_line *)y)->name);
}

void
sums_format(struct sum_lines *lines, hm_str first, struct hm_buf *out)
{
	if (lines->n)
		qsort(lines->v, lines->n, sizeof(*lines->v), by_name);
	hm_buf_adds(out, first);
	for (size_t i = 0; i < lines->n; i++) {
		hm_hex_add(out, lines->v[i].sha256, sizeof(lines->v[i].sha256));
		hm_buf_printf(out, "  " HM_F "\n", HM_P(lines->v[i].name));
	}
}

static bool
parse_line(hm_str line, struct sum_line *out)
{
	hm_str name;

	if (line.n <= HEX_LEN + 2 || memcmp(line.p + HEX_LEN, "  ", 2) ||
	    !hm_hex_decode(hm_str_sub(line, 0, HEX_LEN), out->sha256, sizeof(out->sha256)))
		return false;
	name = hm_str_from(line, HEX_LEN + 2);
	out->name = name;
	return tar_is_name(name);
}

int
sums_parse(struct hm_arena *a, hm_str text, hm_str first, struct sum_lines *out, struct hm_err *err)
{
	struct sum_line l;
	hm_str line;

	if (!hm_str_cut_prefix(&text, first))
		return hm_err_set(err, HM_EINVALID, SUMS_NAME " does not begin with \"" HM_F "\"",
		                  HM_P(hm_str_sub(first, 0, first.n - 1)));
	if (text.n && text.p[text.n - 1] != '\n')
		return hm_err_set(err, HM_EINVALID, "malformed " SUMS_NAME ": cut off");
	while (text.n && hm_str_next(&text, '\n', &line)) {
		if (out->n == SUMS_MAX || !parse_line(line, &l) ||
		    (out->n && hm_str_cmp(out->v[out->n - 1].name, l.name) >= 0))
			return hm_err_set(err, HM_EINVALID, "malformed " SUMS_NAME ", line %zu",
			                  out->n + 2);
		HM_PUSH(a, *out, l);
	}
	return 0;
}
