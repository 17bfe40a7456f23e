/*
 * webversion.c - all about one version.
 */
#include "gate.h"
#include "markdown.h"
#include "mod/gomod.h"
#include "mod/modpath.h"
#include "os/file.h"
#include "verify/sumdb.h"
#include "webpage.h"

static void
term(struct page *pg, const char *name, hm_str value, const char *class)
{
	page_term(pg, name);
	if (class)
		html_element(&pg->h, "span", class, value);
	else
		html_text(&pg->h, value);
	html_close(&pg->h);
}

/* What is too long to stand beside its name. */
static void
open_below(struct page *pg, const char *name)
{
	html_element(&pg->h, "dt", "full", hm_str_of(name));
	html_open(&pg->h, "dd");
	html_attr(&pg->h, "class", HM_S("full"));
}

static void
hash_term(struct page *pg, const char *name, hm_str hash)
{
	if (hash.n == 0) {
		term(pg, name, HM_S("\xe2\x80\x93"), "none");
		return;
	}
	open_below(pg, name);
	html_element(&pg->h, "span", "hash", hash);
	html_close(&pg->h);
}

static void
when_term(struct page *pg, const char *name, int64_t us)
{
	page_term(pg, name);
	page_when(pg, us);
	html_close(&pg->h);
}

/* ---- the checksum database */

/* What the proxy keeps of the database's answer: number, sums, signed head. */
static bool
record_of(struct page *pg, const struct fact *v, hm_str *url, hm_str *text)
{
	struct hm_err err = { 0 };
	hm_str path, version, file;
	bool ok;

	ok = v->sumdb.n && hm_modpath_escape(pg->a, v->path, &path, &err) == 0 &&
	     hm_modpath_escape_version(pg->a, v->version, &version, &err) == 0;
	if (ok) {
		*url = hm_arena_printf(pg->a, "/sumdb/" HM_F "/lookup/" HM_F "@" HM_F,
		                       HM_P(v->sumdb), HM_P(path), HM_P(version));
		file = hm_arena_printf(pg->a, HM_F "/cache/download" HM_F,
		                       HM_P(pg->p->store.root), HM_P(*url));
		ok = hm_file_read(pg->a, file.p, HM_SUMDB_ANSWER_MAX, text, &err) == 0;
	}
	hm_err_free(&err);
	return ok;
}

static void
database(struct page *pg, const struct fact *v)
{
	struct html *h = &pg->h;
	hm_str url, text;

	open_below(pg, "Checksum database");
	if (v->sumdb.n == 0) {
		html_element(h, "span", "none", HM_S("not asked"));
	} else {
		html_text(h, v->sumdb);
		if (v->record >= 0)
			html_textf(h, ", record %lld", (long long)v->record);
	}
	if (record_of(pg, v, &url, &text)) {
		html_open(h, "details");
		html_element(h, "summary", NULL, HM_S("record"));
		html_open(h, "pre");
		html_attr(h, "tabindex", HM_S("0"));
		html_text(h, text);
		html_close(h);
		html_open(h, "a");
		html_url(h, "href", url);
		html_textz(h, "as go asks for it");
		html_close(h);
		html_close(h);
	}
	html_close(h);
}

/* ---- beside the README */

static bool
is_refusal(hm_str policy)
{
	return hm_str_has_prefix(policy, HM_S("refused"));
}

/* Where a folder lies on the server is nobody else's business. */
static hm_str
source_of(const struct fact *v)
{
	if (hm_str_has_prefix(v->source, HM_S("file:")))
		return HM_S("a folder");
	return v->source.n ? v->source : HM_S("not known");
}

