/*
 * cmd.h - what a verb of the command line is made of.
 *
 * A verb lives in cmd_<verb>.c, defines one `struct hm_cmd`, and is listed in
 * cmds.c.  It gets the words behind its name, parses its flags with
 * hm_cli_flags(), and answers with 0 or with -1 and an error, which main prints
 * in go's way ("go: <message>") and turns into an exit status by the table of
 * base/err.h.  A verb that has printed its own errors answers HM_EREPORTED.
 */
#ifndef HM_CLI_CMD_H
#define HM_CLI_CMD_H

#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "cli/flags.h"
#include "conf/conf.h"

struct hm_acquire;
struct hm_guard;
struct hm_modload;
struct hm_scan_cache;

/* One run of the program. */
struct hm_cli {
	struct hm_arena arena;   /* lives until exit */
	struct hm_conf *conf;    /* resolved settings; conf->name is the name it runs under */
	struct hm_log log;       /* writes to stderr */
	struct hm_buf out;       /* stdout; flushed at the end and when large */
	const struct hm_cmd *cmd;
	const char *self;        /* "go" or "hermod": the name in messages */
	int argc;                /* the whole command line, for a toolchain's go */
	char **argv;
	struct hm_guard *guard;     /* the policy in force, or NULL (cli/policing.h) */
	bool policing_off;          /* the verb reports what it would refuse */
	struct hm_acquire *acquire; /* NULL until hm_cli_acquire() */
	struct hm_modload *modload; /* the last of hm_cli_modload(), or NULL */
	struct hm_scan_cache *scans; /* of hm_cli_packages_open(); outlives modload */
	int exit_status;         /* base.SetExitStatus: the highest asked for wins over 0 */
};

struct hm_cmd {
	const char *name;  /* "mod download" */
	const char *usage; /* what follows the program's name: "mod download [-x] [modules]" */
	const char *brief; /* one line for the list of verbs */
	int (*run)(struct hm_cli *cli, int argc, char **argv, struct hm_err *err);
};

/*
 * The flags that several verbs share; zero means not given.  Fill with
 * hm_cli_flags() by naming the groups that the verb takes.
 */
struct hm_build_flags {
	/* group HM_FLAGS_MOD_COMMON */
	hm_str overlay;
	hm_str modfile;
	bool modcacherw, x;
	/* group HM_FLAGS_MOD: -mod */
	hm_str mod;
	bool mod_set;
	/* group HM_FLAGS_BUILD */
	bool a, n, v, work, trimpath, trimpath_set, race, msan, asan, cover, linkshared, json;
	hm_str buildmode, buildvcs, compiler, coverpkg, covermode, pgo, pkgdir, installsuffix;
	struct hm_strs toolexec;
	bool buildvcs_set, p_set;
	int p;
	struct hm_strs tags;       /* split at commas (or spaces) */
	/* Each use's text: "[pattern=]args". */
	struct hm_strs asmflags, gcflags, ldflags, gccgoflags;
	hm_str debug_actiongraph, debug_trace;
};

enum {
	HM_FLAGS_MOD_COMMON = 1, /* -modcacherw -modfile -overlay */
	HM_FLAGS_MOD = 2,        /* -mod */
	HM_FLAGS_BUILD = 4,      /* the rest of `go help build`, -x included */
	HM_FLAGS_X = 8,          /* -x alone */
};

/*
 * Parses the flags of a verb: first GOFLAGS, then argv.  own[] are the verb's own flags, groups the
 * shared ones that land in *bf (may be NULL when groups is 0).  *argc and *argv
 * move on to the first non-flag word.  A usage error has been printed with the
 * verb's usage line when this answers -1.
 */
int hm_cli_flags(struct hm_cli *cli, const struct hm_flag *own, size_t n, unsigned groups,
                 struct hm_build_flags *bf, int *argc, char ***argv, struct hm_err *err);

/* Adds text to stdout (buffered). Flush before a child that shares stdout runs. */
void hm_cli_out(struct hm_cli *cli, hm_str text);
void hm_cli_printf(struct hm_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int hm_cli_flush(struct hm_cli *cli, struct hm_err *err);
/* One message on stderr, a newline added when it has none; stdout is flushed first. */
void hm_cli_errorf(struct hm_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* base.Error: "<self>: <message>" on stderr and exit status 1 at the end. */
void hm_cli_error(struct hm_cli *cli, struct hm_err *err);
void hm_cli_set_status(struct hm_cli *cli, int status);
/* Releases what the run holds. */
void hm_cli_close(struct hm_cli *cli);
/*
 * Prints err's message (when there is one) and the verb's usage line; exit status 2.
 * Answers -1 with HM_EREPORTED.
 */
int hm_cli_usage(struct hm_cli *cli, struct hm_err *err);
/* The log sink: stderr, with cli->self for a "go: " in front. */
void hm_cli_log(void *ctx, enum hm_log_level level, hm_str line);

/*
 * Module state for a verb: an acquire made from the conf, a modload filled from
 * the flags (bf may be NULL), both alive until the program ends.  Not initialised
 * further: set root_mode and friends, then hm_modload_init_work() as the verb needs.
 */
int hm_cli_modload(struct hm_cli *cli, const struct hm_build_flags *bf, struct hm_modload **ml,
                   struct hm_err *err);
/* The acquire alone. */
int hm_cli_acquire(struct hm_cli *cli, const struct hm_build_flags *bf, struct hm_acquire **ac,
                   struct hm_err *err);

/*
 * Hands the whole command (argv as given to main) to the selected toolchain's
 * own go command, after one notice on stderr that names `why`.  Refused with
 * HM_ENOTYET when HERMOD_DELEGATE=off.  Does not return when the exec works.
 */
int hm_cli_delegate(struct hm_cli *cli, const char *why, struct hm_err *err);

/* All verbs, NULL at the end. */
extern const struct hm_cmd *const hm_cmds[];

#endif
