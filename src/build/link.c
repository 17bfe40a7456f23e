/*
 * Linking a main package and putting the result in its place
 * (cmd/go/internal/work/exec.go: link, BuildInstallFunc; gc.go: ld).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/path.h"
#include "build/builder.h"
#include "build/shell.h"
#include "build/stamp.h"
#include "build/tool.h"
#include "codec/quoted.h"
#include "conf/platform.h"

static hm_str
link_importcfg(struct hm_action *a)
{
	const struct hm_unit *u = hm_unit_of(a->pkg);
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < a->deps.n; i++) {
		const struct hm_action *d = a->deps.v[i];

		if (d->pkg)
			hm_buf_printf(&b, "packagefile " HM_F "=" HM_F "\n",
			              HM_P(d->pkg->import_path), HM_P(d->built));
	}
	hm_buf_addz(&b, "modinfo ");
	hm_buf_quote(&b, u->modinfo.p ? hm_stamp_data(&a->arena, u->modinfo) : HM_S(""));
	hm_buf_addc(&b, '\n');
	return hm_buf_take(&b, &a->arena);
}

static bool
has_extld(const struct hm_strs *flags)
{
	for (size_t i = 0; i < flags->n; i++)
		if (hm_str_eqz(flags->v[i], "-extld") ||
		    hm_str_has_prefix(flags->v[i], HM_S("-extld=")))
			return true;
	return false;
}

/* The C compiler that an external link would use; the linker wants to know always. */
static int
add_extld(struct hm_action *a, struct hm_strs *argv, struct hm_err *err)
{
	const struct hm_conf *conf = a->builder->o.conf;
	struct hm_strs words = { 0 };
	hm_str text;
	bool cxx = false;

	for (size_t i = 0; i < a->deps.n; i++)
		if (a->deps.v[i]->pkg && a->deps.v[i]->pkg->cxx_files.n)
			cxx = true;
	if (hm_quoted_split(&a->arena, cxx ? conf->cxx : conf->cc, &words, err) ||
	    hm_quoted_join(&a->arena, &words, &text, err))
		return -1;
	hm_tool_adds(a, argv, hm_arena_printf(&a->arena, "-extld=" HM_F, HM_P(text)));
	return 0;
}

static void
add_flag(struct hm_action *a, struct hm_strs *argv, const char *flag, hm_str value)
{
	hm_tool_adds(a, argv, hm_arena_printf(&a->arena, "%s" HM_F, flag, HM_P(value)));
}

static int
add_flags(struct hm_action *a, struct hm_strs *argv, struct hm_err *err)
{
	struct hm_builder *b = a->builder;
	const struct hm_pkg *p = a->pkg;
	const struct hm_unit *u = hm_unit_of(p);
	struct hm_strs f = { 0 };

	if (b->o.installsuffix.n) {
		hm_tool_add(a, &f, "-installsuffix");
		hm_tool_adds(a, &f, b->o.installsuffix);
	}
	if (u->omit_debug) {
		hm_tool_add(a, &f, "-s");
		hm_tool_add(a, &f, "-w");
	}
	if (b->fips140) {
		hm_tool_add(a, &f, "-fipso");
		add_flag(a, &f, "",
		         hm_path_cat(&a->arena, hm_str_sub(a->objdir, 0, a->objdir.n - 1),
		                     HM_S("fips.o")));
	}
	/* The tools of the toolchain tell their build ID by -V=full. */
	if (p->goroot && hm_str_has_prefix(p->import_path, HM_S("cmd/")) &&
	    !hm_platform_must_link_external(b->goos, b->goarch, false))
		add_flag(a, &f, "-X=cmd/internal/objabi.buildID=", a->build_id);
	if (p->default_godebug.n)
		add_flag(a, &f, "-X=runtime.godebugDefault=", p->default_godebug);
	add_flag(a, &f, "-buildmode=", b->ld_buildmode);
	add_flag(a, &f, "-buildid=", a->build_id);
	hm_tool_add_all(a, &f, &b->forced_ldflags);
	hm_tool_add_all(a, &f, &u->ldflags);
	if (!has_extld(&f) && add_extld(a, &f, err))
		return -1;
	hm_tool_add_all(a, argv, &f);
	return 0;
}

static int
run_linker(struct hm_action *a, hm_str importcfg, struct hm_err *err)
{
	struct hm_builder *b = a->builder;
	struct hm_strs argv = { 0 }, env = { 0 };

	hm_tool_begin(a, &argv, "link");
	hm_tool_add(a, &argv, "-o");
	hm_tool_adds(a, &argv, a->target);
	hm_tool_add(a, &argv, "-importcfg");
	hm_tool_adds(a, &argv, importcfg);
	if (add_flags(a, &argv, err))
		return -1;
	hm_tool_adds(a, &argv, a->deps.v[0]->built);
	hm_tool_env(a, &env);
	if (b->tc->minor >= 23)
		add_flag(a, &env, "GOROOT=", hm_tool_goroot(b));
	else if (b->o.trimpath)
		add_flag(a, &env, "GOROOT_FINAL=", hm_tool_goroot(b));
	return hm_shell_tool(a, HM_S("."), a->pkg->import_path, &env, &argv, err);
}

static hm_str
folder_of(hm_str file)
{
	return hm_str_sub(file, 0, (size_t)(hm_str_rindex_byte(file, '/') + 1));
}

static int
link_it(struct hm_action *a, struct hm_err *err)
{
	hm_str cfg = hm_arena_printf(&a->arena, HM_F "importcfg.link", HM_P(a->objdir));

	if (hm_shell_mkdir(a, a->objdir, err) || hm_shell_write(a, cfg, link_importcfg(a), err) ||
	    hm_shell_mkdir(a, folder_of(a->target), err) || run_linker(a, cfg, err) ||
	    hm_result_store(a->builder, a, a->target, err))
		return -1;
	a->built = a->target;
	return 0;
}

int
hm_link_run(struct hm_builder *b, struct hm_action *a, struct hm_err *err)
{
	bool found;
	int rc;

	if (hm_result_find(b, a, hm_unit_of(a->pkg)->target, &found, err))
		return -1;
	if (found || b->o.list)
		return 0;
	rc = link_it(a, err);
	hm_shell_flush(a);
	return rc;
}

static void
cleanup(struct hm_action *a)
{
	if (!a->builder->o.work)
		hm_shell_remove_all(a, a->objdir);
}

/* The target is what would be installed: it looks as if it had been written again. */
static void
touch(struct hm_action *a)
{
	if (a->builder->o.n)
		hm_shell_show(a, HM_S(""), "touch " HM_F, HM_P(a->target));
	else
		utimensat(AT_FDCWD, a->target.p, NULL, 0);
}

int
hm_install_run(struct hm_builder *b, struct hm_action *a, struct hm_err *err)
{
	struct hm_action *made = a->deps.v[0];
	int rc;

	a->build_id = made->build_id;
	if (hm_str_eq(made->built, a->target)) {
		cleanup(made);
		if (!b->o.list)
			touch(a);
		return 0;
	}
	if (b->o.list) {
		a->built = made->built;
		return 0;
	}
	rc = hm_shell_mkdir(a, a->objdir, err);
	if (rc == 0)
		rc = hm_shell_mkdir(a, folder_of(a->target), err);
	if (rc == 0) {
		rc = hm_shell_move(a, a->target, made->built,
		                   made->kind == HM_ACT_LINK ? 0777 : 0666, false, err);
		cleanup(made);
	}
	if (rc)
		return hm_err_wrap(err, "go %s " HM_F ": ", b->o.verb, HM_P(a->pkg->import_path));
	return 0;
}
