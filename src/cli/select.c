#include "cli/select.h"

#include "acquire/acquire.h"
#include "base/path.h"
#include "load/pkgload.h"
#include "mod/gover.h"
#include "os/file.h"
#include "os/spawn.h"

enum { GOMOD_MAX = 16 << 20 };

/* What GOTOOLCHAIN says. */
struct choice {
	hm_str setting;   /* as set */
	hm_str local;     /* name of the local toolchain */
	hm_str toolchain; /* the one to take */
	hm_str version;   /* its version: the least that is allowed */
	bool automatic;   /* +auto or +path: files may raise it */
	bool path_only;
	hm_str file, set; /* the file that was read, and the line of it that decided */
};

static int
read_setting(struct hm_cli *cli, struct choice *c, struct hm_err *err)
{
	hm_str min, suffix;
	bool plus;

	c->local = cli->conf->goversion;
	c->setting = hm_conf_get(cli->conf, "GOTOOLCHAIN");
	if (c->setting.n == 0)
		c->setting = cli->conf->goroot.n ? HM_S("local") : HM_S("auto");
	c->toolchain = c->local;
	c->version = hm_gover_from_toolchain(c->local);
	if (hm_str_eqz(c->setting, "auto") || hm_str_eqz(c->setting, "path")) {
		c->automatic = true;
		c->path_only = hm_str_eqz(c->setting, "path");
		return 0;
	}
	plus = hm_str_cut(c->setting, '+', &min, &suffix);
	if (!hm_str_eqz(min, "local")) {
		c->version = hm_gover_from_toolchain(min);
		c->toolchain = min;
		if (c->version.n == 0 && plus)
			return hm_err_set(err, HM_EINVALID, "invalid GOTOOLCHAIN \"" HM_F
			                  "\": invalid minimum toolchain \"" HM_F "\"",
			                  HM_P(c->setting), HM_P(min));
		if (c->version.n == 0)
			return hm_err_set(err, HM_EINVALID, "invalid GOTOOLCHAIN \"" HM_F "\"",
			                  HM_P(c->setting));
	}
	c->path_only = hm_str_eqz(suffix, "path");
	c->automatic = plus && (c->path_only || hm_str_eqz(suffix, "auto"));
	if (plus && !c->automatic)
		return hm_err_set(err, HM_EINVALID, "invalid GOTOOLCHAIN \"" HM_F
		                  "\": only version suffixes are +auto and +path",
		                  HM_P(c->setting));
	return 0;
}

/* The name of the toolchain for a go version (a language version names its first release). */
static hm_str
name_of(struct hm_arena *a, hm_str version)
{
	bool dot0 = hm_gover_is_lang(version) && hm_gover_cmp(version, HM_S("1.21")) >= 0;

	return hm_arena_printf(a, "go" HM_F "%s", HM_P(version), dot0 ? ".0" : "");
}

/* The go.work or go.mod that may ask for a newer toolchain. */
static int
find_file(struct hm_cli *cli, hm_str *file, struct hm_err *err)
{
	if (hm_conf_find_gowork(cli->conf, &cli->arena, cli->conf->cwd, file, err))
		return -1;
	if (file->n == 0 || !hm_file_exists(file->p))
		*file = hm_conf_find_gomod(cli->conf, &cli->arena, cli->conf->cwd);
	return 0;
}

/* The value of a go.mod line, read without parsing the rest (internal/gover, GoModLookup). */
static hm_str
look_up_line(hm_str data, hm_str key)
{
	hm_str line;

	while (hm_str_next(&data, '\n', &line)) {
		ptrdiff_t comment;

		line = hm_str_trim(line);
		if (!hm_str_cut_prefix(&line, key) || line.n == 0 ||
		    (line.p[0] != ' ' && line.p[0] != '\t'))
			continue;
		comment = hm_str_index(line, HM_S("//"));
		if (comment >= 0)
			line = hm_str_sub(line, 0, (size_t)comment);
		return hm_str_trim(line);
	}
	return HM_S("");
}

static int
raise_by_file(struct hm_cli *cli, struct choice *c, struct hm_err *err)
{
	hm_str file, data, go, toolchain, v;

	if (find_file(cli, &file, err))
		return -1;
	if (file.n == 0)
		return 0;
	if (hm_file_read(&cli->arena, file.p, GOMOD_MAX, &data, err))
		return -1;
	go = look_up_line(data, HM_S("go"));
	toolchain = look_up_line(data, HM_S("toolchain"));
	c->file = file;
	if (hm_str_eqz(toolchain, "default")) {
		c->set = HM_S("toolchain default");
		return 0;
	}
	if (toolchain.n) {
		v = hm_gover_from_toolchain(toolchain);
		if (v.n == 0 || (!hm_str_has_prefix(toolchain, HM_S("go")) &&
		                 !hm_str_contains(toolchain, HM_S("-go"))))
			return hm_err_set(err, HM_EINVALID,
					  "invalid toolchain \"" HM_F "\" in " HM_F,
					  HM_P(toolchain), HM_P(file));
		if (hm_gover_cmp(v, c->version) > 0) {
			c->toolchain = toolchain;
			c->version = v;
			c->set = hm_arena_printf(&cli->arena, "toolchain " HM_F, HM_P(toolchain));
		}
	}
	if (hm_gover_cmp(go, c->version) > 0) {
		c->toolchain = name_of(&cli->arena, go);
		c->version = go;
		c->set = hm_arena_printf(&cli->arena, "go " HM_F, HM_P(go));
	}
	return 0;
}

