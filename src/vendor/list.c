#include "vendor/list.h"

#include <dirent.h>

#include "base/path.h"
#include "conf/conf.h"
#include "load/goheader.h"
#include "load/mainmods.h"
#include "load/pkg.h"
#include "mod/gover.h"
#include "os/file.h"

static bool
cgo_is_on(const struct hm_conf *c)
{
	hm_str set = hm_conf_get(c, "CGO_ENABLED");

	/* go/build's own default, whatever name hermod runs under: the tree must not differ */
	if (hm_str_eqz(set, "1") || hm_str_eqz(set, "0"))
		return hm_str_eqz(set, "1");
	return hm_str_eq(c->goos, c->gohostos) && hm_str_eq(c->goarch, c->gohostarch);
}

void
hm_vendor_rules_init(struct hm_vendor_rules *r, struct hm_modload *ml)
{
	hm_str go = hm_modload_main_go(ml);

	r->ml = ml;
	r->scans = hm_modules_scans(ml);
	r->strip_gomod = hm_gover_cmp(go, HM_S("1.17")) >= 0;
	r->test_embeds = hm_gover_cmp(go, HM_S("1.22")) < 0;
	r->all_files = *hm_modules_build_ctx(ml);
	r->all_files.use_all_files = true;
	r->all_files.cgo = cgo_is_on(ml->conf);
}

static const struct hm_scan_file *
find_scan(const struct hm_scan_dir *d, hm_str name)
{
	size_t lo = 0, hi = d ? d->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = hm_str_cmp(d->v[mid].name, name);

		if (r == 0)
			return &d->v[mid];
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* A Go file that is tagged "ignore" in a way that no tag can change stays behind. */
static bool
may_build(struct hm_arena *a, hm_str dir, const struct hm_scan_dir *scan, hm_str name)
{
	const struct hm_scan_file *f = find_scan(scan, name);
	struct hm_scan_file hidden = { .name = name, .is_go = true };
	struct hm_err err = { 0 };
	hm_str path, text;

	if (!f) { /* scans of folders leave out names with _ or . in front */
		path = hm_path_cat(a, dir, name);
		if (hm_file_read(a, path.p, HM_SCAN_MAX_FILE, &text, &err) == 0)
			hm_goheader_scan(a, path, text, true, &hidden);
		else
			hidden.error = hm_arena_dup(a, hm_err_str(&err));
		hm_err_free(&err);
		f = &hidden;
	}
	if (f->error.n) /* unreadable: go takes it along, but not with two //go:build lines */
		return !hm_str_has_suffix(f->error, HM_S(": multiple //go:build comments"));
	return hm_scan_should_build(f, hm_tags_any());
}

static bool
is_wanted(const struct hm_vendor_rules *r, struct hm_arena *a, hm_str dir,
          const struct hm_scan_dir *scan, hm_str name)
{
	if (hm_str_has_suffix(name, HM_S("_test.go")))
		return false;
	if (r->strip_gomod && (hm_str_eqz(name, "go.mod") || hm_str_eqz(name, "go.sum")))
		return false;
	return !hm_str_has_suffix(name, HM_S(".go")) || may_build(a, dir, scan, name);
}

static void
add_patterns(struct hm_arena *a, const struct hm_places *from, struct hm_strs *to)
{
	for (size_t i = 0; i < from->n; i++)
		HM_PUSH(a, *to, from->v[i].text);
}

/*
 * The //go:embed patterns of a package, all files considered; it may then have
 * several package names.  One without any file that could be built has none.
 */
static int
embed_patterns(const struct hm_vendor_rules *r, struct hm_arena *a, const struct hm_vendor_pkg *pkg,
               const struct hm_scan_dir *scan, struct hm_strs *out, struct hm_err *err)
{
	const struct hm_bpkg *p = hm_bpkg_import(a, &r->all_files, scan, HM_S(""));

	if (p->failed && p->err.kind == HM_LE_NO_GO)
		return 0;
	if (p->failed && p->err.kind != HM_LE_MULTIPLE) {
		hm_str where = p->err.kind == HM_LE_SCAN ? hm_pos_text(a, &p->err.pos)
		                                         : (hm_str){ 0 };

		hm_log(r->ml->log, HM_LOG_WARN,
		       "internal error: failed to find embedded files of " HM_F ": " HM_F "%s" HM_F,
		       HM_P(pkg->path), HM_P(where), where.n ? ": " : "", HM_P(p->err.text));
		return hm_err_set(err, HM_EREPORTED, "embedded files");
	}
	add_patterns(a, &p->embeds, out);
	if (r->test_embeds) {
		add_patterns(a, &p->test_embeds, out);
		add_patterns(a, &p->xtest_embeds, out);
	}
	return 0;
}

int
hm_vendor_list_package(const struct hm_vendor_rules *r, struct hm_arena *a,
                       const struct hm_vendor_pkg *pkg, struct hm_vendor_names *out,
                       struct hm_err *embed_err, struct hm_err *err)
{
	const struct hm_scan_dir *scan = NULL;
	struct hm_dirents list = { 0 };
	struct hm_strs patterns = { 0 };

	*out = (struct hm_vendor_names){ 0 };
	if (hm_dir_read(a, pkg->dir.p, &list, err) || hm_scan_dir(r->scans, pkg->dir, &scan, err))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (list.v[i].type == DT_REG && is_wanted(r, a, pkg->dir, scan, list.v[i].name))
			HM_PUSH(a, out->files, list.v[i].name);
	if (embed_patterns(r, a, pkg, scan, &patterns, err))
		return -1;
	if (patterns.n && hm_embed_resolve(a, pkg->dir, &patterns, r->all_files.embed_links,
	                                   &out->embeds, NULL, NULL, embed_err))
		out->embeds.n = 0;
	return 0;
}

static bool
is_metadata(hm_str name)
{
	static const char *const prefixes[] = {
		"AUTHORS",   "CONTRIBUTORS", "COPYLEFT", "COPYING", "COPYRIGHT",
		"LEGAL",     "LICENSE",      "NOTICE",   "PATENTS",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (hm_str_has_prefix(name, hm_str_of(prefixes[i])))
			return true;
	return false;
}

int
hm_vendor_list_metadata(struct hm_arena *a, hm_str dir, struct hm_strs *out, struct hm_err *err)
{
	struct hm_dirents list = { 0 };

	if (hm_dir_read(a, dir.p, &list, err))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (list.v[i].type == DT_REG && is_metadata(list.v[i].name))
			HM_PUSH(a, *out, list.v[i].name);
	return 0;
}
