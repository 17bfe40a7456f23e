/*
 * hermod env: settings, their values and how to change them
 * (cmd/go/internal/envcmd).
 */
#include "cli/cmds.h"

#include <stdlib.h>

#include "base/path.h"
#include "codec/json.h"
#include "codec/quoted.h"
#include "conf/envfile.h"
#include "conf/platform.h"
#include "os/file.h"
#include "tlog/trust.h"

struct options {
	bool json, unset, write, changed, n, x;
};

/* ---- env -w and env -u */

static bool
in_list(hm_str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hm_str_eqz(name, list[i]))
			return true;
	return false;
}

static int
check_path_value(hm_str key, hm_str val, struct hm_arena *a, struct hm_err *err)
{
	if (hm_str_eqz(key, "GOPATH") && hm_str_has_prefix(val, HM_S("~")))
		return hm_err_set(err, HM_EINVALID,
		                  "GOPATH entry cannot start with shell metacharacter "
		                  "'~': " HM_F,
		                  HM_P(hm_str_quote(a, val)));
	if (val.n && !hm_path_is_abs(val))
		return hm_err_set(err, HM_EINVALID,
		                  HM_F " entry is relative; must be absolute path: " HM_F,
		                  HM_P(key), HM_P(hm_str_quote(a, val)));
	return 0;
}

static int
check_compiler_value(hm_str key, hm_str val, struct hm_arena *a, struct hm_err *err)
{
	struct hm_strs w = { 0 };

	if (val.n == 0)
		return 0;
	if (hm_quoted_split(a, val, &w, err) < 0)
		return hm_err_wrap(err, "invalid " HM_F ": ", HM_P(key));
	if (w.n == 0)
		return hm_err_set(err, HM_EINVALID, HM_F " entry cannot contain only space",
		                  HM_P(key));
	if (!hm_path_is_abs(w.v[0]) && !hm_str_eq(w.v[0], hm_path_base(w.v[0])))
		return hm_err_set(err, HM_EINVALID,
		                  HM_F " entry is relative; must be absolute path: " HM_F,
		                  HM_P(key), HM_P(hm_str_quote(a, w.v[0])));
	return 0;
}

/* The text, or @FILE, which is read when it is needed. */
static int
check_sumdbs(hm_str val, struct hm_arena *a, struct hm_err *err)
{
	struct hm_trust trust = { 0 };

	if (hm_str_cut_prefix(&val, HM_S("@")))
		return check_path_value(HM_S("HERMOD_SUMDBS"), val, a, err);
	if (hm_trust_parse(a, val, &trust, err) < 0)
		return hm_err_wrap(err, "invalid HERMOD_SUMDBS: ");
	return 0;
}

/* Values that would make the next run fail. */
static int
check_value(hm_str key, hm_str val, struct hm_arena *a, struct hm_err *err)
{
	static const char *const modes[] = { "", "auto", "on", "off" };

	if (hm_str_eqz(key, "GO111MODULE") && !in_list(val, modes, 4))
		return hm_err_set(err, HM_EINVALID, "invalid " HM_F " value " HM_F, HM_P(key),
		                  HM_P(hm_str_quote(a, val)));
	if (hm_str_eqz(key, "GOPATH") || hm_str_eqz(key, "GOMODCACHE"))
		return check_path_value(key, val, a, err);
	if (hm_str_eqz(key, "HERMOD_SUMDBS"))
		return check_sumdbs(val, a, err);
	if (hm_str_eqz(key, "CC") || hm_str_eqz(key, "CXX"))
		return check_compiler_value(key, val, a, err);
	return 0;
}

static int
check_write(struct hm_cli *cli, hm_str key, hm_str val, struct hm_err *err)
{
	static const char *const fixed[] = { "GOEXE",  "GOGCCFLAGS", "GOHOSTARCH",  "GOHOSTOS",
		                             "GOMOD",  "GOWORK",     "GOTOOLDIR",   "GOVERSION",
		                             "GOTELEMETRY", "GOTELEMETRYDIR" };
	static const char *const environment[] = { "GOENV", "GODEBUG" };

	if (in_list(key, fixed, sizeof(fixed) / sizeof(*fixed)))
		return hm_err_set(err, HM_EINVALID, HM_F " cannot be modified", HM_P(key));
	if (in_list(key, environment, 2))
		return hm_err_set(err, HM_EINVALID,
		                  HM_F " can only be set using the OS environment", HM_P(key));
	if (!hm_conf_can_get(cli->conf, key))
		return hm_err_set(err, HM_EINVALID, "unknown go command variable " HM_F, HM_P(key));
	if (check_value(key, val, &cli->arena, err) < 0)
		return -1;
	if (!hm_str_is_utf8(val))
		return hm_err_set(err, HM_EINVALID, "invalid UTF-8 in " HM_F "=... value",
		                  HM_P(key));
	for (size_t i = 0; i < val.n; i++)
		if (val.p[i] == '\v' || val.p[i] == '\r' || val.p[i] == '\n')
			return hm_err_set(err, HM_EINVALID, "invalid newline in " HM_F "=... value",
			                  HM_P(key));
	return 0;
}

