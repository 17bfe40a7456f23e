/*
 * main.c - hermod-sumdb: commands and settings.
 */
#include <stdio.h>
#include <string.h>

#include "serve/program.h"
#include "sumdb.h"
#include "witness.h"

static void
usage(FILE *out)
{
	fputs("usage: hermod-sumdb COMMAND [options] [arguments]\n"
	      "\n"
	      "of a log in --dir DIR:\n"
	      "\n"
	      "  init --name NAME       make a log and its key; prints the verifier key for "
	      "GOSUMDB\n"
	      "    --public               its list of names is no secret (default: --private)\n"
	      "  key                    print the verifier key\n"
	      "  serve                  answer go commands\n"
	      "    --listen ADDR:PORT     default 127.0.0.1:8090; port 0 takes a free one\n"
	      "    --upstream LIST        where unknown versions come from, as GOPROXY\n"
	      "                           (default: go env GOPROXY)\n"
	      "    --offline              unknown versions are not fetched\n"
	      "    --fetches N            at once (default 8)\n"
	      "    --memory MIB           records and tiles asked for lately (default 16)\n"
	      "    --missing-keep SEC     \"not found\" is remembered so long (default 30)\n"
	      "    --rate N               requests a second of one account or address (default 0:\n"
	      "                           no limit)\n"
	      "    --rate-burst N         so many at once before that (default 1000)\n"
	      "    --insecure-http        plain http beyond loopback; credentials over it are\n"
	      "                           refused\n"
	      "    --behind-tls           plain http, with credentials: what stands in front\n"
	      "                           speaks TLS\n"
	      "    --access-log KIND      text, json or off (default)\n"
	      "    --access-log-file FILE it goes there instead of standard error\n"
	      "    --witness KEY=URL...   publish only what these witnesses have cosigned,\n"
	      "    --witness-quorum N     so many of them\n"
	      "    --witness-wait SEC     for them, before an append fails (default 5)\n"
	      "    --tls-cert FILE --tls-key FILE   serve https\n"
	      "    --config FILE          settings; each is also an option and a variable\n"
	      "  add PATH@VERSION...    fetch and log these versions\n"
	      "  import FILE...         log the versions of go.sum files\n"
	      "  rotate                 a second key joins; --retire: the older one goes\n"
	      "  fsck                   compute everything again from the records\n"
	      "    --repair               and put right what they prove\n"
	      "    --public, --private    with that: what its list of names is from now on\n"
	      "  prove PATH@VERSION     an offline proof (--output FILE)\n"
	      "\n"
	      "of other people's logs:\n"
	      "\n"
	      "  prove --url URL --key KEY PATH@VERSION  the same of another log\n"
	      "  check --key KEY PROOF  verify a proof, print its record\n"
	      "  monitor --key KEY --state FILE          tell what is new, and what is wrong\n"
	      "    --url URL --for PATTERNS --from-start --stale DURATION --every SEC --json\n"
	      "    --hook CMD             run with a JSON object for each event\n"
	      "  witness init, key, log, serve, follow   cosign their heads (--dir DIR)\n"
	      "    --log KEY=URL... --every SEC --once --hook CMD\n",
	      out);
}

