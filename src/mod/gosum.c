#include "mod/gosum.h"

#include <stdlib.h>

/* h1 of a go.mod without content: written by go 1.10 betas, and never right. */
static const hm_str empty_gomod_hash =
	HM_S_INIT("h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=");

static size_t
split_fields(hm_str line, hm_str *field, size_t max)
{
	size_t n = 0;
	hm_str f;

	for (; hm_str_next_field(&line, &f); n++)
		if (n < max)
			field[n] = f;
	return n;
}

int
hm_gosum_parse(struct hm_arena *a, hm_str file, hm_str data, bool skip_malformed,
               struct hm_gosum_lines *out, struct hm_err *err)
{
	hm_str line, f[3];
	size_t lineno = 0, n;

	while (hm_str_next(&data, '\n', &line)) {
		lineno++;
		n = split_fields(line, f, 3);
		if (n == 0)
			continue;
		if (n != 3) {
			if (skip_malformed)
				continue;
			hm_err_set(err, HM_ESYNTAX,
			           "malformed go.sum:\n" HM_F ":%zu: wrong number of fields %zu",
			           HM_P(file), lineno, n);
			return hm_err_finish(err);
		}
		if (hm_str_eq(f[2], empty_gomod_hash))
			continue;
		HM_PUSH(a, *out, ((struct hm_gosum_line){ { f[0], f[1] }, f[2] }));
	}
	return 0;
}

static int
cmp_lines(const void *x, const void *y)
{
	const struct hm_gosum_line *l = x, *r = y;
	int c = hm_modver_cmp_sum(l->mod, r->mod);

	return c ? c : hm_str_cmp(l->hash, r->hash);
}

void
hm_gosum_sort(struct hm_gosum_lines *lines)
{
	size_t n = 0;

	if (lines->n < 2)
		return;
	qsort(lines->v, lines->n, sizeof(*lines->v), cmp_lines);
	for (size_t i = 0; i < lines->n; i++)
		if (n == 0 || cmp_lines(&lines->v[n - 1], &lines->v[i]) != 0)
			lines->v[n++] = lines->v[i];
	lines->n = n;
}

void
hm_gosum_format(const struct hm_gosum_lines *lines, struct hm_buf *out)
{
	for (size_t i = 0; i < lines->n; i++) {
		const struct hm_gosum_line *l = &lines->v[i];

		hm_buf_adds(out, l->mod.path);
		hm_buf_addc(out, ' ');
		hm_buf_adds(out, l->mod.version);
		hm_buf_addc(out, ' ');
		hm_buf_adds(out, l->hash);
		hm_buf_addc(out, '\n');
	}
}
