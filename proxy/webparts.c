/*
 * webparts.c - small things that many pages show.
 */
#include <time.h>

#include "mod/pseudo.h"
#include "webpage.h"

enum { FITS = 24 /* bytes of a path that any screen has room for */ };

hm_str
page_url(struct hm_arena *a, hm_str module, hm_str version)
{
	/* Paths and versions of modules are letters, digits and -._~/+, all plain in a URL. */
	if (version.n == 0)
		return hm_arena_printf(a, "/mod/" HM_F, HM_P(module));
	return hm_arena_printf(a, "/mod/" HM_F "@" HM_F, HM_P(module), HM_P(version));
}

void
page_path(struct page *pg, hm_str module)
{
	ptrdiff_t slash;

	while (module.n > FITS && (slash = hm_str_index_byte(module, '/')) >= 0) {
		html_text(&pg->h, hm_str_sub(module, 0, (size_t)slash + 1));
		html_void(&pg->h, "wbr");
		module = hm_str_from(module, (size_t)slash + 1);
	}
	html_text(&pg->h, module);
}

void
page_module_link(struct page *pg, hm_str module)
{
	html_open(&pg->h, "a");
	html_url(&pg->h, "href", page_url(pg->a, module, HM_S("")));
	page_path(pg, module);
	html_close(&pg->h);
}

void
page_version_link(struct page *pg, hm_str module, hm_str version, hm_str text)
{
	html_open(&pg->h, "a");
	html_url(&pg->h, "href", page_url(pg->a, module, version));
	html_text(&pg->h, text);
	html_close(&pg->h);
}

static struct tm
parts_of(int64_t us)
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	gmtime_r(&t, &tm);
	return tm;
}

static hm_str
day_of(struct hm_arena *a, int64_t us)
{
	struct tm tm = parts_of(us);
	char text[32];

	return hm_arena_dup(a, hm_str_make(text, strftime(text, sizeof(text), "%Y-%m-%d", &tm)));
}

static hm_str
second_of(struct hm_arena *a, int64_t us)
{
	struct tm tm = parts_of(us);
	char text[32];

	return hm_arena_dup(a, hm_str_make(text, strftime(text, sizeof(text), "%H:%M:%S", &tm)));
}

static hm_str
ago(struct page *pg, int64_t us)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 31556952, "year" }, { 2629746, "month" }, { 86400, "day" },
		      { 3600, "hour" },     { 60, "minute" } };
	int64_t age = pg->now - us / 1000000, n;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		n = age / units[i].seconds;
		if (n > 0)
			return hm_arena_printf(pg->a, "%lld %s%s ago", (long long)n, units[i].name,
			                       n > 1 ? "s" : "");
	}
	return HM_S("just now");
}

static void
time_element(struct page *pg, int64_t us, hm_str text)
{
	hm_str day, second;

	if (us <= 0) {
		html_element(&pg->h, "span", "none", HM_S("\xe2\x80\x93"));
		return;
	}
	day = day_of(pg->a, us);
	second = second_of(pg->a, us);
	html_open(&pg->h, "time");
	html_attrf(&pg->h, "datetime", HM_F "T" HM_F "Z", HM_P(day), HM_P(second));
	html_attrf(&pg->h, "title", HM_F " " HM_F " UTC", HM_P(day), HM_P(second));
	html_text(&pg->h, text);
	html_close(&pg->h);
}

void
page_when(struct page *pg, int64_t us)
{
	time_element(pg, us, us > 0 ? ago(pg, us) : HM_S(""));
}

void
page_released(struct page *pg, const struct fact *v)
{
	struct hm_err err = { 0 };
	int64_t us = v->time, seconds;

	if (us == 0 && hm_pseudo_time(v->version, &seconds, &err) == 0)
		us = seconds * 1000000;
	hm_err_free(&err);
	time_element(pg, us, us > 0 ? day_of(pg->a, us) : HM_S(""));
}

