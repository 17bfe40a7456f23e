#include "cli/cleanpkg.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/packages.h"
#include "load/modload.h"
#include "os/file.h"

struct cleaner {
	struct hm_cli *cli;
	const struct hm_clean_packages *c;
	struct hm_map seen; /* folders */
	struct hm_pkgs todo;
};

static const char *const old_folders[] = { "_test", "_obj" };
static const char *const old_files[] = { "_testmain.go", "test.out", "build.out", "a.out" };
static const char *const old_exts[] = { ".5", ".6", ".8", ".a", ".o", ".so" };

static bool
is_one_of(hm_str s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hm_str_eqz(s, list[i]))
			return true;
	return false;
}

#define IS_ONE_OF(s, list) is_one_of((s), (list), sizeof(list) / sizeof((list)[0]))

static void
add(struct hm_arena *a, struct hm_strs *to, hm_str base, const char *suffix)
{
	HM_PUSH(a, *to, hm_arena_printf(a, HM_F "%s", HM_P(base), suffix));
}

static bool
is_package_file(const struct hm_pkg *p, hm_str name)
{
	return hm_strs_has(&p->go_files, name) || hm_strs_has(&p->cgo_files, name) ||
	       hm_strs_has(&p->test_go_files, name) || hm_strs_has(&p->xtest_go_files, name);
}

/* Names that go's commands give to what they make in a package's folder. */
static struct hm_strs
made_names(struct hm_arena *a, const struct hm_pkg *p, const struct hm_dirents *e)
{
	bool main = hm_str_eqz(p->name, "main");
	hm_str elem = hm_path_base(p->dir), exec = hm_pkg_exec_name(p);
	struct hm_strs out = { 0 };

	if (main) {
		add(a, &out, elem, "");
		add(a, &out, elem, ".exe");
		add(a, &out, exec, "");
		add(a, &out, exec, ".exe");
	}
	add(a, &out, elem, ".test");
	add(a, &out, elem, ".test.exe");
	add(a, &out, exec, ".test");
	add(a, &out, exec, ".test.exe");
	for (size_t i = 0; i < e->n; i++) {
		hm_str base = e->v[i].name;

		if (e->v[i].type == DT_DIR || (!main && is_package_file(p, base)))
			continue;
		if (hm_str_cut_suffix(&base, HM_S("_test.go"))) {
			add(a, &out, base, ".test");
			add(a, &out, base, ".test.exe");
		}
		base = e->v[i].name;
		if (hm_str_cut_suffix(&base, HM_S(".go"))) {
			add(a, &out, base, "");
			add(a, &out, base, ".exe");
		}
	}
	return out;
}

static void
show(struct cleaner *k, hm_str dir, const char *cmd, hm_str args)
{
	if (!k->c->bf->n && !k->c->bf->x)
		return;
	if (dir.n)
		hm_cli_printf(k->cli, "cd " HM_F "\n", HM_P(dir));
	hm_cli_printf(k->cli, "%s " HM_F "\n", cmd, HM_P(args));
}

static void
report(struct cleaner *k, int rc, struct hm_err *err)
{
	if (rc)
		hm_cli_error(k->cli, err);
	hm_err_clear(err);
}

static void
clean_entries(struct cleaner *k, const struct hm_pkg *p, const struct hm_dirents *e,
              const struct hm_strs *made, struct hm_err *err)
{
	struct hm_arena *a = &k->cli->arena;

	for (size_t i = 0; i < e->n; i++) {
		hm_str name = e->v[i].name, path = hm_path_cat(a, p->dir, name);

		if (e->v[i].type == DT_DIR) {
			if (!IS_ONE_OF(name, old_folders))
				continue;
			show(k, HM_S(""), "rm -rf", path);
			if (!k->c->bf->n)
				report(k, hm_dir_remove_all(path.p, false, err), err);
		} else if (!k->c->bf->n &&
		           (IS_ONE_OF(name, old_files) || IS_ONE_OF(hm_path_ext(name), old_exts) ||
		            hm_strs_has(made, name))) {
			report(k, hm_file_remove(path.p, err), err);
		}
	}
}

static void
clean_one(struct cleaner *k, struct hm_pkg *p)
{
	struct hm_arena *a = &k->cli->arena;
	struct hm_err err = { 0 };
	struct hm_dirents e = { 0 };
	struct hm_strs made;

	if (p->dir.n == 0) {
		if (p->error)
			hm_cli_errorf(k->cli, HM_F, HM_P(hm_pkg_error_text(a, p->error)));
		hm_cli_set_status(k->cli, 1);
		return;
	}
	if (hm_dir_read(a, p->dir.p, &e, &err)) {
		hm_err_wrap(&err, HM_F ": ", HM_P(p->dir));
		report(k, -1, &err);
		hm_err_free(&err);
		return;
	}
	made = made_names(a, p, &e);
	show(k, p->dir, "rm -f", hm_strs_join(a, &made, HM_S(" ")));
	clean_entries(k, p, &e, &made, &err);
	if (k->c->installed && p->target.n) {
		show(k, HM_S(""), "rm -f", p->target);
		if (!k->c->bf->n)
			report(k, hm_file_remove(hm_arena_cstr(a, p->target), &err), &err);
	}
	hm_err_free(&err);
}

/* Depth first, in the order of the imports, as go goes. */
static void
clean_all(struct cleaner *k, const struct hm_pkgs *roots)
{
	struct hm_arena *a = &k->cli->arena;

	for (size_t i = roots->n; i-- > 0;)
		HM_PUSH(a, k->todo, roots->v[i]);
	while (k->todo.n > 0) {
		struct hm_pkg *p = k->todo.v[--k->todo.n];

		if (!hm_map_add(&k->seen, p->import_path))
			continue;
		clean_one(k, p);
		for (size_t i = p->import_pkgs.n; k->c->recurse && i-- > 0;)
			HM_PUSH(a, k->todo, p->import_pkgs.v[i]);
	}
}

int
hm_cli_clean_packages(struct hm_cli *cli, const struct hm_clean_packages *c,
                      const struct hm_strs *patterns, struct hm_err *err)
{
	struct cleaner k = { .cli = cli, .c = c, .seen = { .arena = &cli->arena } };
	const struct hm_loader_opts opts = { 0 };
	struct hm_cli_packages p = { 0 };
	int rc = 0;

	if (hm_cli_packages_open(cli, c->bf, false, &p, err))
		return -1;
	if (!c->if_module || hm_modload_has_root(p.ml)) {
		rc = hm_cli_packages_load(cli, c->bf, &opts, patterns, &p, err);
		if (rc == 0)
			clean_all(&k, &p.pkgs);
	}
	hm_cli_packages_close(&p);
	return rc;
}
