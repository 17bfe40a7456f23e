/*
 * session.c - the long-lived parts of one run that verbs share.
 */
#include "acquire/acquire.h"
#include "cli/policing.h"
#include "load/modload.h"
#include "load/scan.h"
#include "mod/gover.h"

int
hm_cli_acquire(struct hm_cli *cli, const struct hm_build_flags *bf, struct hm_acquire **ac,
               struct hm_err *err)
{
	struct hm_acquire_opts o = { .conf = cli->conf, .log = &cli->log };

	if (!cli->acquire) {
		o.cache_rw = bf ? bf->modcacherw : hm_conf_has_flag(cli->conf, "-modcacherw");
		if (!cli->policing_off && hm_policing_watch(cli, &o, err))
			return -1;
		cli->acquire = hm_acquire_new(&o);
	}
	if (!cli->acquire)
		return hm_err_set(err, HM_EINTERNAL, "no module cache");
	*ac = cli->acquire;
	return 0;
}

static int
mod_flag(struct hm_cli *cli, const struct hm_build_flags *bf, enum hm_build_mod *out,
         struct hm_err *err)
{
	static const enum hm_build_mod known[] = { HM_MOD_READONLY, HM_MOD_VENDOR, HM_MOD_MOD };

	if (!bf || bf->mod.n == 0)
		return 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (hm_str_eqz(bf->mod, hm_build_mod_name(known[i]))) {
			*out = known[i];
			return 0;
		}
	}
	hm_cli_errorf(cli,
		      "-mod=" HM_F " not supported (can be '', 'mod', 'readonly', or 'vendor')",
		      HM_P(bf->mod));
	return hm_err_set(err, HM_EREPORTED, "usage");
}

int
hm_cli_modload(struct hm_cli *cli, const struct hm_build_flags *bf, struct hm_modload **out,
               struct hm_err *err)
{
	struct hm_modload *ml = HM_NEW(&cli->arena, struct hm_modload);
	hm_str in_flags;

	if (hm_cli_acquire(cli, bf, &ml->acquire, err) || mod_flag(cli, bf, &ml->build_mod, err))
		return -1;
	ml->arena = &cli->arena;
	ml->conf = cli->conf;
	ml->log = &cli->log;
	ml->cmd = hm_str_of(cli->cmd->name);
	ml->cwd = cli->conf->cwd;
	ml->local_go = hm_gover_from_toolchain(cli->conf->goversion);
	ml->build_mod_explicit = bf && bf->mod_set;
	if (bf && bf->modfile.n) {
		ml->mod_file = bf->modfile;
		ml->mod_file_in_goflags = hm_conf_flag_value(cli->conf, "-modfile", &in_flags) &&
		                          hm_str_eq(in_flags, bf->modfile);
	}
	cli->modload = ml;
	*out = ml;
	return 0;
}

void
hm_cli_close(struct hm_cli *cli)
{
	if (cli->modload)
		hm_modload_free(cli->modload);
	hm_scan_cache_free(cli->scans);
	hm_acquire_free(cli->acquire);
	hm_guard_free(cli->guard);
	hm_conf_free(cli->conf);
	hm_buf_free(&cli->out);
	hm_arena_free(&cli->arena);
}
