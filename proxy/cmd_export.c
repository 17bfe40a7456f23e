/*
 * cmd_export.c - modules of the store, with what proves them, in one file.
 */
#include <stdio.h>

#include "base/path.h"
#include "bundle.h"
#include "cmds.h"
#include "import.h"
#include "mod/match.h"
#include "mod/modpath.h"
#include "obtain.h"
#include "os/file.h"
#include "os/pool.h"
#include "proofs.h"
#include "serve/program.h"
#include "tally.h"

const char cmd_export_usage[] =
	"export --dir DIR --to BUNDLE [options] [PATTERN[@VERSION]...]\n"
	"\n"
	"  --dir DIR            the store; a server may be running on it\n"
	"  --to BUNDLE          the file to write\n"
	"  --for FILES          the build lists of these go.mod, go.sum or go.work files,\n"
	"                       separated by commas\n"
	"  --toolchains LIST    also the toolchains that FILES name, for these platforms\n"
	"                       (\"linux-amd64,darwin-arm64\")\n"
	"  --after BUNDLE       the last one that the same machine has taken\n"
	"  --no-sumdb           without the records of the checksum database\n"
	"  --offline            only what the store has\n"
	"  --upstream LIST      where missing modules come from, as for serve\n"
	"  --fills N            fetches at once (default 16)\n"
	"\n"
	"PATTERN is a module path, in which \"...\" matches any text; without VERSION it means\n"
	"all versions in the store.  PATH@VERSION is fetched when it is missing.  Without\n"
	"patterns and --for it is the whole store.\n";

struct job {
	struct proxy *p;
	hm_str to, files, toolchains, after;
	bool no_sumdb;
	struct buildlist list;
	struct tally tally;
};

/* ---- which */

static int
gomod(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *data, struct hm_err *err)
{
	return obtain_mod(((struct job *)ctx)->p, a, m, data, err);
}

static int
add_files(struct job *x, struct hm_err *err)
{
	struct buildlist_source src = { gomod, x, (unsigned)x->p->opts.fills };
	struct hm_arena *a = &x->p->arena;
	hm_str rest = x->files, file, platforms, platform;

	while (rest.n && hm_str_next(&rest, ',', &file)) {
		file = hm_arena_dup(a, hm_str_trim(file));
		if (hm_program_abs(a, &file, err) || buildlist_add(a, &src, file, &x->list, err))
			return -1;
		platforms = x->toolchains;
		while (platforms.n && hm_str_next(&platforms, ',', &platform))
			if (buildlist_add_toolchain(a, file, hm_str_trim(platform), &x->list, err))
				return -1;
	}
	return 0;
}

/* What the store has of a pattern; everything where pattern is "...". */
static int
add_matches(struct job *x, const struct import_list *stored, struct hm_modver want,
            struct hm_err *err)
{
	struct hm_arena *a = &x->p->arena;
	size_t found = 0;
	hm_str h1;

	for (size_t i = 0; i < stored->n; i++) {
		const struct import_version *v = &stored->v[i];

		if (!hm_match_simple_pattern(want.path, v->path) ||
		    (want.version.n && !hm_str_eq(want.version, v->version)) || !v->zip.n ||
		    !hm_store_ziphash(&x->p->store, a, v->path, v->version, &h1))
			continue;
		HM_PUSH(a, x->list.whole, hm_modver_of(v->path, v->version));
		found++;
	}
	return found ? 0
	             : hm_err_set(err, HM_ENOTFOUND, HM_F ": nothing in the store matches",
	                          HM_P(hm_modver_str(a, want)));
}

static int
add_patterns(struct job *x, int argc, char **argv, struct hm_err *err)
{
	struct hm_arena *a = &x->p->arena;
	struct import_list stored = { 0 };
	struct hm_modver m;
	bool scanned = false;

	for (int i = 0; i < argc || (argc == 0 && x->files.n == 0 && i == 0); i++) {
		m = hm_modver_of(HM_S("..."), HM_S(""));
		if (argc && !hm_modver_cut(hm_str_of(argv[i]), &m))
			m = hm_modver_of(hm_str_of(argv[i]), HM_S(""));
		if (m.version.n && !hm_str_contains(m.path, HM_S("..."))) {
			if (hm_modpath_check_version(m.path, m.version, err))
				return -1;
			HM_PUSH(a, x->list.whole, m);
			continue;
		}
		if (!scanned && import_scan(a, x->p->opts.dir, IMPORT_MODCACHE, &stored, err))
			return -1;
		scanned = true;
		if (add_matches(x, &stored, m, err))
			return -1;
	}
	return 0;
}

/* ---- missing ones */