/* What is about to change. */
struct change {
	struct hm_strs set;   /* NAME=value */
	struct hm_strs unset; /* NAME */
};

/* The value of name after the change, and whether the change touches it. */
static bool
after(struct hm_cli *cli, const struct change *ch, const char *name, hm_str now, hm_str def,
      hm_str *value)
{
	hm_str key, val;

	*value = now;
	for (size_t i = 0; i < ch->set.n; i++)
		if (hm_str_cut(ch->set.v[i], '=', &key, &val) && hm_str_eqz(key, name)) {
			*value = val;
			return true;
		}
	if (!hm_strs_has(&ch->unset, hm_str_of(name)))
		return false;
	*value = hm_env_or_empty(&cli->conf->env, name);
	if (value->n == 0)
		*value = def;
	return true;
}

static int
check_change(struct hm_cli *cli, const struct change *ch, struct hm_err *err)
{
	const struct hm_conf *c = cli->conf;
	struct hm_experiment e;
	hm_str os, arch, exp;
	bool touched = after(cli, ch, "GOOS", c->goos, c->gohostos, &os);

	touched |= after(cli, ch, "GOARCH", c->goarch, c->gohostarch, &arch);
	if (touched && hm_platform_check_pair(os, arch, err) < 0)
		return -1;
	if (after(cli, ch, "GOEXPERIMENT", c->goexperiment, HM_S(""), &exp) &&
	    hm_experiment_parse(c->gominor, os, arch, exp, &e, err) < 0) {
		err->code = HM_EINVALID;
		return -1;
	}
	return 0;
}

/* Writes beside the file and renames, so that no reader meets half of it. */
static int
replace_file(struct hm_cli *cli, hm_str path, hm_str data, struct hm_err *err)
{
	struct hm_err ignored = { 0 };
	struct stat st;
	hm_str real = path, tmp;
	int rc;

	if (hm_file_real_path(&cli->arena, path.p, &real, &ignored) < 0)
		real = path; /* not there yet */
	tmp = hm_arena_printf(&cli->arena, HM_F ".new", HM_P(real));
	rc = hm_file_write(tmp.p, data, 0666, err);
	if (rc < 0 && hm_dir_make_all(hm_path_dir(&cli->arena, real).p, &ignored) == 0)
		rc = hm_file_write(tmp.p, data, 0666, err);
	if (rc == 0 && stat(real.p, &st) == 0)
		(void)chmod(tmp.p, st.st_mode & 07777);
	if (rc == 0)
		rc = hm_file_rename(tmp.p, real.p, err);
	else if (err->sys)
		hm_err_sys(err, err->sys, "open " HM_F, HM_P(path));
	hm_err_free(&ignored);
	return rc;
}

static int
update_file(struct hm_cli *cli, const struct change *ch, struct hm_err *err)
{
	const struct hm_conf *c = cli->conf;
	/* GOENV=off keeps go from reading the file, but not from writing it. */
	hm_str old = HM_S(""), path = c->goenv.n ? c->goenv : c->goenv_default;

	if (path.n == 0)
		return hm_err_set(err, HM_EINVALID, "cannot find go env config: " HM_F,
		                  HM_P(c->goenv_err));
	if (hm_file_read(&cli->arena, path.p, HM_CONF_MAX_FILE, &old, err) < 0) {
		if (!hm_err_is(err, HM_ENOTFOUND) || ch->set.n == 0)
			return hm_err_wrap(err, "reading go env config: ");
		hm_err_clear(err);
	}
	if (replace_file(cli, path, hm_envfile_edit(&cli->arena, old, &ch->set, &ch->unset), err) <
	    0)
		return hm_err_wrap(err, "writing go env config: ");
	return 0;
}

