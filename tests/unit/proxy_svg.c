#include "unit/unit.h"

#include <stdio.h>

#include "../proxy/svg.h"

static struct hm_arena arena;

static int
tear_down(void **state)
{
	(void)state;
	hm_arena_free(&arena);
	return 0;
}

static int
node(struct graph *g, const char *path)
{
	return graph_node(g, hm_str_of(path), HM_S("v1.0.0"), HM_S("/mod/x"), GRAPH_PLAIN);
}

static hm_str
drawn(struct graph *g)
{
	struct html h = { 0 };

	graph_svg(g, &h, HM_S("T <"));
	return html_take(&h, &arena);
}

static void
layers(void **state)
{
	struct graph *g = HM_NEW(&arena, struct graph);
	int by = node(g, "by"), late = node(g, "late"), self = node(g, "self"), a = node(g, "a"),
	    b = node(g, "b");

	(void)state;
	assert_int_equal(node(g, "a"), a);
	graph_edge(g, by, self);
	graph_edge(g, self, a);
	graph_edge(g, self, b);
	graph_edge(g, a, b); /* so b stands right of a */
	graph_edge(g, a, b);
	graph_edge(g, late, b);
	graph_edge(g, self, self);
	graph_edge(g, -1, b);
	assert_int_equal(g->edges, 5);
	drawn(g);
	assert_int_equal(g->node[by].layer, 0);
	assert_int_equal(g->node[self].layer, 1);
	assert_int_equal(g->node[a].layer, 2);
	assert_int_equal(g->node[b].layer, 3);
	assert_int_equal(g->node[late].layer, 2);
	assert_int_equal(g->nodes, 6); /* self to b has a bend beside a */
	assert_int_equal(g->node[5].look, GRAPH_BEND);
	assert_int_equal(g->node[5].layer, 2);
	for (size_t i = 0; i < g->nodes; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(g->node[i].x == g->node[k].x && g->node[i].y == g->node[k].y);
}

static void
cycles_and_limits(void **state)
{
	struct graph *g = HM_NEW(&arena, struct graph);
	char name[16];

	(void)state;
	for (int i = 0; i < GRAPH_NODES + 5; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(graph_node(g, hm_arena_dup(&arena, hm_str_of(name)),
		                            HM_S("v1.0.0"), HM_S(""), GRAPH_ABSENT),
		                 i < GRAPH_NODES ? i : -1);
	}
	for (int i = 0; i < GRAPH_NODES; i++)
		for (int k = 0; k < GRAPH_NODES; k++)
			graph_edge(g, i, k);
	assert_int_equal(g->edges, GRAPH_EDGES);
	drawn(g);
	for (size_t i = 0; i < g->nodes; i++)
		assert_in_range(g->node[i].layer, 0, GRAPH_LAYERS - 1);
}

static void
text(void **state)
{
	struct graph *g = HM_NEW(&arena, struct graph);
	hm_str s;

	(void)state;
	graph_node(g, HM_S("<script>"), HM_S("\"x"), HM_S("javascript:x"), GRAPH_PLAIN);
	s = drawn(g);
	assert_false(hm_str_contains(s, HM_S("<script")));
	assert_false(hm_str_contains(s, HM_S("javascript")));
	assert_true(hm_str_contains(s, HM_S("aria-label=\"T &lt;\"")));
	assert_true(hm_str_contains(s, HM_S("<title>&lt;script&gt;@&#34;x</title>")));
}

static void
spark(void **state)
{
	int64_t v[200] = { 0, 5, 10 };
	struct html h = { 0 };
	hm_str s;

	(void)state;
	spark_svg(&h, v, 3, 0, HM_S("t"));
	s = html_take(&h, &arena);
	assert_true(hm_str_contains(s, HM_S("d=\"M0 62L180 33L360 4\"")));
	v[2] = -1;
	v[3] = 5;
	spark_svg(&h, v, 4, 20, HM_S("t"));
	s = html_take(&h, &arena);
	assert_true(hm_str_contains(s, HM_S("d=\"M0 62L120 48M360 48m-3 0h6\"")));
	assert_true(hm_str_contains(
		s, HM_S("d=\"M0 64L0 62L120 48L120 64ZM360 64L360 48L360 64Z\"")));
	spark_svg(&h, v, 0, 0, HM_S("t"));
	spark_svg(&h, v + 3, 1, 0, HM_S("t"));
	v[0] = INT64_MAX;
	spark_svg(&h, v, 200, 0, HM_S("t"));
	assert_true(html_take(&h, &arena).n > 0);
}

int
test_proxy_svg(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers),
		cmocka_unit_test(cycles_and_limits),
		cmocka_unit_test(text),
		cmocka_unit_test(spark),
	};

	return cmocka_run_group_tests_name("proxy/svg", tests, NULL, tear_down);
}
