/* Who is in the middle of go mod download, by the order of what it asks for. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "../proxy/ahead.h"
#include "base/arena.h"

enum { DIRECT = 20, INDIRECT = 20 };

struct world {
	struct ahead *ahead;
	struct hm_arena a;
	const char *peer, *account;
	int zips, earlier; /* that were said to be coming */
	bool failing;      /* what is asked for is not found */
};

static struct ahead_request
request(struct world *w, hm_str path, const char *suffix)
{
	return (struct ahead_request){ hm_str_of(w->peer), hm_str_of(w->account),
		                       hm_arena_printf(&w->a, "/" HM_F "/@v/v1.0.0.%s",
		                                       HM_P(path), suffix) };
}

static bool
ask(struct world *w, enum want want, const char *suffix, hm_str path)
{
	struct ahead_request q = request(w, path, suffix);
	struct route r = { .want = want, .path = path, .canonical = true };
	hm_str earlier, line;
	bool coming = ahead_asks(w->ahead, &q, &r, &w->a, &earlier);

	w->zips += coming;
	while (hm_str_cut(earlier, '\n', &line, &earlier)) {
		assert_true(hm_str_has_suffix(line, HM_S("/@v/v1.0.0.info")));
		w->earlier++;
	}
	return coming;
}

static void
answered(struct world *w, hm_str path)
{
	struct ahead_request q = request(w, path, "info");

	ahead_answered(w->ahead, &q, !w->failing);
}

/* The i-th requirement of a go.mod file with two blocks. */
static hm_str
required(struct world *w, int i)
{
	return hm_arena_printf(&w->a, "example.com/m%02d",
	                       i < DIRECT ? 2 * i + 1 : 2 * (i - DIRECT));
}

static void
mods(struct world *w)
{
	for (int i = 0; i < DIRECT + INDIRECT; i++)
		assert_false(ask(w, WANT_MOD, "mod", required(w, i)));
}

static void
infos(struct world *w)
{
	for (int i = 0; i < DIRECT + INDIRECT; i++) {
		ask(w, WANT_INFO, "info", required(w, i));
		answered(w, required(w, i));
	}
}

static void
zips(struct world *w)
{
	for (int i = 0; i < DIRECT + INDIRECT; i++)
		assert_false(ask(w, WANT_ZIP, "zip", required(w, i)));
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*w = (struct world){ .ahead = ahead_new(), .peer = "192.0.2.1", .account = "" };
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ahead_free(w->ahead);
	hm_arena_free(&w->a);
	free(w);
	return 0;
}

static void
download(void **state)
{
	struct world *w = *state;

	mods(w);
	infos(w);
	assert_int_equal(w->zips + w->earlier, DIRECT + INDIRECT); /* all of them */
	assert_true(w->earlier >= DIRECT && w->earlier < DIRECT + 6);
	zips(w);
}

static void
download_of_what_is_not_there(void **state)
{
	struct world *w = *state;

	w->failing = true;
	mods(w);
	infos(w);
	assert_true(w->zips > 0);
	assert_int_equal(w->earlier, 0);
}

/* go list -m all on one core */
static void
sorted(void **state)
{
	struct world *w = *state;

	mods(w);
	for (int i = 0; i < 60; i++) {
		hm_str path = hm_arena_printf(&w->a, "example.com/m%02d", i);

		ask(w, WANT_INFO, "info", path);
		answered(w, path);
	}
	assert_int_equal(w->zips, 0);
}

/* On several: sorted with neighbours exchanged; then two of them behind one address. */
static void
at_once(void **state)
{
	struct world *w = *state;

	mods(w);
	for (int i = 0; i < 60; i++) {
		ask(w, WANT_INFO, "info", hm_arena_printf(&w->a, "example.com/m%02d", i ^ 1));
		if (i)
			answered(w, hm_arena_printf(&w->a, "example.com/m%02d", (i - 1) ^ 1));
	}
	mods(w);
	for (int i = 0; i < DIRECT + INDIRECT; i++) {
		ask(w, WANT_INFO, "info", required(w, i));
		if (i)
			answered(w, required(w, i - 1));
	}
	assert_int_equal(w->zips, 0);
}

/* Everything that is no .info ends the walk; only .mod begins one. */
static void
others_between(void **state)
{
	static const enum want between[] = { WANT_LIST, WANT_LATEST, WANT_MOD, WANT_ZIP };
	struct world *w = *state;

	infos(w);
	for (size_t k = 0; k < 4; k++) {
		mods(w);
		for (int i = 0; i < DIRECT + INDIRECT; i++) {
			ask(w, WANT_INFO, "info", required(w, i));
			answered(w, required(w, i));
			if (i % 10 == 9)
				ask(w, between[k], "mod", HM_S("example.com/other"));
		}
	}
	ask(w, WANT_ZIP, "zip", HM_S("example.com/other"));
	infos(w);
	assert_int_equal(w->zips, 0);
}

