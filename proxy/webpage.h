/*
 * webpage.h - one page while it is made; between the web*.c files.
 */
#ifndef PROXY_WEBPAGE_H
#define PROXY_WEBPAGE_H

#include "facts.h"
#include "html.h"
#include "web.h"

enum page_kind { PAGE_HOME, PAGE_SEARCH, PAGE_DASHBOARD, PAGE_MODULE, PAGE_VERSION, PAGE_LOST };

struct page {
	struct proxy *p;
	struct hm_exchange *x;
	struct hm_arena *a;       /* the exchange's */
	struct html h;
	enum page_kind kind;
	hm_str module, version;   /* PAGE_MODULE, PAGE_VERSION; PAGE_LOST: may be meant */
	hm_str query;             /* PAGE_SEARCH: what is looked for */
	hm_str why;               /* PAGE_LOST: what is wrong with the address, or empty */
	uint64_t from;            /* PAGE_SEARCH: so many are passed over */
	hm_str base;              /* "http://host:port", as the browser knows it */
	int64_t now;              /* seconds */
	int status;
};

/* web.c: what is around each page */
void page_begin(struct page *pg, hm_str title);
hm_str page_end(struct page *pg);
/* A whole page that says what is wrong; text may be empty. */
void page_failed(struct page *pg, int status, hm_str title, hm_str text);
/* A whole page, 500, for a database that cannot be read. */
void page_broken(struct page *pg, struct hm_err *why);
/* May who asks read this module? */
bool page_may_read(struct page *pg, hm_str module);
/* May it read them all: the figures that name or count every module? */
bool page_reads_all(struct page *pg);

/* webparts.c */
hm_str page_url(struct hm_arena *a, hm_str module, hm_str version);
/* A module's path as text that may be broken behind its slashes. */
void page_path(struct page *pg, hm_str module);
void page_module_link(struct page *pg, hm_str module);
/* "module@version", the version alone, or what text says */
void page_version_link(struct page *pg, hm_str module, hm_str version, hm_str text);
/* "3 hours ago", the date in its title; "never" for 0. us: microseconds since 1970 */
void page_when(struct page *pg, int64_t us);
/* "2026-01-02": the time of its .info, or the one that a pseudo-version names. */
void page_released(struct page *pg, const struct fact *v);
/* "1.2 MB"; "-" for less than 0 */
hm_str page_size(struct hm_arena *a, int64_t bytes);
/* "12,345" */
hm_str page_number(struct hm_arena *a, int64_t n);
/* "1.2 ms" */
hm_str page_took(struct hm_arena *a, int64_t nanoseconds);
/* A figure with its caption. */
void page_figure(struct page *pg, hm_str value, const char *caption);
/* A whole line that warns: "Deprecated: ..."; class: "banner" or "banner bad" */
void page_banner(struct page *pg, const char *class, const char *what, hm_str text);
/*
 * What cannot be shown, for who reads the page; why, which may name files of the server, is
 * among the last errors of the dashboard.
 */
void page_problem(struct page *pg, const char *text, struct hm_err *why);
/* A line to be copied. */
void page_command(struct page *pg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* How pg->module comes into the store. */
void page_bring(struct page *pg, hm_str version);
/* A table up to its body, for rows; the caller closes down to the depth from before. */
struct page_column {
	const char *name, *class; /* class: NULL (text), "num" or "when" */
};
void page_table(struct page *pg, const struct page_column *columns, size_t n);
/* A td; narrow screens, where the table has no head, show label before the text. */
void page_cell(struct page *pg, const char *class, const char *label, hm_str text);
/* dt and an open dd; the caller closes. */
void page_term(struct page *pg, const char *term);
void page_heading(struct page *pg, const char *id, const char *text);

/* webhome.c */
void page_home(struct page *pg);
void page_search(struct page *pg);
void page_lost(struct page *pg);
/* webdash.c */
void page_dashboard(struct page *pg);
/* webmodule.c */
void page_module(struct page *pg);
/* webversion.c */
void page_version(struct page *pg);
/* webgraph.c: the graph of requirements and both lists; known: its go.mod is here */
void page_requirements(struct page *pg, bool known);
/* webfiles.c: go.mod, README and licence, from the store's files */
struct page_files {
	hm_str gomod;
	hm_str readme_name, readme;   /* cut at MARKDOWN_MAX */
	hm_str licence_name, licence; /* the first licence file */
	hm_str licence_id;            /* SPDX, "unknown", "none"; empty without a zip */
	bool has_gomod, has_zip;
	struct hm_err problem;        /* why the zip could not be read; the caller frees */
};
void page_files(struct page *pg, struct page_files *out);
/*
 * What the highest version here says of the module: deprecated, retracted versions; NULL where
 * nothing is known.  *n: how many versions are here.
 */
struct hm_gomod;
const struct hm_gomod *page_latest_mod(struct page *pg, int64_t *n);
/* The rationale ("retracted" when it gives none) if version is retracted, else p == NULL. */
hm_str page_retracted(const struct hm_gomod *latest, hm_str version);

/* webstyle.c */
extern const char web_style[], web_icon[];

#endif
