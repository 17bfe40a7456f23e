/*
 * webmodule.c - a module and its versions in the store.
 */
#include "mod/gomod.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "mod/semver.h"
#include "seen.h"
#include "webpage.h"

enum {
	VERSIONS_SHOWN = 100,   /* with all that is known of them */
	VERSIONS_LISTED = 5000, /* below those, by name alone */
	BY_MAX = 5000,
};

static void
version_row(struct page *pg, const struct fact *v, hm_str retracted)
{
	struct html *h = &pg->h;
	int depth = h->depth;

	html_open(h, "tr");
	if (retracted.p)
		html_attr(h, "class", HM_S("retracted"));
	html_open(h, "td");
	html_attr(h, "class", HM_S("version"));
	page_version_link(pg, v->path, v->version, v->version);
	if (retracted.p) {
		html_textz(h, " ");
		html_open(h, "span");
		html_attr(h, "class", HM_S("tag warn"));
		html_attr(h, "title", retracted);
		html_textz(h, "retracted");
		html_close(h);
	}
	if (v->local) {
		html_textz(h, " ");
		html_element(h, "span", "tag", HM_S("local"));
	}
	html_close(h);
	html_open(h, "td");
	html_attr(h, "class", HM_S("when"));
	page_released(pg, v);
	html_close(h);
	page_cell(pg, "num", "zip", page_size(pg->a, v->zip_bytes));
	page_cell(pg, "num", "uses", page_number(pg->a, v->uses));
	html_open(h, "td");
	html_attr(h, "class", HM_S("when"));
	page_when(pg, v->last_use);
	html_close_to(h, depth);
}

/* All that the table has no room for, from `i` down. */
static void
older_versions(struct page *pg, const struct facts_list *l, size_t i, bool pseudo, size_t n)
{
	struct html *h = &pg->h;
	size_t listed = 0;

	html_open(h, "details");
	html_open(h, "summary");
	html_textf(h, "%zu older", n);
	html_close(h);
	html_open(h, "ul");
	html_attr(h, "class", HM_S("paths row"));
	while (i-- > 0 && listed < VERSIONS_LISTED) {
		if (hm_pseudo_is(l->v[i].version) != pseudo)
			continue;
		html_open(h, "li");
		html_attr(h, "class", HM_S("version"));
		page_version_link(pg, l->v[i].path, l->v[i].version, l->v[i].version);
		html_close(h);
		listed++;
	}
	html_close(h);
	html_close(h);
	if (listed == VERSIONS_LISTED)
		html_element(h, "p", "note", HM_S("The oldest are not shown."));
}

/* The highest first; releases and prereleases, or else the pseudo-versions: n of them. */
static void
versions_table(struct page *pg, const struct facts_list *l, const struct hm_gomod *latest,
               bool pseudo, size_t n)
{
	static const struct page_column columns[] = {
		{ "Version", NULL }, { "Released", "when" }, { "Zip", "num" },
		{ "Uses", "num" },   { "Last use", "when" },
	};
	int depth = pg->h.depth;
	size_t shown = 0, i = l->n;

	page_table(pg, columns, 5);
	for (; i > 0 && shown < VERSIONS_SHOWN; i--) {
		const struct fact *v = &l->v[i - 1];

		if (hm_pseudo_is(v->version) != pseudo)
			continue;
		version_row(pg, v, page_retracted(latest, v->version));
		shown++;
	}
	html_close_to(&pg->h, depth);
	if (n > shown)
		older_versions(pg, l, i, pseudo, n - shown);
}

static size_t
count(const struct facts_list *l, bool pseudo)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += hm_pseudo_is(l->v[i].version) == pseudo;
	return n;
}

static bool
is_here(const struct facts_list *l, hm_str version)
{
	for (size_t i = 0; i < l->n; i++)
		if (hm_str_eq(l->v[i].version, version))
			return true;
	return false;
}

