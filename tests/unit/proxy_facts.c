#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../proxy/facts.h"
#include "base/path.h"
#include "os/clock.h"
#include "os/file.h"

static struct hm_arena arena;
static struct hm_err err;
static struct hm_store store;
static struct facts *facts;
static hm_str dir;

#define WORDS HM_S("example.com/words")
#define GREET HM_S("example.com/Greet")
#define H1    "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void
reopen(bool scan)
{
	struct facts_opts o = { .store = &store, .scan = scan };

	facts_close(facts);
	facts = NULL;
	assert_ok(facts_open(&o, &facts, &err), &err);
}

static int
set_up(void **state)
{
	(void)state;
	if (hm_dir_make_temp(&arena, "/tmp", "hermod-unit-", &dir, &err) ||
	    hm_store_open(&store, dir, true, NULL, &err))
		return -1;
	reopen(false);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	facts_close(facts);
	facts = NULL;
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

static void
put(hm_str path, hm_str version, const char *suffix, const char *text)
{
	hm_str file;

	assert_ok(hm_store_path(&store, &arena, path, version, suffix, &file, &err), &err);
	assert_ok(hm_dir_make_all(hm_path_dir(&arena, file).p, &err), &err);
	assert_ok(hm_file_write(file.p, hm_str_of(text), 0644, &err), &err);
}

static void
take_away(hm_str path, hm_str version, const char *suffix)
{
	hm_str file;

	assert_ok(hm_store_path(&store, &arena, path, version, suffix, &file, &err), &err);
	assert_ok(hm_file_remove(file.p, &err), &err);
}

static void
put_whole(hm_str path, hm_str version, const char *mod)
{
	put(path, version, "info", "{\"Version\":\"v\",\"Time\":\"2020-01-02T03:04:05.5Z\"}");
	put(path, version, "mod", mod);
	put(path, version, "zip", "0123456789");
	put(path, version, "ziphash", H1);
}

static struct fact
get(hm_str path, const char *version)
{
	struct fact v = { 0 };

	assert_ok(facts_flush(facts, &err), &err);
	assert_ok(facts_version(facts, &arena, path, hm_str_of(version), &v, &err), &err);
	return v;
}

static void
a_version_is_what_its_files_say(void **state)
{
	struct facts_origin o = { .source = HM_S("https://me:secret@up.example/x@y"),
		                  .sumdb = HM_S("sum.example") };
	struct facts_totals t;
	struct fact v;

	(void)state;
	put_whole(GREET, HM_S("v1.0.0"), "module example.com/Greet\n");
	put(GREET, HM_S("v1.0.0"), "local", "");
	assert_ok(hm_dir_make_all(hm_path_cat(&arena, dir,
	                                      HM_S("cache/download/sumdb/sum.example/lookup/"
	                                           "example.com"))
	                                  .p,
	                          &err),
	          &err);
	assert_ok(hm_file_write(hm_path_cat(&arena, dir,
	                                    HM_S("cache/download/sumdb/sum.example/lookup/"
	                                         "example.com/!greet@v1.0.0"))
	                                .p,
	                        HM_S("4711\nexample.com/Greet v1.0.0 h1:\n"), 0644, &err),
	          &err);
	facts_stored(facts, GREET, HM_S("v1.0.0"), &o);
	facts_stored(facts, GREET, HM_S("v1.0.0"), NULL); /* says nothing new */
	v = get(GREET, "v1.0.0");
	assert_str(v.path, "example.com/Greet");
	assert_int_equal(v.time, INT64_C(1577934245500000));
	assert_int_equal(v.mod_bytes, 25);
	assert_int_equal(v.zip_bytes, 10);
	assert_str(v.zip_h1, H1);
	assert_true(hm_str_has_prefix(v.mod_h1, HM_S("h1:")));
	assert_str(v.source, "https://up.example/x@y");
	assert_str(v.sumdb, "sum.example");
	assert_int_equal(v.record, 4711);
	assert_true(v.local);
	assert_int_equal(v.whole, v.changed);
	assert_int_equal(v.uses, 0);
	t = facts_totals(facts);
	assert_int_equal(t.modules, 1);
	assert_int_equal(t.versions, 1);
	assert_int_equal(t.zips, 1);
	assert_int_equal(t.bytes, v.info_bytes + 35);
}

static void
files_come_and_go(void **state)
{
	struct fact a, b, c;
	int64_t rc;

	(void)state;
	put(WORDS, HM_S("v1.0.0"), "mod", "module example.com/words\n");
	facts_stored(facts, WORDS, HM_S("v1.0.0"), NULL);
	a = get(WORDS, "v1.0.0");
	assert_int_equal(a.whole, 0);
	assert_int_equal(a.zip_bytes, -1);
	put(WORDS, HM_S("v1.0.0"), "zip", "0123"); /* without a hash it was never verified */
	facts_stored(facts, WORDS, HM_S("v1.0.0"), NULL);
	b = get(WORDS, "v1.0.0");
	assert_int_equal(b.changed, a.changed);
	put(WORDS, HM_S("v1.0.0"), "ziphash", H1);
	facts_stored(facts, WORDS, HM_S("v1.0.0"), NULL);
	b = get(WORDS, "v1.0.0");
	assert_true(b.whole > a.changed && b.changed == b.whole);
	put(WORDS, HM_S("v1.0.0"), "info", "no json");
	facts_stored(facts, WORDS, HM_S("v1.0.0"), NULL);
	c = get(WORDS, "v1.0.0");
	assert_true(c.changed > b.changed && c.whole == b.whole && c.stored == a.stored);
	assert_int_equal(c.time, 0);
	take_away(WORDS, HM_S("v1.0.0"), "zip");
	facts_removed(facts, WORDS, HM_S("v1.0.0"));
	c = get(WORDS, "v1.0.0");
	assert_int_equal(c.whole, 0);
	assert_int_equal(facts_totals(facts).zips, 0);
	take_away(WORDS, HM_S("v1.0.0"), "mod");
	take_away(WORDS, HM_S("v1.0.0"), "info");
	facts_removed(facts, WORDS, HM_S("v1.0.0"));
	assert_ok(facts_flush(facts, &err), &err);
	rc = facts_version(facts, &arena, WORDS, HM_S("v1.0.0"), &c, &err);
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, HM_ENOTFOUND);
	assert_int_equal(facts_totals(facts).bytes, 0);
	assert_int_equal(facts_totals(facts).modules, 0);
}