hm_str
page_size(struct hm_arena *a, int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double v = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 0)
		return HM_S("\xe2\x80\x93");
	if (bytes < 1000)
		return hm_arena_printf(a, "%d B", (int)bytes);
	for (; v >= 999.5 && i < 3; i++)
		v /= 1000;
	return hm_arena_printf(a, v < 9.95 ? "%.1f %s" : "%.0f %s", v, units[i]);
}

hm_str
page_number(struct hm_arena *a, int64_t n)
{
	hm_str digits = hm_arena_printf(a, "%lld", (long long)n);
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < digits.n; i++) {
		if (i > 0 && (digits.n - i) % 3 == 0 && digits.p[i - 1] != '-')
			hm_buf_addc(&b, ',');
		hm_buf_addc(&b, digits.p[i]);
	}
	return hm_buf_take(&b, a);
}

hm_str
page_took(struct hm_arena *a, int64_t ns)
{
	if (ns <= 0)
		return HM_S("\xe2\x80\x93");
	if (ns < 1000000)
		return hm_arena_printf(a, "%lld \xc2\xb5s", (long long)(ns / 1000));
	if (ns < 1000000000)
		return hm_arena_printf(a, "%.3g ms", (double)ns / 1e6);
	return hm_arena_printf(a, "%.3g s", (double)ns / 1e9);
}

void
page_figure(struct page *pg, hm_str value, const char *caption)
{
	html_open(&pg->h, "div");
	html_attr(&pg->h, "class", HM_S("figure"));
	html_element(&pg->h, "b", NULL, value);
	html_element(&pg->h, "span", NULL, hm_str_of(caption));
	html_close(&pg->h);
}

void
page_banner(struct page *pg, const char *class, const char *what, hm_str text)
{
	html_open(&pg->h, "p");
	html_attr(&pg->h, "class", hm_str_of(class));
	html_element(&pg->h, "b", NULL, hm_str_of(what));
	html_text(&pg->h, text);
	html_close(&pg->h);
}

void
page_problem(struct page *pg, const char *text, struct hm_err *why)
{
	meter_error(pg->p->meter, hm_exchange_request(pg->x)->path, hm_err_str(why));
	html_element(&pg->h, "p", "problem", hm_str_of(text));
}

void
page_command(struct page *pg, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	html_open(&pg->h, "pre");
	html_attr(&pg->h, "class", HM_S("command"));
	html_attr(&pg->h, "tabindex", HM_S("0"));
	html_element(&pg->h, "code", NULL, hm_buf_str(&b));
	html_close(&pg->h);
	hm_buf_free(&b);
}

void
page_bring(struct page *pg, hm_str version)
{
	html_element(&pg->h, "p", NULL, HM_S("The first client that asks for it brings it:"));
	page_command(pg, "GOPROXY=" HM_F " go mod download " HM_F "@" HM_F, HM_P(pg->base),
	             HM_P(pg->module), HM_P(version));
}

void
page_table(struct page *pg, const struct page_column *columns, size_t n)
{
	struct html *h = &pg->h;

	html_open(h, "div");
	html_attr(h, "class", HM_S("wide"));
	html_open(h, "table");
	html_attr(h, "class", HM_S("list"));
	html_open(h, "thead");
	html_open(h, "tr");
	for (size_t i = 0; i < n; i++)
		html_element(h, "th", columns[i].class, hm_str_of(columns[i].name));
	html_close(h);
	html_close(h);
	html_open(h, "tbody");
}

void
page_cell(struct page *pg, const char *class, const char *label, hm_str text)
{
	html_open(&pg->h, "td");
	html_attr(&pg->h, "class", hm_str_of(class));
	html_attr(&pg->h, "data-label", hm_str_of(label));
	html_text(&pg->h, text);
	html_close(&pg->h);
}

void
page_term(struct page *pg, const char *term)
{
	html_element(&pg->h, "dt", NULL, hm_str_of(term));
	html_open(&pg->h, "dd");
}

void
page_heading(struct page *pg, const char *id, const char *text)
{
	html_open(&pg->h, "h2");
	html_attr(&pg->h, "id", hm_str_of(id));
	html_textz(&pg->h, text);
	html_close(&pg->h);
}
