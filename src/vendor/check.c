/*
 * check.c - comparing a vendor folder with what it is made from.
 *
 * Links are never followed inside the folder: one that stands where a file
 * belongs makes the file missing and is itself extra.
 */
#include "vendor/check.h"

#include <stdlib.h>

#include "base/path.h"
#include "load/vendorlist.h"
#include "modzip/list.h"
#include "os/file.h"
#include "os/pool.h"

#define LIST_NAME "modules.txt"

struct checking {
	struct hm_vendor_check *c;
	struct hm_arena *a;
	struct hm_map there; /* files of the vendor folder */
	struct hm_strs names;
	bool *differs;       /* by file of the layout */
	struct hm_err *errs; /* likewise */
};

const char *
hm_vendor_fault_name(enum hm_vendor_fault f)
{
	static const char *const names[] = {
		[HM_FAULT_LIST] = "modules.txt",    [HM_FAULT_CHANGED] = "changed",
		[HM_FAULT_MISSING] = "missing",     [HM_FAULT_EXTRA] = "extra",
		[HM_FAULT_UNVERIFIED] = "unverified",
	};

	return names[f];
}

static struct hm_vendor_finding *
add(struct checking *k, enum hm_vendor_fault fault, hm_str name, hm_str text)
{
	struct hm_vendor_finding f = { .fault = fault, .name = name, .text = text };

	HM_PUSH(k->a, k->c->findings, f);
	return &k->c->findings.v[k->c->findings.n - 1];
}

/* "example.com/words@v1.0.0", or "../words" for a module that a folder replaces. */
static hm_str
source_name(struct checking *k, const struct hm_vendor_source *s)
{
	return hm_modver_str(k->a, s->from);
}

/* ---- modules */

static void
check_proofs(struct checking *k)
{
	for (size_t i = 0; i < k->c->sources.n; i++) {
		const struct hm_vendor_source *s = &k->c->sources.v[i];

		hm_str text;

		if (s->proof != HM_PROOF_NONE)
			continue;
		text = hm_arena_printf(k->a, HM_F " is not verified: go.sum has no line for it and "
		                       "the checksum database is not asked (GOSUMDB, GONOSUMDB, "
		                       "GOPRIVATE)", HM_P(source_name(k, s)));
		add(k, HM_FAULT_UNVERIFIED, HM_S(""), text)->mod = s->mod;
	}
}

/* ---- modules.txt */

/* A line of modules.txt and the module line that it stands under (its own, or none). */
struct entry {
	hm_str line, mod;
	hm_str key; /* both */
};
struct entries {
	struct entry *v;
	size_t n, cap;
};

static void
split(struct checking *k, hm_str text, struct entries *out)
{
	hm_str line, mod = HM_S("");

	while (hm_str_next(&text, '\n', &line)) {
		struct entry e = { .line = line };

		if (text.p == NULL && line.n == 0)
			break; /* behind the last newline */
		if (hm_str_has_prefix(line, HM_S("# ")))
			mod = line;
		e.mod = mod;
		e.key = hm_arena_concat(k->a, (hm_str[]){ mod, HM_S("\n"), line }, 3);
		HM_PUSH(k->a, *out, e);
	}
}

static void
keys_of(struct checking *k, const struct entries *e, struct hm_map *out)
{
	out->arena = k->a;
	for (size_t i = 0; i < e->n; i++)
		hm_map_add(out, e->v[i].key);
}

/* e is not in others, but what it stands under is: it says more than its module line. */
static bool
is_lone(struct checking *k, const struct entry *e, const struct hm_map *others)
{
	hm_str mod_key = hm_arena_concat(k->a, (hm_str[]){ e->mod, HM_S("\n"), e->mod }, 3);

	if (hm_map_has(others, e->key))
		return false;
	return e->mod.n == 0 || hm_str_eq(e->mod, e->line) || hm_map_has(others, mod_key);
}

static void
list_finding(struct checking *k, size_t line, hm_str text)
{
	add(k, HM_FAULT_LIST, HM_S(LIST_NAME), text)->line = (unsigned)line;
}

