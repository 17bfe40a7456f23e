#include "unit/unit.h"

#include "load/listjson.h"
#include "load/pkg.h"
#include "load/template.h"

static struct hm_arena mem;

static struct hm_pkg
sample(void)
{
	struct hm_pkg p = { .import_path = HM_S("a/b"), .name = HM_S("fmt"), .standard = true };

	HM_PUSH(&mem, p.go_files, HM_S("x.go"));
	HM_PUSH(&mem, p.go_files, HM_S("y.go"));
	HM_PUSH(&mem, p.imports, HM_S("io"));
	HM_PUSH(&mem, p.import_map, ((struct hm_strmap_entry){ HM_S("k"), HM_S("v<>") }));
	return p;
}

/* The output, then the error when there is one. */
static hm_str
run(const char *text)
{
	struct hm_pkg p = sample();
	struct hm_template *t;
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };

	if (hm_template_parse(&mem, "main", hm_str_of(text), NULL, 0, &t, &err) != 0 ||
	    hm_template_exec(t, &hm_pkg_type, &p, NULL, &b, &err) != 0)
		hm_buf_adds(&b, hm_err_str(&err));
	hm_err_free(&err);
	return hm_buf_take(&b, &mem);
}

static int
teardown(void **state)
{
	(void)state;
	hm_arena_free(&mem);
	return 0;
}

