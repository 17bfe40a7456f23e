/*
 * cmds.h - the verbs of hermod-proxy: cmd_<verb>.c has one each, main.c the table.
 *
 * A verb gets the words behind its name.  What it reads of them is up to it; most
 * begin with options_read() and, if they need the store or upstream, proxy_open().
 * It prints on standard output; -1 with *err is said by main().  main() calls
 * proxy_close().
 */
#ifndef PROXY_CMDS_H
#define PROXY_CMDS_H

#include "proxy.h"
#include "serve/config.h"

#ifndef HERMOD_VERSION
#define HERMOD_VERSION "unreleased" /* the build says which */
#endif

struct command {
	const char *name;
	int (*run)(struct proxy *p, int argc, char **argv, struct hm_err *err);
	const char *usage; /* its first line is the synopsis, without the program's name */
};

int cmd_serve(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_serve_usage[];
int cmd_account(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_account_usage[];
int cmd_audit(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_audit_usage[];
int cmd_publish(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_publish_usage[];
int cmd_import(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_import_usage[];
int cmd_backup(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_backup_usage[];
int cmd_restore(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_restore_usage[];
int cmd_export(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_export_usage[];
int cmd_prefetch(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_prefetch_usage[];
int cmd_purge(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_purge_usage[];
int cmd_fsck(struct proxy *p, int argc, char **argv, struct hm_err *err);
extern const char cmd_fsck_usage[];

struct options options_default(void);
/*
 * Reads the server's settings (one file serves all verbs) and the verb's own, `more`,
 * which may be NULL.  *argc and *argv keep the words that are no options.
 * p->opts.dir is absolute, and empty when it was not given.
 */
int options_read(struct proxy *p, const struct hm_setting *more, size_t n, int *argc,
                 char ***argv, struct hm_err *err);
/* HM_EUSAGE when --dir is missing; root is warned of a folder that is another's. */
int options_need_dir(const struct proxy *p, struct hm_err *err);
/* HM_EUSAGE for settings of the server that exclude or need one another. */
int options_check_server(const struct proxy *p, struct hm_err *err);
/* HM_EUSAGE when words are left. */
int options_no_words(int argc, char **argv, struct hm_err *err);

/* Settings of the upstream side and the parts on them: store, fetch, verify; not the server's. */
int proxy_open(struct proxy *p, struct hm_err *err);
/* How the store's checksum databases are set up; without a way to reach them. */
struct hm_verify_conf proxy_verify_conf(const struct proxy *p);
/* DIR/access.db, for verbs that leave a line in the audit log: p->audit. */
int proxy_open_audit(struct proxy *p, struct hm_err *err);
/* The same with accounts and the door that asks for them: for the server. */
int proxy_open_access(struct proxy *p, struct hm_err *err);
/* Who runs a verb, for the audit log: "shell:USER". */
hm_str proxy_shell_user(struct hm_arena *a);
/* What proxy_open() opened. */
void proxy_close_upstream(struct proxy *p);
/* For upstreams_watch(); ctx is the meter. */
void proxy_upstream_asked(void *ctx, hm_str host, int64_t nanoseconds, bool well);
/* Whatever is open, in any state. */
void proxy_close(struct proxy *p);

#endif