/* Lines that should not be there, each at its place, and lines that are not there. */
static void
compare_lines(struct checking *k, const struct entries *have, const struct entries *want)
{
	struct hm_map in_have = { 0 }, in_want = { 0 };
	size_t before = k->c->findings.n, same = 0;

	keys_of(k, have, &in_have);
	keys_of(k, want, &in_want);
	for (size_t i = 0; i < have->n; i++)
		if (is_lone(k, &have->v[i], &in_want))
			list_finding(k, i + 1, hm_arena_printf(k->a, "unexpected line: " HM_F,
			                                       HM_P(have->v[i].line)));
	for (size_t i = 0; i < want->n; i++) {
		const struct entry *e = &want->v[i];

		if (!is_lone(k, e, &in_have))
			continue;
		if (hm_str_eq(e->mod, e->line) || e->mod.n == 0)
			list_finding(k, 0, hm_arena_printf(k->a, "missing line: " HM_F,
			                                   HM_P(e->line)));
		else
			list_finding(k, 0, hm_arena_printf(k->a, "missing line under \"" HM_F
			                                   "\": " HM_F, HM_P(e->mod),
			                                   HM_P(e->line)));
	}
	if (k->c->findings.n > before)
		return;
	while (same < have->n && same < want->n &&
	       hm_str_eq(have->v[same].key, want->v[same].key))
		same++;
	list_finding(k, same < have->n ? same + 1 : have->n,
	             HM_S("order, repetition or end of lines is not as written"));
}

/* What go itself says when modules.txt and go.mod disagree. */
static int
check_consistency(struct checking *k, struct hm_err *err)
{
	struct hm_modload *ml = k->c->plan->ml;
	struct hm_err bad = { 0 };
	hm_str list, line;

	if (hm_modload_vendor_complaints(ml, &list, &bad)) {
		if (!hm_err_is(&bad, HM_ETOOLCHAIN)) {
			hm_err_move(err, &bad);
			return -1;
		}
		list = hm_err_str(&bad);
	}
	while (hm_str_next(&list, '\n', &line)) {
		line = hm_str_trim(line);
		if (line.n)
			list_finding(k, 0, hm_arena_dup(k->a, line));
	}
	hm_err_free(&bad);
	return 0;
}

static int
check_list(struct checking *k, struct hm_err *err)
{
	hm_str path = hm_path_cat(k->a, k->c->dir, HM_S(LIST_NAME)), text;
	struct entries have = { 0 }, want = { 0 };

	if (!hm_map_has(&k->there, HM_S(LIST_NAME))) {
		if (k->c->plan->text.n)
			add(k, HM_FAULT_MISSING, HM_S(LIST_NAME),
			    HM_S("missing; the vendor directory is of no use without it"));
		return 0;
	}
	if (k->c->plan->text.n == 0) {
		add(k, HM_FAULT_EXTRA, HM_S(LIST_NAME), HM_S("there is nothing to vendor"));
		return 0;
	}
	if (hm_file_read(k->a, path.p, HM_VENDORLIST_MAX, &text, err))
		return -1;
	if (hm_str_eq(text, k->c->plan->text))
		return 0;
	if (check_consistency(k, err))
		return -1;
	split(k, text, &have);
	split(k, k->c->plan->text, &want);
	compare_lines(k, &have, &want);
	return 0;
}

/* ---- files */

static const struct hm_vendor_source *
source_of(const struct hm_vendor_check *c, const struct hm_vendor_file *f)
{
	return hm_map_get(&c->sources.by_path, c->plan->v[f->pkg].mod.path);
}

static void
compare_file(void *ctx, size_t i)
{
	struct checking *k = ctx;
	const struct hm_vendor_file *f = &k->c->layout.v[i];
	uint8_t want[HM_SHA256_SIZE], have[HM_SHA256_SIZE];
	struct hm_arena a = { 0 };

	if (hm_vendor_source_sha256(source_of(k->c, f), f, want, &k->errs[i]) == 0 &&
	    hm_map_has(&k->there, f->name) &&
	    hm_vendor_sha256(hm_path_cat(&a, k->c->dir, f->name).p, have, &k->errs[i]) == 0)
		k->differs[i] = memcmp(want, have, sizeof(want)) != 0;
	hm_arena_free(&a);
}

