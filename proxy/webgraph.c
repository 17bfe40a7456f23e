/*
 * webgraph.c - what a version requires and who requires it: as a picture, and as lists
 * for those who read rather than look.
 */
#include "mod/semver.h"
#include "svg.h"
#include "webpage.h"

enum {
	DRAWN_BY = 10,      /* modules on the left */
	DRAWN_DIRECT = 14,
	DRAWN_DEEPER = 4,   /* new ones for each direct requirement */
	DRAWN_NODES = 40,
	BY_MAX = 5000,
	SIDE_BY_SIDE = 24,  /* longer lists stand one below the other, in columns */
};

static int
add(struct page *pg, struct graph *g, hm_str path, hm_str version, bool here)
{
	bool link = here && page_may_read(pg, path);

	if (g->nodes >= DRAWN_NODES)
		return -1;
	return graph_node(g, path, version, link ? page_url(pg->a, path, version) : HM_S(""),
	                  link ? GRAPH_PLAIN : GRAPH_ABSENT);
}

static int
find(const struct graph *g, hm_str path, hm_str version)
{
	for (size_t i = 0; i < g->nodes; i++)
		if (hm_str_eq(g->node[i].path, path) && hm_str_eq(g->node[i].version, version))
			return (int)i;
	return -1;
}

/* What a direct requirement requires in its turn; those that are drawn anyway first. */
static void
add_deeper(struct page *pg, struct graph *g, int from)
{
	struct facts_requires r;
	struct hm_err err = { 0 };
	int fresh = 0;

	if (facts_requirements(pg->p->facts, pg->a, g->node[from].path, g->node[from].version, &r,
	                       &err))
		r.n = 0;
	hm_err_free(&err);
	for (size_t i = 0; i < r.n; i++) {
		int to = find(g, r.v[i].path, r.v[i].version);

		if (to < 0 && !r.v[i].indirect && fresh < DRAWN_DEEPER) {
			to = add(pg, g, r.v[i].path, r.v[i].version, r.v[i].here);
			fresh++;
		}
		graph_edge(g, from, to);
	}
}

/* The highest version of each module that requires this one; those of a module are together. */
static size_t
newest_of_each(struct facts_requires *by)
{
	size_t n = 0;

	for (size_t i = 0; i < by->n; i++) {
		if (n == 0 || !hm_str_eq(by->v[n - 1].path, by->v[i].path))
			by->v[n++] = by->v[i];
		else if (hm_semver_cmp(by->v[n - 1].version, by->v[i].version) < 0)
			by->v[n - 1] = by->v[i];
	}
	return n;
}

static size_t
direct_of(const struct facts_requires *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += !r->v[i].indirect;
	return n;
}

static void
legend(struct page *pg, const struct facts_requires *r, const struct facts_requires *by)
{
	size_t direct = direct_of(r);
	struct html *h = &pg->h;

	html_open(h, "p");
	html_attr(h, "class", HM_S("note"));
	html_textz(h, "What is required stands to the right. Dashed: not in this store.");
	if (direct > DRAWN_DIRECT)
		html_textf(h, " %d of %zu requirements are drawn.", DRAWN_DIRECT, direct);
	if (by->n > DRAWN_BY)
		html_textf(h, " %d of %zu that require it are drawn.", DRAWN_BY, by->n);
	html_close(h);
}

static void
draw(struct page *pg, const struct facts_requires *r, const struct facts_requires *by)
{
	struct graph *g = HM_NEW(pg->a, struct graph);
	int self = graph_node(g, pg->module, pg->version, HM_S(""), GRAPH_SELF);
	size_t direct = 0, first;

	for (size_t i = 0; i < by->n && i < DRAWN_BY; i++)
		graph_edge(g, add(pg, g, by->v[i].path, by->v[i].version, true), self);
	first = g->nodes;
	for (size_t i = 0; i < r->n && direct < DRAWN_DIRECT; i++) {
		if (r->v[i].indirect)
			continue;
		graph_edge(g, self, add(pg, g, r->v[i].path, r->v[i].version, r->v[i].here));
		direct++;
	}
	direct = g->nodes;
	for (size_t i = first; i < direct; i++)
		if (g->node[i].look == GRAPH_PLAIN)
			add_deeper(pg, g, (int)i);
	html_open(&pg->h, "div");
	html_attr(&pg->h, "class", HM_S("wide picture-frame"));
	html_attr(&pg->h, "tabindex", HM_S("0"));
	html_attr(&pg->h, "role", HM_S("region"));
	html_attr(&pg->h, "aria-label", HM_S("Graph of requirements"));
	graph_svg(g, &pg->h,
	          hm_arena_printf(pg->a, "Graph: what requires " HM_F ", and what it requires; "
	                                 "the lists below say the same", HM_P(pg->module)));
	html_close(&pg->h);
	legend(pg, r, by);
}