/* The same templates and data give the same with text/template. */
static void
output_as_go(void **state)
{
	static const char *const t[][2] = {
		{ "{{.ImportPath}} {{.GoFiles}} {{.ImportMap}}", "a/b [x.go y.go] map[k:v<>]" },
		{ "{{join .GoFiles \",\"}}|{{\",\" | join .GoFiles}}", "x.go,y.go|x.go,y.go" },
		{ "{{range $i, $x := .GoFiles}}{{if $i}}, {{end}}{{$i}}={{$x}}{{end}}",
		  "0=x.go, 1=y.go" },
		{ "{{range .Deps}}x{{else}}none{{end}}{{range 3}}{{.}}{{end}}", "none012" },
		{ "{{range .GoFiles}}{{if eq . \"y.go\"}}{{break}}{{end}}{{.}}{{end}}", "x.go" },
		{ "{{range .GoFiles}}{{if eq . \"x.go\"}}{{continue}}{{end}}{{$.Name}}{{end}}",
		  "fmt" },
		{ "{{with .Module}}m{{else with .Name}}<{{.}}>{{end}}", "<fmt>" },
		{ "{{if and .Standard (not .DepOnly)}}a{{else if .Name}}b{{end}}", "a" },
		{ "{{- /* c */ -}}  a {{- .Name -}} \n b", "afmtb" },
		{ "{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Name}}{{block \"u\" "
		  "1}}{{.}}{{end}}",
		  "<fmt>1" },
		{ "{{$x := 1}}{{$x}}{{$x = \"z\"}}{{$x}}", "1z" },
		{ "{{printf \"%-5s|%3d|%q|%v|%x|%t|%05d\" .Name 7 .Name .Imports \"hi\" true -42}}",
		  "fmt  |  7|\"fmt\"|[io]|6869|true|-0042" },
		{ "{{printf \"%d %s %!\" \"x\"}}", "%!d(string=x) %!s(MISSING) %!!(MISSING)" },
		{ "{{print 1 2 \"a\" \"b\" 3 4}}{{println 1 \"x\"}}", "1 2ab3 41 x\n" },
		{ "{{len .GoFiles}}{{index .GoFiles 1}}{{slice .Name 1 2}}", "2y.gom" },
		{ "{{html \"<a&'>\"}}{{js \"'<\"}}{{urlquery \"a b&\"}}",
		  "&lt;a&amp;&#39;&gt;\\'\\u003Ca+b%26" },
		{ "{{or 0 \"\" \"x\"}}{{and 1 0}}{{lt 1 2}}{{ge \"b\" \"a\"}}{{ne 1 1}}",
		  "x0truetruefalse" },
		{ "{{1.5}} {{0x10}} {{1_000}} {{'a'}} {{\"q\\n\"}}{{`r`}}", "1.5 16 1000 97 q\nr" },
		{ "{{.Module}} {{.Error}} {{.DepsErrors}} {{.ImportMap.k}}{{.ImportMap.no}}",
		  "<nil> <nil> [] v<><no value>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_str(run(t[i][0]), t[i][1]);
}

static void
errors_as_go(void **state)
{
	static const char *const t[][2] = {
		{ "{{", "template: main:1: unclosed action" },
		{ "a\n{{.Name", "template: main:2: unclosed action" },
		{ "{{if}}", "template: main:1: missing value for if" },
		{ "{{if .Name}}", "template: main:1: unexpected EOF" },
		{ "{{end}}", "template: main:1: unexpected {{end}}" },
		{ "{{foo}}", "template: main:1: function \"foo\" not defined" },
		{ "{{$y}}", "template: main:1: undefined variable \"$y\"" },
		{ "{{.Name.}}", "template: main:1: unexpected <.> in operand" },
		{ "{{\"x}}", "template: main:1: unterminated quoted string" },
		{ "{{/* x", "template: main:1: unclosed comment" },
		{ "{{break}}", "template: main:1: {{break}} outside {{range}}" },
		{ "{{.Foo}}",
		  "template: main:1:2: executing \"main\" at <.Foo>: can't evaluate field "
		  "Foo in type *load.PackagePublic" },
		{ "{{.Module.Path}}",
		  "template: main:1:9: executing \"main\" at <.Module.Path>: nil "
		  "pointer evaluating *modinfo.ModulePublic.Path" },
		{ "{{index .GoFiles 9}}",
		  "template: main:1:2: executing \"main\" at <index .GoFiles 9>: "
		  "error calling index: index out of range: 9" },
		{ "{{join .Name \",\"}}",
		  "template: main:1:7: executing \"main\" at <.Name>: wrong type "
		  "for value; expected []string; got string" },
		{ "{{eq 1 \"a\"}}",
		  "template: main:1:2: executing \"main\" at <eq 1 \"a\">: error calling "
		  "eq: incompatible types for comparison: int and string" },
		{ "{{not 1 2}}",
		  "template: main:1:2: executing \"main\" at <not>: wrong number of args "
		  "for not: want 1 got 2" },
		{ "{{range .Name}}{{end}}",
		  "template: main:1:8: executing \"main\" at <.Name>: range "
		  "can't iterate over fmt" },
		{ "{{template \"no\"}}",
		  "template: main:1:11: executing \"main\" at <{{template \"no\"}}>: "
		  "template \"no\" not defined" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_str(run(t[i][0]), t[i][1]);
}

/* Depth of input is limited, also through templates that call themselves. */
static void
depth_is_limited(void **state)
{
	struct hm_buf b = { 0 };

	(void)state;
	hm_buf_addz(&b, "{{");
	for (int i = 0; i < 100000; i++)
		hm_buf_addc(&b, '(');
	assert_str(run(hm_buf_str(&b).p), "template: main:1: max expression depth exceeded");
	hm_buf_clear(&b);
	for (int i = 0; i < 100000; i++)
		hm_buf_addz(&b, "{{if 1}}");
	assert_str(run(hm_buf_str(&b).p), "template: main:1: actions nested too deep");
	hm_buf_free(&b);
	assert_true(
		hm_str_contains(run("{{define \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}"),
				HM_S("exceeded maximum template depth")));
}

static void
json_as_go(void **state)
{
	struct hm_pkg p = sample();
	struct hm_pkg_error e = { .pos = HM_S("a.go:1:1"), .err = HM_S("bad \"x\"") };
	struct hm_strs only = { 0 };
	struct hm_buf b = { 0 };

	(void)state;
	p.error = &e;
	hm_listjson_write(&b, &hm_pkg_type, &p, NULL);
	assert_str(hm_buf_str(&b),
		   "{\n\t\"ImportPath\": \"a/b\",\n\t\"Name\": \"fmt\",\n\t\"Standard\": true,\n"
		   "\t\"GoFiles\": [\n\t\t\"x.go\",\n\t\t\"y.go\"\n\t],\n\t\"Imports\": "
		   "[\n\t\t\"io\"\n\t],\n"
		   "\t\"ImportMap\": {\n\t\t\"k\": \"v\\u003c\\u003e\"\n\t},\n\t\"Error\": {\n"
		   "\t\t\"ImportStack\": [],\n\t\t\"Pos\": \"a.go:1:1\",\n\t\t\"Err\": \"bad "
		   "\\\"x\\\"\"\n\t}\n}");
	hm_buf_clear(&b);
	HM_PUSH(&mem, only, HM_S("Name"));
	HM_PUSH(&mem, only, HM_S("Module"));
	hm_listjson_write(&b, &hm_pkg_type, &p, &only);
	assert_str(hm_buf_str(&b), "{\n\t\"Name\": \"fmt\"\n}");
	hm_buf_free(&b);
}

int
test_load_template(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(output_as_go, teardown),
		cmocka_unit_test_teardown(errors_as_go, teardown),
		cmocka_unit_test_teardown(depth_is_limited, teardown),
		cmocka_unit_test_teardown(json_as_go, teardown),
	};

	return cmocka_run_group_tests_name("load/template", tests, NULL, NULL);
}
