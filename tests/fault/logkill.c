/*
 * logkill.c - appends to a log until it is killed, and what must be true afterwards.
 *
 *	logkill verify DIR FILE        opens the log: each head in FILE is a prefix of it, each
 *	                               record has its number
 *	logkill kill DIR FILE SEED N   N times: a process in which four threads append batches
 *	                               of random size is killed; the public files are whole as it
 *	                               left them, and, but for the last time, all is verified
 *
 * Lines of FILE: "head SIZE ROOT", each head that could be seen, and "record NUMBER NAME", the
 * first and last record of each acknowledged batch.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/clock.h"
#include "os/file.h"
#include "tilelog/files.h"
#include "tilelog/tail.h"
#include "tilelog/tilelog.h"

/* Pauses, so that many kills are cheap, and find it at every step and not at work alone. */
enum { THREADS = 4, BATCH_MAX = 400, PAUSE_MS = 16, LOOK_MS = 5 };

struct thread {
	pthread_t id;
	struct hm_tilelog *l;
	const char *seed;
	int n;
};

static void
die(struct hm_err *err)
{
	fprintf(stderr, "logkill: %s\n", hm_err_str(err).p);
	exit(1);
}

/* Whole or not at all, short of a full disk. */
static void
say(hm_str line)
{
	if (write(STDOUT_FILENO, line.p, line.n) != (ssize_t)line.n)
		exit(2);
}

static void *
append(void *arg)
{
	struct thread *t = arg;
	unsigned random = (unsigned)t->n + (unsigned)strlen(t->seed) * 7919;
	struct hm_err err = { 0 };

	for (long long i = 0;;) {
		struct hm_arena a = { 0 };
		size_t n = (size_t)rand_r(&random) % (rand_r(&random) % 4 ? 3 : BATCH_MAX) + 1;
		struct hm_append *v = HM_NEW_N(&a, n, struct hm_append);

		for (size_t k = 0; k < n; k++, i++) {
			hm_str name =
				hm_arena_printf(&a, "example.com/s%s/t%d/m%lld", t->seed, t->n, i);

			v[k].text = hm_arena_printf(
				&a, HM_F " v1.0.0 h1:x\n" HM_F " v1.0.0/go.mod h1:y\n",
				HM_P(name), HM_P(name));
		}
		if (hm_tilelog_append(t->l, v, n, &err))
			die(&err);
		for (size_t k = 0; k < n; k += n > 1 ? n - 1 : 1)
			say(hm_arena_printf(&a, "record %lld " HM_F "\n", (long long)v[k].id,
			                    HM_P(hm_tilelog_key(v[k].text))));
		hm_arena_free(&a);
		hm_clock_sleep_ms((unsigned)rand_r(&random) % PAUSE_MS);
	}
	return NULL;
}

/* "head SIZE ROOT" */
static hm_str
head_line(struct hm_arena *a, hm_str note)
{
	hm_str origin, size, root;

	hm_str_cut(note, '\n', &origin, &note);
	hm_str_cut(note, '\n', &size, &note);
	hm_str_cut(note, '\n', &root, &note);
	return hm_arena_printf(a, "head " HM_F " " HM_F "\n", HM_P(size), HM_P(root));
}

static struct hm_tilelog *
open_log(const char *dir)
{
	struct hm_err err = { 0 };
	struct hm_tilelog *l;

	if (hm_tilelog_open(hm_str_of(dir), NULL, &l, &err))
		die(&err);
	return l;
}

static void
append_all(const char *dir, const char *seed)
{
	struct hm_tilelog *l = open_log(dir);
	struct thread t[THREADS];

	for (int i = 0; i < THREADS; i++) {
		t[i] = (struct thread){ .l = l, .seed = seed, .n = i };
		if (pthread_create(&t[i].id, NULL, append, &t[i]))
			abort();
	}
	for (;;) {
		struct hm_arena a = { 0 };

		say(head_line(&a, hm_tilelog_latest(l, &a, NULL)));
		say(head_line(&a, hm_tilelog_checkpoint(l, &a)));
		hm_arena_free(&a);
		hm_clock_sleep_ms(LOOK_MS);
	}
}

static int
verify_head(struct hm_tilelog *l, hm_str size, hm_str root, struct hm_err *err)
{
	struct hm_hash_reader r = { hm_tilelog_read_hashes, l };
	int64_t n = atoll(size.p), have = hm_tilelog_stats(l).size;
	struct hm_hash want, got;

	if (n > have)
		return hm_err_set(err, HM_ESECURITY, "rolled back from %lld to %lld records",
		                  (long long)n, (long long)have);
	if (hm_hash_parse(root, &want, err) || hm_tlog_tree_hash(n, &r, &got, err))
		return -1;
	return hm_hash_eq(&want, &got) ? 0 : hm_err_set(err, HM_ESECURITY, "forked at %lld",
	                                                (long long)n);
}