static void
uses_are_counted(void **state)
{
	struct facts_list list;
	struct fact v;

	(void)state;
	put_whole(WORDS, HM_S("v1.0.0"), "module example.com/words\n");
	put_whole(WORDS, HM_S("v1.10.0"), "module example.com/words\n");
	put_whole(WORDS, HM_S("v1.9.0"), "module example.com/words\n");
	put(WORDS, HM_S("v1.9.0"), "local", "");
	facts_stored(facts, WORDS, HM_S("v1.0.0"), NULL);
	facts_stored(facts, WORDS, HM_S("v1.10.0"), NULL);
	facts_stored(facts, WORDS, HM_S("v1.9.0"), NULL);
	assert_ok(facts_flush(facts, &err), &err);
	for (int i = 0; i < 5; i++)
		facts_used(facts, WORDS, HM_S("v1.0.0"), i < 3);
	facts_used(facts, WORDS, HM_S("v9.9.9"), true); /* not here: nothing to count */
	v = get(WORDS, "v1.0.0");
	assert_int_equal(v.uses, 3);
	assert_true(v.first_use > 0 && v.last_use >= v.first_use);
	facts_used(facts, WORDS, HM_S("v1.0.0"), true);
	reopen(false);
	assert_int_equal(get(WORDS, "v1.0.0").uses, 4);
	assert_ok(facts_versions(facts, &arena, WORDS, &list, &err), &err);
	assert_int_equal(list.n, 3);
	assert_str(list.v[0].version, "v1.0.0");
	assert_str(list.v[1].version, "v1.9.0");
	assert_str(list.v[2].version, "v1.10.0");
}

