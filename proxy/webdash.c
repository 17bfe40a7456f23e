/*
 * webdash.c - the dashboard: traffic, hits, store, upstreams, what went wrong.
 */
#include "webpage.h"

#include "svg.h"
#include "upstream.h"

enum { HOUR = 60, DAY_POINTS = 96, DAY_STEP = METER_MINUTES / DAY_POINTS };

enum series { REQUESTS, HIT_RATE, SENT, ERRORS };

static int64_t
value_of(const struct meter_minute *m, enum series s)
{
	switch (s) {
	case REQUESTS:
		return m->requests;
	case HIT_RATE:
		return m->hits + m->fills ? m->hits * 100 / (m->hits + m->fills) : -1;
	case SENT:
		return m->sent;
	default:
		return m->errors;
	}
}

static struct meter_minute
sum(const struct meter_minute *m, size_t n)
{
	struct meter_minute t = { 0 };

	for (size_t i = 0; i < n; i++) {
		t.requests += m[i].requests;
		t.hits += m[i].hits;
		t.fills += m[i].fills;
		t.errors += m[i].errors;
		t.sent += m[i].sent;
	}
	return t;
}

static hm_str
text_of(struct page *pg, const struct meter_minute *m, enum series s)
{
	int64_t v = value_of(m, s);

	if (s == SENT)
		return page_size(pg->a, v);
	if (s != HIT_RATE)
		return page_number(pg->a, v);
	return v >= 0 ? hm_arena_printf(pg->a, "%lld %%", (long long)v) :
			HM_S("\xe2\x80\x93");
}

static void
card(struct page *pg, const char *caption, enum series s, const struct meter_minute *points,
     size_t n)
{
	struct meter_minute all = sum(points, n);
	hm_str text = text_of(pg, &all, s);
	int64_t v[SPARK_POINTS];

	for (size_t i = 0; i < n && i < SPARK_POINTS; i++)
		v[i] = value_of(&points[i], s);
	html_open(&pg->h, "div");
	html_attr(&pg->h, "class", HM_S("card"));
	page_figure(pg, text, caption);
	spark_svg(&pg->h, v, n, s == HIT_RATE ? 100 : 0,
	          hm_arena_printf(pg->a, "%s over time; in all " HM_F, caption, HM_P(text)));
	html_close(&pg->h);
}

static void
cards(struct page *pg, const struct meter_minute *points, size_t n)
{
	html_open(&pg->h, "div");
	html_attr(&pg->h, "class", HM_S("cards"));
	card(pg, "requests", REQUESTS, points, n);
	card(pg, "hit rate", HIT_RATE, points, n);
	card(pg, "sent", SENT, points, n);
	card(pg, "errors", ERRORS, points, n);
	html_close(&pg->h);
}

static void
traffic(struct page *pg)
{
	struct meter_minute *m = HM_NEW_N(pg->a, METER_MINUTES, struct meter_minute);
	struct meter_minute day[DAY_POINTS];

	meter_minutes(pg->p->meter, m, METER_MINUTES);
	page_heading(pg, "hour", "Last hour");
	cards(pg, m + METER_MINUTES - HOUR, HOUR);
	for (size_t i = 0; i < DAY_POINTS; i++)
		day[i] = sum(m + i * DAY_STEP, DAY_STEP);
	page_heading(pg, "day", "Last day");
	cards(pg, day, DAY_POINTS);
}

static void
term(struct page *pg, const char *name, hm_str value)
{
	page_term(pg, name);
	html_text(&pg->h, value);
	html_close(&pg->h);
}

static void
store(struct page *pg)
{
	struct facts_totals t = facts_totals(pg->p->facts);
	struct hot_stats hot = hot_stats(pg->p->hot);

	page_heading(pg, "store", "Store");
	html_open(&pg->h, "dl");
	html_attr(&pg->h, "class", HM_S("facts"));
	term(pg, "Modules", page_number(pg->a, t.modules));
	term(pg, "Versions", hm_arena_printf(pg->a, HM_F " (" HM_F " with their zip)",
	                                     HM_P(page_number(pg->a, t.versions)),
	                                     HM_P(page_number(pg->a, t.zips))));
	term(pg, "Size", page_size(pg->a, t.bytes));
	term(pg, "In memory", hm_arena_printf(pg->a, HM_F " answers, " HM_F,
	                                      HM_P(page_number(pg->a, (int64_t)hot.entries)),
	                                      HM_P(page_size(pg->a, (int64_t)hot.bytes))));
	if (t.scanning)
		term(pg, "Index", HM_S("catching up with the folder"));
	html_close(&pg->h);
}

static void
since_start(struct page *pg)
{
	struct meter_totals t = meter_totals(pg->p->meter);
	static const struct {
		enum meter_count what;
		const char *name;
	} rows[] = {
		{ METER_HIT_MEMORY, "From memory" },
		{ METER_HIT_STORE, "From the store" },
		{ METER_FILLED, "Fetched" },
		{ METER_STALE, "Served old, upstream failing" },
		{ METER_MISSING, "Not found" },
		{ METER_FAILED, "Fetches failed" },
		{ METER_FILES_REJECTED, "Files rejected" },
		{ METER_REFUSED_POLICY, "Refused by policy" },
		{ METER_REFUSED_RIGHTS, "Refused for rights" },
		{ METER_REFUSED_LIMIT, "Refused by limits" },
		{ METER_UPLOADS, "Uploads" },
		{ METER_TRIMMED, "Trimmed" },
	};

	page_heading(pg, "start", "Since the start: where from");
	html_open(&pg->h, "dl");
	html_attr(&pg->h, "class", HM_S("facts"));
	page_term(pg, "Started");
	page_when(pg, pg->p->started * 1000000);
	html_close(&pg->h);
	term(pg, "Requests", page_number(pg->a, t.requests));
	term(pg, "Sent", page_size(pg->a, t.sent));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (t.count[rows[i].what])
			term(pg, rows[i].name, page_number(pg->a, t.count[rows[i].what]));
	html_close(&pg->h);
}

