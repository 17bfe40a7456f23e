/*
 * web.c - which page, who may see it, what is around it.
 */
#include "web.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/url.h"
#include "desk.h"
#include "mod/modpath.h"
#include "os/clock.h"
#include "serve/access.h"
#include "webpage.h"

#define PAGE_POLICY                                                                           \
	"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "          \
	"base-uri 'none'; frame-ancestors 'none'"

/* A page as it was made; mutex guards all of it. */
struct kept {
	char *key;
	size_t key_n;
	struct hm_buf body;
	int64_t until;
};

struct web {
	pthread_mutex_t mutex;
	struct kept kept[PAGE_CACHE];
	size_t next;
};

struct web *
web_new(void)
{
	struct web *w = hm_mem_new(sizeof(*w));

	pthread_mutex_init(&w->mutex, NULL);
	return w;
}

void
web_free(struct web *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < PAGE_CACHE; i++) {
		free(w->kept[i].key);
		hm_buf_free(&w->kept[i].body);
	}
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

/* ---- pages that were just made */

static hm_str
key_of(const struct page *pg)
{
	return hm_arena_printf(pg->a, "%d %lld %llu " HM_F " " HM_F " " HM_F " " HM_F,
	                       (int)pg->kind, (long long)hm_access_who(pg->x)->account,
	                       (unsigned long long)pg->from,
	                       HM_P(pg->base), HM_P(pg->module), HM_P(pg->version),
	                       HM_P(pg->query));
}

static bool
take_kept(struct web *w, struct page *pg, hm_str key, hm_str *body)
{
	bool found = false;

	pthread_mutex_lock(&w->mutex);
	for (size_t i = 0; i < PAGE_CACHE && !found; i++) {
		struct kept *k = &w->kept[i];

		found = k->key && k->until > pg->now &&
		        hm_str_eq(hm_str_make(k->key, k->key_n), key);
		if (found)
			*body = hm_arena_dup(pg->a, hm_buf_str(&k->body));
	}
	pthread_mutex_unlock(&w->mutex);
	return found;
}

static void
keep(struct web *w, const struct page *pg, hm_str key, hm_str body)
{
	struct kept *k;

	if (body.n > PAGE_CACHE_MAX)
		return;
	pthread_mutex_lock(&w->mutex);
	k = &w->kept[w->next++ % PAGE_CACHE];
	free(k->key);
	k->key = memcpy(hm_mem_new(key.n), key.p, key.n);
	k->key_n = key.n;
	hm_buf_free(&k->body);
	hm_buf_adds(&k->body, body);
	k->until = pg->now + PAGE_FRESH;
	pthread_mutex_unlock(&w->mutex);
}

/* ---- rights */

bool
page_may_read(struct page *pg, hm_str module)
{
	return hm_access_may(pg->p->access, pg->x, HM_RIGHT_READ, module);
}

bool
page_reads_all(struct page *pg)
{
	return hm_accounts_open_to_all(pg->p->accounts) ||
	       hm_accounts_reads_all(pg->p->accounts, hm_access_who(pg->x));
}

/* ---- around a page */

static void
nav_link(struct page *pg, hm_str url, const char *text, bool here)
{
	html_open(&pg->h, "a");
	html_url(&pg->h, "href", url);
	if (here)
		html_attr(&pg->h, "aria-current", HM_S("page"));
	html_textz(&pg->h, text);
	html_close(&pg->h);
}

static void
search_form(struct page *pg)
{
	html_open(&pg->h, "form");
	html_attr(&pg->h, "action", HM_S("/search"));
	html_attr(&pg->h, "role", HM_S("search"));
	html_void(&pg->h, "input");
	html_attr(&pg->h, "type", HM_S("search"));
	html_attr(&pg->h, "name", HM_S("q"));
	html_attr(&pg->h, "value", pg->query);
	html_attr(&pg->h, "placeholder", HM_S("Search modules"));
	html_attr(&pg->h, "aria-label", HM_S("Search modules"));
	html_attr(&pg->h, "maxlength", HM_S("200"));
	html_attr(&pg->h, "autocapitalize", HM_S("none"));
	html_attr(&pg->h, "spellcheck", HM_S("false"));
	html_open(&pg->h, "button");
	html_textz(&pg->h, "Search");
	html_close(&pg->h);
	html_close(&pg->h);
}