static void
many_uses_at_once(void **state)
{
	uint64_t counted = 0;
	struct facts_list list;

	(void)state;
	for (int i = 0; i < 20000; i++)
		facts_used(facts, WORDS, hm_arena_printf(&arena, "v1.%d.0", i), true);
	for (int i = 0; i < 300; i++) {
		hm_str v = hm_arena_printf(&arena, "v1.%d.0", i);

		put(WORDS, v, "mod", "module example.com/words\n");
		facts_stored(facts, WORDS, v, NULL);
	}
	assert_ok(facts_flush(facts, &err), &err);
	for (int i = 0; i < 300; i++)
		facts_used(facts, WORDS, hm_arena_printf(&arena, "v1.%d.0", i), true);
	assert_ok(facts_flush(facts, &err), &err);
	assert_ok(facts_versions(facts, &arena, WORDS, &list, &err), &err);
	assert_int_equal(list.n, 300);
	for (size_t i = 0; i < list.n; i++)
		counted += (uint64_t)list.v[i].uses;
	assert_true(counted >= 300 && counted <= 600);
}

static void
the_index_pages(void **state)
{
	struct facts_list list;
	int64_t since = 0, last = 0;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		hm_str v = hm_arena_printf(&arena, "v1.%d.0", i);

		if (i % 2)
			put(WORDS, v, "mod", "module example.com/words\n");
		else
			put_whole(WORDS, v, "module example.com/words\n");
		facts_stored(facts, WORDS, v, NULL);
	}
	assert_ok(facts_flush(facts, &err), &err);
	for (;;) {
		assert_ok(facts_since(facts, &arena, since, true, 7, &list, &err), &err);
		assert_true(list.n > 0);
		if (n > 0)
			assert_int_equal(list.v[0].changed, last); /* inclusive */
		n += n > 0 ? list.n - 1 : list.n;
		for (size_t i = n == list.n ? 0 : 1; i < list.n; i++) {
			assert_true(list.v[i].changed > last);
			last = list.v[i].changed;
		}
		if (list.n < 7)
			break;
		since = last;
	}
	assert_int_equal(n, 50);
	assert_ok(facts_since(facts, &arena, 0, false, 100, &list, &err), &err);
	assert_int_equal(list.n, 25);
	assert_ok(facts_recent(facts, &arena, 1, &list, &err), &err);
	assert_str(list.v[0].version, "v1.49.0");
}

static void
search_finds_paths(void **state)
{
	struct facts_modules m;

	(void)state;
	put(HM_S("zzz.example/words_x"), HM_S("v1.0.0"), "mod", "module zzz.example/words_x\n");
	put(WORDS, HM_S("v1.0.0"), "mod",
	    "module example.com/words\nrequire nobody.example v1.0.0\n");
	put(WORDS, HM_S("v1.1.0"), "mod", "module example.com/words\n");
	put(HM_S("words.example/a"), HM_S("v1.0.0"), "mod", "module words.example/a\n");
	put(HM_S("a.example/my-words"), HM_S("v1.0.0"), "mod", "module a.example/my-words\n");
	facts_stored(facts, WORDS, HM_S("v1.0.0"), NULL);
	facts_stored(facts, WORDS, HM_S("v1.1.0"), NULL);
	facts_stored(facts, HM_S("zzz.example/words_x"), HM_S("v1.0.0"), NULL);
	facts_stored(facts, HM_S("words.example/a"), HM_S("v1.0.0"), NULL);
	facts_stored(facts, HM_S("a.example/my-words"), HM_S("v1.0.0"), NULL);
	assert_ok(facts_flush(facts, &err), &err);
	assert_ok(facts_search(facts, &arena, HM_S("WORDS"), 0, 10, &m, &err), &err);
	assert_int_equal(m.n, 4);
	assert_str(m.v[2].path, "a.example/my-words");
	assert_str(m.v[0].path, "words.example/a");
	assert_str(m.v[1].path, "example.com/words");
	assert_int_equal(m.v[1].versions, 2);
	assert_ok(facts_search(facts, &arena, HM_S("s_"), 0, 10, &m, &err), &err);
	assert_int_equal(m.n, 1);
	assert_ok(facts_search(facts, &arena, HM_S(""), 2, 1, &m, &err), &err);
	assert_str(m.v[0].path, "words.example/a");
	assert_ok(facts_search(facts, &arena, HM_S("nobody"), 0, 10, &m, &err), &err);
	assert_int_equal(m.n, 0);
}

