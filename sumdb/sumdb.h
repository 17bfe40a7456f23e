/*
 * sumdb.h - the parts of hermod-sumdb.
 *
 *	serve.c    the server around a log (logserve/logserve.h)
 *	source.c   a module version from a GOPROXY list becomes a record
 *	fill.c     what is done to a log from the command line
 *	witnessed.c  a log whose heads are cosigned before they are shown
 *	witness.h  a witness
 *	remote.c   a log as its clients see it
 *	proof.c    prove and check: one record with all that proves it, in one file
 *	monitor.c  somebody else's log, followed and verified
 */
#ifndef SUMDB_SUMDB_H
#define SUMDB_SUMDB_H

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "fetch/fetch.h"
#include "mod/modver.h"
#include "logserve/logserve.h"
#include "net/server.h"
#include "serve/accesslog.h"
#include "serve/metrics.h"
#include "tilelog/tilelog.h"
#include "tilelog/witnesses.h"
#include "verify/verify.h"

/* From the command line, the configuration file and the environment. */
struct options {
	hm_str dir;
	hm_str name;          /* init */
	hm_str listen;
	hm_str upstream;      /* GOPROXY syntax; empty: GOPROXY of the environment */
	hm_str tls_cert, tls_key;
	hm_str access_log, access_log_file;
	bool insecure_http;   /* plain HTTP on any address */
	bool behind_tls;      /* the same, and credentials over it: something in front speaks TLS */
	int rate, rate_burst; /* requests a second of one account or address; 0: no limit */
	int memory_mib;       /* of records and tiles asked for lately */
	int missing_keep;     /* seconds that "not found" is remembered */
	hm_str key, url;      /* prove, check, monitor: of a log as others see it */
	hm_str pattern;       /* monitor --for */
	hm_str state;         /* monitor: the head it saw last */
	hm_str output;        /* prove */
	bool is_public, is_private; /* init, fsck --repair: may everybody see all names? */
	bool offline;         /* unknown versions are not fetched */
	bool repair;          /* fsck */
	bool retire;          /* rotate */
	bool json, from_start; /* monitor */
	hm_str witness;       /* NAME+HASH+KEY=URL ...; serve keeps them in DIR/witnesses */
	int witness_quorum;   /* -1: not given */
	int witness_wait;     /* seconds */
	int fetches;          /* at once */
	hm_str stale;         /* monitor: a duration */
	hm_str hook;          /* monitor: run for each event */
	int every;            /* monitor: seconds between looks; 0: one look */
};

/* ---- source.c: where modules come from, as go would fetch and verify them */

struct source {
	struct hm_arena arena;
	struct hm_conf *conf;
	struct hm_http *http;
	struct hm_fetch *fetch;
	struct hm_verify *verify;
	struct hm_log *log;
	hm_str tmp; /* folder for zips under way */
};

/* own: the name of this log, which is not asked about itself. */
int source_open(struct source *s, const struct options *o, hm_str own, struct hm_log *log,
                struct hm_err *err);
void source_close(struct source *s);
/*
 * Fetches go.mod and zip, checks them by the zip rules, and has the public log confirm
 * them where GOSUMDB and GONOSUMDB say so; *text is the record.  Any thread.
 */
int source_record(struct source *s, struct hm_arena *a, struct hm_modver m, hm_str *text,
                  struct hm_err *err);
/* Do the hashes of the record agree with the public log, where that is to be asked? */
int source_confirm(struct source *s, struct hm_modver m, hm_str zip_h1, hm_str mod_h1,
                   struct hm_err *err);
/* "path version" */
hm_str record_key(struct hm_arena *a, struct hm_modver m);
hm_str record_text(struct hm_arena *a, struct hm_modver m, hm_str zip_h1, hm_str mod_h1);
/* Path and version of a module that can be in a log: canonical, valid, fitting. */
int check_modver(struct hm_modver m, struct hm_err *err);

/* To DIR/alarms: what contradicts the public log or itself, and the record that was fetched, if
 * any. */
void keep_evidence(struct hm_tilelog *l, struct hm_err *err, hm_str fetched);

/* ---- serve.c */

struct sumdb {
	struct options *opts;
	struct hm_log *log;
	struct hm_tilelog *tiles;
	struct hm_witnesses *witnesses; /* or NULL */
	struct source source;
	struct hm_logserve *serve;
	struct hm_accesslog *accesslog;
	struct hm_metrics *metrics;
	unsigned answers[6], bytes, seconds; /* of metrics */
	struct hm_accounts *accounts;
	struct hm_audit *audit;
	struct hm_access *access;
	struct hm_tls_server *tls;
	struct hm_server *server;
	struct hm_arena arena;
};

/* witnessed.c: a log with its witnesses, if it has any; *w outlives it. */
int open_log(const struct options *o, const struct hm_log *log, struct hm_witnesses **w,
             struct hm_tilelog **l, struct hm_err *err);

/* Has the head, of the log of these keys, the cosignatures that the options ask for? */
int check_cosigned(const struct options *o, const struct hm_verifier *keys, size_t n_keys,
                   hm_str head, struct hm_err *err);

int cmd_serve(struct options *o, struct hm_log *log, struct hm_err *err);

/* ---- the other commands: words are what follows the options */

int cmd_init(struct options *o, struct hm_log *log, struct hm_err *err);
int cmd_key(struct options *o, struct hm_log *log, struct hm_err *err);
int cmd_fsck(struct options *o, struct hm_log *log, struct hm_err *err);
int cmd_add(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err);
int cmd_rotate(struct options *o, struct hm_log *log, struct hm_err *err);
int cmd_prove(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err);
int cmd_check(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err);
int cmd_monitor(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err);
int cmd_import(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err);

#endif
