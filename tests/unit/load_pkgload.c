#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "load/modinfo.h"
#include "load/modules.h"
#include "load/pkgload.h"
#include "os/file.h"

/* A tree of packages below a temporary folder; "std/x" plays the standard library. */
static struct hm_arena mem;
static hm_str dir;
static struct hm_scan_cache *kept[32]; /* packages borrow from their scans */
static size_t n_kept;
static struct hm_modinfo module = { .path = HM_S_INIT("ex"), .main = true };

static void
put(const char *name, const char *text)
{
	struct hm_err err = { 0 };
	hm_str path = hm_path_join(&mem, dir, hm_str_of(name));

	assert_ok(hm_dir_make_all(hm_path_dir(&mem, path).p, &err), &err);
	assert_ok(hm_file_write(path.p, hm_str_of(text), 0644, &err), &err);
}

static void
lookup(void *ctx, struct hm_arena *a, hm_str parent, bool parent_std, hm_str path,
       struct hm_loader_found *out)
{
	hm_str d = hm_path_join3(
		a, dir, hm_str_has_prefix(path, HM_S("ex/")) ? HM_S("") : HM_S("src"), path);

	(void)ctx, (void)parent, (void)parent_std;
	out->path = path;
	if (hm_file_is_dir(d.p))
		out->dir = d;
	else
		out->err = hm_arena_printf(a, "package " HM_F " is not here", HM_P(path));
}

static struct hm_modinfo *
module_of(void *ctx, struct hm_arena *a, hm_str path)
{
	(void)ctx, (void)a;
	module.dir = dir;
	return hm_str_has_prefix(path, HM_S("ex/")) ? &module : NULL;
}

static hm_str
import_path(void *ctx, struct hm_arena *a, hm_str d)
{
	(void)ctx, (void)a, (void)d;
	return HM_S(".");
}

static int
setup(void **state)
{
	struct hm_err err = { 0 };

	(void)state;
	if (hm_dir_make_temp(&mem, "/tmp", "hm-load-", &dir, &err) != 0)
		return -1;
	put("src/runtime/r.go", "package runtime\nimport \"unsafe\"\n");
	put("src/unsafe/u.go", "package unsafe\n");
	put("src/embed/e.go", "package embed\n");
	put("src/internal/abi/a.go", "package abi\n");
	put("src/internal/godebugs/table.go", "package godebugs\nvar All = []Info{\n\t{Name: "
					      "\"new\", Package: \"x\", Changed: 22, Old: \"1\"},\n"
					      "\t{Name: \"old\", Package: \"x\", Changed: 19, Old: "
					      "\"0\"},\n\t{Name: \"plain\", Package: \"x\"},\n}\n");
	return 0;
}

static int
teardown(void **state)
{
	struct hm_err err = { 0 };

	(void)state;
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	while (n_kept > 0)
		hm_scan_cache_free(kept[--n_kept]);
	hm_arena_free(&mem);
	return 0;
}

/* Loads the packages named (space between) and all below them. */
static struct hm_pkgs
load(const char *names, bool cgo)
{
	struct hm_scan_cache *scans = hm_scan_cache_new(HM_S(""));
	struct hm_loader_source src = { NULL, lookup, module_of, import_path };
	struct hm_loader_conf conf = { .cwd = dir,
				       .goroot = dir,
				       .host_goos = HM_S("linux"),
				       .host_goarch = HM_S("amd64"),
				       .bin_dir = HM_S("/bin") };
	struct hm_loader_opts opts = { 0 };
	struct hm_match *matches = HM_NEW_N(&mem, 8, struct hm_match);
	struct hm_pkgs roots = { 0 }, all = { 0 };
	struct hm_loader *l;
	struct hm_err err = { 0 };
	hm_str rest = hm_str_of(names), name;
	size_t n = 0;

	conf.ctx =
		(struct hm_build_ctx){ .goos = HM_S("linux"), .goarch = HM_S("amd64"), .cgo = cgo };
	conf.ctx.compiler = HM_S("gc");
	conf.ctx.goroot = dir;
	conf.buildmode = HM_S("default");
	conf.pgo = HM_S("auto");
	conf.local_go = HM_S("1.26.8");
	conf.main_go_version = HM_S("1.21");
	while (hm_str_next(&rest, ' ', &name)) {
		matches[n].pattern = name;
		HM_PUSH(&mem, matches[n].pkgs, name);
		n++;
	}
	l = hm_loader_new(&mem, &conf, &src, scans);
	assert_ok(hm_loader_packages(l, &opts, matches, n, &roots, &err), &err);
	hm_pkg_list(&mem, &roots, &all);
	hm_pkg_collect_deps(&mem, &all, true, true);
	hm_loader_free(l);
	assert_true(n_kept < sizeof(kept) / sizeof(kept[0]));
	kept[n_kept++] = scans;
	return roots;
}

static hm_str
error_of(const char *name)
{
	struct hm_pkgs p = load(name, false);

	assert_int_equal(p.n, 1);
	return p.v[0]->error ? hm_pkg_error_text(&mem, p.v[0]->error) : HM_S("");
}