static void
facts_list(struct page *pg, const struct fact *v, const struct page_files *f,
           const struct hm_gomod *mod, hm_str policy)
{
	struct html *h = &pg->h;

	html_open(h, "dl");
	html_attr(h, "class", HM_S("facts"));
	if (is_refusal(policy))
		term(pg, "Policy", HM_S("refused"), "problem");
	else if (policy.n)
		term(pg, "Policy", policy, "wrap");
	if (f->licence_id.n)
		term(pg, "Licence", f->licence_id, NULL);
	if (mod)
		term(pg, "Go", hm_gomod_go(mod), NULL);
	page_term(pg, "Released");
	page_released(pg, v);
	html_close(h);
	term(pg, "Zip", page_size(pg->a, v->zip_bytes), NULL);
	term(pg, "Source", source_of(v), "wrap");
	when_term(pg, "Stored", v->stored);
	when_term(pg, "First use", v->first_use);
	when_term(pg, "Last use", v->last_use);
	term(pg, "Uses", page_number(pg->a, v->uses), NULL);
	hash_term(pg, "Zip hash", v->zip_h1);
	hash_term(pg, "go.mod hash", v->mod_h1);
	database(pg, v);
	html_close(h);
}

static void
download_links(struct page *pg)
{
	static const char *const kinds[] = { "zip", "mod", "info" };
	struct hm_err err = { 0 };
	hm_str path, version;

	if (hm_modpath_escape(pg->a, pg->module, &path, &err) ||
	    hm_modpath_escape_version(pg->a, pg->version, &version, &err)) {
		hm_err_free(&err);
		return;
	}
	html_open(&pg->h, "p");
	html_attr(&pg->h, "class", HM_S("files"));
	html_textz(&pg->h, "Download ");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		html_open(&pg->h, "a");
		html_url(&pg->h, "href",
		         hm_arena_printf(pg->a, "/" HM_F "/@v/" HM_F ".%s", HM_P(path),
		                         HM_P(version), kinds[i]));
		html_textf(&pg->h, ".%s", kinds[i]);
		html_close(&pg->h);
		html_textz(&pg->h, " ");
	}
	html_close(&pg->h);
	page_command(pg, "go get " HM_F "@" HM_F, HM_P(pg->module), HM_P(pg->version));
}

/* ---- texts */

static void
text_block(struct page *pg, const char *label, hm_str text)
{
	html_open(&pg->h, "pre");
	html_attr(&pg->h, "class", HM_S("text"));
	html_attr(&pg->h, "tabindex", HM_S("0"));
	html_attr(&pg->h, "role", HM_S("region"));
	html_attr(&pg->h, "aria-label", hm_str_of(label));
	html_text(&pg->h, text);
	html_close(&pg->h);
}

/* Instead of a file of the zip. */
static void
no_file(struct page *pg, const struct page_files *f, const char *none)
{
	html_element(&pg->h, "p", "none",
	             f->problem.code != HM_OK ? HM_S("Not known.") :
	             f->has_zip               ? hm_str_of(none) :
	                          HM_S("It is in the zip, which nobody has asked for yet."));
}

static void
readme(struct page *pg, struct page_files *f)
{
	struct html *h = &pg->h;

	page_heading(pg, "readme", "README");
	if (f->problem.code != HM_OK)
		page_problem(pg, "The zip of this version cannot be read.", &f->problem);
	else if (f->readme_name.n == 0)
		no_file(pg, f, "This version has none.");
	if (f->readme_name.n == 0)
		return;
	if (hm_str_has_suffix(f->readme_name, HM_S("md")) ||
	    hm_str_has_suffix(f->readme_name, HM_S("MD")) ||
	    hm_str_has_suffix(f->readme_name, HM_S(".markdown"))) {
		html_open(h, "div");
		html_attr(h, "class", HM_S("readme"));
		markdown_html(h, pg->a, f->readme);
		html_close(h);
	} else {
		text_block(pg, "README", f->readme);
	}
}

static void
texts(struct page *pg, const struct page_files *f)
{
	page_heading(pg, "go-mod", "go.mod");
	if (f->has_gomod)
		text_block(pg, "go.mod", f->gomod);
	else
		html_element(&pg->h, "p", "none", HM_S("It is not in the store yet."));
	page_heading(pg, "licence", "Licence");
	if (f->licence_name.n == 0) {
		no_file(pg, f, "This version has no licence file.");
		return;
	}
	html_open(&pg->h, "details");
	html_element(&pg->h, "summary", NULL,
	             hm_arena_printf(pg->a, HM_F ": " HM_F, HM_P(f->licence_name),
	                             HM_P(f->licence_id)));
	text_block(pg, "Licence", f->licence);
	html_close(&pg->h);
}