/* Every version of one module and then of another. */
static void
versions(void **state)
{
	struct world *w = *state;

	mods(w);
	for (int i = 0; i < 60; i++) {
		hm_str path = hm_arena_printf(&w->a, "example.com/m%d", 9 - i / 10);

		ask(w, WANT_INFO, "info", path);
		answered(w, path);
	}
	assert_int_equal(w->zips, 0);
}

static void
in_vain(void **state)
{
	struct world *w = *state;
	int first;

	mods(w);
	infos(w);
	first = w->zips;
	assert_true(first > 0);
	mods(w); /* and not one zip: nothing more */
	infos(w);
	assert_int_equal(w->zips, first);
	mods(w);
	zips(w);
	mods(w);
	infos(w);
	assert_int_equal(w->zips, 2 * first);
}

/* Who reads all there is, in the order in which it was published. */
static void
crawler(void **state)
{
	struct world *w = *state;

	mods(w);
	for (int i = 0; i < 5000; i++) {
		hm_str path = hm_arena_printf(&w->a, "example.com/m%04d", i * 7919 % 5000);

		ask(w, WANT_INFO, "info", path);
		answered(w, path);
	}
	assert_in_range(w->zips, 500, 520);
}

static void
clients(void **state)
{
	struct world *w = *state;
	char peer[32];

	mods(w);
	for (int i = 0; i < DIRECT + INDIRECT; i++) {
		ask(w, WANT_INFO, "info", required(w, i));
		answered(w, required(w, i));
		w->account = "other";
		ask(w, WANT_ZIP, "zip", required(w, i));
		w->account = "";
		w->peer = "192.0.2.2";
		ask(w, WANT_LIST, "zip", required(w, i));
		w->peer = "192.0.2.1";
	}
	assert_int_equal(w->zips + w->earlier, DIRECT + INDIRECT);
	for (int i = 0; i < 5000; i++) { /* more than there is room for */
		snprintf(peer, sizeof(peer), "2001:db8::%x", i);
		w->peer = peer;
		mods(w);
		ask(w, WANT_INFO, "info", HM_S("example.com/a"));
		answered(w, HM_S("example.com/a"));
	}
	w->zips = w->earlier = 0;
	w->peer = "192.0.2.1"; /* forgotten, with what it owes */
	mods(w);
	infos(w);
	assert_int_equal(w->zips + w->earlier, DIRECT + INDIRECT);
}

static void
long_paths(void **state)
{
	struct world *w = *state;
	char path[1000];

	ask(w, WANT_MOD, "mod", HM_S("example.com/a"));
	memset(path, 'x', sizeof(path));
	for (int i = 0; i < 60; i++) {
		hm_str p = hm_str_make(path, sizeof(path) - 1);

		path[0] = (char)(i < 20 ? 'A' + i : 'a' + i - 60);
		ask(w, WANT_INFO, "info", p);
		answered(w, p);
	}
	assert_true(w->zips > 0 && w->earlier > 0 && w->earlier < 12); /* what there is room for */
}

static void
modes(void **state)
{
	struct hm_err err = { 0 };
	enum ahead_mode m;

	(void)state;
	assert_int_equal(ahead_mode_of(HM_S("never"), &m, &err), 0);
	assert_int_equal(m, AHEAD_NEVER);
	assert_int_equal(ahead_mode_of(HM_S("always"), &m, &err), 0);
	assert_int_equal(m, AHEAD_ALWAYS);
	assert_int_equal(ahead_mode_of(HM_S("learn"), &m, &err), 0);
	assert_int_equal(m, AHEAD_LEARN);
	assert_int_equal(ahead_mode_of(HM_S("true"), &m, &err), -1);
	assert_int_equal(err.code, HM_EUSAGE);
	hm_err_free(&err);
}

int
test_proxy_ahead(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(download, setup, teardown),
		cmocka_unit_test_setup_teardown(download_of_what_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(sorted, setup, teardown),
		cmocka_unit_test_setup_teardown(at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(others_between, setup, teardown),
		cmocka_unit_test_setup_teardown(versions, setup, teardown),
		cmocka_unit_test_setup_teardown(in_vain, setup, teardown),
		cmocka_unit_test_setup_teardown(crawler, setup, teardown),
		cmocka_unit_test_setup_teardown(clients, setup, teardown),
		cmocka_unit_test_setup_teardown(long_paths, setup, teardown),
		cmocka_unit_test(modes),
	};

	return cmocka_run_group_tests_name("proxy/ahead", tests, NULL, NULL);
}