/* ---- kinds */

static void
kinds(struct page *pg)
{
	static const struct page_column columns[] = {
		{ "Asked for", NULL }, { "Requests", "num" },    { "Errors", "num" },
		{ "Mean", "num" },     { "99 % within", "num" },
	};
	struct meter_kind k[METER_KINDS];
	int depth = pg->h.depth;

	meter_kinds(pg->p->meter, k);
	page_heading(pg, "kinds", "Answers since the start");
	page_table(pg, columns, 5);
	for (size_t i = 0; i < METER_KINDS; i++) {
		if (k[i].requests == 0)
			continue;
		html_open(&pg->h, "tr");
		html_element(&pg->h, "td", "path", hm_str_of(k[i].name));
		page_cell(pg, "num", "requests", page_number(pg->a, k[i].requests));
		page_cell(pg, "num", "errors", page_number(pg->a, k[i].errors));
		page_cell(pg, "num", "mean", page_took(pg->a, k[i].mean));
		page_cell(pg, "num", "99 %", page_took(pg->a, k[i].p99));
		html_close(&pg->h);
	}
	html_close_to(&pg->h, depth);
}

/* ---- upstreams */

static const char *
breaker_of(const struct upstream_state *s, size_t n, hm_str host)
{
	for (size_t i = 0; i < n; i++)
		if (hm_str_eqz(host, s[i].host))
			return s[i].breaker == BREAKER_CLOSED ? "answers" :
			       s[i].breaker == BREAKER_OPEN   ? "left alone" :
								"on trial";
	return "answers";
}

static void
upstream_row(struct page *pg, const struct meter_host *m, const char *state)
{
	struct html *h = &pg->h;

	html_open(h, "tr");
	html_element(h, "td", "path", m->host);
	page_cell(pg, "num", "asked", page_number(pg->a, m->asked));
	page_cell(pg, "num", "failed", page_number(pg->a, m->failed));
	page_cell(pg, "num", "mean", page_took(pg->a, m->mean));
	page_cell(pg, "num", "99 %", page_took(pg->a, m->p99));
	html_element(h, "td", strcmp(state, "answers") == 0 ? "when" : "when problem",
	             hm_str_of(state));
	html_close(h);
}

static void
upstreams(struct page *pg)
{
	struct meter_host *m = HM_NEW_N(pg->a, METER_HOSTS, struct meter_host);
	struct upstream_state *s = HM_NEW_N(pg->a, METER_HOSTS, struct upstream_state);
	static const struct page_column columns[] = {
		{ "Upstream", NULL }, { "Asked", "num" },       { "Failed", "num" },
		{ "Mean", "num" },    { "99 % within", "num" }, { "State", "when" },
	};
	size_t n = meter_hosts(pg->p->meter, pg->a, m);
	size_t states = upstream_states(pg->p->upstreams, s, METER_HOSTS);
	struct html *h = &pg->h;
	int depth = h->depth;

	states = states < METER_HOSTS ? states : METER_HOSTS;
	page_heading(pg, "upstreams", "Upstreams, the slowest first");
	if (n == 0) {
		html_element(h, "p", "none", HM_S("None was asked since the start."));
		return;
	}
	page_table(pg, columns, 6);
	for (size_t i = 0; i < n; i++)
		upstream_row(pg, &m[i], breaker_of(s, states, m[i].host));
	html_close_to(h, depth);
}

static void
faults(struct page *pg)
{
	struct meter_fault f[METER_ERRORS];
	size_t n = meter_faults(pg->p->meter, pg->a, f);
	struct html *h = &pg->h;

	page_heading(pg, "errors", "Last errors");
	if (n == 0)
		html_element(h, "p", "none", HM_S("None since the start."));
	if (n == 0)
		return;
	html_open(h, "ul");
	html_attr(h, "class", HM_S("faults"));
	for (size_t i = 0; i < n; i++) {
		html_open(h, "li");
		page_when(pg, f[i].when * 1000000);
		html_textz(h, " ");
		html_element(h, "code", NULL, f[i].what);
		html_element(h, "p", NULL, f[i].why);
		html_close(h);
	}
	html_close(h);
}

void
page_dashboard(struct page *pg)
{
	if (!page_reads_all(pg)) {
		page_failed(pg, 403, HM_S("Dashboard"),
		            HM_S("It shows figures of all modules, and your account may not "
		                 "read them all."));
		return;
	}
	page_begin(pg, HM_S("Dashboard"));
	html_element(&pg->h, "h1", NULL, HM_S("Dashboard"));
	traffic(pg);
	kinds(pg);
	upstreams(pg);
	html_open(&pg->h, "div");
	html_attr(&pg->h, "class", HM_S("columns"));
	html_open(&pg->h, "section");
	store(pg);
	html_close(&pg->h);
	html_open(&pg->h, "section");
	since_start(pg);
	html_close(&pg->h);
	html_close(&pg->h);
	faults(pg);
}
