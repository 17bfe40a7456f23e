/*
 * witness_cmd.c - hermod-sumdb witness: commands and settings.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "os/clock.h"
#include "serve/program.h"
#include "stop.h"
#include "verify/sumdb_ops.h"
#include "witness.h"

struct settings {
	hm_str dir, name, hook, logs;
	struct witness_serve_opts serve;
	bool once;
};

static int
read_settings(struct hm_arena *a, struct settings *s, int *argc, char ***argv, struct hm_err *err)
{
	hm_str file = { 0 };
	const struct hm_setting known[] = {
		{ "witness", "dir", "HERMOD_WITNESS_DIR", HM_SET_STR, &s->dir, 0, 0 },
		{ "witness", "listen", "HERMOD_WITNESS_LISTEN", HM_SET_STR, &s->serve.listen, 0,
		  0 },
		{ "witness", "tls-cert", "HERMOD_WITNESS_TLS_CERT", HM_SET_STR, &s->serve.tls_cert,
		  0, 0 },
		{ "witness", "tls-key", "HERMOD_WITNESS_TLS_KEY", HM_SET_STR, &s->serve.tls_key, 0,
		  0 },
		{ "witness", "every", "HERMOD_WITNESS_EVERY", HM_SET_INT, &s->serve.every, 0,
		  86400 },
		{ "witness", "hook", "HERMOD_WITNESS_HOOK", HM_SET_STR, &s->hook, 0, 0 },
		{ "witness", "log", "HERMOD_WITNESS_LOG", HM_SET_STR, &s->logs, 0, 0 },
		{ "", "config", "HERMOD_WITNESS_CONFIG", HM_SET_STR, &file, 0, 0 },
		{ "", "name", NULL, HM_SET_STR, &s->name, 0, 0 },
		{ "", "once", NULL, HM_SET_BOOL, &s->once, 0, 0 },
	};

	return hm_program_settings(a, known, sizeof(known) / sizeof(*known), &file, argc, argv,
	                           err) ||
	               hm_program_abs(a, &s->dir, err) ? -1 : 0;
}

/* "NAME+HASH+KEY" or "NAME+HASH+KEY=URL"; the key itself needs no padding. */
static int
add_log(struct witness *w, hm_str word, struct hm_err *err)
{
	hm_str key, url;

	hm_str_cut(word, '=', &key, &url);
	key = hm_sumdb_key_of(key);
	return witness_add_log(w, key, url, err) ? hm_err_wrap(err, HM_F ": ", HM_P(key)) : 0;
}

/* Those of --log, a list with white space or semicolons between them. */
static int
add_logs(struct witness *w, hm_str list, struct hm_err *err)
{
	hm_str part, word;

	while (list.n) {
		hm_str_cut(list, ';', &part, &list);
		while (hm_str_next_field(&part, &word))
			if (add_log(w, word, err))
				return -1;
	}
	return 0;
}

/* ---- commands; words are what follows the options */

static int
init(struct settings *s, struct hm_arena *a, struct hm_err *err)
{
	hm_str vkey;

	if (s->name.n == 0)
		return hm_err_set(err, HM_EUSAGE, "--name is missing: example.com/witness");
	if (witness_create(a, s->dir, s->name, &vkey, err))
		return -1;
	printf(HM_F "\n", HM_P(vkey));
	return 0;
}

static int
list_logs(struct witness *w, struct hm_arena *a, struct hm_err *err)
{
	struct knowns logs;

	if (witness_logs(w, a, &logs, err))
		return -1;
	for (size_t i = 0; i < logs.n; i++) {
		const struct known *k = &logs.v[i];

		printf(HM_F " %lld " HM_F " " HM_F "\n", HM_P(k->name), (long long)k->tree.n,
		       HM_P(k->note.n ? hm_clock_rfc3339(a, k->time, 0) : HM_S("never")),
		       HM_P(k->url.n ? k->url : HM_S("-")));
	}
	return 0;
}

static int
log_verb(struct witness *w, struct hm_arena *a, int argc, char **argv, struct hm_err *err)
{
	const char *verb = argc ? argv[0] : "list";

	if (strcmp(verb, "list") == 0 && argc <= 1)
		return list_logs(w, a, err);
	if (strcmp(verb, "add") != 0 && strcmp(verb, "remove") != 0)
		return hm_err_set(err, HM_EUSAGE, "witness log add, remove or list");
	if (argc == 1)
		return hm_err_set(err, HM_EUSAGE, "witness log %s: which?", verb);
	for (int i = 1; i < argc; i++)
		if (verb[0] == 'a' ? add_log(w, hm_str_of(argv[i]), err) :
		                     witness_drop_log(w, hm_str_of(argv[i]), err))
			return -1;
	return 0;
}

/* Looks at the logs until SIGTERM, or once. */
static int
follow(struct witness *w, const struct settings *s, struct hm_err *err)
{
	int every = s->serve.every ? s->serve.every : 60, status;

	stop_catch();
	do {
		if (witness_poll(w, HM_S(""), &status, err))
			return -1;
		if (s->once)
			return status;
	} while (stop_wait(every));
	return 0;
}

static int
with_witness(const char *verb, struct settings *s, struct hm_arena *a, int argc, char **argv,
             struct hm_log *log, struct hm_err *err)
{
	struct witness w;
	int rc = witness_open(&w, s->dir, log, err);

	w.hook = s->hook;
	if (rc == 0)
		rc = add_logs(&w, s->logs, err);
	if (rc == 0 && strcmp(verb, "key") == 0)
		printf(HM_F "\n", HM_P(w.vkey));
	else if (rc == 0 && strcmp(verb, "log") == 0)
		rc = log_verb(&w, a, argc, argv, err);
	else if (rc == 0 && strcmp(verb, "serve") == 0)
		rc = witness_serve(&w, &s->serve, err);
	else if (rc == 0)
		rc = follow(&w, s, err);
	witness_close(&w);
	return rc;
}

int
cmd_witness(int argc, char **argv, struct hm_log *log, struct hm_err *err)
{
	static const char *const verbs[] = { "init", "key", "log", "serve", "follow" };
	struct settings s = { .serve = { .listen = HM_S("127.0.0.1:8091") } };
	const char *verb = argc ? argv[0] : "";
	struct hm_arena a = { 0 };
	size_t i = 0, n = sizeof(verbs) / sizeof(*verbs);
	int rc;

	while (i < n && strcmp(verb, verbs[i]) != 0)
		i++;
	if (i == n)
		return hm_err_set(err, HM_EUSAGE, "witness init, key, log, serve or follow");
	argc--;
	argv++;
	signal(SIGPIPE, SIG_IGN); /* a hook may end before it has read */
	rc = read_settings(&a, &s, &argc, &argv, err);
	if (rc == 0 && s.dir.n == 0)
		rc = hm_err_set(err, HM_EUSAGE, "--dir is missing: where is the witness?");
	else if (rc == 0 && argc && strcmp(verb, "log") != 0)
		rc = hm_err_set(err, HM_EUSAGE, "unexpected word \"%s\"", argv[0]);
	else if (rc == 0 && strcmp(verb, "init") == 0)
		rc = init(&s, &a, err);
	else if (rc == 0)
		rc = with_witness(verb, &s, &a, argc, argv, log, err);
	hm_arena_free(&a);
	return rc;
}
