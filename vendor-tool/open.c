/*
 * open.c - what every command starts from.
 */
#include "acquire/acquire.h"
#include "base/path.h"
#include "load/modules.h"
#include "load/mainmods.h"
#include "mod/gover.h"
#include "os/file.h"
#include "tool.h"

enum { GOMOD_MAX = 16 << 20 };

/* The value of the go line of a go.mod or go.work file; empty when there is none. */
static hm_str
go_line(hm_str data)
{
	hm_str line, word, version;

	while (hm_str_next(&data, '\n', &line))
		if (hm_str_next_field(&line, &word) && hm_str_eqz(word, "go") &&
		    hm_str_next_field(&line, &version))
			return version;
	return HM_S("");
}

/* The Go version that go.work, or else go.mod, asks for; empty: none. */
static int
wanted_go(struct tool *t, hm_str *go, struct hm_err *err)
{
	hm_str file, data;

	*go = HM_S("");
	if (hm_conf_find_gowork(t->conf, &t->arena, t->conf->cwd, &file, err))
		return -1;
	if (file.n == 0)
		file = hm_conf_find_gomod(t->conf, &t->arena, t->conf->cwd);
	if (file.n == 0 || !hm_file_exists(file.p))
		return 0; /* loading says what is missing */
	if (hm_file_read(&t->arena, file.p, GOMOD_MAX, &data, err))
		return -1;
	*go = go_line(data);
	return 0;
}

/*
 * The installed Go, if it is new enough, tells what is in the standard library.
 * Without one no other is fetched: nothing here runs a toolchain.
 */
static int
choose_std(struct tool *t, struct hm_err *err)
{
	struct hm_conf *c = t->conf;
	hm_str have = hm_gover_from_toolchain(c->goversion), want;
	bool too_old, dot0;

	if (wanted_go(t, &want, err))
		return -1;
	too_old = hm_gover_valid(want) && hm_gover_cmp(want, have) > 0;
	t->ml.std_by_name = too_old || c->goroot.n == 0 ||
	                    !hm_file_is_dir(hm_path_cat(&t->arena, c->goroot, HM_S("src")).p);
	if (too_old) {
		dot0 = hm_gover_is_lang(want) && hm_gover_cmp(want, HM_S("1.21")) >= 0;
		c->goversion = hm_arena_printf(&c->arena, "go" HM_F "%s", HM_P(want),
		                               dot0 ? ".0" : "");
	}
	return 0;
}

static void
choose_modfile(struct tool *t)
{
	t->ml.mod_file = t->opts.modfile;
	if (t->ml.mod_file.n == 0)
		t->ml.mod_file_in_goflags =
			hm_conf_flag_value(t->conf, "-modfile", &t->ml.mod_file);
}

int
tool_open(struct tool *t, struct hm_err *err)
{
	struct hm_modload *ml = &t->ml;
	struct hm_acquire_opts o = { .log = &t->log };

	t->conf = hm_conf_new(HM_CONF_HERMOD, NULL, HM_S(""), err);
	if (!t->conf || hm_conf_check_gopath(t->conf, err))
		return -1;
	if (t->conf->goflags_err.n)
		return hm_err_set(err, HM_EINVALID, HM_F, HM_P(t->conf->goflags_err));
	if (choose_std(t, err))
		return -1;
	o.conf = t->conf;
	o.cache_rw = t->opts.cache_rw || hm_conf_has_flag(t->conf, "-modcacherw");
	t->acquire = hm_acquire_new(&o);
	ml->arena = &t->arena;
	ml->conf = t->conf;
	ml->acquire = t->acquire;
	ml->log = &t->log;
	ml->cwd = t->conf->cwd;
	ml->local_go = hm_gover_from_toolchain(t->conf->goversion);
	choose_modfile(t);
	if (hm_modload_init_work(ml, err))
		return -1;
	ml->cmd = ml->work_file.n ? HM_S("work vendor") : HM_S("mod vendor");
	ml->force_use_modules = true;
	ml->root_mode = HM_ROOT_NEED;
	return 0;
}

void
tool_close(struct tool *t)
{
	hm_modload_free(&t->ml);
	hm_acquire_free(t->acquire);
	hm_conf_free(t->conf);
	hm_buf_free(&t->out);
	hm_arena_free(&t->arena);
}

int
tool_plan(struct tool *t, struct hm_modules **mods, struct hm_vendor_plan *plan,
          struct hm_err *err)
{
	return hm_vendor_load(&t->ml, t->opts.errors_ok, mods, err) ||
	               hm_vendor_plan_make(&t->ml, *mods, plan, err)
	               ? -1
	               : 0;
}

int
tool_check(struct tool *t, struct hm_modules **mods, struct hm_vendor_plan *plan,
           struct hm_vendor_check *c, struct hm_err *err)
{
	if (tool_plan(t, mods, plan, err))
		return -1;
	return hm_vendor_check_run(plan, hm_modload_vendor_dir(&t->ml), &t->arena, c, err);
}

hm_str
tool_shown(struct tool *t, const struct hm_vendor_check *c, hm_str name)
{
	hm_str path = name.n ? hm_path_cat(&t->arena, c->dir, name) : c->dir;

	return hm_modload_short_path(&t->ml, &t->arena, path);
}
