/*
 * What the build has to say to go list: is a package stale, where is its export
 * data, which files go to the compiler (cmd/go/internal/list/list.go, and what
 * cmd/go/internal/work does under IsCmdList).
 */
#include "build/builder.h"
#include "build/exec.h"

/* The program of a test is none: its file in the cache does not end in .go. */
static void
keep_go_files(struct hm_arena *a, struct hm_pkg *p)
{
	p->compiled_go_files = (struct hm_strs){ 0 };
	for (size_t i = 0; i < p->go_files.n; i++)
		if (hm_str_has_suffix(p->go_files.v[i], HM_S(".go")))
			HM_PUSH(a, p->compiled_go_files, p->go_files.v[i]);
}

/* The packages outlive the builder: what they are told moves to their arena. */
static void
keep_results(const struct hm_action *act, struct hm_arena *a)
{
	struct hm_pkg *p = act->pkg;
	const struct hm_build_opts *o = &act->builder->o;

	if (!p)
		return;
	p->stale_reason = hm_arena_dup(a, p->stale_reason);
	if (act->export.n) {
		p->export = hm_arena_dup(a, act->export);
		p->build_id = hm_arena_dup(a, act->build_id);
	}
	if (o->compiled && act->kind == HM_ACT_COMPILE && !act->failed)
		keep_go_files(a, p);
	if (act->why.p && !p->error) {
		p->error = HM_NEW(a, struct hm_pkg_error);
		p->error->err = hm_arena_dup(a, act->why);
		p->incomplete = true;
	}
}

int
hm_build_list(struct hm_builder *b, struct hm_arena *a, struct hm_pkg **pkgs, size_t n,
              struct hm_err *err)
{
	struct hm_pkgs roots = { pkgs, n, n };
	struct hm_action *root;
	int rc;

	if (hm_builder_prepare(b, &roots, err))
		return -1;
	root = hm_action_group(b);
	for (size_t i = 0; i < n; i++)
		if (pkgs[i]->go_files.n + pkgs[i]->cgo_files.n > 0)
			hm_action_depend(b, root, hm_action_for(b, pkgs[i], true));
	rc = hm_exec_run(b, root, err);
	for (size_t i = 0; i < b->actions.n; i++)
		keep_results(b->actions.v[i], a);
	if (rc && b->o.allow_errors && hm_err_is(err, HM_EREPORTED)) {
		hm_err_clear(err);
		return 0;
	}
	return rc;
}

int
hm_build_keep_testmain(const struct hm_conf *conf, const struct hm_log *log, struct hm_arena *a,
                       hm_str text, hm_str *file, struct hm_err *err)
{
	const struct hm_keys keys = {
		.salt = conf->goversion,
		.trace = hm_str_contains(conf->godebug, HM_S("gocachehash=1")),
		.log = log,
	};
	uint8_t id[HM_HASH_SIZE], out[HM_HASH_SIZE];
	struct hm_cache *cache;
	struct hm_key k;
	int rc;

	if (hm_cache_open(conf->gocache, &cache, err))
		return -1;
	hm_key_init(&k, &keys, "testmain", HM_S(""));
	hm_key_printf(&k, "testmain\n");
	hm_buf_adds(&k.line, text);
	hm_key_write(&k);
	hm_key_sum(&k, id);
	rc = hm_cache_put(cache, id, text, out, err);
	if (rc == 0)
		*file = hm_cache_output(cache, a, out);
	hm_cache_free(cache);
	return rc;
}
