/*
 * webhome.c - the front page, the search, and addresses that are none.
 */
#include "codec/url.h"
#include "webpage.h"

enum { RECENT = 15, RECENT_LOOKED = 500, FOUND = 50 };

static void
figures(struct page *pg)
{
	struct facts_totals t = facts_totals(pg->p->facts);
	struct meter_totals m = meter_totals(pg->p->meter);
	int64_t hits = m.count[METER_HIT_MEMORY] + m.count[METER_HIT_STORE];
	int64_t asked = hits + m.count[METER_FILLED];

	html_open(&pg->h, "div");
	html_attr(&pg->h, "class", HM_S("figures"));
	page_figure(pg, page_number(pg->a, t.modules), "modules");
	page_figure(pg, page_number(pg->a, t.versions), "versions");
	page_figure(pg, page_size(pg->a, t.bytes), "in the store");
	page_figure(pg,
	            asked ? hm_arena_printf(pg->a, "%d %%", (int)(hits * 100 / asked)) :
	                    HM_S("\xe2\x80\x93"),
	            "hit rate");
	html_close(&pg->h);
}

static void
how_to_use(struct page *pg)
{
	page_heading(pg, "use", "Use it");
	page_command(pg, "go env -w GOPROXY=" HM_F, HM_P(pg->base));
}

static void
recent_row(struct page *pg, const struct fact *v)
{
	struct html *h = &pg->h;
	int depth = h->depth;

	html_open(h, "tr");
	html_open(h, "td");
	html_attr(h, "class", HM_S("path"));
	page_module_link(pg, v->path);
	html_close(h);
	html_open(h, "td");
	html_attr(h, "class", HM_S("version"));
	page_version_link(pg, v->path, v->version, v->version);
	html_close(h);
	page_cell(pg, "num", "zip", page_size(pg->a, v->zip_bytes));
	html_open(h, "td");
	html_attr(h, "class", HM_S("when"));
	page_when(pg, v->changed);
	html_close_to(h, depth);
}

static void
recent(struct page *pg)
{
	static const struct page_column columns[] = {
		{ "Module", NULL }, { "Version", NULL }, { "Zip", "num" }, { "Stored", "when" },
	};
	const struct fact *shown[RECENT];
	struct facts_list list = { 0 };
	struct hm_err err = { 0 };
	int depth = pg->h.depth;
	size_t n = 0;

	page_heading(pg, "recent", "Recently stored");
	if (facts_recent(pg->p->facts, pg->a, page_reads_all(pg) ? RECENT : RECENT_LOOKED, &list,
	                 &err))
		page_problem(pg, "It cannot be read now.", &err);
	hm_err_free(&err);
	for (size_t i = 0; i < list.n && n < RECENT; i++)
		if (page_may_read(pg, list.v[i].path))
			shown[n++] = &list.v[i];
	if (n == 0) {
		html_element(&pg->h, "p", "none",
		             HM_S("Nothing yet: the first go get will bring it."));
		return;
	}
	page_table(pg, columns, 4);
	for (size_t i = 0; i < n; i++)
		recent_row(pg, shown[i]);
	html_close_to(&pg->h, depth);
}

void
page_home(struct page *pg)
{
	page_begin(pg, HM_S("Go modules"));
	html_open(&pg->h, "h1");
	html_attr(&pg->h, "class", HM_S("hidden"));
	html_textz(&pg->h, "hermod-proxy: Go modules of this house");
	html_close(&pg->h);
	if (page_reads_all(pg))
		figures(pg);
	recent(pg);
	how_to_use(pg);
}

/* ---- an address that is none */

void
page_lost(struct page *pg)
{
	struct html *h = &pg->h;

	page_failed(pg, 404, HM_S("No such page"),
	            pg->why.n ? pg->why : HM_S("There is nothing at this address."));
	if (pg->module.n == 0)
		return;
	html_open(h, "p");
	html_textz(h, "What this store has of the module: ");
	if (pg->version.n)
		page_version_link(pg, pg->module, pg->version,
		                  hm_arena_printf(pg->a, HM_F "@" HM_F, HM_P(pg->module),
		                                  HM_P(pg->version)));
	else
		page_module_link(pg, pg->module);
	html_close(h);
}