/* What upstream's last list had besides; nobody is asked for it. */
static void
elsewhere(struct page *pg, const struct facts_list *l)
{
	struct route r = { .want = WANT_LIST, .path = pg->module };
	struct hm_err err = { 0 };
	struct hm_strs v = { 0 };
	hm_str path, list, line;
	int64_t when;
	int rc = hm_modpath_escape(pg->a, pg->module, &path, &err);

	hm_err_free(&err);
	r.url = hm_arena_printf(pg->a, "/" HM_F "/@v/list", HM_P(rc ? HM_S("") : path));
	if (rc || !seen_read(pg->p, pg->a, &r, &list, &when))
		return;
	while (hm_str_next(&list, '\n', &line))
		if (v.n < VERSIONS_LISTED && hm_semver_valid(line) && !is_here(l, line))
			HM_PUSH(pg->a, v, line);
	if (v.n == 0)
		return;
	hm_semver_sort(v.v, v.n);
	page_heading(pg, "upstream", "Upstream has more");
	html_open(&pg->h, "details");
	html_open(&pg->h, "summary");
	html_textf(&pg->h, "%zu version%s that nobody asked for yet; listed ", v.n,
	           v.n > 1 ? "s" : "");
	page_when(pg, when * 1000000);
	html_close(&pg->h);
	html_open(&pg->h, "ul");
	html_attr(&pg->h, "class", HM_S("paths row"));
	for (size_t i = v.n; i-- > 0;)
		html_element(&pg->h, "li", "version", v.v[i]);
	html_close(&pg->h);
	html_close(&pg->h);
}

static void
absent(struct page *pg)
{
	page_failed(pg, 404, pg->module, HM_S("No version of this module is in the store."));
	page_bring(pg, HM_S("latest"));
}

static void
required_by(struct page *pg)
{
	struct facts_requires by;
	struct hm_err err = { 0 };
	hm_str last = { 0 };

	if (facts_required_by(pg->p->facts, pg->a, pg->module, HM_S(""), BY_MAX, &by, &err))
		by.n = 0;
	hm_err_free(&err);
	if (by.n == 0)
		return;
	page_heading(pg, "required-by", "Required by");
	html_open(&pg->h, "ul");
	html_attr(&pg->h, "class", HM_S("paths many"));
	for (size_t i = 0; i < by.n; i++) {
		if (hm_str_eq(by.v[i].path, last) || !page_may_read(pg, by.v[i].path))
			continue;
		last = by.v[i].path;
		html_open(&pg->h, "li");
		page_module_link(pg, last);
		html_close(&pg->h);
	}
	html_close(&pg->h);
}

void
page_module(struct page *pg)
{
	const struct hm_gomod *latest;
	struct facts_list l = { 0 };
	struct hm_err err = { 0 };
	struct html *h = &pg->h;
	size_t pseudo;
	int64_t n;

	if (!page_may_read(pg, pg->module)) {
		absent(pg);
		return;
	}
	if (facts_versions(pg->p->facts, pg->a, pg->module, &l, &err))
		page_broken(pg, &err);
	else if (l.n == 0)
		absent(pg);
	hm_err_free(&err);
	if (l.n == 0)
		return;
	latest = page_latest_mod(pg, &n);
	page_begin(pg, pg->module);
	html_open(h, "h1");
	html_attr(h, "class", HM_S("path"));
	page_path(pg, pg->module);
	html_close(h);
	if (latest && latest->deprecated.n)
		page_banner(pg, "banner", "Deprecated: ", latest->deprecated);
	pseudo = count(&l, true);
	if (l.n > pseudo) {
		page_heading(pg, "versions", "Versions in the store");
		versions_table(pg, &l, latest, false, l.n - pseudo);
	}
	if (pseudo) {
		page_heading(pg, "commits", "Commits in the store");
		versions_table(pg, &l, latest, true, pseudo);
	}
	elsewhere(pg, &l);
	required_by(pg);
}
