/*
 * delegate.c - handing a command to the toolchain's own go.
 */
#include <errno.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/cmd.h"
#include "os/file.h"

/* A GOFLAGS that keeps the hermetic default of the name hermod. */
static hm_str
with_trimpath(struct hm_cli *cli)
{
	hm_str f = cli->conf->goflags;

	if (hm_conf_has_flag(cli->conf, "-trimpath"))
		return f;
	return hm_arena_printf(&cli->arena, HM_F "%s-trimpath", HM_P(f), f.n ? " " : "");
}

int
hm_cli_delegate(struct hm_cli *cli, const char *why, struct hm_err *err)
{
	struct hm_conf *c = cli->conf;
	struct hm_env env;
	const char **argv;
	hm_str go;

	if (hm_str_eqz(hm_env_or_empty(&c->env, "HERMOD_DELEGATE"), "off"))
		return hm_err_set(
			err, HM_ENOTYET,
			"%s: hermod does not do this itself, and HERMOD_DELEGATE=off keeps it "
			"from handing it to the go command",
			why);
	go = hm_path_join3(&cli->arena, c->goroot, HM_S("bin"), HM_S("go"));
	if (c->goroot.n == 0 || !hm_file_is_regular(go.p))
		return hm_err_set(err, HM_ETOOLCHAIN,
				  "%s: this needs the go command, and no Go toolchain is at hand",
				  why);
	hm_cli_errorf(cli, "%s: %s: handed to " HM_F, cli->self, why, HM_P(go));
	if (hm_cli_flush(cli, err))
		return -1;
	env = c->env;
	hm_env_set(&env, "GOTOOLCHAIN", HM_S("local"));
	hm_env_set(&env, "GOROOT", c->goroot);
	if (c->name == HM_CONF_HERMOD) {
		hm_env_set(&env, "CGO_ENABLED", c->cgo_enabled ? HM_S("1") : HM_S("0"));
		hm_env_set(&env, "GOFLAGS", with_trimpath(cli));
	}
	argv = HM_NEW_N(&cli->arena, (size_t)cli->argc + 1, const char *);
	for (int i = 0; i < cli->argc; i++)
		argv[i] = cli->argv[i];
	argv[0] = go.p;
	execve(go.p, (char *const *)(uintptr_t)argv,
	       (char *const *)(uintptr_t)hm_env_list(&env, &cli->arena));
	return hm_err_sys(err, errno, "exec %s", go.p);
}