/* ---- search */

static void
found_row(struct page *pg, const struct fact_module *m)
{
	struct html *h = &pg->h;
	int depth = h->depth;

	html_open(h, "tr");
	html_open(h, "td");
	html_attr(h, "class", HM_S("path"));
	page_module_link(pg, m->path);
	html_close(h);
	page_cell(pg, "num", "versions", page_number(pg->a, m->versions));
	page_cell(pg, "num", "uses", page_number(pg->a, m->uses));
	html_open(h, "td");
	html_attr(h, "class", HM_S("when"));
	page_when(pg, m->last_use);
	html_close_to(h, depth);
}

static void
found_table(struct page *pg, const struct fact_module *const *m, size_t n)
{
	static const struct page_column columns[] = {
		{ "Module", NULL }, { "Versions", "num" }, { "Uses", "num" },
		{ "Last use", "when" },
	};
	int depth = pg->h.depth;

	page_table(pg, columns, 4);
	for (size_t i = 0; i < n; i++)
		found_row(pg, m[i]);
	html_close_to(&pg->h, depth);
}

static void
more_link(struct page *pg, uint64_t from, const char *text)
{
	html_open(&pg->h, "a");
	html_url(&pg->h, "href",
	         hm_arena_printf(pg->a, "/search?q=" HM_F "&from=%llu",
	                         HM_P(hm_url_query_escape(pg->a, pg->query)),
	                         (unsigned long long)from));
	html_textz(&pg->h, text);
	html_close(&pg->h);
	html_textz(&pg->h, " ");
}

/* Who looks for a package, or for path@version, means the module. */
static void
nothing_found(struct page *pg)
{
	struct facts_list l = { 0 };
	struct hm_err err = { 0 };
	struct html *h = &pg->h;
	hm_str path, version;
	ptrdiff_t slash;

	html_element(h, "p", "none", HM_S("No module in this store has that in its path."));
	hm_str_cut(pg->query, '@', &path, &version);
	hm_str_cut_prefix(&path, HM_S("https://"));
	hm_str_cut_suffix(&path, HM_S("/"));
	while (path.n && (!page_may_read(pg, path) ||
	                  facts_versions(pg->p->facts, pg->a, path, &l, &err) || l.n == 0)) {
		slash = hm_str_rindex_byte(path, '/');
		path.n = slash > 0 ? (size_t)slash : 0;
	}
	hm_err_free(&err);
	if (path.n == 0)
		return;
	html_open(h, "p");
	html_textz(h, "There is this module: ");
	page_module_link(pg, path);
	html_close(h);
}

void
page_search(struct page *pg)
{
	const struct fact_module *shown[FOUND];
	struct facts_modules all = { 0 };
	struct hm_err err = { 0 };
	struct html *h = &pg->h;
	size_t n = 0;

	page_begin(pg, pg->query.n ? pg->query : HM_S("Search"));
	html_element(h, "h1", NULL,
	             pg->query.n ? hm_arena_printf(pg->a, "Modules with \xe2\x80\x9c" HM_F
	                                                  "\xe2\x80\x9d", HM_P(pg->query)) :
	                           HM_S("All modules"));
	if (facts_search(pg->p->facts, pg->a, pg->query, pg->from, FOUND, &all, &err))
		page_problem(pg, "The search does not work now.", &err);
	hm_err_free(&err);
	for (size_t i = 0; i < all.n; i++)
		if (page_may_read(pg, all.v[i].path))
			shown[n++] = &all.v[i];
	if (n)
		found_table(pg, shown, n);
	else
		nothing_found(pg);
	if (pg->from == 0 && all.n < FOUND)
		return;
	html_open(h, "p");
	if (pg->from)
		more_link(pg, pg->from > FOUND ? pg->from - FOUND : 0, "Back");
	if (all.n == FOUND)
		more_link(pg, pg->from + FOUND, "More");
	html_close(h);
}
