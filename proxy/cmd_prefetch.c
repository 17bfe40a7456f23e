/*
 * cmd_prefetch.c - the build lists of go.mod, go.sum and go.work files, fetched before
 * someone waits for them: into the store itself, or through a server by asking it.
 */
#include <stdio.h>

#include "base/path.h"
#include "buildlist.h"
#include "cmds.h"
#include "news.h"
#include "obtain.h"
#include "os/pool.h"
#include "serve/program.h"
#include "tally.h"

const char cmd_prefetch_usage[] =
	"prefetch --dir DIR | --url URL [options] FILE...\n"
	"\n"
	"  --dir DIR            into this store; a server may be running on it\n"
	"  --url URL            through a running proxy\n"
	"  --upstream LIST      with --dir: where modules come from, as for serve\n"
	"  --toolchains LIST    also the toolchains that the files name, for these platforms\n"
	"                       (\"linux-amd64,darwin-arm64\")\n"
	"  --fills N            fetches at once (default 16)\n"
	"\n"
	"A FILE is a go.mod or go.work (the whole build list, by minimal version selection) or a\n"
	"go.sum (every line).  Exit status 1 and a line for each when something failed.\n";

/* ---- by asking a running proxy */

/* What comes back is thrown away: that it came is what counts. */
static int
discard(void *ctx, hm_str bytes, struct hm_err *err)
{
	(void)ctx, (void)bytes, (void)err;
	return 0;
}

struct prefetch {
	struct proxy *p;
	struct hm_fetch_source url; /* of the proxy to ask; empty with --dir */
	struct buildlist list;
	struct tally tally;
};

static int
ask_mod(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *data, struct hm_err *err)
{
	struct prefetch *w = ctx;
	struct hm_repo repo;

	if (hm_fetch_open(w->p->fetch, a, &w->url, m.path, &repo, err))
		return -1;
	return hm_repo_gomod(&repo, a, m.version, data, err);
}

static int
ask_version(struct prefetch *w, struct hm_arena *a, struct hm_modver m, struct hm_err *err)
{
	struct hm_http_sink sink = { .write = discard };
	struct hm_fetch_info info;
	struct hm_repo repo;
	hm_str data;

	if (hm_fetch_open(w->p->fetch, a, &w->url, m.path, &repo, err) ||
	    hm_repo_stat(&repo, a, m.version, &info, err) ||
	    hm_repo_gomod(&repo, a, m.version, &data, err))
		return -1;
	return hm_repo_zip(&repo, m.version, &sink, err);
}

/* ---- both ways */

enum { FETCHED, KNOWN };

static int
from_store(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *data, struct hm_err *err)
{
	return obtain_mod(((struct prefetch *)ctx)->p, a, m, data, err);
}

static void
one(void *ctx, size_t k)
{
	struct prefetch *w = ctx;
	size_t i = tally_scatter(&w->tally, k);
	bool mod = i >= w->list.whole.n;
	struct hm_modver m = mod ? w->list.mods.v[i - w->list.whole.n] : w->list.whole.v[i];
	enum admit_outcome outcome = ADMIT_NEW;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str data;
	int rc;

	if (w->url.url.n)
		rc = mod ? ask_mod(w, &a, m, &data, &err) : ask_version(w, &a, m, &err);
	else
		rc = mod ? obtain_mod(w->p, &a, m, &data, &err)
		         : obtain_version(w->p, m, &outcome, &err);
	if (rc) {
		hm_modver_wrap(&err, m);
		tally_failed(&w->tally, i, &err);
	} else {
		if (w->url.url.n == 0 && !mod && outcome == ADMIT_NEW)
			news_tell(w->p, m);
		tally_done(&w->tally, outcome == ADMIT_KNOWN ? KNOWN : FETCHED);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

static int
read_files(struct prefetch *w, int argc, char **argv, hm_str toolchains, struct hm_err *err)
{
	struct buildlist_source src = {
		.gomod = w->url.url.n ? ask_mod : from_store,
		.ctx = w,
		.threads = (unsigned)w->p->opts.fills,
	};

	for (int i = 0; i < argc; i++) {
		hm_str file = hm_str_of(argv[i]), rest = toolchains, platform;

		if (hm_program_abs(&w->p->arena, &file, err) ||
		    buildlist_add(&w->p->arena, &src, file, &w->list, err))
			return -1;
		while (rest.n && hm_str_next(&rest, ',', &platform))
			if (buildlist_add_toolchain(&w->p->arena, file, hm_str_trim(platform),
			                            &w->list, err))
				return -1;
	}
	buildlist_end(&w->list);
	return 0;
}

static int
prefetch(struct prefetch *w, struct hm_err *err)
{
	size_t n = w->list.whole.n + w->list.mods.n;
	int rc;

	tally_begin(&w->tally, "prefetching", n);
	hm_pool_each((unsigned)w->p->opts.fills, n, one, w);
	rc = tally_end(&w->tally, err);
	printf("%zu modules, %zu go.mod files of others, %zu failed\n", w->list.whole.n,
	       w->list.mods.n, w->tally.failed);
	return rc;
}

/* Everything, private names too, goes to the one proxy that was named. */
static int
open_client(struct proxy *p, hm_str url, struct hm_err *err)
{
	struct hm_http_config http = { .log = &p->log };
	struct hm_env env;

	hm_env_load(&env, &p->arena);
	hm_env_set(&env, "GOPROXY", url);
	hm_env_set(&env, "GOPRIVATE", HM_S(""));
	hm_env_set(&env, "GONOPROXY", HM_S("none"));
	p->conf = hm_conf_new(HM_CONF_GO, &env, HM_S(""), err);
	if (!p->conf)
		return -1;
	http.env = &p->conf->env;
	p->http = hm_http_new(&http);
	p->fetch = hm_fetch_new(p->conf, p->http, &p->log);
	return 0;
}

int
cmd_prefetch(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct prefetch w = { .p = p };
	hm_str url = { 0 }, toolchains = { 0 };
	const struct hm_setting more[] = {
		{ "", "url", NULL, HM_SET_STR, &url, 0, 0 },
		{ "", "toolchains", NULL, HM_SET_STR, &toolchains, 0, 0 },
	};
	const struct facts_opts fo = { .store = &p->store, .log = &p->log };
	int rc;

	if (options_read(p, more, 2, &argc, &argv, err))
		return -1;
	if (argc == 0)
		return hm_err_set(err, HM_EUSAGE, "prefetch takes go.mod, go.sum or go.work files");
	if (url.n) {
		w.url.url = url;
		rc = open_client(p, url, err);
		if (rc == 0)
			rc = read_files(&w, argc, argv, toolchains, err);
		if (rc == 0)
			rc = prefetch(&w, err);
		hm_fetch_free(p->fetch); /* with --dir it is one of the upstreams' */
		p->fetch = NULL;
		return rc;
	}
	if (options_need_dir(p, err) || proxy_open(p, err) || facts_open(&fo, &p->facts, err))
		return -1;
	p->admit.facts = p->facts;
	p->admit.source = HM_S("prefetch");
	if (read_files(&w, argc, argv, toolchains, err))
		return -1;
	return prefetch(&w, err);
}