static void
graph(void **state)
{
	struct hm_pkgs roots, all = { 0 };

	(void)state;
	put("ex/a/a.go", "// Package a is it. Yes.\npackage main\nimport "
			 "(\n\"ex/b\"\n\"ex/c\"\n)\nfunc main() {}\n");
	put("ex/a/a_windows.go", "package main\n");
	put("ex/b/b.go", "package b\nimport \"ex/c\"\n");
	put("ex/c/c.go", "package c\n");
	roots = load("ex/a ex/c ex/a", false);
	assert_int_equal(roots.n, 2);
	hm_pkg_list(&mem, &roots, &all);
	assert_int_equal(all.n, 5);
	assert_str(all.v[0]->import_path, "ex/c");
	assert_str(all.v[1]->import_path, "ex/b");
	assert_str(all.v[2]->import_path, "unsafe"); /* what the linker adds comes last */
	assert_str(all.v[3]->import_path, "runtime");
	assert_true(all.v[3]->standard && !all.v[1]->standard);
	assert_str(roots.v[0]->doc, "Package a is it.");
	assert_str(roots.v[0]->target, "/bin/a");
	assert_int_equal(roots.v[0]->match.n, 2);
	assert_str(hm_strs_join(&mem, &roots.v[0]->deps, HM_S(" ")), "ex/b ex/c runtime unsafe");
	assert_str(hm_strs_join(&mem, &roots.v[0]->imports, HM_S(" ")), "ex/b ex/c");
	assert_str(roots.v[0]->default_godebug, "new=1");
	assert_int_equal(roots.v[0]->ignored_go_files.n, 1);
}

static void
cycles(void **state)
{
	struct hm_pkgs p;

	(void)state;
	put("ex/a/a.go", "package a\nimport \"ex/b\"\n");
	put("ex/b/b.go", "package b\nimport \"ex/c\"\n");
	put("ex/c/c.go", "package c\nimport \"ex/a\"\n");
	put("ex/self/s.go", "package s\nimport \"ex/self\"\n");
	assert_str(error_of("ex/a"),
		   "package ex/a\n\timports ex/b from a.go\n\timports ex/c from b.go\n"
		   "\timports ex/a from c.go: import cycle not allowed");
	assert_str(error_of("ex/self"),
		   "package ex/self\n\timports ex/self from s.go: import cycle not "
		   "allowed");
	p = load("ex/b", false);
	assert_true(p.v[0]->incomplete);
}

static void
forbidden_imports(void **state)
{
	(void)state;
	put("ex/m/m.go", "package main\n");
	put("ex/um/u.go", "package u\nimport \"ex/m\"\n");
	put("ex/x/internal/i/i.go", "package i\n");
	put("ex/x/ok.go", "package x\nimport \"ex/x/internal/i\"\n");
	put("ex/y/y.go", "package y\nimport \"ex/x/internal/i\"\n");
	put("ex/z/z.go", "package z\nimport \"internal/abi\"\n");
	put("ex/n/n.go", "package n\nimport \"nowhere\"\n");
	assert_str(error_of("ex/um"),
		   "ex/um/u.go:2:8: import \"ex/m\" is a program, not an importable package");
	assert_str(error_of("ex/x"), "");
	assert_str(error_of("ex/y"), "package ex/y\n\tex/y/y.go:2:8: use of internal package "
				     "ex/x/internal/i not allowed");
	assert_str(error_of("ex/z"), "package ex/z\n\tex/z/z.go:2:8: use of internal package "
				     "internal/abi not allowed");
	assert_str(error_of("ex/n"), "");
	assert_str(error_of("mod/x"), "package mod/x: disallowed import path \"mod/x\"");
	assert_int_equal(load("ex/n", false).v[0]->deps_errors.n, 1);
	assert_str(hm_pkg_error_text(&mem, load("ex/n", false).v[0]->deps_errors.v[0]),
		   "ex/n/n.go:2:8: package nowhere is not here");
}

static void
folders(void **state)
{
	hm_str want;

	(void)state;
	put("ex/multi/a.go", "package a\n");
	put("ex/multi/b.go", "package b\n");
	put("ex/ig/a_windows.go", "package a\n");
	put("ex/ot/a_test.go", "package a\n");
	put("ex/bad/a.go", "package a\nimport fmt\n");
	put("ex/c/a.go", "package c\n");
	put("ex/c/a.m", "");
	put("ex/cc/a.go", "package c\n");
	put("ex/cc/A.go", "package c\n");
	want = hm_arena_printf(&mem, "found packages a (a.go) and b (b.go) in " HM_F "/ex/multi",
			       HM_P(dir));
	assert_str(error_of("ex/multi"), want.p);
	want = hm_arena_printf(
		&mem, "package ex/ig: build constraints exclude all Go files in " HM_F "/ex/ig",
		HM_P(dir));
	assert_str(error_of("ex/ig"), want.p);
	assert_str(error_of("ex/bad"), "ex/bad/a.go:2:11: missing import path");
	assert_str(error_of("ex/cc"),
		   "package ex/cc: case-insensitive file name collision: \"A.go\" and \"a.go\"");
	assert_str(error_of("ex/c"), ""); /* dropped without cgo */
	assert_str(hm_pkg_error_text(&mem, load("ex/c", true).v[0]->error),
		   "package ex/c: Objective-C source files not allowed when not using cgo or SWIG: "
		   "a.m");
}

