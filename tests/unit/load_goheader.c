#include "unit/unit.h"

#include "load/goheader.h"

static struct hm_arena mem;

static struct hm_scan_file
scan(const char *text)
{
	struct hm_scan_file f = { .name = HM_S("x.go") };

	assert_true(hm_goheader_scan(&mem, HM_S("/d/x.go"), hm_str_of(text), true, &f));
	return f;
}

static int
teardown(void **state)
{
	(void)state;
	hm_arena_free(&mem);
	return 0;
}

/* go/doc.Synopsis of the same texts. */
static void
synopsis(void **state)
{
	static const char *const t[][2] = {
		{ "Package a does b. More.", "Package a does b." },
		{ "Package a\nis wrapped\n\nNext", "Package a is wrapped" },
		{ "Copyright 2020 x", "" },
		{ "See [bytes.Buffer] and [foo] and [encoding/json].",
		  "See bytes.Buffer and [foo] and encoding/json." },
		{ "``quoted'' text. X", "\u201cquoted\u201d text." },
		{ "  indented", "indented" },
		{ "- list item", "- list item" },
		{ "# Heading\n\nText", "" },
		{ "Dr. Who. x", "Dr." },
		{ "U.S. A. thing", "U.S. A. thing" },
		{ "[x]: http://y\n\nReal text", "Real text" },
		{ "All rights reserved", "" },
		{ "\u65e5\u672c\u8a9e\u3002\u6b21", "\u65e5\u672c\u8a9e\u3002" },
		{ "a  b\tc", "a b c" },
		{ "one\n  two\nthree", "one" },
		{ "x {\n  y\n}", "" },
		{ "[a b]\n\n[a b]: https://z", "a b\n\n[a b]: https://z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_str(hm_goheader_synopsis(&mem, hm_str_of(t[i][0])), t[i][1]);
}

static void
whole_header(void **state)
{
	struct hm_scan_file f =
		scan("\xef\xbb\xbf// Copyright\n\n//go:build linux\n//go:debug x=1\n\n"
		     "// Package p is it.\n//\n//go:generate y\npackage p // x\n"
		     "import a \"fmt\"\nimport (\n\t_ `os`; . \"io\"\n)\n"
		     "var x = \"import\"\n");

	(void)state;
	assert_int_equal(f.error.n + f.parse_errors.n + f.parse_error.n, 0);
	assert_str(f.pkg_name, "p");
	assert_str(f.synopsis, "Package p is it.");
	assert_str(f.go_build, "//go:build linux");
	assert_non_null(f.go_build_expr);
	assert_int_equal(f.directives.n, 3);
	assert_str(f.directives.v[1].text, "//go:debug x=1");
	assert_str(hm_pos_text(&mem, &f.directives.v[1].pos), "/d/x.go:4:1");
	assert_int_equal(f.imports.n, 3);
	assert_str(f.imports.v[0].text, "fmt");
	assert_str(hm_pos_text(&mem, &f.imports.v[0].pos), "/d/x.go:10:8");
	assert_str(f.imports.v[1].text, "os");
	assert_str(f.imports.v[2].text, "io");
	assert_str(hm_pos_text(&mem, &f.imports.v[2].pos), "/d/x.go:12:10");
}

static void
cgo_and_embed(void **state)
{
	struct hm_scan_file f = scan("package p\n\n/*\n#include <x.h>\n #cgo LDFLAGS: -lx\n*/\n"
				     "// #cgo CFLAGS: -DX\nimport \"C\"\nimport _ \"embed\"\n"
				     "//go:embed a \"b c\" `d` e*\nvar x string\n"
				     "//go:embed \"open\nvar s = `//go:embed no`\n//go:embedx y\n");

	(void)state;
	assert_str(f.cgo, "#cgo LDFLAGS: -lx\n#cgo CFLAGS: -DX");
	assert_int_equal(f.embeds.n, 4);
	assert_str(f.embeds.v[0].text, "a");
	assert_str(f.embeds.v[1].text, "b c");
	assert_str(f.embeds.v[3].text, "e*");
	assert_str(hm_pos_text(&mem, &f.embeds.v[1].pos), "/d/x.go:10:14");
	/* the comment of a group with one import serves it */
	f = scan("package p\n// #cgo CFLAGS: -DY\nimport (\n\t\"C\"\n)\n");
	assert_str(f.cgo, "#cgo CFLAGS: -DY");
}

/* First error as go/parser puts it. */
static void
syntax_errors(void **state)
{
	static const char *const t[][2] = {
		{ "", "/d/x.go:1:1: expected 'package', found 'EOF'" },
		{ "pakage x\n", "/d/x.go:1:1: expected 'package', found pakage" },
		{ "//\n//", "/d/x.go:2:3: expected 'package', found 'EOF'" },
		{ "package 1\n", "/d/x.go:1:9: expected 'IDENT', found 1" },
		{ "package func\n", "/d/x.go:1:9: expected 'IDENT', found 'func'" },
		{ "package a\nimport \"fmt\n", "/d/x.go:2:8: string literal not terminated" },
		{ "package a\nimport fmt\n", "/d/x.go:2:11: missing import path" },
		{ "package a\nimport 'x'\n", "/d/x.go:2:8: import path must be a string" },
		{ "package a\nimport (\n\"a\"\n", "/d/x.go:3:5: expected ')', found 'EOF'" },
		{ "package a\nimport (\"a\" \"b\")\n", "/d/x.go:2:13: expected ';', found \"b\"" },
		{ "package a\nimport \"a\\q\"\n", "/d/x.go:2:11: unknown escape sequence" },
		{ "package a\n/* open", "/d/x.go:2:1: comment not terminated" },
		{ "\xff", "/d/x.go:1:1: illegal UTF-8 encoding" },
		{ "\xff\xfep", "/d/x.go:1:1: illegal UTF-8 encoding (got UTF-16)" },
		{ "# x\n", "/d/x.go:1:1: illegal character U+0023 '#'" },
		{ "//line y.y:7\npackage 1\n", "/d/y.y:7: expected 'IDENT', found 1" },
		{ "//line y.y:7:3\npackage 1\n", "/d/y.y:7:11: expected 'IDENT', found 1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct hm_scan_file f = scan(t[i][0]);

		if (f.parse_errors.n == 0)
			fail_msg("no error in %s", t[i][0]);
		assert_str(hm_arena_printf(&mem, HM_F ": " HM_F,
					   HM_P(hm_pos_text(&mem, &f.parse_errors.v[0].pos)),
					   HM_P(f.parse_errors.v[0].text)),
			   t[i][1]);
		assert_int_equal(f.imports.n, 0);
	}
}

static void
other_errors(void **state)
{
	struct hm_scan_file f = scan("package a\nimport \"a b\"\n");

	(void)state;
	assert_str(f.parse_error, "/d/x.go:2:8: invalid import path: a b");
	f.error = HM_S("");
	assert_true(hm_goheader_scan(&mem, HM_S("/d/x.go"), HM_S("package a\0"), true, &f));
	assert_str(f.error, "read /d/x.go: unexpected NUL in input");
	f = scan("//go:build a\n//go:build b\n\npackage a\n");
	assert_str(f.error, "x.go: multiple //go:build comments");
	f = scan("//go:build (a\n\npackage a\n");
	assert_str(f.go_build_error, "missing close paren");
	/* old lines count only above a blank line, and not beside a new one */
	f = scan("// +build a\n// +build b\n\npackage p\n");
	assert_int_equal(f.plus_build.n, 2);
	f = scan("// +build a\npackage p\n");
	assert_int_equal(f.plus_build.n, 0);
	f = scan("/* x */ /* y\n*/\n// +build a\n\npackage p\n");
	assert_int_equal(f.plus_build.n, 0);
	f = scan("//go:binary-only-package\n\npackage p\n");
	assert_true(f.binary_only);
}

/* Part of a file is enough, unless reading touches its end. */
static void
partial_reads(void **state)
{
	struct hm_scan_file f = { .name = HM_S("x.go") };

	(void)state;
	assert_false(
		hm_goheader_scan(&mem, HM_S("x.go"), HM_S("package p\nimport \"a\"\n"), false, &f));
	assert_false(hm_goheader_scan(&mem, HM_S("x.go"), HM_S("package p\n/* ..."), false, &f));
	assert_int_equal(f.pkg_name.n, 0);
	assert_true(hm_goheader_scan(&mem, HM_S("x.go"), HM_S("package p\nimport \"a\"\nfunc"),
				     false, &f));
	assert_str(f.pkg_name, "p");
	f = (struct hm_scan_file){ .name = HM_S("x.go") };
	assert_false(hm_goheader_scan(&mem, HM_S("x.go"),
				      HM_S("package p\nimport _ \"embed\"\nfunc"), false, &f));
	assert_int_equal(f.imports.n, 0);
}

int
test_load_goheader(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(synopsis, teardown),
		cmocka_unit_test_teardown(whole_header, teardown),
		cmocka_unit_test_teardown(cgo_and_embed, teardown),
		cmocka_unit_test_teardown(syntax_errors, teardown),
		cmocka_unit_test_teardown(other_errors, teardown),
		cmocka_unit_test_teardown(partial_reads, teardown),
	};

	return cmocka_run_group_tests_name("load/goheader", tests, NULL, NULL);
}
