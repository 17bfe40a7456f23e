/*
 * cmd_import.c - what another store, or a bundle, has comes into this one.
 */
#include <stdio.h>

#include "bundle.h"
#include "cmds.h"
#include "import.h"
#include "news.h"
#include "os/file.h"
#include "os/pool.h"
#include "serve/program.h"
#include "tally.h"

const char cmd_import_usage[] =
	"import --dir DIR [--from FORM] [--no-sumdb] SRC\n"
	"\n"
	"  --dir DIR      the store; a server may be running on it\n"
	"  --from FORM    modcache: a Go module cache ($GOMODCACHE)\n"
	"                 goproxy:  a GOPROXY tree, as goproxy's folder and file:// proxies are\n"
	"                 athens:   Athens' disk store\n"
	"                 bundle:   a file that export made\n"
	"                 auto:     what it looks like (default)\n"
	"  --no-sumdb     do not ask the checksum database, nor its records in a bundle\n"
	"  --fills N      modules at once (default 16)\n"
	"\n"
	"Every module is checked like one from upstream; what fails is named and left out.\n";

static int
form_of(hm_str name, bool *bundle, enum import_form *form, struct hm_err *err)
{
	static const struct {
		const char *name;
		enum import_form form;
	} forms[] = {
		{ "auto", IMPORT_AUTO },
		{ "modcache", IMPORT_MODCACHE },
		{ "goproxy", IMPORT_GOPROXY },
		{ "athens", IMPORT_ATHENS },
	};

	*form = IMPORT_AUTO;
	*bundle = hm_str_eqz(name, "bundle");
	if (*bundle)
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (hm_str_eqz(name, forms[i].name)) {
			*form = forms[i].form;
			return 0;
		}
	}
	return hm_err_set(err, HM_EUSAGE,
	                  "--from " HM_F ": not auto, modcache, goproxy, athens or bundle",
	                  HM_P(name));
}

enum { NEW, MOD_ONLY, KNOWN };

struct work {
	struct proxy *p;
	struct import_list list;
	struct tally tally;
};

static void
one(void *ctx, size_t k)
{
	struct work *w = ctx;
	size_t i = tally_scatter(&w->tally, k);
	const struct import_version *v = &w->list.v[i];
	enum admit_outcome outcome;
	struct hm_err err = { 0 };

	if (import_one(&w->p->admit, v, &outcome, &err)) {
		tally_failed(&w->tally, i, &err);
	} else {
		if (outcome == ADMIT_NEW)
			news_tell(w->p, hm_modver_of(v->path, v->version));
		tally_done(&w->tally, outcome == ADMIT_KNOWN ? KNOWN : v->zip.n ? NEW : MOD_ONLY);
	}
	hm_err_free(&err);
}

static int
import_folder(struct proxy *p, hm_str src, enum import_form form, struct hm_err *err)
{
	struct work w = { .p = p };
	int rc;

	if (import_scan(&p->arena, src, form, &w.list, err))
		return -1;
	tally_begin(&w.tally, "importing", w.list.n);
	hm_pool_each((unsigned)p->opts.fills, w.list.n, one, &w);
	rc = tally_end(&w.tally, err);
	printf("%zu imported, %zu of go.mod alone, %zu known, %zu failed\n", w.tally.count[NEW],
	       w.tally.count[MOD_ONLY], w.tally.count[KNOWN], w.tally.failed);
	return rc;
}

int
cmd_import(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	hm_str from = HM_S("auto"), src;
	bool no_sumdb = false, bundle;
	enum import_form form = IMPORT_AUTO;
	const struct facts_opts fo = { .store = &p->store, .log = &p->log };
	const struct hm_setting more[] = {
		{ "", "from", NULL, HM_SET_STR, &from, 0, 0 },
		{ "", "no-sumdb", NULL, HM_SET_BOOL, &no_sumdb, 0, 0 },
	};

	if (options_read(p, more, 2, &argc, &argv, err) || options_need_dir(p, err) ||
	    form_of(from, &bundle, &form, err))
		return -1;
	if (argc != 1)
		return hm_err_set(err, HM_EUSAGE, "import takes one folder or bundle");
	src = hm_str_of(argv[0]);
	if (hm_program_abs(&p->arena, &src, err) || proxy_open(p, err))
		return -1;
	p->admit.source = HM_S("import");
	if (no_sumdb)
		p->admit.verify = NULL;
	if (facts_open(&fo, &p->facts, err))
		return -1;
	p->admit.facts = p->facts;
	if (bundle || (form == IMPORT_AUTO && hm_file_is_regular(src.p)))
		return bundle_import(p, src, no_sumdb, err);
	return import_folder(p, src, form, err);
}