/* One file of that version comes in. */
static void
bring(const char *version, const char *ext)
{
	put(WORDS, hm_str_of(version), ext, "module example.com/words\n");
	facts_stored(facts, WORDS, hm_str_of(version), NULL);
	assert_ok(facts_flush(facts, &err), &err);
}

static void
who_speaks_for_the_module(void **state)
{
	static const struct {
		const char *version, *ext, *latest;
	} steps[] = {
		{ "v1.12.0", "info", "" },
		{ "v1.11.0-rc.1", "mod", "v1.11.0-rc.1" },
		{ "v1.11.0-rc.2", "mod", "v1.11.0-rc.2" },
		{ "v1.9.0", "mod", "v1.9.0" },
		{ "v1.10.0", "mod", "v1.10.0" },
		{ "v1.2.0", "mod", "v1.10.0" },
	};
	hm_str latest;
	int64_t n;

	(void)state;
	assert_ok(facts_latest(facts, &arena, WORDS, &latest, &n, &err), &err);
	assert_true(n == 0 && latest.n == 0);
	for (int i = 0; i < (int)(sizeof(steps) / sizeof(*steps)); i++) {
		bring(steps[i].version, steps[i].ext);
		assert_ok(facts_latest(facts, &arena, WORDS, &latest, &n, &err), &err);
		assert_str(latest, steps[i].latest);
		assert_int_equal(n, i + 1);
	}
}

static void
who_requires(void **state)
{
	struct facts_requires r;

	(void)state;
	put(GREET, HM_S("v1.0.0"), "mod",
	    "module example.com/Greet\nrequire example.com/words v1.0.0\n");
	put(GREET, HM_S("v1.1.0"), "mod",
	    "module example.com/Greet\nrequire (\n\texample.com/words v1.1.0 // indirect\n"
	    "\tother.example v0.1\n)\n");
	put(WORDS, HM_S("v1.1.0"), "mod", "module example.com/words\n");
	facts_stored(facts, GREET, HM_S("v1.0.0"), NULL);
	facts_stored(facts, GREET, HM_S("v1.1.0"), NULL);
	facts_stored(facts, WORDS, HM_S("v1.1.0"), NULL);
	assert_ok(facts_flush(facts, &err), &err);
	assert_ok(facts_required_by(facts, &arena, WORDS, HM_S(""), 10, &r, &err), &err);
	assert_int_equal(r.n, 2);
	assert_str(r.v[0].version, "v1.0.0");
	assert_str(r.v[0].wants, "v1.0.0");
	assert_false(r.v[0].indirect);
	assert_true(r.v[1].indirect);
	assert_ok(facts_required_by(facts, &arena, WORDS, HM_S("v1.1.0"), 10, &r, &err), &err);
	assert_int_equal(r.n, 1);
	assert_ok(facts_requirements(facts, &arena, GREET, HM_S("v1.1.0"), &r, &err), &err);
	assert_int_equal(r.n, 2);
	assert_true(r.v[0].here);
	assert_str(r.v[1].wants, "v0.1");
	assert_false(r.v[1].here);
	take_away(GREET, HM_S("v1.1.0"), "mod");
	facts_removed(facts, GREET, HM_S("v1.1.0"));
	assert_ok(facts_flush(facts, &err), &err);
	assert_ok(facts_required_by(facts, &arena, WORDS, HM_S("v1.1.0"), 10, &r, &err), &err);
	assert_int_equal(r.n, 0);
}

static void
wait_for_scan(void)
{
	for (int i = 0; i < 500 && facts_totals(facts).scanning; i++)
		hm_clock_sleep_ms(10);
	assert_false(facts_totals(facts).scanning);
}