static void
obtain(void *ctx, size_t k)
{
	struct job *x = ctx;
	size_t i = tally_scatter(&x->tally, k);
	size_t n = x->list.whole.n;
	enum admit_outcome outcome;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str data;
	int rc;

	rc = i < n ? obtain_version(x->p, x->list.whole.v[i], &outcome, &err)
	           : obtain_mod(x->p, &a, x->list.mods.v[i - n], &data, &err);
	if (rc && i < n && err.code == HM_EOFF && obtain_has_content(x->p, x->list.whole.v[i]))
		rc = 0; /* a module cache often has no .info, and nobody may be asked for it */
	if (rc)
		tally_failed(&x->tally, i, &err);
	else
		tally_done(&x->tally, 0);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static int
obtain_all(struct job *x, struct hm_err *err)
{
	size_t n = x->list.whole.n + x->list.mods.n;

	tally_begin(&x->tally, "fetching", n);
	hm_pool_each((unsigned)x->p->opts.fills, n, obtain, x);
	return tally_end(&x->tally, err);
}

/* ---- proofs */

static int
add_need(struct job *x, struct hm_modver m, bool whole, struct proof_needs *needs,
         struct hm_err *err)
{
	struct hm_arena *a = &x->p->arena;
	struct proof_need n = { .path = m.path, .version = m.version };
	hm_str mod;

	if (hm_store_read(&x->p->store, a, m.path, m.version, "mod", &mod, err) ||
	    (whole && !hm_store_ziphash(&x->p->store, a, m.path, m.version, &n.h1)))
		return hm_modver_wrap(err, m);
	if (whole)
		HM_PUSH(a, *needs, n);
	n.version = hm_arena_printf(a, HM_F "/go.mod", HM_P(m.version));
	n.h1 = hm_verify_gomod_sum(a, mod);
	HM_PUSH(a, *needs, n);
	return 0;
}

static int
add_proofs(struct job *x, struct bundle_files *out, struct hm_err *err)
{
	struct hm_arena *a = &x->p->arena;
	struct proof_needs needs = { 0 };
	struct hm_map files = { .arena = a };
	struct bundle earlier = { 0 };
	int rc;

	for (size_t i = 0; i < x->list.whole.n; i++)
		if (add_need(x, x->list.whole.v[i], true, &needs, err))
			return -1;
	for (size_t i = 0; i < x->list.mods.n; i++)
		if (add_need(x, x->list.mods.v[i], false, &needs, err))
			return -1;
	if (x->after.n && bundle_open(a, x->after, &earlier, err))
		return -1;
	rc = proofs_collect(x->p, a, &needs, x->after.n ? &earlier.files : NULL, &files, err);
	bundle_close(&earlier);
	for (size_t i = 0; rc == 0 && i < files.n; i++) {
		struct bundle_file f = { .name = files.e[i].key,
			                 .data = *(hm_str *)files.e[i].val };

		HM_PUSH(a, *out, f);
	}
	return rc;
}

/* ---- the verb */

static int
run(struct job *x, int argc, char **argv, struct hm_err *err)
{
	struct bundle_files files = { 0 };
	uint64_t size;

	if (add_files(x, err) || add_patterns(x, argc, argv, err))
		return -1;
	buildlist_end(&x->list);
	if (obtain_all(x, err) || bundle_collect(x->p, &x->p->arena, &x->list, &files, err))
		return -1;
	if (!x->no_sumdb && add_proofs(x, &files, err))
		return -1;
	if (bundle_write(&x->p->arena, &files, x->to, &size, err))
		return -1;
	printf("%zu modules, %zu go.mod files of others, %zu files, %llu bytes\n", x->list.whole.n,
	       x->list.mods.n, files.n, (unsigned long long)size);
	return 0;
}

int
cmd_export(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct job x = { .p = p };
	const struct hm_setting more[] = {
		{ "", "to", NULL, HM_SET_STR, &x.to, 0, 0 },
		{ "", "for", NULL, HM_SET_STR, &x.files, 0, 0 },
		{ "", "toolchains", NULL, HM_SET_STR, &x.toolchains, 0, 0 },
		{ "", "after", NULL, HM_SET_STR, &x.after, 0, 0 },
		{ "", "no-sumdb", NULL, HM_SET_BOOL, &x.no_sumdb, 0, 0 },
	};
	const struct facts_opts fo = { .store = &p->store, .log = &p->log };

	if (options_read(p, more, 5, &argc, &argv, err) || options_need_dir(p, err))
		return -1;
	if (x.to.n == 0)
		return hm_err_set(err, HM_EUSAGE, "--to is missing: which file shall be written?");
	if (argc == 0 && x.files.n == 0 && !hm_file_is_dir(p->opts.dir.p))
		return hm_err_set(err, HM_ENOTFOUND, HM_F ": no such folder", HM_P(p->opts.dir));
	if (hm_program_abs(&p->arena, &x.to, err) || hm_program_abs(&p->arena, &x.after, err) ||
	    proxy_open(p, err) || facts_open(&fo, &p->facts, err))
		return -1;
	p->admit.facts = p->facts;
	p->admit.source = HM_S("export");
	return run(&x, argc, argv, err);
}
