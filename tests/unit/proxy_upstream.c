/* Which upstream a module goes to, and the breakers. */
#include "unit/unit.h"

#include "../proxy/upstream.h"
#include "base/log.h"

static struct hm_arena arena;
static struct hm_err err;
static struct hm_conf *conf;
static const struct hm_log no_log;

static struct upstreams *
make(const char *goproxy, const char *text)
{
	struct hm_config config;
	struct upstreams *us = NULL;

	conf->goproxy = hm_str_of(goproxy);
	assert_int_equal(hm_config_parse(&arena, HM_S("f"), hm_str_of(text), &config, &err), 0);
	return upstreams_new(conf, NULL, &no_log, &config, 4, &us, &err) ? NULL : us;
}

static void
the_first_section_decides(void **state)
{
	struct upstreams *us = make("https://all.example",
	                            "[upstream \"corp.example/a,*.corp.example\"]\n"
	                            "\tproxy = https://one.example,https://two.example\n"
	                            "\tat-once = 2\n"
	                            "[upstream \"corp.example\"]\n"
	                            "\tproxy = https://three.example\n");

	(void)state;
	assert_non_null(us);
	assert_int_equal(upstreams_count(us), 3);
	assert_int_equal(upstream_of(us, HM_S("corp.example/a/b"))->index, 0);
	assert_int_equal(upstream_of(us, HM_S("x.corp.example/c"))->index, 0);
	assert_int_equal(upstream_of(us, HM_S("corp.example/b"))->index, 1);
	assert_int_equal(upstream_of(us, HM_S("corp.example.org/b"))->index, 2);
	assert_int_equal(upstream_of(us, HM_S(""))->index, 2);
	assert_int_equal(upstream_at(us, 0)->at_once, 2);
	assert_int_equal(upstream_at(us, 1)->at_once, 4);
	assert_true(hm_str_eqz(upstream_at(us, 1)->conf.goproxy, "https://three.example"));
	upstreams_free(us);
}

static void
wrong_sections(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "[upstream \"a\"]\n\tat-once = 3\n", "f: section upstream \"a\" has no proxy" },
		{ "[upstream \"a\"]\n\tproxy = https://x\n\tfrob = 1\n",
		  "f:3: unknown setting upstream.frob" },
		{ "[upstream \"a\"]\n\tproxy = https://x\n\tat-once = 65\n",
		  "f:3: at-once: \"65\" is no number from 1 to 64" },
		{ "[upstream \"a\"]\n\tproxy = ftp://x\n",
		  "upstream a: invalid proxy URL scheme (must be https, http, file): ftp://x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_null(make("https://all.example", bad[i].text));
		assert_string_equal(hm_err_str(&err).p, bad[i].want);
		assert_int_equal(err.code, HM_EUSAGE);
		hm_err_clear(&err);
	}
}

struct source {
	enum hm_code code;
	int status, asked;
};

static int
ask(void *ctx, const struct hm_fetch_source *src, struct hm_err *e)
{
	struct source *s = ctx;

	(void)src;
	s->asked++;
	if (s->code == HM_OK)
		return 0;
	hm_err_set(e, s->code, "it failed");
	e->sys = s->status;
	return -1;
}

static void
try(struct upstreams *us, struct source *s, int times)
{
	for (int i = 0; i < times; i++) {
		upstream_try(us, upstream_of(us, HM_S("")), ask, s, &err);
		hm_err_clear(&err);
	}
}

static void
the_breaker_opens(void **state)
{
	struct upstreams *us = make("https://user:secret@all.example:8443/path", "");
	struct source s = { .code = HM_ENOTFOUND };
	struct upstream_state st;

	(void)state;
	try(us, &s, 100); /* not found is no failure */
	assert_int_equal(s.asked, 100);
	s = (struct source){ .code = HM_EHTTP, .status = 400 };
	try(us, &s, 100); /* nor is a question that it does not like */
	assert_int_equal(s.asked, 100);
	s = (struct source){ .code = HM_EHTTP, .status = 503 };
	try(us, &s, BREAKER_FAILURES - 1);
	s.code = HM_OK;
	try(us, &s, 1); /* in a row, it is said */
	s = (struct source){ .code = HM_ENET };
	try(us, &s, 100);
	assert_int_equal(s.asked, BREAKER_FAILURES);
	s.code = HM_OK;
	assert_int_equal(upstream_try(us, upstream_of(us, HM_S("")), ask, &s, &err), -1);
	assert_int_equal(err.code, HM_ENET);
	assert_null(strstr(hm_err_str(&err).p, "secret"));
	assert_int_equal(upstream_states(us, &st, 1), 1);
	assert_string_equal(st.host, "https://all.example:8443");
	assert_int_equal(st.breaker, BREAKER_OPEN);
	assert_int_equal(st.refused, 100 - BREAKER_FAILURES + 1);
	upstreams_free(us);
	hm_err_clear(&err);
}

static int
set_up(void **state)
{
	struct hm_env env = { 0 };

	(void)state;
	hm_env_load(&env, &arena);
	hm_env_set(&env, "GOENV", HM_S("off"));
	hm_env_set(&env, "GOFLAGS", HM_S(""));
	hm_env_set(&env, "GOPRIVATE", HM_S(""));
	hm_env_set(&env, "GONOPROXY", HM_S(""));
	conf = hm_conf_new(HM_CONF_GO, &env, HM_S(""), &err);
	return conf ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	hm_conf_free(conf);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

int
test_proxy_upstream(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_section_decides),
		cmocka_unit_test(wrong_sections),
		cmocka_unit_test(the_breaker_opens),
	};

	return cmocka_run_group_tests_name("proxy/upstream", tests, set_up, tear_down);
}