static int
compare_files(struct checking *k, struct hm_err *err)
{
	size_t n = k->c->layout.n;
	int rc = 0;

	k->differs = HM_NEW_N(k->a, n, bool);
	k->errs = HM_NEW_N(k->a, n, struct hm_err);
	hm_pool_each(0, n, compare_file, k);
	for (size_t i = 0; i < n; i++) {
		if (k->errs[i].code && rc == 0) {
			hm_err_move(err, &k->errs[i]);
			rc = -1;
		}
		hm_err_free(&k->errs[i]);
	}
	return rc;
}

static void
add_expected(struct checking *k, size_t i)
{
	const struct hm_vendor_file *f = &k->c->layout.v[i];
	const struct hm_vendor_source *s = source_of(k->c, f);
	struct hm_vendor_finding *found;
	hm_str from = source_name(k, s);

	if (!hm_map_has(&k->there, f->name))
		found = add(k, HM_FAULT_MISSING, f->name,
		            hm_arena_printf(k->a, "missing; " HM_F " has it", HM_P(from)));
	else if (k->differs[i])
		found = add(k, HM_FAULT_CHANGED, f->name,
		            hm_arena_printf(k->a, "differs from " HM_F, HM_P(from)));
	else
		return;
	found->file = f;
	found->mod = s->mod;
}

static bool
source_has(struct checking *k, const struct hm_vendor_source *s, hm_str name)
{
	if (name.n == s->mod.path.n)
		return false;
	name = hm_str_from(name, s->mod.path.n + 1);
	if (s->from.version.n)
		return hm_map_has(&s->sha256, name);
	return hm_file_is_regular(hm_path_cat(k->a, s->dir, name).p);
}

static void
add_extra(struct checking *k, hm_str name)
{
	const struct hm_vendor_source *s = hm_vendor_source_of(&k->c->sources, name);
	struct hm_vendor_finding *f = add(k, HM_FAULT_EXTRA, name, HM_S(""));

	f->text = HM_S("is of no vendored module");
	if (!s)
		return;
	f->mod = s->mod;
	f->text = hm_arena_printf(k->a, source_has(k, s, name) ? "is not vendored from " HM_F
	                                                       : "is not in " HM_F,
	                          HM_P(source_name(k, s)));
}

/* Both lists are sorted: one walk finds them in order of name. */
static void
add_files(struct checking *k)
{
	const struct hm_vendor_layout *l = &k->c->layout;
	size_t i = 0;

	for (size_t j = 0; j < k->names.n; j++) {
		hm_str name = k->names.v[j];

		while (i < l->n && hm_str_cmp(l->v[i].name, name) < 0)
			add_expected(k, i++);
		if (hm_str_eqz(name, LIST_NAME) && hm_map_has(&k->there, name))
			continue;
		if (i == l->n || !hm_str_eq(l->v[i].name, name) || !hm_map_has(&k->there, name))
			add_extra(k, name);
	}
	while (i < l->n)
		add_expected(k, i++);
}

/* The regular files of the vendor folder, and (as extra ones) all else that is no folder. */
static int
list_there(struct checking *k, struct hm_err *err)
{
	struct hm_strs all = { 0 };

	k->there.arena = k->a;
	if (!hm_file_exists(k->c->dir.p))
		return 0;
	if (hm_modzip_list_files(k->a, k->c->dir.p, &all, err))
		return -1;
	hm_strs_sort(&all);
	k->names = all;
	for (size_t i = 0; i < all.n; i++) {
		struct stat st;

		if (lstat(hm_path_cat(k->a, k->c->dir, all.v[i]).p, &st) == 0 &&
		    S_ISREG(st.st_mode))
			hm_map_add(&k->there, all.v[i]);
	}
	return 0;
}

int
hm_vendor_check_run(const struct hm_vendor_plan *plan, hm_str dir, struct hm_arena *a,
                    struct hm_vendor_check *out, struct hm_err *err)
{
	struct checking k = { .c = out, .a = a };

	*out = (struct hm_vendor_check){ .plan = plan, .dir = dir };
	if (hm_vendor_sources_make(plan, a, &out->sources, err) ||
	    hm_vendor_layout_make(plan, false, a, &out->layout, err) || list_there(&k, err))
		return -1;
	check_proofs(&k);
	if (check_list(&k, err) || compare_files(&k, err))
		return -1;
	add_files(&k);
	return 0;
}
