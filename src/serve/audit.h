/*
 * audit.h - the audit log in access.db: who uploaded, purged, changed rights, and what
 * was refused.
 *
 * Lines are only ever added: triggers refuse to change or remove one, and each holds
 * the SHA-256 of the line before it and of itself, so that hm_audit_check() finds what
 * was changed behind SQLite's back.  (Cutting off the newest lines is seen only by who
 * kept a later hash: `hermod-proxy audit` prints it.)
 *
 * Any thread.
 */
#ifndef HM_SERVE_AUDIT_H
#define HM_SERVE_AUDIT_H

#include "base/err.h"
#include "base/log.h"

struct hm_audit;
struct hm_db;

#define HM_AUDIT_TEXT_MAX 2048 /* of each field; longer ones are cut */

/* Everything is borrowed; empty where it does not apply. */
struct hm_audit_event {
	hm_str who;    /* account, or "shell:USER" for a command */
	hm_str peer;   /* address */
	hm_str action; /* "upload", "purge", "grant", "refused", ... : one lower-case word */
	hm_str object; /* "path@version", an account, ... */
	hm_str detail; /* why, what exactly */
};

int hm_audit_open(const char *path, const struct hm_log *log, struct hm_audit **out,
                  struct hm_err *err);
/* Writes what waits. NULL is fine. */
void hm_audit_free(struct hm_audit *a);

/* Durable when it returns: not on a loop's thread. What must be recorded fails when this fails. */
int hm_audit_add(struct hm_audit *a, const struct hm_audit_event *e, struct hm_err *err);
/*
 * For refusals: never waits.  The same who, action and object is written once an hour,
 * and no more than HM_AUDIT_NOTES_MINUTE lines a minute and HM_AUDIT_NOTES_DAY a day (some
 * 2 MB); a line says how many were left out.
 */
#define HM_AUDIT_NOTES_MINUTE 60
#define HM_AUDIT_NOTES_DAY    5000
void hm_audit_note(struct hm_audit *a, const struct hm_audit_event *e);

/* As part of a transaction that the caller has begun. */
int hm_audit_insert(struct hm_db *db, const struct hm_audit_event *e, struct hm_err *err);

struct hm_audit_line {
	int64_t id, time;      /* seconds */
	struct hm_audit_event e;
	hm_str hash;           /* hex */
};
/* Lines from `since` (seconds) on, oldest first; each() may stop by answering non-zero. */
int hm_audit_each(struct hm_db *db, int64_t since,
                  int (*each)(void *ctx, const struct hm_audit_line *l, struct hm_err *err),
                  void *ctx, struct hm_err *err);
/* HM_ESECURITY names the first line that is not as it was written. */
int hm_audit_check(struct hm_db *db, struct hm_err *err);

#endif
