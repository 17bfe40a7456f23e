#include "cli/policing.h"

#include "acquire/acquire.h"
#include "base/path.h"
#include "load/modload.h"
#include "os/clock.h"
#include "os/file.h"
#include "policy/licence.h"

/* ---- the file */

/* The folder at or above dir that has a file of this name; empty: none. */
static hm_str
folder_with(struct hm_arena *a, hm_str dir, const char *name)
{
	for (;;) {
		hm_str up = hm_path_dir(a, dir);

		if (hm_file_is_regular(hm_arena_printf(a, HM_F "/%s", HM_P(dir), name).p))
			return dir;
		if (hm_str_eq(up, dir))
			return HM_S("");
		dir = up;
	}
}

/* hermod.policy beside go.mod or go.work; empty: there is none. */
static hm_str
policy_of(struct hm_cli *cli, hm_str dir)
{
	static const char *const beside[] = { "go.mod", "go.work" };

	for (size_t i = 0; i < 2; i++) {
		hm_str at = folder_with(&cli->arena, dir, beside[i]);
		hm_str file = hm_arena_printf(&cli->arena, HM_F "/hermod.policy", HM_P(at));

		if (at.n && hm_file_is_regular(file.p))
			return file;
	}
	return HM_S("");
}

int
hm_policing_load(struct hm_cli *cli, hm_str file, hm_str dir, struct hm_guard **out,
                 struct hm_err *err)
{
	if (file.n == 0)
		file = hm_conf_get(cli->conf, "HERMOD_POLICY");
	if (file.n == 0 && cli->conf->name != HM_CONF_GO)
		file = policy_of(cli, dir.n ? dir : cli->conf->cwd);
	*out = NULL;
	if (file.n == 0 || hm_str_eqz(file, "off"))
		return 0;
	if (!cli->guard || !hm_str_eq(cli->guard->file, file)) {
		hm_guard_free(cli->guard);
		cli->guard = NULL;
		if (hm_guard_load(hm_arena_cstr(&cli->arena, file), &cli->guard, err))
			return -1;
	}
	*out = cli->guard;
	return 0;
}

/* ---- facts */

static int
get_time(void *ctx, struct hm_arena *a, struct hm_modver m, int64_t *out, struct hm_err *err)
{
	struct hm_policing_facts *f = ctx;
	const struct hm_acquire_info *info;

	*out = 0;
	if (hm_acquire_info(f->acquire, m.path, m.version, &info, err)) {
		if (!hm_acquire_not_exist(err))
			return -1;
		f->missing = hm_arena_dup(a, hm_err_str(err)); /* counts as too young */
		hm_err_clear(err);
	} else if (!hm_time_is_zero(info->time)) {
		*out = info->time.sec - HM_TIME_UNIX_EPOCH;
	}
	f->time = *out;
	f->known |= HM_POLICY_NEED_TIME;
	return 0;
}

static int
get_vouched(void *ctx, struct hm_arena *a, struct hm_modver m, bool *out, struct hm_err *err)
{
	struct hm_policing_facts *f = ctx;

	(void)a, (void)err;
	f->vouched = *out = hm_acquire_is_vouched(f->acquire, m.path);
	f->known |= HM_POLICY_NEED_VOUCHED;
	return 0;
}

/* A module that no package comes from has no sum of its zip: then nobody needs its licence. */
static int
get_licence(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *out, struct hm_err *err)
{
	struct hm_policing_facts *f = ctx;
	hm_str dir = f->dir;

	if (dir.n == 0 && f->no_fetch)
		return hm_err_set(err, HM_ENOTFOUND, "not downloaded");
	if (dir.n == 0 && hm_acquire_dir(f->acquire, m, &dir, err)) {
		f->missing = hm_arena_dup(a, hm_err_str(err));
		if (hm_err_is(err, HM_EMISSINGSUM))
			err->code = HM_ENOTFOUND;
		return -1;
	}
	if (hm_licence_of_dir(a, dir.p, out, err))
		return -1;
	f->licence = *out;
	f->known |= HM_POLICY_NEED_LICENCE;
	return 0;
}

struct hm_guard_facts
hm_policing_facts(struct hm_policing_facts *f)
{
	return (struct hm_guard_facts){ f, get_time, get_vouched, get_licence };
}

/* ---- at download and build */

static int
permit(void *ctx, struct hm_modver m, hm_str dir, struct hm_err *err)
{
	const struct hm_cli *cli = ctx;
	struct hm_policing_facts f = { .acquire = cli->acquire, .dir = dir, .no_fetch = true };
	const struct hm_guard_facts from = hm_policing_facts(&f);
	struct hm_arena a = { 0 };
	struct hm_policy_verdict v;
	int rc = hm_guard_judge(cli->guard, &a, m, hm_clock_unix(), &from, false, &v, err);

	if (rc == 0)
		rc = hm_guard_error(cli->guard, m, &v, err);
	hm_arena_free(&a);
	return rc;
}

int
hm_policing_watch(struct hm_cli *cli, struct hm_acquire_opts *o, struct hm_err *err)
{
	struct hm_guard *g;

	if (hm_policing_load(cli, HM_S(""), HM_S(""), &g, err))
		return -1;
	if (g) {
		o->permit = permit;
		o->permit_ctx = cli;
	}
	return 0;
}