/* ---- lists */

static void
entry(struct page *pg, const struct fact_require *r, bool link)
{
	struct html *h = &pg->h;
	int depth = h->depth;

	html_open(h, "li");
	if (link) {
		html_open(h, "a");
		html_url(h, "href", page_url(pg->a, r->path, r->version));
	}
	page_path(pg, r->path);
	html_textz(h, " ");
	html_element(h, "span", "version", r->version);
	html_close_to(h, depth);
}

static void
open_list(struct page *pg, size_t n)
{
	html_open(&pg->h, "ul");
	html_attr(&pg->h, "class", n > SIDE_BY_SIDE ? HM_S("paths many") : HM_S("paths"));
}

static void
requires_list(struct page *pg, const struct facts_requires *r, bool indirect, size_t n)
{
	open_list(pg, n);
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].indirect == indirect)
			entry(pg, &r->v[i], r->v[i].here && page_may_read(pg, r->v[i].path));
	html_close(&pg->h);
}

static void
requires_section(struct page *pg, const struct facts_requires *r, bool known)
{
	struct html *h = &pg->h;
	size_t direct = direct_of(r), indirect = r->n - direct;

	html_open(h, "section");
	html_open(h, "h3");
	if (known)
		html_textf(h, "Requires %zu", direct);
	else
		html_textz(h, "Requires");
	html_close(h);
	if (direct)
		requires_list(pg, r, false, direct);
	else
		html_element(h, "p", "none",
		             !known   ? HM_S("Not known: its go.mod is not in the store yet.") :
		             indirect ? HM_S("Nothing directly.") :
		                        HM_S("Nothing but the standard library."));
	if (indirect) {
		html_open(h, "details");
		html_open(h, "summary");
		html_textf(h, "%zu indirect", indirect);
		html_close(h);
		requires_list(pg, r, true, indirect);
		html_close(h);
	}
	html_close(h);
}

static void
by_section(struct page *pg, const struct facts_requires *by, bool cut)
{
	struct html *h = &pg->h;

	html_open(h, "section");
	html_open(h, "h3");
	html_textf(h, "Required by %zu%s", by->n, cut ? " or more" : "");
	html_close(h);
	if (by->n == 0)
		html_element(h, "p", "none",
		             HM_S("No module in this store requires just this version."));
	if (by->n) {
		open_list(pg, by->n);
		for (size_t i = 0; i < by->n; i++)
			entry(pg, &by->v[i], true);
		html_close(h);
	}
	html_close(h);
}

void
page_requirements(struct page *pg, bool known)
{
	struct facts_requires r = { 0 }, by = { 0 };
	struct hm_err err = { 0 };
	size_t n = 0;
	bool cut;

	page_heading(pg, "requirements", "Requirements");
	if (facts_requirements(pg->p->facts, pg->a, pg->module, pg->version, &r, &err) ||
	    facts_required_by(pg->p->facts, pg->a, pg->module, pg->version, BY_MAX, &by, &err))
		page_problem(pg, "They cannot be read now.", &err);
	hm_err_free(&err);
	for (size_t i = 0; i < by.n; i++)
		if (page_may_read(pg, by.v[i].path))
			by.v[n++] = by.v[i];
	cut = by.n == BY_MAX;
	by.n = n;
	by.n = newest_of_each(&by);
	if (r.n || by.n)
		draw(pg, &r, &by);
	html_open(&pg->h, "div");
	if (r.n <= SIDE_BY_SIDE && by.n <= SIDE_BY_SIDE)
		html_attr(&pg->h, "class", HM_S("columns"));
	requires_section(pg, &r, known);
	by_section(pg, &by, cut);
	html_close(&pg->h);
}