static int
verify_record(struct hm_tilelog *l, struct hm_arena *a, hm_str id, hm_str key, struct hm_err *err)
{
	struct hm_found f;

	if (hm_tilelog_find(l, a, key, &f, err))
		return hm_err_wrap(err, "acknowledged, but lost: ");
	if (f.id != atoll(id.p))
		return hm_err_set(err, HM_ESECURITY, HM_F " has moved", HM_P(key));
	return 0;
}

static void
verify(const char *dir, const char *file)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	int64_t start = hm_clock_monotonic_ns();
	struct hm_tilelog *l = open_log(dir);
	double ms = (double)(hm_clock_monotonic_ns() - start) / 1e6;
	hm_str text, line, kind, first, rest;
	long long n = 0;
	int rc = 0;

	if (hm_file_read(&a, file, (size_t)1 << 30, &text, &err))
		die(&err);
	while (rc == 0 && hm_str_cut(text, '\n', &line, &text)) {
		hm_str_cut(line, ' ', &kind, &rest);
		hm_str_cut(rest, ' ', &first, &rest);
		rc = hm_str_eqz(kind, "head") ? verify_head(l, first, rest, &err) :
		                                verify_record(l, &a, first, rest, &err);
		n++;
	}
	if (rc)
		die(&err);
	printf("%lld lines hold; %lld records; opened in %.0f ms\n", n,
	       (long long)hm_tilelog_stats(l).size, ms);
	hm_tilelog_free(l);
	hm_arena_free(&a);
}

/* The last line of a process that was killed may be cut off. */
static void
cut_last_line(const char *file)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str text;

	if (hm_file_read(&a, file, (size_t)1 << 30, &text, &err) ||
	    truncate(file, hm_str_rindex_byte(text, '\n') + 1))
		die(&err);
	hm_arena_free(&a);
}

/* Before anybody repairs them: the tiles at the right edge of the published head are there. */
static void
check_public(const char *dir)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str d = hm_str_of(dir), text, line;
	int64_t size = 0;

	text = hm_tilelog_file(&a, d, "public/latest");
	if (hm_file_read(&a, text.p, HM_TILELOG_HEAD_MAX, &text, &err) == 0 &&
	    hm_str_cut(text, '\n', &line, &text))
		size = atoll(text.p);
	hm_err_clear(&err);
	for (int level = -1; level < HM_TAIL_LEVELS; level++) {
		int64_t n = level < 0 ? size : size >> (HM_TILE_HEIGHT * level);
		struct hm_tile t = { HM_TILE_HEIGHT, level, n / HM_TILE_WIDTH,
			             (int)(n % HM_TILE_WIDTH) };

		if (n && t.w == 0)
			t = (struct hm_tile){ HM_TILE_HEIGHT, level, t.n - 1, HM_TILE_WIDTH };
		if (n && hm_tilelog_read_tile(&a, d, &t, &text, &err)) {
			hm_err_wrap(&err, "published are %lld records: ", (long long)size);
			die(&err);
		}
	}
	hm_arena_free(&a);
}

/* Between its start and some tens of milliseconds later, seldom more. */
static void
kill_one(const char *dir, const char *file, int seed)
{
	unsigned random = (unsigned)seed * 7919 + (unsigned)getpid();
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		char name[16];
		int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

		snprintf(name, sizeof(name), "%d", seed);
		if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
			_exit(2);
		append_all(dir, name);
	}
	hm_clock_sleep_ms((unsigned)rand_r(&random) % (seed % 10 ? 50 : 150));
	if (pid < 0 || kill(pid, SIGKILL) || waitpid(pid, &status, 0) != pid ||
	    !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		fprintf(stderr, "logkill: it ended before it was killed\n");
		exit(1);
	}
	cut_last_line(file);
	check_public(dir);
}

int
main(int argc, char **argv)
{
	int seed, n;

	if (argc == 4 && strcmp(argv[1], "verify") == 0) {
		verify(argv[2], argv[3]);
	} else if (argc == 6 && strcmp(argv[1], "kill") == 0) {
		seed = atoi(argv[4]);
		n = atoi(argv[5]);
		for (int i = 0; i < n; i++) {
			kill_one(argv[2], argv[3], seed + i);
			if (i < n - 1)
				verify(argv[2], argv[3]);
		}
	} else {
		fprintf(stderr, "usage: logkill verify DIR FILE | kill DIR FILE SEED N\n");
		return 2;
	}
	return 0;
}