static void
contents(struct page *pg)
{
	static const struct {
		const char *id, *name;
	} parts[] = { { "#readme", "README" }, { "#requirements", "Requirements" },
		      { "#go-mod", "go.mod" }, { "#licence", "Licence" } };

	html_open(&pg->h, "nav");
	html_attr(&pg->h, "class", HM_S("contents"));
	html_attr(&pg->h, "aria-label", HM_S("On this page"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		html_open(&pg->h, "a");
		html_url(&pg->h, "href", hm_str_of(parts[i].id));
		html_textz(&pg->h, parts[i].name);
		html_close(&pg->h);
	}
	html_close(&pg->h);
}

static void
title(struct page *pg, int64_t versions, const struct hm_gomod *latest, hm_str policy)
{
	hm_str retracted = page_retracted(latest, pg->version);
	struct html *h = &pg->h;

	html_open(h, "h1");
	html_attr(h, "class", HM_S("path"));
	page_module_link(pg, pg->module);
	html_textz(h, " ");
	html_element(h, "span", "version", pg->version);
	html_close(h);
	if (is_refusal(policy))
		page_banner(pg, "banner bad", "Policy: ", policy);
	if (retracted.p)
		page_banner(pg, "banner", "Retracted: ", retracted);
	if (latest && latest->deprecated.n)
		page_banner(pg, "banner", "Deprecated: ", latest->deprecated);
	if (versions > 1) {
		html_open(h, "p");
		html_attr(h, "class", HM_S("note"));
		html_open(h, "a");
		html_url(h, "href", page_url(pg->a, pg->module, HM_S("")));
		html_textf(h, "%lld versions", (long long)versions);
		html_close(h);
		html_textz(h, " in the store");
		html_close(h);
	}
}

static void
absent(struct page *pg)
{
	page_failed(pg, 404,
	            hm_arena_printf(pg->a, HM_F " " HM_F, HM_P(pg->module), HM_P(pg->version)),
	            HM_S("This version is not in the store."));
	page_bring(pg, pg->version);
	html_open(&pg->h, "p");
	html_textz(&pg->h, "What the store has of ");
	page_module_link(pg, pg->module);
	html_close(&pg->h);
}

void
page_version(struct page *pg)
{
	const struct hm_gomod *latest;
	struct hm_gomod *own = NULL;
	struct hm_err err = { 0 };
	struct page_files f;
	struct html *h = &pg->h;
	struct fact v;
	hm_str policy;
	int64_t versions;

	if (!page_may_read(pg, pg->module) ||
	    facts_version(pg->p->facts, pg->a, pg->module, pg->version, &v, &err)) {
		if (err.code == HM_OK || err.code == HM_ENOTFOUND)
			absent(pg);
		else
			page_broken(pg, &err);
		hm_err_free(&err);
		return;
	}
	page_files(pg, &f);
	if (!f.has_gomod || hm_gomod_parse_lax(pg->a, HM_S("go.mod"), f.gomod, NULL, &own, &err))
		own = NULL;
	hm_err_free(&err);
	latest = page_latest_mod(pg, &versions);
	page_begin(pg, hm_arena_printf(pg->a, HM_F " " HM_F, HM_P(pg->module), HM_P(pg->version)));
	policy = gate_describe(pg->p, pg->a, hm_modver_of(v.path, v.version));
	title(pg, versions, latest, policy);
	contents(pg);
	html_open(h, "div");
	html_attr(h, "class", HM_S("sides"));
	html_open(h, "aside");
	html_attr(h, "aria-label", HM_S("Facts"));
	facts_list(pg, &v, &f, own, policy);
	download_links(pg);
	html_close(h);
	html_open(h, "section");
	readme(pg, &f);
	html_close(h);
	html_close(h);
	page_requirements(pg, f.has_gomod);
	texts(pg, &f);
	hm_err_free(&f.problem);
}
