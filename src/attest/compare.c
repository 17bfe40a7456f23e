#include "attest/compare.h"

#include <inttypes.h>

#include "binfo/binfo.h"
#include "binfo/section.h"
#include "os/file.h"

static size_t
first_difference(hm_str x, hm_str y)
{
	size_t n = x.n < y.n ? x.n : y.n, i = 0;

	while (i + 4096 <= n && memcmp(x.p + i, y.p + i, 4096) == 0)
		i += 4096;
	while (i < n && x.p[i] == y.p[i])
		i++;
	return i;
}

/* The lines of a binary's build information, "key\tvalue" each. */
static void
settings_of(struct hm_arena *a, hm_str file, struct hm_strs *out)
{
	struct hm_err err = { 0 };
	struct hm_binfo bi;
	hm_str rest, line;

	if (hm_binfo_read(a, file, &bi, &err) == 0) {
		rest = hm_binfo_format(a, &bi);
		while (hm_str_next(&rest, '\n', &line))
			if (line.n)
				HM_PUSH(a, *out, line);
	}
	hm_err_free(&err);
	hm_strs_sort_unique(out);
}

/* What only one of two sorted lists holds. */
static void
report_settings(const struct hm_strs *x, const struct hm_strs *y, struct hm_buf *report)
{
	size_t i = 0, j = 0;

	while (i < x->n || j < y->n) {
		int c = i == x->n ? 1 : j == y->n ? -1 : hm_str_cmp(x->v[i], y->v[j]);

		if (c < 0)
			hm_buf_printf(report, "only the first records: " HM_F "\n", HM_P(x->v[i]));
		if (c > 0)
			hm_buf_printf(report, "only the second records: " HM_F "\n", HM_P(y->v[j]));
		i += c <= 0;
		j += c >= 0;
	}
}

static void
report_place(hm_str x, hm_str y, struct hm_buf *report)
{
	size_t at = first_difference(x, y);
	struct hm_binfo_section s;

	if (x.n != y.n)
		hm_buf_printf(report, "sizes differ: %zu and %zu bytes\n", x.n, y.n);
	hm_buf_printf(report, "first difference at offset 0x%zx", at);
	if (hm_binfo_section_at(x, at, &s))
		hm_buf_printf(report, ", section " HM_F " + 0x%" PRIx64, HM_P(s.name),
		              (uint64_t)at - s.offset);
	if (at < x.n && at < y.n)
		hm_buf_printf(report, ": %02x and %02x", (unsigned char)x.p[at],
		              (unsigned char)y.p[at]);
	hm_buf_addc(report, '\n');
}

int
hm_attest_compare(const char *a, const char *b, bool *same, struct hm_buf *report,
                  struct hm_err *err)
{
	struct hm_arena arena = { 0 };
	struct hm_strs sx = { 0 }, sy = { 0 };
	hm_str x, y;

	if (hm_file_map(a, &x, err))
		return -1;
	if (hm_file_map(b, &y, err)) {
		hm_file_unmap(x);
		return -1;
	}
	*same = hm_str_eq(x, y);
	if (!*same) {
		report_place(x, y, report);
		settings_of(&arena, x, &sx);
		settings_of(&arena, y, &sy);
		report_settings(&sx, &sy, report);
	}
	hm_file_unmap(x);
	hm_file_unmap(y);
	hm_arena_free(&arena);
	return 0;
}
