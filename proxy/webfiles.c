/*
 * webfiles.c - what a page shows of a version's files.
 */
#include <stdlib.h>

#include "markdown.h"
#include "mod/gomod.h"
#include "mod/semver.h"
#include "os/file.h"
#include "policy/licence.h"
#include "webpage.h"
#include "zip/zip.h"

enum { GOMOD_SHOWN = 64 << 10, LICENCE_SHOWN = 64 << 10, README_MAX = 4 << 20 };

static hm_str
cut(hm_str s, size_t max)
{
	return hm_str_make(s.p, s.n < max ? s.n : max);
}

/* ---- in the zip */

/* The name of an entry in the module's root; empty for others. */
static hm_str
root_name(const struct page *pg, const struct hm_zip_file *f)
{
	hm_str name = f->name;

	if (!hm_str_cut_prefix(&name, pg->module) || !hm_str_cut_prefix(&name, HM_S("@")) ||
	    !hm_str_cut_prefix(&name, pg->version) || !hm_str_cut_prefix(&name, HM_S("/")) ||
	    hm_str_index_byte(name, '/') >= 0)
		return HM_S("");
	return name;
}

/* How much we want to show it: 0 is no README. */
static int
readme_rank(hm_str name)
{
	static const char *const suffixes[] = { ".rst", "", ".txt", ".markdown", ".md" };
	char lower[24] = "";

	if (name.n < 6 || name.n >= sizeof(lower))
		return 0;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) :
								  name.p[i];
	if (memcmp(lower, "readme", 6) != 0)
		return 0;
	for (int i = 0; i < (int)(sizeof(suffixes) / sizeof(*suffixes)); i++)
		if (strcmp(lower + 6, suffixes[i]) == 0)
			return i + 1;
	return 0;
}

static int
read_entry(struct page *pg, struct hm_inflater *inf, const struct hm_zip *z,
           const struct hm_zip_file *f, size_t shown, hm_str *out, struct hm_err *err)
{
	hm_str text;

	if (hm_zip_read(inf, z, f, README_MAX, &text, err))
		return -1;
	*out = hm_arena_dup(pg->a, cut(text, shown));
	return 0;
}

static int
from_zip(struct page *pg, hm_str data, struct page_files *out, struct hm_err *err)
{
	const struct hm_zip_file *readme = NULL, *licence = NULL;
	struct hm_inflater *inf;
	struct hm_zip z;
	int best = 0, rc = 0;

	if (hm_zip_open(pg->a, data, &z, err))
		return -1;
	for (size_t i = 0; i < z.n; i++) {
		hm_str name = root_name(pg, &z.f[i]);
		int rank = readme_rank(name);

		if (rank > best) {
			best = rank;
			readme = &z.f[i];
			out->readme_name = name;
		}
		if (!licence && hm_licence_is_file(name) && z.f[i].size <= README_MAX) {
			licence = &z.f[i];
			out->licence_name = name;
		}
	}
	out->readme_name = hm_arena_dup(pg->a, out->readme_name);
	out->licence_name = hm_arena_dup(pg->a, out->licence_name);
	if (readme && readme->size > README_MAX) {
		out->readme = HM_S("It is too large to be shown here.");
		out->readme_name = HM_S("README");
		readme = NULL;
	}
	inf = hm_inflater_new();
	if (readme)
		rc = read_entry(pg, inf, &z, readme, MARKDOWN_MAX + 1, &out->readme, err);
	if (rc == 0 && licence)
		rc = read_entry(pg, inf, &z, licence, LICENCE_SHOWN, &out->licence, err);
	hm_inflater_free(inf);
	return rc;
}

void
page_files(struct page *pg, struct page_files *out)
{
	const struct hm_store *s = &pg->p->store;
	struct hm_err err = { 0 };
	hm_str zip, data;
	int rc;

	*out = (struct page_files){ 0 };
	if (hm_store_read(s, pg->a, pg->module, pg->version, "mod", &out->gomod, &err) == 0) {
		out->gomod = cut(out->gomod, GOMOD_SHOWN);
		out->has_gomod = true;
	}
	hm_err_clear(&err);
	if (hm_store_path(s, pg->a, pg->module, pg->version, "zip", &zip, &err) ||
	    !hm_file_exists(zip.p)) {
		hm_err_free(&err);
		return;
	}
	out->has_zip = true;
	rc = hm_file_map(zip.p, &data, &err);
	if (rc == 0) {
		rc = from_zip(pg, data, out, &err);
		hm_file_unmap(data);
	}
	if (rc == 0)
		rc = hm_licence_of_zip(pg->a, zip.p, &out->licence_id, &err);
	out->problem = err;
}

/* ---- what the newest go.mod says of the others */

const struct hm_gomod *
page_latest_mod(struct page *pg, int64_t *n)
{
	struct hm_gomod *m = NULL;
	struct hm_err err = { 0 };
	hm_str latest, text;

	if (facts_latest(pg->p->facts, pg->a, pg->module, &latest, n, &err) == 0 && latest.n &&
	    (hm_store_read(&pg->p->store, pg->a, pg->module, latest, "mod", &text, &err) ||
	     hm_gomod_parse_lax(pg->a, HM_S("go.mod"), text, NULL, &m, &err)))
		m = NULL;
	hm_err_free(&err);
	return m;
}

hm_str
page_retracted(const struct hm_gomod *m, hm_str version)
{
	for (size_t i = 0; m && i < m->retract.n; i++) {
		const struct hm_gomod_retract *r = &m->retract.v[i];

		if (hm_semver_cmp(r->low, version) <= 0 && hm_semver_cmp(version, r->high) <= 0)
			return r->rationale.n ? r->rationale : HM_S("retracted by its author");
	}
	return (hm_str){ NULL, 0 };
}