static void
head(struct page *pg, hm_str title)
{
	struct html *h = &pg->h;

	html_open(h, "head");
	html_void(h, "meta");
	html_attr(h, "charset", HM_S("utf-8"));
	html_void(h, "meta");
	html_attr(h, "name", HM_S("viewport"));
	html_attr(h, "content", HM_S("width=device-width, initial-scale=1"));
	html_void(h, "meta");
	html_attr(h, "name", HM_S("color-scheme"));
	html_attr(h, "content", HM_S("light dark"));
	html_void(h, "meta");
	html_attr(h, "name", HM_S("robots"));
	html_attr(h, "content", HM_S("noindex"));
	html_void(h, "link");
	html_attr(h, "rel", HM_S("stylesheet"));
	html_url(h, "href", HM_S("/-/style.css"));
	html_void(h, "link");
	html_attr(h, "rel", HM_S("icon"));
	html_url(h, "href", HM_S("/-/icon.svg"));
	html_open(h, "title");
	html_textf(h, HM_F " \xc2\xb7 hermod-proxy", HM_P(title));
	html_close(h);
	html_close(h);
}

void
page_begin(struct page *pg, hm_str title)
{
	struct html *h = &pg->h;

	html_doctype(h);
	html_open(h, "html");
	html_attr(h, "lang", HM_S("en"));
	head(pg, title);
	html_open(h, "body");
	html_open(h, "a");
	html_attr(h, "class", HM_S("skip"));
	html_url(h, "href", HM_S("#content"));
	html_textz(h, "Skip to content");
	html_close(h);
	html_open(h, "header");
	html_open(h, "div");
	html_attr(h, "class", HM_S("bar"));
	html_open(h, "a");
	html_attr(h, "class", HM_S("brand"));
	html_url(h, "href", HM_S("/"));
	html_textz(h, "hermod-proxy");
	html_close(h);
	if (pg->kind != PAGE_HOME)
		search_form(pg);
	html_open(h, "nav");
	html_attr(h, "aria-label", HM_S("Pages"));
	nav_link(pg, HM_S("/"), "Modules", pg->kind == PAGE_HOME);
	nav_link(pg, HM_S("/dashboard"), "Dashboard", pg->kind == PAGE_DASHBOARD);
	html_close_to(h, h->depth - 3);
	html_open(h, "main");
	html_attr(h, "id", HM_S("content"));
	html_attr(h, "tabindex", HM_S("-1"));
	if (pg->kind == PAGE_HOME)
		search_form(pg);
}

hm_str
page_end(struct page *pg)
{
	return html_take(&pg->h, pg->a);
}

void
page_failed(struct page *pg, int status, hm_str title, hm_str text)
{
	html_free(&pg->h);
	pg->status = status;
	page_begin(pg, title);
	html_element(&pg->h, "h1", NULL, title);
	if (text.n)
		html_element(&pg->h, "p", NULL, text);
}

void
page_broken(struct page *pg, struct hm_err *why)
{
	page_failed(pg, 500, pg->module, HM_S(""));
	page_problem(pg, "What the store has of it cannot be read now.", why);
}

/* ---- requests */

static void
make(struct proxy *p, struct hm_exchange *x, void *arg, struct desk_answer *out)
{
	static void (*const pages[])(struct page *pg) = {
		[PAGE_HOME] = page_home,     [PAGE_SEARCH] = page_search,
		[PAGE_DASHBOARD] = page_dashboard, [PAGE_MODULE] = page_module,
		[PAGE_VERSION] = page_version, [PAGE_LOST] = page_lost,
	};
	struct page *pg = arg;
	hm_str key = key_of(pg);

	out->status = 200;
	if (!take_kept(p->web, pg, key, &out->body)) {
		pages[pg->kind](pg);
		out->status = pg->status;
		out->body = page_end(pg);
		if (pg->status == 200)
			keep(p->web, pg, key, out->body);
	}
	out->type = HM_S("text/html; charset=utf-8");
	out->cache = HM_S("private, no-cache");
	hm_exchange_field(x, "Content-Security-Policy", HM_S(PAGE_POLICY));
	hm_exchange_field(x, "X-Content-Type-Options", HM_S("nosniff"));
	hm_exchange_field(x, "Referrer-Policy", HM_S("no-referrer"));
	hm_exchange_field(x, "Cross-Origin-Opener-Policy", HM_S("same-origin"));
}

