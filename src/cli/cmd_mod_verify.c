/*
 * hermod mod verify: is what lies in the module cache what was downloaded?
 */
#include "cli/cmds.h"

#include <errno.h>
#include <stdlib.h>

#include "acquire/acquire.h"
#include "load/mainmods.h"
#include "load/modgraph.h"
#include "mod/gover.h"
#include "modzip/hash.h"
#include "os/file.h"
#include "os/pool.h"

/* One module; its lines are printed in the order of the build list. */
struct item {
	struct hm_modver m;
	uint64_t weight; /* size of the zip: the heavy ones start first */
	struct hm_buf errors;
};

struct verify {
	const struct hm_store *store;
	struct item **queue;
};

static void
complain(struct item *it, const char *what, hm_str detail)
{
	hm_buf_printf(&it->errors, HM_F " " HM_F ": %s" HM_F "\n", HM_P(it->m.path),
	              HM_P(it->m.version), what, HM_P(detail));
}

static void
complain_changed(struct item *it, const char *what, hm_str path)
{
	hm_buf_printf(&it->errors, HM_F " " HM_F ": %s has been modified (" HM_F ")\n",
	              HM_P(it->m.path), HM_P(it->m.version), what, HM_P(path));
}

/* The hash that was recorded; false when it is missing, which counts only if there is more. */
static bool
read_ziphash(struct item *it, struct hm_arena *a, hm_str zip, bool have_any, hm_str *h1)
{
	struct hm_err err = { 0 };
	hm_str file = hm_arena_printf(a, HM_F "hash", HM_P(zip));
	bool ok = hm_file_read(a, file.p, 4096, h1, &err) == 0;

	*h1 = ok ? hm_str_trim(*h1) : HM_S("");
	if (!ok && have_any)
		complain(it, "missing ziphash: ", hm_err_str(&err));
	hm_err_free(&err);
	return ok;
}

static void
verify_one(struct verify *v, struct item *it, struct hm_arena *a, struct hm_err *err)
{
	hm_str zip, dir, want, prefix = hm_modver_str(a, it->m);
	struct hm_h1_pair have = { 0 };
	bool have_zip, have_dir;

	if (hm_store_path(v->store, a, it->m.path, it->m.version, "zip", &zip, err)) {
		complain(it, "missing ziphash: ", HM_S("open hash: no such file or directory"));
		return;
	}
	have_zip = hm_file_exists(zip.p);
	have_dir = hm_store_dir(v->store, a, it->m.path, it->m.version, &dir, NULL, err) == 0 ||
	           err->code != HM_ENOTFOUND;
	hm_err_clear(err);
	if (!read_ziphash(it, a, zip, have_zip || have_dir, &want))
		return;
	if (hm_h1_zip_and_dir(a, have_zip ? zip.p : NULL, have_dir ? dir.p : NULL, prefix, &have,
	                      err)) {
		complain(it, "", hm_err_str(err));
		return;
	}
	if (have_zip && !hm_str_eq(have.zip, want))
		complain_changed(it, "zip", zip);
	if (have_dir && !hm_str_eq(have.dir, want))
		complain_changed(it, "dir", dir);
}

static void
verify_job(void *ctx, size_t i)
{
	struct verify *v = ctx;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };

	verify_one(v, v->queue[i], &a, &err);
	hm_err_free(&err);
	hm_arena_free(&a);
}

static int
heavier_first(const void *x, const void *y)
{
	const struct item *a = *(struct item *const *)x, *b = *(struct item *const *)y;

	return a->weight == b->weight ? 0 : a->weight < b->weight ? 1 : -1;
}

static uint64_t
weight_of(const struct hm_store *s, struct hm_modver m)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct stat st;
	uint64_t n = 0;
	hm_str zip;

	if (hm_store_path(s, &a, m.path, m.version, "zip", &zip, &err) == 0 &&
	    stat(zip.p, &st) == 0)
		n = (uint64_t)st.st_size;
	hm_err_free(&err);
	hm_arena_free(&a);
	return n;
}

static int
verify_all(struct hm_cli *cli, struct hm_modload *ml, const struct hm_modver *mods, size_t n,
           struct hm_err *err)
{
	struct item *items = HM_NEW_N(&cli->arena, n, struct item);
	struct verify v = { .queue = HM_NEW_N(&cli->arena, n, struct item *) };
	size_t count = 0;
	bool ok = true;

	if (hm_acquire_store(ml->acquire, &v.store, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		/* "go" and "toolchain" are nothing on disk, the main modules are not ours to judge
		 */
		if (hm_gover_is_toolchain(mods[i].path) || hm_mainmods_has(ml->mains, mods[i].path))
			continue;
		items[count] = (struct item){ .m = mods[i], .weight = weight_of(v.store, mods[i]) };
		v.queue[count] = &items[count];
		count++;
	}
	if (count > 0)
		qsort(v.queue, count, sizeof(v.queue[0]), heavier_first);
	hm_pool_each(0, count, verify_job, &v);
	for (size_t i = 0; i < count; i++) {
		if (items[i].errors.n) {
			hm_cli_errorf(cli, HM_F, HM_P(hm_buf_str(&items[i].errors)));
			ok = false;
		}
		hm_buf_free(&items[i].errors);
	}
	if (!ok)
		return hm_err_set(err, HM_EREPORTED, "modules have been modified");
	hm_cli_out(cli, HM_S("all modules verified\n"));
	return 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct hm_build_flags bf = { 0 };
	const struct hm_modver *mods;
	struct hm_modload *ml;
	struct hm_modgraph *mg;
	size_t n;

	if (hm_cli_flags(cli, NULL, 0, HM_FLAGS_MOD_COMMON, &bf, &argc, &argv, err))
		return -1;
	if (hm_cli_modload(cli, &bf, &ml, err) || hm_modload_init_work(ml, err))
		return -1;
	if (argc > 0)
		return hm_err_set(err, HM_EINVALID, "verify takes no arguments");
	ml->force_use_modules = true;
	ml->root_mode = HM_ROOT_NEED;
	if (hm_modload_graph(ml, HM_S(""), &mg, err))
		return -1;
	mods = hm_modgraph_build_list(mg, &n);
	return verify_all(cli, ml, mods, n, err);
}

const struct hm_cmd hm_cmd_mod_verify = {
	.name = "mod verify",
	.usage = "mod verify",
	.brief = "Verify dependencies have expected content",
	.run = run,
};
