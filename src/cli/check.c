#include "cli/check.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/compare.h"
#include "base/path.h"
#include "os/file.h"
#include "os/spawn.h"

/* Folders of the second build. */
struct elsewhere {
	hm_str top;  /* all of it; removed at the end */
	hm_str root; /* a link to "/" */
	hm_str self; /* a link to this program, under the name it runs by */
	hm_str out;  /* the second binary */
};

static int
make_elsewhere(struct hm_cli *cli, struct elsewhere *e, struct hm_err *err)
{
	static const char *const sub[] = { "home", "tmp", "cache" };
	struct hm_arena *a = &cli->arena;
	hm_str exe;

	if (hm_dir_make_temp(a, hm_conf_tmpdir(cli->conf).p, "hermod-check-", &e->top, err))
		return -1;
	e->root = hm_path_cat(a, e->top, HM_S("root"));
	e->self = hm_path_cat(a, e->top, hm_str_of(cli->self));
	e->out = hm_path_cat(a, e->top, HM_S("out"));
	for (size_t i = 0; i < sizeof(sub) / sizeof(*sub); i++)
		if (hm_dir_make_all(hm_path_cat(a, e->top, hm_str_of(sub[i])).p, err))
			return -1;
	if (hm_file_real_path(a, "/proc/self/exe", &exe, err))
		return -1;
	if (symlink("/", e->root.p) || symlink(exe.p, e->self.p))
		return hm_err_sys(err, errno, "symlink %s", e->top.p);
	return 0;
}

/* An absolute path by way of the link. */
static hm_str
by_link(struct hm_arena *a, const struct elsewhere *e, hm_str path)
{
	return hm_arena_printf(a, HM_F HM_F, HM_P(e->root), HM_P(path));
}

static const char *const *
other_env(struct hm_cli *cli, const struct elsewhere *e)
{
	const struct hm_conf *c = cli->conf;
	struct hm_arena *a = &cli->arena;
	struct hm_env env;

	hm_env_load(&env, a);
	for (size_t i = 0; i < c->env.vars.n; i++)
		hm_env_set(&env, c->env.vars.e[i].key.p, hm_str_of(c->env.vars.e[i].val));
	hm_env_set(&env, "HOME", hm_path_cat(a, e->top, HM_S("home")));
	hm_env_set(&env, "TMPDIR", hm_path_cat(a, e->top, HM_S("tmp")));
	hm_env_set(&env, "GOTMPDIR", HM_S(""));
	hm_env_set(&env, "GOCACHE", hm_path_cat(a, e->top, HM_S("cache")));
	hm_env_set(&env, "LC_ALL", HM_S("tr_TR.UTF-8"));
	hm_env_set(&env, "TZ", HM_S("Pacific/Chatham"));
	hm_env_set(&env, "PWD", by_link(a, e, c->cwd));
	/* What follows from HOME stays where it is, under its other name. */
	hm_env_set(&env, "GOENV", c->goenv.n ? c->goenv : HM_S("off"));
	hm_env_set(&env, "GOPATH", c->gopath);
	hm_env_set(&env, "GOMODCACHE", by_link(a, e, c->gomodcache));
	hm_env_set(&env, "GOROOT", by_link(a, e, c->goroot));
	hm_env_set(&env, "GOTOOLCHAIN", HM_S("local"));
	return hm_env_list(&env, a);
}

/* The words of this command, with -check taken back and -o and -p set behind its own flags. */
static const char *const *
again(struct hm_cli *cli, const struct elsewhere *e, int n_args, int p)
{
	const char **argv = HM_NEW_N(&cli->arena, (size_t)cli->argc + 6, const char *);
	int k = 0, flags = cli->argc - n_args;

	for (int i = 0; i < flags; i++)
		argv[k++] = cli->argv[i];
	if (flags > 2 && strcmp(argv[k - 1], "--") == 0)
		k--;
	argv[k++] = "-check=false";
	argv[k++] = "-o";
	argv[k++] = e->out.p;
	argv[k++] = p == 1 ? "-p=2" : "-p=1";
	for (int i = flags; i < cli->argc; i++)
		argv[k++] = cli->argv[i];
	return argv;
}

static int
build_again(struct hm_cli *cli, const struct elsewhere *e, int n_args, int p, struct hm_err *err)
{
	struct hm_spawn s = { 0 };
	struct hm_spawn_result r;
	const char **argv = (const char **)(uintptr_t)again(cli, e, n_args, p);
	mode_t mask;
	int rc;

	argv[0] = e->self.p;
	s.argv = argv;
	s.env = other_env(cli, e);
	s.dir = by_link(&cli->arena, e, cli->conf->cwd).p;
	s.merge = true;
	mask = umask(027);
	rc = hm_spawn_run(&cli->arena, &s, &r, err);
	umask(mask);
	if (rc)
		return -1;
	if (r.status != 0)
		return hm_err_set(err, HM_EBUILD, "-check: the second build failed:\n" HM_F,
		                  HM_P(hm_str_trim(r.out)));
	return 0;
}

static int
report(struct hm_cli *cli, const char *built, const struct elsewhere *e, struct hm_err *err)
{
	struct hm_buf text = { 0 };
	bool same;
	int rc = hm_attest_compare(built, e->out.p, &same, &text, err);

	if (rc == 0 && same) {
		hm_cli_errorf(cli,
			      "%s: -check: a second build in other surroundings gave the same bits",
			      cli->self);
	} else if (rc == 0) {
		hm_cli_errorf(cli,
			      "%s: -check: a second build in other surroundings differs:\n" HM_F,
			      cli->self, HM_P(hm_buf_str(&text)));
		hm_cli_set_status(cli, 1);
		rc = hm_err_set(err, HM_EREPORTED, "not reproducible");
	}
	hm_buf_free(&text);
	return rc;
}

int
hm_cli_check(struct hm_cli *cli, const char *built, int n_args, int p, struct hm_err *err)
{
	struct hm_err ignored = { 0 };
	struct elsewhere e = { 0 };
	int rc;

	rc = make_elsewhere(cli, &e, err);
	if (rc == 0)
		rc = build_again(cli, &e, n_args, p, err);
	if (rc == 0)
		rc = report(cli, built, &e, err);
	if (e.top.n && hm_dir_remove_all(e.top.p, true, &ignored))
		hm_cli_error(cli, &ignored);
	hm_err_free(&ignored);
	return rc;
}