static int
collect_sets(struct hm_cli *cli, int argc, char **argv, struct change *ch, struct hm_err *err)
{
	hm_str key, val, other, now;

	for (int i = 0; i < argc; i++) {
		if (!hm_str_cut(hm_str_of(argv[i]), '=', &key, &val))
			return hm_err_set(err, HM_EINVALID,
			                  "arguments must be KEY=VALUE: invalid argument: "
			                  "%s",
			                  argv[i]);
		if (check_write(cli, key, val, err) < 0)
			return -1;
		for (size_t k = 0; k < ch->set.n; k++)
			if (hm_str_cut(ch->set.v[k], '=', &other, &now) && hm_str_eq(key, other))
				return hm_err_set(err, HM_EINVALID,
				                  "multiple values for key: " HM_F, HM_P(key));
		HM_PUSH(&cli->arena, ch->set, hm_str_of(argv[i]));
		now = hm_env_or_empty(&cli->conf->env, hm_arena_cstr(&cli->arena, key));
		if (now.n && !hm_str_eq(now, val))
			hm_cli_errorf(cli, "warning: go env -w " HM_F
			              "=... does not override conflicting OS environment variable",
			              HM_P(key));
	}
	return 0;
}

static int
write_settings(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct change ch = { 0 };
	hm_str tmp;

	if (argc == 0)
		return hm_err_set(err, HM_EINVALID, "no KEY=VALUE arguments given");
	if (collect_sets(cli, argc, argv, &ch, err) < 0 || check_change(cli, &ch, err) < 0)
		return -1;
	if (after(cli, &ch, "GOTMPDIR", HM_S(""), HM_S(""), &tmp) && tmp.n && !hm_path_is_abs(tmp))
		return hm_err_set(err, HM_EINVALID, "GOTMPDIR must be an absolute path");
	return update_file(cli, &ch, err);
}

static int
unset_settings(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct change ch = { 0 };

	if (argc == 0)
		return hm_err_set(err, HM_EINVALID, "'go env -u' requires an argument");
	for (int i = 0; i < argc; i++) {
		if (check_write(cli, hm_str_of(argv[i]), HM_S(""), err) < 0)
			return -1;
		HM_PUSH(&cli->arena, ch.unset, hm_str_of(argv[i]));
	}
	if (check_change(cli, &ch, err) < 0)
		return -1;
	return update_file(cli, &ch, err);
}

/* ---- printing */

static void
add(struct hm_cli *cli, struct hm_conf_vars *vars, const char *name, hm_str value)
{
	struct hm_conf_var v = { hm_str_of(name), value, false };

	HM_PUSH(&cli->arena, *vars, v);
}

/* GOMOD as modload.Init finds it: a path, /dev/null outside a module, empty without modules. */
static int
find_gomod(struct hm_cli *cli, hm_str *out, struct hm_err *err)
{
	const struct hm_conf *c = cli->conf;
	struct hm_arena *a = &cli->arena;
	bool automatic = hm_str_eqz(c->go111module, "auto");
	hm_str first, rest;

	*out = HM_S("");
	if (hm_str_eqz(c->go111module, "off"))
		return 0;
	if (c->go111module.n && !automatic && !hm_str_eqz(c->go111module, "on"))
		return hm_err_set(err, HM_EINVALID, "unknown environment setting GO111MODULE=" HM_F,
		                  HM_P(c->go111module));
	*out = hm_conf_find_gomod(c, a, c->cwd);
	if (out->n && hm_str_eq(hm_path_dir(a, *out), hm_path_clean(a, hm_conf_tmpdir(c)))) {
		hm_cli_errorf(cli, "%s: warning: ignoring go.mod in system temp root " HM_F,
		              cli->self, HM_P(hm_conf_tmpdir(c)));
		*out = HM_S("");
	}
	if (out->n == 0 && automatic)
		return 0;
	hm_str_cut(c->gopath, ':', &first, &rest);
	if (first.n && hm_file_exists(hm_path_join(a, first, HM_S("go.mod")).p))
		hm_cli_errorf(cli, "%s: warning: ignoring go.mod in $GOPATH " HM_F, cli->self,
		              HM_P(first));
	if (out->n == 0)
		*out = HM_S("/dev/null");
	return 0;
}