/* What a "requires go >= V" error says about the choice (TooNewError of internal/gover). */
static hm_str
note_of(struct hm_cli *cli, const struct choice *c)
{
	struct hm_buf b = { 0 };

	if (c->setting.n && !hm_str_eqz(c->setting, "auto"))
		hm_buf_printf(&b, "; GOTOOLCHAIN=" HM_F, HM_P(c->setting));
	if (c->set.n)
		hm_buf_printf(&b, "; " HM_F " sets " HM_F,
			      HM_P(hm_load_short_path(&cli->arena, cli->conf->cwd, c->file)),
			      HM_P(c->set));
	return hm_buf_take(&b, &cli->arena);
}

/* GOROOT of a toolchain that is a command on PATH. */
static int
goroot_on_path(struct hm_cli *cli, hm_str exe, hm_str *goroot, struct hm_err *err)
{
	const char *argv[] = { exe.p, "env", "GOROOT", NULL };
	struct hm_env env = cli->conf->env;
	struct hm_spawn s = { .argv = argv };
	struct hm_spawn_result r;

	hm_env_set(&env, "GOTOOLCHAIN", HM_S("local"));
	hm_env_set(&env, "GOROOT", (hm_str){ NULL, 0 });
	s.env = hm_env_list(&env, &cli->arena);
	if (hm_spawn_run(&cli->arena, &s, &r, err))
		return -1;
	*goroot = hm_str_trim(r.out);
	if (r.status != 0 || goroot->n == 0)
		return hm_err_set(err, HM_ETOOLCHAIN, HM_F " env GOROOT: " HM_F, HM_P(exe),
		                  HM_P(hm_str_trim(r.err)));
	*goroot = hm_arena_dup(&cli->arena, *goroot);
	return 0;
}

static int
take(struct hm_cli *cli, const struct choice *c, struct hm_err *err)
{
	struct hm_acquire *ac;
	hm_str exe, goroot;

	if (hm_str_eq(c->toolchain, c->local) && cli->conf->goroot.n)
		return 0;
	if (!hm_str_has_prefix(c->toolchain, HM_S("go1")) &&
	    !hm_str_contains(c->toolchain, HM_S("-go1")))
		return hm_err_set(err, HM_EINVALID, "invalid GOTOOLCHAIN \"" HM_F "\"",
		                  HM_P(c->toolchain));
	if (hm_spawn_look_path(&cli->arena, c->toolchain,
	                       hm_env_or_empty(&cli->conf->env, "PATH"), &exe)) {
		if (goroot_on_path(cli, exe, &goroot, err))
			return -1;
	} else if (c->path_only) {
		return hm_err_set(err, HM_ETOOLCHAIN, "cannot find \"" HM_F "\" in PATH",
		                  HM_P(c->toolchain));
	} else if (hm_cli_acquire(cli, NULL, &ac, err) ||
	           hm_acquire_toolchain(ac, c->toolchain, &goroot, err)) {
		return -1;
	}
	goroot = hm_arena_dup(&cli->arena, goroot);
	hm_acquire_free(cli->acquire); /* it goes by the settings that change now */
	cli->acquire = NULL;
	return hm_conf_set_goroot(cli->conf, goroot, err);
}

/* Commands that show or change settings must work whatever the settings are. */
static bool
is_exempt(int argc, char **argv)
{
	static const char *const vars[] = { "GOTOOLCHAIN", "GOMOD", "GOWORK" };

	if (argc < 2 || strcmp(argv[0], "env") != 0)
		return false;
	for (size_t i = 0; argc == 2 && i < sizeof(vars) / sizeof(*vars); i++)
		if (strcmp(argv[1], vars[i]) == 0)
			return true;
	return argc == 3 && strcmp(argv[1], "-w") == 0 &&
	       strncmp(argv[2], "GOTOOLCHAIN=", 12) == 0;
}

/* Verbs that need no GOROOT: they do not wait for a toolchain where none is installed. */
static bool
works_without(const struct hm_cli *cli)
{
	static const char *const verbs[] = { "clean",       "env",      "mod download", "mod edit",
		                             "mod graph",   "mod init", "mod verify",   "version" };

	for (size_t i = 0; cli->cmd && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(cli->cmd->name, verbs[i]) == 0)
			return true;
	return false;
}

int
hm_select_toolchain(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct choice c = { 0 };
	bool env = cli->cmd && strcmp(cli->cmd->name, "env") == 0;

	if (is_exempt(argc, argv))
		return 0;
	if (hm_str_eqz(hm_conf_get(cli->conf, "GO111MODULE"), "off") && cli->conf->goroot.n)
		return 0;
	if (read_setting(cli, &c, err) || (c.automatic && raise_by_file(cli, &c, err)))
		return -1;
	cli->conf->toolchain_note = note_of(cli, &c);
	if (cli->conf->goroot.n == 0 && works_without(cli) && !env)
		return 0;
	if (take(cli, &c, err) == 0)
		return 0;
	if (env && cli->conf->goroot.n == 0) { /* settings can be shown all the same */
		hm_err_clear(err);
		return 0;
	}
	return -1;
}

int
hm_select_newer(struct hm_cli *cli, hm_str want, bool *switched, struct hm_err *err)
{
	struct choice c = { 0 };

	*switched = false;
	if (read_setting(cli, &c, err))
		return -1;
	if (!c.automatic || hm_gover_cmp(want, hm_gover_from_toolchain(c.local)) <= 0)
		return 0;
	c.toolchain = name_of(&cli->arena, want);
	c.version = want;
	if (take(cli, &c, err))
		return -1;
	*switched = true;
	return 0;
}