static int
read_options(struct hm_arena *a, struct options *o, int *argc, char ***argv, struct hm_err *err)
{
	hm_str file = { 0 };
	const struct hm_setting known[] = {
		{ "serve", "dir", "HERMOD_SUMDB_DIR", HM_SET_STR, &o->dir, 0, 0 },
		{ "serve", "listen", "HERMOD_SUMDB_LISTEN", HM_SET_STR, &o->listen, 0, 0 },
		{ "serve", "upstream", "HERMOD_SUMDB_UPSTREAM", HM_SET_STR, &o->upstream, 0, 0 },
		{ "serve", "offline", "HERMOD_SUMDB_OFFLINE", HM_SET_BOOL, &o->offline, 0, 0 },
		{ "serve", "fetches", "HERMOD_SUMDB_FETCHES", HM_SET_INT, &o->fetches, 1, 256 },
		{ "serve", "memory", "HERMOD_SUMDB_MEMORY", HM_SET_INT, &o->memory_mib, 0, 65536 },
		{ "serve", "missing-keep", "HERMOD_SUMDB_MISSING_KEEP", HM_SET_INT,
		  &o->missing_keep, 0, 86400 },
		{ "serve", "insecure-http", "HERMOD_SUMDB_INSECURE_HTTP", HM_SET_BOOL,
		  &o->insecure_http, 0, 0 },
		{ "serve", "behind-tls", "HERMOD_SUMDB_BEHIND_TLS", HM_SET_BOOL, &o->behind_tls, 0,
		  0 },
		{ "serve", "rate", "HERMOD_SUMDB_RATE", HM_SET_INT, &o->rate, 0, 1000000 },
		{ "serve", "rate-burst", "HERMOD_SUMDB_RATE_BURST", HM_SET_INT, &o->rate_burst, 1,
		  1000000 },
		{ "serve", "access-log", "HERMOD_SUMDB_ACCESS_LOG", HM_SET_STR, &o->access_log, 0,
		  0 },
		{ "serve", "access-log-file", "HERMOD_SUMDB_ACCESS_LOG_FILE", HM_SET_STR,
		  &o->access_log_file, 0, 0 },
		{ "serve", "witness", "HERMOD_SUMDB_WITNESS", HM_SET_STR, &o->witness, 0, 0 },
		{ "serve", "witness-quorum", "HERMOD_SUMDB_WITNESS_QUORUM", HM_SET_INT,
		  &o->witness_quorum, 0, 1000 },
		{ "serve", "witness-wait", "HERMOD_SUMDB_WITNESS_WAIT", HM_SET_INT,
		  &o->witness_wait, 0, 3600 },
		{ "serve", "tls-cert", "HERMOD_SUMDB_TLS_CERT", HM_SET_STR, &o->tls_cert, 0, 0 },
		{ "serve", "tls-key", "HERMOD_SUMDB_TLS_KEY", HM_SET_STR, &o->tls_key, 0, 0 },
		{ "", "config", "HERMOD_SUMDB_CONFIG", HM_SET_STR, &file, 0, 0 },
		{ "", "name", NULL, HM_SET_STR, &o->name, 0, 0 },
		{ "", "public", NULL, HM_SET_BOOL, &o->is_public, 0, 0 },
		{ "", "private", NULL, HM_SET_BOOL, &o->is_private, 0, 0 },
		{ "", "repair", NULL, HM_SET_BOOL, &o->repair, 0, 0 },
		{ "", "retire", NULL, HM_SET_BOOL, &o->retire, 0, 0 },
		{ "", "url", NULL, HM_SET_STR, &o->url, 0, 0 },
		{ "", "key", NULL, HM_SET_STR, &o->key, 0, 0 },
		{ "", "output", NULL, HM_SET_STR, &o->output, 0, 0 },
		{ "", "state", NULL, HM_SET_STR, &o->state, 0, 0 },
		{ "", "for", NULL, HM_SET_STR, &o->pattern, 0, 0 },
		{ "", "from-start", NULL, HM_SET_BOOL, &o->from_start, 0, 0 },
		{ "", "stale", NULL, HM_SET_STR, &o->stale, 0, 0 },
		{ "", "hook", NULL, HM_SET_STR, &o->hook, 0, 0 },
		{ "", "every", NULL, HM_SET_INT, &o->every, 1, 86400 },
		{ "", "json", NULL, HM_SET_BOOL, &o->json, 0, 0 },
	};
	enum { N = sizeof(known) / sizeof(*known) };

	return hm_program_settings(a, known, N, &file, argc, argv, err) ||
	               hm_program_abs(a, &o->dir, err) ? -1 : 0;
}

/* Above 0: a status to end with, all is said. */
static int
command(struct hm_arena *a, struct options *o, int argc, char **argv, struct hm_log *log,
        struct hm_err *err)
{
	static const struct {
		const char *name;
		bool dir; /* needs one */
		int (*bare)(struct options *o, struct hm_log *log, struct hm_err *err);
		int (*words)(struct options *o, int argc, char **argv, struct hm_log *log,
		             struct hm_err *err);
	} commands[] = {
		{ "init", true, cmd_init, NULL },
		{ "key", true, cmd_key, NULL },
		{ "serve", true, cmd_serve, NULL },
		{ "fsck", true, cmd_fsck, NULL },
		{ "rotate", true, cmd_rotate, NULL },
		{ "add", true, NULL, cmd_add },
		{ "import", true, NULL, cmd_import },
		{ "prove", false, NULL, cmd_prove },
		{ "check", false, NULL, cmd_check },
		{ "monitor", false, NULL, cmd_monitor },
	};
	const char *name = argv[0];

	argc--;
	argv++;
	if (strcmp(name, "witness") == 0)
		return cmd_witness(argc, argv, log, err);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		if (read_options(a, o, &argc, &argv, err))
			return -1;
		if (o->dir.n == 0 && commands[i].dir)
			return hm_err_set(err, HM_EUSAGE, "--dir is missing: where is the log?");
		if (commands[i].words)
			return commands[i].words(o, argc, argv, log, err);
		if (argc > 0)
			return hm_err_set(err, HM_EUSAGE, "unexpected word \"%s\"", argv[0]);
		return commands[i].bare(o, log, err);
	}
	return hm_err_set(err, HM_EUSAGE, "unknown command \"%s\" (see hermod-sumdb --help)", name);
}

int
main(int argc, char **argv)
{
	struct options o = { .listen = HM_S("127.0.0.1:8090"), .fetches = 8,
		             .rate_burst = 1000, .memory_mib = 16, .missing_keep = 30,
		             .witness_quorum = -1, .witness_wait = 5,
		             .access_log = HM_S("off") };
	struct hm_log log = { .write = hm_program_log };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	int status = 0;

	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		usage(stdout);
		return 0;
	}
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	status = command(&a, &o, argc - 1, argv + 1, &log, &err);
	if (status < 0)
		status = hm_program_fail("hermod-sumdb", &err);
	hm_arena_free(&a);
	return status;
}