static int
add_module_files(struct hm_cli *cli, struct hm_conf_vars *vars, struct hm_err *err)
{
	const struct hm_conf *c = cli->conf;
	hm_str mod, work;

	if (find_gomod(cli, &mod, err) < 0 ||
	    hm_conf_find_gowork(c, &cli->arena, c->cwd, &work, err) < 0)
		return -1;
	if (hm_str_eqz(hm_conf_get(c, "GOWORK"), "off"))
		work = HM_S("off");
	add(cli, vars, "GOMOD", mod);
	add(cli, vars, "GOWORK", work);
	return 0;
}

/* The variables about C, which cost a few runs of the compiler. */
static int
add_costly(struct hm_cli *cli, const struct options *o, struct hm_conf_vars *vars,
           struct hm_err *err)
{
	const struct hm_conf *c = cli->conf;
	hm_str parent = c->gotmpdir.n ? c->gotmpdir : hm_conf_tmpdir(c), dir = HM_S("$WORK");
	struct hm_err ignored = { 0 };
	struct stat st;
	int rc = -1;

	if (!o->n && (hm_file_stat(parent.p, &st, err) < 0 ||
	              hm_dir_make_temp(&cli->arena, parent.p, "go-build", &dir, err) < 0))
		return hm_err_wrap(err, "creating work dir: ");
	if (o->x)
		hm_cli_errorf(cli, "WORK=" HM_F, HM_P(dir));
	if (hm_platform_check_pair(c->goos, c->goarch, err) < 0)
		err->code = HM_EUSAGE;
	else if (c->gocache_err.n)
		rc = hm_err_set(err, HM_EREPORTED,
		                "build cache is required, but could not be located: " HM_F,
		                HM_P(c->gocache_err));
	else if (hm_str_eqz(c->gocache, "off"))
		rc = hm_err_set(err, HM_EREPORTED,
		                "build cache is disabled by GOCACHE=off, but required "
		                "as of Go 1.12");
	else
		rc = hm_conf_cgo_vars(c, &cli->arena, dir, vars, err);
	if (rc < 0 && hm_err_is(err, HM_EREPORTED))
		hm_cli_errorf(cli, HM_F,
		              HM_P(hm_err_str(err))); /* go prints this without its name */
	if (!o->n)
		(void)hm_dir_remove_all(dir.p, true, &ignored);
	hm_err_free(&ignored);
	return rc;
}

static bool
wants_costly(int argc, char **argv)
{
	static const char *const costly[] = { "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS",
		                              "CGO_FFLAGS", "CGO_LDFLAGS",  "PKG_CONFIG",
		                              "GOGCCFLAGS" };

	for (int i = 0; i < argc; i++)
		if (in_list(hm_str_of(argv[i]), costly, sizeof(costly) / sizeof(*costly)))
			return true;
	return argc == 0;
}

static int
by_name(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_conf_var *)x)->name,
	                  ((const struct hm_conf_var *)y)->name);
}

static void
sort(struct hm_conf_vars *vars)
{
	if (vars->n)
		qsort(vars->v, vars->n, sizeof(*vars->v), by_name);
}

static const struct hm_conf_var *
find(const struct hm_conf_vars *vars, hm_str name)
{
	for (size_t i = 0; i < vars->n; i++)
		if (hm_str_eq(vars->v[i].name, name))
			return &vars->v[i];
	return NULL;
}

/* For sh: within single quotes; what is no UTF-8 becomes U+FFFD. */
static void
quote_shell(struct hm_buf *b, hm_str s)
{
	hm_buf_addc(b, '\'');
	for (size_t i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i);

		if (r == '\'')
			hm_buf_addz(b, "'\\''");
		else
			hm_buf_add_rune(b, r);
	}
	hm_buf_addc(b, '\'');
}

static void
print_shell(struct hm_cli *cli, struct hm_conf_vars *vars, bool only_changed)
{
	struct hm_buf b = { 0 };

	sort(vars);
	for (size_t i = 0; i < vars->n; i++) {
		const struct hm_conf_var *v = &vars->v[i];

		if (hm_str_eqz(v->name, "TERM") || (only_changed && !v->changed))
			continue;
		hm_buf_clear(&b);
		hm_buf_adds(&b, v->name);
		hm_buf_addc(&b, '=');
		quote_shell(&b, v->value);
		hm_buf_addc(&b, '\n');
		hm_cli_out(cli, hm_buf_str(&b));
	}
	hm_buf_free(&b);
}