static void
embedding(void **state)
{
	struct hm_pkgs p;

	(void)state;
	put("ex/e/e.go", "package e\nimport _ \"embed\"\n//go:embed d *.txt all:h\nvar s string\n");
	put("ex/e/a.txt", "");
	put("ex/e/d/f", "");
	put("ex/e/d/.hidden", "");
	put("ex/e/d/m/go.mod", "");
	put("ex/e/d/m/f", "");
	put("ex/e/h/.x", "");
	put("ex/n/n.go", "package n\nimport _ \"embed\"\n//go:embed nope*\nvar s string\n");
	put("ex/u/u.go", "package u\nimport _ \"embed\"\n//go:embed ../n\nvar s string\n");
	put("ex/l/l.go", "package l\nimport _ \"embed\"\n//go:embed link\nvar s string\n");
	assert_int_equal(symlink("l.go", hm_path_join(&mem, dir, HM_S("ex/l/link")).p), 0);
	p = load("ex/e", false);
	assert_null(p.v[0]->error);
	assert_str(hm_strs_join(&mem, &p.v[0]->embed_files, HM_S(" ")), "a.txt d/f h/.x");
	assert_int_equal(p.v[0]->embed.n, 3);
	assert_str(p.v[0]->embed.v[0].pattern, "*.txt");
	assert_str(error_of("ex/n"), "ex/n/n.go:3:12: pattern nope*: no matching files found");
	assert_str(error_of("ex/u"), "ex/u/u.go:3:12: pattern ../n: invalid pattern syntax");
	assert_str(error_of("ex/l"),
		   "ex/l/l.go:3:12: pattern link: cannot embed irregular file link");
}

static void
cgo(void **state)
{
	struct hm_pkgs p;

	(void)state;
	put("src/runtime/cgo/c.go", "package cgo\n");
	put("src/syscall/s.go", "package syscall\n");
	put("ex/c/c.go", "package c\n// #cgo CFLAGS: -DX -Iinc\n// #cgo windows LDFLAGS: -lw\n"
			 "// #cgo linux LDFLAGS: -L${SRCDIR}/l 'a b'\nimport \"C\"\n");
	put("ex/c/d.go", "package c\n");
	put("ex/c/x.S", "");
	p = load("ex/c", true);
	assert_null(p.v[0]->error);
	assert_int_equal(p.v[0]->cgo_files.n, 1);
	assert_str(hm_strs_join(&mem, &p.v[0]->s_files, HM_S(" ")), "x.S");
	assert_str(hm_strs_join(&mem, &p.v[0]->cgo_cflags, HM_S(",")),
		   hm_arena_printf(&mem, "-DX,-I" HM_F "/ex/c/inc", HM_P(dir)).p);
	assert_str(hm_strs_join(&mem, &p.v[0]->cgo_ldflags, HM_S(",")),
		   hm_arena_printf(&mem, "-L" HM_F "/ex/c/l,a b", HM_P(dir)).p);
	assert_str(hm_strs_join(&mem, &p.v[0]->compiled_imports, HM_S(" ")),
		   "unsafe runtime/cgo syscall");
	p = load("ex/c", false);
	assert_str(hm_strs_join(&mem, &p.v[0]->ignored_go_files, HM_S(" ")), "c.go");
	assert_str(hm_strs_join(&mem, &p.v[0]->ignored_other_files, HM_S(" ")), "x.S");
	assert_int_equal(p.v[0]->imports.n, 0);
}

/* A chain longer than any stack ends in an error. */
static void
depth_is_limited(void **state)
{
	struct hm_pkgs p;

	(void)state;
	for (int i = 0; i < 5100; i++) {
		hm_str name = hm_arena_printf(&mem, "ex/d%d/a.go", i);

		put(name.p, hm_arena_printf(&mem, "package a\nimport \"ex/d%d\"\n", i + 1).p);
	}
	p = load("ex/d0", false);
	assert_true(p.v[0]->incomplete);
}

int
test_load_pkgload(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(graph, setup, teardown),
		cmocka_unit_test_setup_teardown(cycles, setup, teardown),
		cmocka_unit_test_setup_teardown(forbidden_imports, setup, teardown),
		cmocka_unit_test_setup_teardown(folders, setup, teardown),
		cmocka_unit_test_setup_teardown(embedding, setup, teardown),
		cmocka_unit_test_setup_teardown(cgo, setup, teardown),
		cmocka_unit_test_setup_teardown(depth_is_limited, setup, teardown),
	};

	return cmocka_run_group_tests_name("load/pkgload", tests, NULL, NULL);
}
