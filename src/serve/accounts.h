/*
 * accounts.h - who asks, and what they may: a server's view of access.db.
 *
 * Credentials come as the value of an Authorization field (RFC 7617, RFC 6750):
 * "Bearer TOKEN", or "Basic" with account:password, account:token or token: as go sends
 * them from netrc and from the user part of a GOPROXY URL.
 *
 * scrypt is paid once: what was accepted is remembered by its SHA-256 under a key of
 * this process, in a table of bounded size, as the number of a credential; that
 * number must still be in the database at each later use.  Edits by other processes
 * are seen by the next request that comes a millisecond later (data_version of SQLite),
 * so that what was revoked is refused at once.
 *
 * All functions: any thread.
 */
#ifndef HM_SERVE_ACCOUNTS_H
#define HM_SERVE_ACCOUNTS_H

#include "base/log.h"
#include "serve/accountdb.h"

struct hm_accounts;

/* Who asks; a plain value. */
struct hm_identity {
	int64_t account;    /* 0: anonymous */
	int64_t credential; /* 0: none */
	char name[HM_ACCOUNT_NAME_MAX + 1];
};

int hm_accounts_open(const char *path, const struct hm_log *log, struct hm_accounts **out,
                     struct hm_err *err);
void hm_accounts_free(struct hm_accounts *a);

/* May anonymous read and fetch every module? Then nothing needs to be asked for a plain GET. */
bool hm_accounts_open_to_all(struct hm_accounts *a);

enum hm_recall {
	HM_RECALL_KNOWN,   /* *who is set; without credentials it is anonymous */
	HM_RECALL_WRONG,   /* no such token, malformed, expired: 401 */
	HM_RECALL_COMPUTE, /* hm_accounts_verify() must say: a token, nothing that can be guessed */
	HM_RECALL_GUESS,   /* the same for a password: tries should be limited */
	HM_RECALL_BROKEN,  /* the database cannot be read: 503 */
};
/* authorization.p NULL: none was sent. Does not wait. */
enum hm_recall hm_accounts_recall(struct hm_accounts *a, hm_str authorization,
                                  struct hm_identity *who);
/* Computes scrypt: not on a loop's thread.  Answers KNOWN or WRONG. */
enum hm_recall hm_accounts_verify(struct hm_accounts *a, hm_str authorization,
                                  struct hm_identity *who);

/* The rights on a module; 0 when the account or the credential has gone meanwhile. */
unsigned hm_accounts_rights(struct hm_accounts *a, const struct hm_identity *who, hm_str path);
/* All rights that some module is granted with: for what concerns no module or all of them. */
unsigned hm_accounts_any(struct hm_accounts *a, const struct hm_identity *who);
/* May it read every module? For what names them all: /index, search, tiles of records. */
bool hm_accounts_reads_all(struct hm_accounts *a, const struct hm_identity *who);

#endif