static void
print_json(struct hm_cli *cli, struct hm_conf_vars *vars, bool only_changed)
{
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b, .indent = "\t" };

	sort(vars);
	hm_json_begin_object(&w);
	for (size_t i = 0; i < vars->n; i++) {
		const struct hm_conf_var *v = &vars->v[i];
		bool again = i + 1 < vars->n && hm_str_eq(v->name, vars->v[i + 1].name);

		if (again || hm_str_eqz(v->name, "TERM") || (only_changed && !v->changed))
			continue;
		hm_json_key_str(&w, v->name);
		hm_json_put_str(&w, v->value);
	}
	hm_json_end_object(&w);
	hm_cli_out(cli, hm_buf_str(&b));
	hm_cli_out(cli, HM_S("\n"));
	hm_buf_free(&b);
}

/* The variables named, in their order; those that do not exist have the empty value. */
static struct hm_conf_vars
pick(struct hm_cli *cli, const struct hm_conf_vars *all, bool known_only, int argc, char **argv)
{
	struct hm_conf_vars out = { 0 };

	for (int i = 0; i < argc; i++) {
		struct hm_conf_var v = { .name = hm_str_of(argv[i]), .value = HM_S("") };
		const struct hm_conf_var *found = find(all, v.name);

		if (found)
			v = *found;
		else if (known_only)
			continue;
		else if (hm_conf_can_get(cli->conf, v.name))
			v.value = hm_conf_get(cli->conf, argv[i]);
		HM_PUSH(&cli->arena, out, v);
	}
	return out;
}

static int
print(struct hm_cli *cli, const struct options *o, int argc, char **argv, struct hm_err *err)
{
	struct hm_conf_vars vars = { 0 };

	if (hm_conf_check(cli->conf, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		if (strchr(argv[i], '='))
			return hm_err_set(err, HM_EINVALID,
			                  "invalid variable name " HM_F " (use -w to set "
			                  "variable)",
			                  HM_P(hm_str_quote(&cli->arena, hm_str_of(argv[i]))));
	for (size_t i = 0; i < cli->conf->vars.n; i++)
		HM_PUSH(&cli->arena, vars, cli->conf->vars.v[i]);
	if (add_module_files(cli, &vars, err) < 0 ||
	    (wants_costly(argc, argv) && add_costly(cli, o, &vars, err) < 0))
		return -1;
	if (argc > 0)
		vars = pick(cli, &vars, o->changed, argc, argv);
	if (o->json) {
		print_json(cli, &vars, o->changed);
	} else if (argc == 0 || o->changed) {
		print_shell(cli, &vars, o->changed);
	} else {
		for (size_t i = 0; i < vars.n; i++)
			hm_cli_printf(cli, HM_F "\n", HM_P(vars.v[i].value));
	}
	return 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct options o = { 0 };
	const struct hm_flag own[] = {
		{ .name = "json", .kind = HM_FLAG_BOOL, .target = &o.json },
		{ .name = "u", .kind = HM_FLAG_BOOL, .target = &o.unset },
		{ .name = "w", .kind = HM_FLAG_BOOL, .target = &o.write },
		{ .name = "changed", .kind = HM_FLAG_BOOL, .target = &o.changed },
		{ .name = "n", .kind = HM_FLAG_BOOL, .target = &o.n },
		{ .name = "x", .kind = HM_FLAG_BOOL, .target = &o.x },
	};

	if (hm_cli_flags(cli, own, sizeof(own) / sizeof(*own), 0, NULL, &argc, &argv, err))
		return -1;
	if (o.json && o.unset)
		return hm_err_set(err, HM_EINVALID, "cannot use -json with -u");
	if (o.json && o.write)
		return hm_err_set(err, HM_EINVALID, "cannot use -json with -w");
	if (o.unset && o.write)
		return hm_err_set(err, HM_EINVALID, "cannot use -u with -w");
	if (o.write)
		return write_settings(cli, argc, argv, err);
	if (o.unset)
		return unset_settings(cli, argc, argv, err);
	return print(cli, &o, argc, argv, err);
}

const struct hm_cmd hm_cmd_env = {
	.name = "env",
	.usage = "env [-json] [-changed] [-u] [-w] [var ...]",
	.brief = "print Go environment information",
	.run = run,
};
