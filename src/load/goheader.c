#include "load/goheader.h"

/* Did reading stop at the end of what there is? Then more may change it. */
static bool
touches_end(hm_str part, hm_str content)
{
	return part.p + part.n == content.p + content.n;
}

static bool
imports_embed(const struct hm_scan_file *f)
{
	for (size_t i = 0; i < f->imports.n; i++)
		if (hm_str_eqz(f->imports.v[i].text, "embed"))
			return true;
	return false;
}

static void
keep_loose(struct hm_arena *a, struct hm_strs *loose, struct hm_scan_file *f)
{
	hm_str s;

	for (size_t i = 0; i < loose->n; i++)
		if (hm_goheader_unquote(a, &loose->v[i], &s))
			HM_PUSH(a, f->loose_imports, s);
}

bool
hm_goheader_scan(struct hm_arena *a, hm_str path, hm_str content, bool whole,
                 struct hm_scan_file *f)
{
	struct hm_scan_file was = *f;
	struct hm_strs loose = { 0 };
	hm_str header;
	bool clean = hm_goheader_extent(content, &header, a, &loose);

	if (!whole && touches_end(header, content))
		return false;
	f->is_go = true;
	if (!clean) {
		f->error = hm_arena_printf(a, "read " HM_F ": unexpected NUL in input", HM_P(path));
		return true;
	}
	hm_goheader_parse(a, path, header, f);
	if (imports_embed(f)) {
		if (!whole) {
			*f = was;
			return false;
		}
		hm_goheader_embeds(a, path, content, f);
	}
	if (f->parse_errors.n > 0 || f->parse_error.n > 0)
		keep_loose(a, &loose, f);
	hm_goheader_constraints(a, header, f);
	return true;
}

bool
hm_goheader_scan_other(struct hm_arena *a, hm_str path, hm_str content, bool whole,
                       struct hm_scan_file *f)
{
	hm_str header;
	bool clean = hm_goheader_comments(content, &header);

	if (!whole && touches_end(header, content))
		return false;
	if (clean)
		hm_goheader_constraints(a, header, f);
	else
		f->error = hm_arena_printf(a, "read " HM_F ": syntax error", HM_P(path));
	return true;
}
