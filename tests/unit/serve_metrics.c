#include "unit/unit.h"

#include <pthread.h>
#include <stdio.h>

#include "serve/metrics.h"

static hm_str
text(struct hm_metrics *m, struct hm_buf *b)
{
	hm_buf_clear(b);
	hm_metrics_print(m, b);
	return hm_buf_str(b);
}

static double
answer(void *ctx)
{
	return *(double *)ctx;
}

static void
text_format(void **state)
{
	struct hm_metrics *m = hm_metrics_new("t_");
	struct hm_buf b = { 0 };
	double size = 1234567890123;
	unsigned zip, info, open;

	(void)state;
	zip = hm_metrics_counter(m, "requests_total", "Requests.", HM_LABEL("kind", HM_S("zip")));
	open = hm_metrics_gauge(m, "open", "Open.", NULL);
	info = hm_metrics_counter(m, "requests_total", "Requests.",
	                          HM_LABEL2("kind", HM_S("a\"b\\c\nd\xff"), "x", HM_S("")));
	hm_metrics_reader(m, "bytes", "Bytes.", NULL, false, answer, &size);
	assert_int_equal(zip, hm_metrics_counter(m, "requests_total", "Requests.",
	                                         HM_LABEL("kind", HM_S("zip"))));
	hm_metrics_add(m, zip, 2);
	hm_metrics_add(m, zip, 1);
	hm_metrics_add(m, info, 7);
	hm_metrics_add(m, open, 1);
	hm_metrics_add(m, open, -2);
	assert_str(text(m, &b),
	           "# HELP t_requests_total Requests.\n# TYPE t_requests_total counter\n"
	           "t_requests_total{kind=\"zip\"} 3\n"
	           "t_requests_total{kind=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\",x=\"\"} 7\n"
	           "# HELP t_open Open.\n# TYPE t_open gauge\nt_open -1\n"
	           "# HELP t_bytes Bytes.\n# TYPE t_bytes gauge\nt_bytes 1234567890123\n");
	hm_buf_free(&b);
	hm_metrics_free(m);
}

static void
histogram(void **state)
{
	struct hm_metrics *m = hm_metrics_new("t_");
	struct hm_buf b = { 0 };
	unsigned h = hm_metrics_histogram(m, "took_seconds", "T.", HM_LABEL("k", HM_S("v")));

	(void)state;
	assert_int_equal(hm_metrics_quantile(m, h, 0.5), 0);
	hm_metrics_observe(m, h, 100000); /* a bound belongs to its bucket */
	hm_metrics_observe(m, h, 100001);
	hm_metrics_observe(m, h, 2000000000);
	hm_metrics_observe(m, h, 90000000000);
	text(m, &b);
	assert_true(hm_str_contains(hm_buf_str(&b),
	                            HM_S("t_took_seconds_bucket{k=\"v\",le=\"0.0001\"} 1\n"
	                                 "t_took_seconds_bucket{k=\"v\",le=\"0.00025\"} 2\n")));
	assert_true(hm_str_contains(hm_buf_str(&b),
	                            HM_S("t_took_seconds_bucket{k=\"v\",le=\"60\"} 3\n"
	                                 "t_took_seconds_bucket{k=\"v\",le=\"+Inf\"} 4\n"
	                                 "t_took_seconds_sum{k=\"v\"} 92.000200001\n"
	                                 "t_took_seconds_count{k=\"v\"} 4\n")));
	assert_int_equal(hm_metrics_value(m, h), 4);
	assert_int_equal(hm_metrics_sum(m, h), 92000200001);
	assert_int_equal(hm_metrics_quantile(m, h, 0.5), 250000);
	assert_int_equal(hm_metrics_quantile(m, h, 1), 60000000000);
	hm_buf_free(&b);
	hm_metrics_free(m);
}

static void
no_room(void **state)
{
	struct hm_metrics *m = hm_metrics_new("t_");
	struct hm_buf b = { 0 };
	unsigned id = 0;
	char name[16];

	(void)state;
	for (int i = 0; i < HM_METRICS_CELLS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		id = hm_metrics_histogram(m, "h_seconds", "H.", HM_LABEL("n", hm_str_of(name)));
		hm_metrics_observe(m, id, 100000000000);
	}
	assert_int_equal(id, 0);
	text(m, &b);
	assert_true(hm_str_contains(b.p ? hm_buf_str(&b) : HM_S(""),
	                            HM_S("t_h_seconds_count{n=\"0\"} 1\n")));
	assert_false(hm_str_contains(hm_buf_str(&b), HM_S("n=\"4095\"")));
	hm_buf_free(&b);
	hm_metrics_free(m);
}

enum { THREADS = 4, TIMES = 20000 };

struct job {
	struct hm_metrics *m;
	unsigned id;
};

static void *
count(void *arg)
{
	struct job *j = arg;

	for (int i = 0; i < TIMES; i++)
		hm_metrics_add(j->m, j->id, 1);
	return NULL;
}

static void
no_count_is_lost(void **state)
{
	struct job j = { .m = hm_metrics_new("t_") };
	pthread_t t[THREADS];

	(void)state;
	j.id = hm_metrics_counter(j.m, "n_total", "N.", NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, count, &j), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(hm_metrics_value(j.m, j.id), THREADS * TIMES);
	hm_metrics_free(j.m);
}

int
test_serve_metrics(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_format),
		cmocka_unit_test(histogram),
		cmocka_unit_test(no_room),
		cmocka_unit_test(no_count_is_lost),
	};

	return cmocka_run_group_tests_name("serve/metrics", tests, NULL, NULL);
}