static void
the_folder_is_the_truth(void **state)
{
	uint64_t changed;

	(void)state;
	put_whole(WORDS, HM_S("v1.0.0"), "module example.com/words\n");
	put_whole(GREET, HM_S("v1.0.0"), "module example.com/Greet\n");
	assert_ok(facts_scan(facts, &changed, &err), &err);
	assert_int_equal(changed, 2);
	assert_int_equal(facts_totals(facts).zips, 2);
	assert_ok(facts_scan(facts, &changed, &err), &err);
	assert_int_equal(changed, 0);
	take_away(WORDS, HM_S("v1.0.0"), "zip");
	hm_dir_remove_all(hm_path_cat(&arena, dir, HM_S("cache/download/example.com/!greet")).p,
	                  true, &err);
	assert_ok(facts_scan(facts, &changed, &err), &err);
	assert_int_equal(changed, 2);
	assert_int_equal(facts_totals(facts).versions, 1);
	assert_int_equal(facts_totals(facts).zips, 0);
	/* closed clean: nothing is compared, so nothing is noticed */
	put_whole(GREET, HM_S("v2.0.0"), "module example.com/Greet\n");
	reopen(true);
	assert_false(facts_totals(facts).scanning);
	assert_int_equal(facts_totals(facts).versions, 1);
}

static void
a_lost_or_damaged_database_is_made_again(void **state)
{
	(void)state;
	put_whole(WORDS, HM_S("v1.0.0"), "module example.com/words\n");
	facts_close(facts);
	facts = NULL;
	assert_ok(hm_file_remove(hm_path_cat(&arena, dir, HM_S("facts.db")).p, &err), &err);
	reopen(true);
	wait_for_scan();
	assert_int_equal(facts_totals(facts).versions, 1);
	facts_close(facts);
	facts = NULL;
	assert_ok(hm_file_write(hm_path_cat(&arena, dir, HM_S("facts.db")).p,
	                        HM_S("this is no database, and was never meant to be one; it is "
	                             "long enough to be looked at, a hundred bytes at the least"),
	                        0644, &err),
	          &err);
	reopen(true);
	wait_for_scan();
	assert_int_equal(facts_totals(facts).versions, 1);
}

/* Times of the zip; of .info and .mod, when they were written. */
static void
set_times(hm_str version, time_t read, time_t written)
{
	static const char *const files[] = { "info", "mod", "zip" };
	hm_str file;

	for (size_t i = 0; i < 3; i++) {
		const struct timespec t[2] = { { .tv_sec = i < 2 ? written : read },
			                       { .tv_sec = written } };

		assert_ok(hm_store_path(&store, &arena, WORDS, version, files[i], &file, &err),
		          &err);
		assert_int_equal(utimensat(AT_FDCWD, file.p, t, 0), 0);
	}
}

static void
lost_uses_are_guessed_from_the_files(void **state)
{
	struct facts_origin o = { .source = HM_S("import") };
	struct facts_list l = { 0 };

	(void)state;
	put_whole(WORDS, HM_S("v1.0.0"), "module example.com/words\n");
	put_whole(WORDS, HM_S("v1.1.0"), "module example.com/words\n");
	set_times(HM_S("v1.0.0"), 3000000, 1000000);
	set_times(HM_S("v1.1.0"), 2000000, 2000000);
	assert_ok(facts_scan(facts, NULL, &err), &err);
	assert_ok(facts_flush(facts, &err), &err);
	assert_ok(facts_least_used(facts, &arena, 3, &l, &err), &err);
	assert_int_equal(l.n, 2);
	assert_str(l.v[0].version, "v1.1.0");
	assert_true(l.v[1].stored == 1000000 * INT64_C(1000000) && l.v[1].last_use == 0);
	/* what comes now is new, though its zip is a link to an old file */
	put_whole(WORDS, HM_S("v1.2.0"), "module example.com/words\n");
	set_times(HM_S("v1.2.0"), 1000000, 1000000);
	facts_stored(facts, WORDS, HM_S("v1.2.0"), &o);
	assert_ok(facts_flush(facts, &err), &err);
	assert_ok(facts_least_used(facts, &arena, 3, &l, &err), &err);
	assert_str(l.v[2].version, "v1.2.0");
	assert_true(l.v[2].stored > l.v[1].stored);
}

/* In another process, which is killed with the database open. */
static void
store_and_die(void)
{
	struct facts_opts o = { .store = &store };
	struct hm_err e = { 0 };
	struct facts *f;

	if (facts_open(&o, &f, &e))
		_exit(1);
	put_whole(WORDS, HM_S("v1.0.0"), "module example.com/words\n");
	facts_stored(f, WORDS, HM_S("v1.0.0"), NULL);
	kill(getpid(), SIGKILL);
}

