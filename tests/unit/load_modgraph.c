/* Expected graphs and messages are those of go 1.26 on the same files. */
#include "unit/unit.h"

#include "load/modcommit.h"
#include "load/modgraph.h"
#include "load/roots.h"
#include "unit/modfixture.h"

static struct modfixture f;
static struct hm_buf text;

static void
put(struct hm_modver m)
{
	hm_buf_adds(&text, hm_modver_str(&f.arena, m));
}

static void
put_edges(void *ctx, struct hm_modver m)
{
	const struct hm_modver *reqs;
	size_t n;

	if (!hm_modgraph_required_by(ctx, m, &reqs, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		put(m);
		hm_buf_addc(&text, ' ');
		put(reqs[i]);
		hm_buf_addc(&text, '\n');
	}
}

/* The graph of the files as `mod graph` prints it, or the error. */
static hm_str
graph(const char *files, const char *sub, const char *go)
{
	struct hm_modgraph *mg;
	int rc;

	modfixture_open(&f, files, sub);
	hm_buf_clear(&text);
	assert_ok(hm_modload_init_work(&f.ml, &f.err), &f.err);
	f.ml.root_mode = HM_ROOT_NEED;
	rc = hm_modload_graph(&f.ml, hm_str_of(go), &mg, &f.err);
	if (rc)
		return modfixture_error(&f, rc);
	hm_modgraph_walk(mg, put_edges, mg);
	return hm_buf_str(&text);
}

static int
tear_down(void **state)
{
	(void)state;
	modfixture_close(&f);
	hm_buf_free(&text);
	return 0;
}

#define CACHE                                                                                \
	"-- example.com/a@v1.0.0 --\nmodule example.com/a\n\ngo 1.17\n\n"                    \
	"require example.com/b v1.1.0\n"                                                     \
	"-- example.com/b@v1.0.0 --\nmodule example.com/b\n\ngo 1.17\n"                      \
	"-- example.com/b@v1.1.0 --\nmodule example.com/b\n\ngo 1.17\n\n"                    \
	"require example.com/c v1.0.0\n"                                                     \
	"-- example.com/c@v1.0.0 --\nmodule example.com/c\n\nrequire example.com/d v1.0.0\n" \
	"-- example.com/d@v1.0.0 --\nmodule example.com/d\n\ngo 1.21.0\n"                    \
	"-- example.com/old@v1.0.0 --\nmodule example.com/old\n\n"                           \
	"require example.com/a v1.0.0\n"

static void
pruned_graph_stops_behind_the_roots(void **state)
{
	(void)state;
	assert_str(graph(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire example.com/a "
	                       "v1.0.0\n",
	                 "", ""),
	           "m example.com/a@v1.0.0\nm go@1.20\nexample.com/a@v1.0.0 "
	           "example.com/b@v1.1.0\n");
}

static void
unpruned_dependency_is_read_to_the_end(void **state)
{
	(void)state;
	assert_str(graph(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                 "require example.com/old v1.0.0\n", "", ""),
	           "m example.com/old@v1.0.0\nm go@1.21.0\n"
	           "example.com/old@v1.0.0 example.com/a@v1.0.0\n"
	           "go@1.21.0 toolchain@go1.21.0\n"
	           "example.com/a@v1.0.0 example.com/b@v1.1.0\n"
	           "example.com/b@v1.1.0 example.com/c@v1.0.0\n"
	           "example.com/c@v1.0.0 example.com/d@v1.0.0\n"
	           "example.com/d@v1.0.0 go@1.21.0\n");
}

static void
old_main_module_reads_everything(void **state)
{
	(void)state;
	assert_str(graph(CACHE "-- go.mod --\nmodule m\n\nrequire example.com/a v1.0.0\n", "", ""),
	           "m example.com/a@v1.0.0\nm go@1.21.0\n"
	           "example.com/a@v1.0.0 example.com/b@v1.1.0\n"
	           "go@1.21.0 toolchain@go1.21.0\n"
	           "example.com/b@v1.1.0 example.com/c@v1.0.0\n"
	           "example.com/c@v1.0.0 example.com/d@v1.0.0\n"
	           "example.com/d@v1.0.0 go@1.21.0\n");
}

static void
go_flag_unprunes(void **state)
{
	(void)state;
	assert_str(graph(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire example.com/a "
	                       "v1.0.0\n",
	                 "", "1.16"),
	           "m example.com/a@v1.0.0\nm go@1.20\n"
	           "example.com/a@v1.0.0 example.com/b@v1.1.0\n"
	           "example.com/b@v1.1.0 example.com/c@v1.0.0\n"
	           "example.com/c@v1.0.0 example.com/d@v1.0.0\n"
	           "example.com/d@v1.0.0 go@1.21.0\n"
	           "go@1.21.0 toolchain@go1.21.0\n");
}

static void
go_flag_below_the_go_line(void **state)
{
	(void)state;
	assert_str(graph("-- go.mod --\nmodule m\n\ngo 1.22.0\n", "", "1.21"),
	           "requested Go version 1.21 cannot load module graph (requires Go >= 1.22.0)");
}

static void
inconsistent_roots_are_raised(void **state)
{
	(void)state;
	assert_str(graph(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                 "require (\n\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n)\n", "", ""),
	           "m example.com/a@v1.0.0\nm example.com/b@v1.1.0\nm go@1.20\n"
	           "example.com/a@v1.0.0 example.com/b@v1.1.0\n"
	           "example.com/b@v1.1.0 example.com/c@v1.0.0\n");
}

static void
exclude_and_replace(void **state)
{
	(void)state;
	assert_str(graph(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                 "require example.com/a v1.0.0\n\nexclude example.com/b v1.1.0\n", "", ""),
	           "m example.com/a@v1.0.0\nm go@1.20\n");
	modfixture_close(&f);
	assert_str(graph(CACHE "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                 "require example.com/x v1.0.0\n\n"
	                 "replace example.com/x => example.com/a v1.0.0\n", "", ""),
	           "m example.com/x@v1.0.0\nm go@1.20\nexample.com/x@v1.0.0 "
	           "example.com/b@v1.1.0\n");
	modfixture_close(&f);
	assert_str(graph(CACHE "-- x/go.mod --\nmodule other\n\nrequire example.com/c v1.0.0\n"
	                 "-- go.mod --\nmodule m\n\ngo 1.20\n\n"
	                 "require example.com/x v1.0.0\n\nreplace example.com/x => ./x\n", "", ""),
	           "m example.com/x@v1.0.0\nm go@1.21.0\n"
	           "example.com/x@v1.0.0 example.com/c@v1.0.0\ngo@1.21.0 toolchain@go1.21.0\n"
	           "example.com/c@v1.0.0 example.com/d@v1.0.0\nexample.com/d@v1.0.0 go@1.21.0\n");
}

static void
errors_name_the_way(void **state)
{
	(void)state;
	assert_str(graph("-- example.com/a@v1.0.0 --\nmodule example.com/a\n\n"
	                 "require example.com/b v1.0.0\n"
	                 "-- example.com/b@v1.0.0 --\nmodule example.com/other\n"
	                 "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire example.com/a v1.0.0\n",
	                 "", ""),
	           "example.com/a@v1.0.0 requires\n\texample.com/b@v1.0.0: parsing go.mod:\n"
	           "\tmodule declares its path as: example.com/other\n"
	           "\t        but was required as: example.com/b");
	modfixture_close(&f);
	assert_str(graph("-- example.com/a@v1.0.0 --\nmodule example.com/a\n\ngo 1.99\n"
	                 "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire example.com/a v1.0.0\n",
	                 "", ""),
	           "example.com/a@v1.0.0: module example.com/a@v1.0.0 requires go >= 1.99 "
	           "(running go 1.26.8)");
	assert_int_equal(f.err.code, HM_ETOOLCHAIN);
	assert_str(f.ml.need_go, "1.99");
	modfixture_close(&f);
	assert_str(graph("-- example.com/a@v1.0.0 --\nmodule example.com/a\nrequire (\n"
	                 "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire example.com/a v1.0.0\n",
	                 "", ""),
	           "example.com/a@v1.0.0: parsing go.mod: go.mod:3: syntax error (unterminated "
	           "block "
	           "started at go.mod:2:1)");
	modfixture_close(&f);
	assert_str(graph("-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire example.com/x v1.0.0\n\n"
	                 "replace example.com/x => ./x\n", "", ""),
	           "example.com/x@v1.0.0 (replaced by ./x): reading x/go.mod: open W/x/go.mod: "
	           "no such file or directory");
}

static void
workspace_takes_the_union(void **state)
{
	(void)state;
	assert_str(graph(CACHE "-- go.work --\ngo 1.20\n\nuse (\n\t./one\n\t./two\n)\n"
	                 "-- one/go.mod --\nmodule one\n\ngo 1.20\n\nrequire example.com/b v1.0.0\n"
	                 "-- two/go.mod --\nmodule two\n\ngo 1.20\n\nrequire example.com/a "
	                 "v1.0.0\n",
	                 "two", ""),
	           "one example.com/b@v1.0.0\ntwo example.com/a@v1.0.0\n"
	           "example.com/a@v1.0.0 example.com/b@v1.1.0\n"
	           "example.com/b@v1.1.0 example.com/c@v1.0.0\n"
	           "example.com/c@v1.0.0 example.com/d@v1.0.0\n"
	           "example.com/d@v1.0.0 go@1.21.0\ngo@1.21.0 toolchain@go1.21.0\n");
}

static void
workspace_refuses_conflicting_replacements(void **state)
{
	(void)state;
	assert_str(graph(CACHE "-- go.work --\ngo 1.20\n\nuse (\n\t./one\n\t./two\n)\n"
	                 "-- one/go.mod --\nmodule one\n\nreplace example.com/b => ../b\n"
	                 "-- two/go.mod --\nmodule two\n\nreplace example.com/b => ../c\n", "", ""),
	           "conflicting replacements for example.com/b:\n\tW/b\n\tW/c\n"
	           "use \"go work edit -replace example.com/b=[override]\" to resolve");
}

static void
workspace_older_than_a_module(void **state)
{
	(void)state;
	assert_str(graph("-- go.work --\nuse ./one\n-- one/go.mod --\nmodule one\n\ngo 1.22\n"
	                 "", "", ""),
	           "module one listed in go.work file requires go >= 1.22, but go.work implicitly "
	           "requires go 1.18; to update it:\n\tgo work use");
}

static void
no_module(void **state)
{
	(void)state;
	assert_str(graph("-- x --\n", "", ""),
	           "go.mod file not found in current directory or any parent directory; see "
	           "'go help modules'");
}

/* A command that only reads asks for every sum before it asks anyone for the file. */
static void
readonly_needs_sums(void **state)
{
	struct hm_modgraph *mg;
	int rc;

	(void)state;
	modfixture_open(&f, CACHE "-- go.sum --\n"
	                "example.com/a v1.0.0/go.mod "
	                "h1:iAWbuGJKCyQx0CaftofkQVDLS8QZ04VpduvUt9k8QwE=\n"
	                "-- go.mod --\nmodule m\n\ngo 1.20\n\nrequire (\n"
	                "\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n)\n", "");
	f.ml.cmd = HM_S("list");
	rc = hm_modload_graph(&f.ml, HM_S(""), &mg, &f.err);
	assert_int_equal(rc, -1);
	assert_int_equal(f.err.code, HM_EMISSINGSUM);
	assert_str(modfixture_error(&f, rc),
	           "example.com/b@v1.0.0: missing go.sum entry for go.mod file; to add it:\n"
	           "\tgo mod download example.com/b");
}

int
test_load_modgraph(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(pruned_graph_stops_behind_the_roots, tear_down),
		cmocka_unit_test_teardown(unpruned_dependency_is_read_to_the_end, tear_down),
		cmocka_unit_test_teardown(old_main_module_reads_everything, tear_down),
		cmocka_unit_test_teardown(go_flag_unprunes, tear_down),
		cmocka_unit_test_teardown(go_flag_below_the_go_line, tear_down),
		cmocka_unit_test_teardown(inconsistent_roots_are_raised, tear_down),
		cmocka_unit_test_teardown(exclude_and_replace, tear_down),
		cmocka_unit_test_teardown(errors_name_the_way, tear_down),
		cmocka_unit_test_teardown(workspace_takes_the_union, tear_down),
		cmocka_unit_test_teardown(workspace_refuses_conflicting_replacements, tear_down),
		cmocka_unit_test_teardown(workspace_older_than_a_module, tear_down),
		cmocka_unit_test_teardown(no_module, tear_down),
		cmocka_unit_test_teardown(readonly_needs_sums, tear_down),
	};

	return cmocka_run_group_tests_name("load/modgraph", tests, NULL, NULL);
}