/* "name=..." of a query; empty when it is absent or malformed. */
static hm_str
parameter(struct hm_arena *a, hm_str query, hm_str name)
{
	struct hm_err err = { 0 };
	hm_str one, text = { 0 };

	while (hm_str_next(&query, '&', &one)) {
		if (!hm_str_cut_prefix(&one, name))
			continue;
		if (one.n > 600 || hm_url_query_unescape(a, one, &text, &err))
			text = HM_S("");
		hm_err_clear(&err);
	}
	hm_err_free(&err);
	return hm_str_trim(text);
}

static uint64_t
number(hm_str s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n && i < 9; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			n = n * 10 + (uint64_t)(s.p[i] - '0');
	return n;
}

/* PATH or PATH@VERSION; pg->why says what is wrong with it, the version is empty then. */
static bool
parse_module(struct page *pg, hm_str rest)
{
	struct hm_err err = { 0 };
	bool ok;

	pg->kind = hm_str_cut(rest, '@', &pg->module, &pg->version) ? PAGE_VERSION : PAGE_MODULE;
	if (hm_modpath_check(pg->module, &err)) {
		pg->module = pg->version = HM_S("");
	} else if (pg->kind == PAGE_VERSION &&
	           hm_modpath_check_version(pg->module, pg->version, &err)) {
		pg->version = HM_S("");
	}
	ok = err.code == HM_OK;
	pg->why = hm_arena_dup(pg->a, hm_err_str(&err));
	hm_err_free(&err);
	return ok;
}

/* What a browser is told of an address that is none. */
static bool
parse_lost(struct page *pg, hm_str url)
{
	hm_str accept = hm_http1_field(hm_exchange_request(pg->x), "Accept");

	if (hm_str_index(accept, HM_S("text/html")) < 0)
		return false;
	if (!hm_str_cut_prefix(&url, HM_S("/mod/")) && hm_str_cut_prefix(&url, HM_S("/")) &&
	    !parse_module(pg, url))
		pg->why = HM_S("");
	pg->kind = PAGE_LOST;
	return true;
}

static bool
parse(struct page *pg, hm_str url)
{
	const struct hm_http1_request *req = hm_exchange_request(pg->x);

	pg->query = HM_S("");
	if (hm_str_eqz(url, "/")) {
		pg->kind = PAGE_HOME;
	} else if (hm_str_eqz(url, "/dashboard")) {
		pg->kind = PAGE_DASHBOARD;
	} else if (hm_str_eqz(url, "/search")) {
		pg->kind = PAGE_SEARCH;
		pg->query = parameter(pg->a, req->query, HM_S("q="));
		pg->from = number(parameter(pg->a, req->query, HM_S("from=")));
	} else if (!hm_str_has_prefix(url, HM_S("/mod/")) ||
	           !parse_module(pg, hm_str_from(url, 5))) {
		if (!parse_lost(pg, url))
			return false;
	}
	pg->base = hm_arena_printf(pg->a, "%s://" HM_F, pg->p->tls ? "https" : "http",
	                           HM_P(req->host));
	return true;
}

static void
serve_static(struct hm_exchange *x, const char *type, const char *text)
{
	hm_exchange_field(x, "Content-Type", hm_str_of(type));
	hm_exchange_field(x, "Cache-Control", HM_S("public, max-age=300"));
	hm_exchange_field(x, "Content-Security-Policy", HM_S("default-src 'none'"));
	hm_exchange_field(x, "X-Content-Type-Options", HM_S("nosniff"));
	hm_exchange_reply_borrowed(x, 200, hm_str_of(text), NULL, NULL);
}

bool
web_serve(struct proxy *p, struct hm_exchange *x, hm_str url)
{
	struct page *pg;

	if (hm_str_eqz(url, "/-/style.css")) {
		serve_static(x, "text/css; charset=utf-8", web_style);
		return true;
	}
	if (hm_str_eqz(url, "/-/icon.svg")) {
		serve_static(x, "image/svg+xml", web_icon);
		return true;
	}
	pg = HM_NEW(hm_exchange_arena(x), struct page);
	*pg = (struct page){ .p = p, .x = x, .a = hm_exchange_arena(x), .status = 200,
		             .now = hm_clock_unix() };
	if (!parse(pg, url))
		return false;
	desk_submit(p->desk, x, make, pg);
	return true;
}