static void
killed_with_news(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	facts_close(facts);
	facts = NULL;
	pid = fork();
	if (pid == 0)
		store_and_die();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	reopen(true);
	wait_for_scan();
	assert_int_equal(facts_totals(facts).versions, 1);
}

static void
what_was_lost_is_found(void **state)
{
	hm_str v;

	(void)state;
	reopen(true);
	for (int i = 0; i < 40000; i++) { /* more than the queue takes */
		v = hm_arena_printf(&arena, "v1.%d.0", i);
		if (i > 39990)
			put(WORDS, v, "mod", "module example.com/words\n");
		facts_stored(facts, WORDS, v, NULL);
	}
	for (int i = 0; i < 1500 && facts_totals(facts).versions < 9; i++)
		hm_clock_sleep_ms(10);
	assert_int_equal(facts_totals(facts).versions, 9);
}

static void
others_write_too(void **state)
{
	struct facts_opts o = { .store = &store };
	struct facts *other;

	(void)state;
	assert_ok(facts_open(&o, &other, &err), &err);
	put_whole(WORDS, HM_S("v1.0.0"), "module example.com/words\n");
	facts_stored(other, WORDS, HM_S("v1.0.0"), NULL);
	facts_close(other);
	for (int i = 0; i < 1000 && facts_totals(facts).versions == 0; i++)
		hm_clock_sleep_ms(10);
	assert_int_equal(facts_totals(facts).versions, 1);
}

static void
used_though_unknown(void **state)
{
	(void)state;
	put_whole(WORDS, HM_S("v1.0.0"), "module example.com/words\n"); /* by a go command */
	facts_used(facts, WORDS, HM_S("v1.0.0"), true);
	facts_used(facts, WORDS, HM_S("v1.1.0"), true); /* not there */
	assert_int_equal(get(WORDS, "v1.0.0").uses, 1);
	assert_int_equal(facts_totals(facts).versions, 1);
}

static void
purges_are_kept(void **state)
{
	struct fact_purge p = { .path = WORDS,
		                .version = HM_S("v1.0.0"),
		                .zip_h1 = HM_S(H1),
		                .reason = HM_S("a secret"),
		                .who = HM_S("me"),
		                .local = true };
	struct fact_purge q;
	struct facts_purges list;

	(void)state;
	put_whole(WORDS, HM_S("v1.0.0"), "module example.com/words\n");
	facts_stored(facts, WORDS, HM_S("v1.0.0"), NULL);
	assert_ok(facts_flush(facts, &err), &err);
	take_away(WORDS, HM_S("v1.0.0"), "zip");
	take_away(WORDS, HM_S("v1.0.0"), "mod");
	take_away(WORDS, HM_S("v1.0.0"), "info");
	assert_ok(facts_purged(facts, &p, &err), &err);
	assert_int_equal(facts_totals(facts).versions, 0);
	assert_ok(facts_purges(facts, &arena, 0, 10, &list, &err), &err);
	assert_int_equal(list.n, 1);
	assert_ok(facts_purge_of(facts, &arena, WORDS, HM_S("v1.0.0"), &q, &err), &err);
	assert_str(q.zip_h1, H1);
	assert_str(q.reason, "a secret");
	assert_true(q.local && q.at == p.at);
	assert_int_equal(facts_purge_of(facts, &arena, WORDS, HM_S("v1.0.1"), &q, &err), -1);
	assert_int_equal(err.code, HM_ENOTFOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
test_proxy_facts(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_version_is_what_its_files_say),
		TEST(files_come_and_go),
		TEST(uses_are_counted),
		TEST(many_uses_at_once),
		TEST(the_index_pages),
		TEST(search_finds_paths),
		TEST(who_speaks_for_the_module),
		TEST(who_requires),
		TEST(the_folder_is_the_truth),
		TEST(a_lost_or_damaged_database_is_made_again),
		TEST(lost_uses_are_guessed_from_the_files),
		TEST(killed_with_news),
		TEST(what_was_lost_is_found),
		TEST(others_write_too),
		TEST(used_though_unknown),
		TEST(purges_are_kept),
	};

	return cmocka_run_group_tests_name("proxy_facts", tests, NULL, NULL);
}
