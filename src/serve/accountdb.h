/*
 * accountdb.h - DIR/access.db: accounts, their credentials and rights, the audit log.
 * What cannot be made again from the module store.
 *
 * These are the edits that a command makes, while servers run or not; a server's view
 * of the same file is accounts.h.  Every edit and its line in the audit log are one
 * transaction, durable when the call returns.
 *
 * An account holds grants: rights on the modules that match a list of globs, as in
 * GOPRIVATE ("example.com/team,*.corp.example.com"), where "!glob" takes away what the
 * others of its list gave ("*,!corp.example.com"), whatever the case of letters: for hosts of
 * code github.com/Team/x is github.com/team/x.  The account "anonymous" is always
 * there; what it may do, all may do.  A new database lets it read and fetch "*".
 *
 * Credentials are passwords, hashed by scrypt (RFC 7914) at a cost that a guesser feels,
 * and tokens, 32 random bytes, hashed by scrypt at a small one: no cost makes them
 * harder to guess.  A credential's number is never used again.
 */
#ifndef HM_SERVE_ACCOUNTDB_H
#define HM_SERVE_ACCOUNTDB_H

#include "base/err.h"
#include "base/vec.h"

struct hm_db;

#define HM_ACCOUNT_NAME_MAX 64
#define HM_ACCOUNT_LABEL_MAX 128
#define HM_ACCOUNT_GLOBS_MAX 4096
#define HM_PASSWORD_MIN 8
#define HM_PASSWORD_MAX 1024
#define HM_ACCOUNT_ANONYMOUS "anonymous"

enum hm_right {
	HM_RIGHT_READ = 1,   /* what the store has */
	HM_RIGHT_FETCH = 2,  /* may make the server ask upstream */
	HM_RIGHT_UPLOAD = 4,
	HM_RIGHT_ADMIN = 8,  /* purge and the like; includes all others */
};
enum { HM_RIGHTS_ALL = 15 };

/* "read,fetch", "all"; HM_EUSAGE names a word that is none. */
int hm_rights_parse(hm_str s, unsigned *rights, struct hm_err *err);
/* "read,fetch" */
hm_str hm_rights_text(struct hm_arena *a, unsigned rights);
/* Do the globs, with their "!", match the module path? */
bool hm_rights_match(hm_str globs, hm_str path);

/* Makes the file (0600) or brings it up to date. */
int hm_accountdb_open(const char *path, struct hm_db **out, struct hm_err *err);

/*
 * `by` is who makes the edit, for the audit log.  HM_ENOTFOUND: no such account;
 * HM_ECONFLICT: there is one already; HM_EUSAGE: a name, label or list of globs that
 * cannot be.
 */
int hm_accountdb_add(struct hm_db *db, hm_str by, hm_str name, struct hm_err *err);
/* With its credentials and grants. */
int hm_accountdb_remove(struct hm_db *db, hm_str by, hm_str name, struct hm_err *err);
/* In the place of an older password. */
int hm_accountdb_password(struct hm_db *db, hm_str by, hm_str name, hm_str password,
                          struct hm_err *err);
/*
 * *token is "hmd_ID_SECRET", in the arena, and stored nowhere.  expires: seconds since
 * 1970, or 0.
 */
int hm_accountdb_token(struct hm_db *db, struct hm_arena *a, hm_str by, hm_str name,
                       hm_str label, int64_t expires, hm_str *token, struct hm_err *err);
/* By the token's ID (or the token itself). */
int hm_accountdb_revoke_token(struct hm_db *db, hm_str by, hm_str id, struct hm_err *err);
int hm_accountdb_grant(struct hm_db *db, hm_str by, hm_str name, unsigned rights, hm_str globs,
                       struct hm_err *err);
/* Takes the rights from the grant of exactly these globs; globs.p NULL: from all grants. */
int hm_accountdb_revoke(struct hm_db *db, hm_str by, hm_str name, unsigned rights,
                        hm_str globs, struct hm_err *err);

/* ---- the whole of it, in an arena */

struct hm_grant {
	unsigned rights;
	hm_str globs;
};
struct hm_credential {
	int64_t id;
	bool is_password;
	hm_str token_id, label;
	int64_t created, expires; /* 0: never */
	uint32_t cost_n, cost_r, cost_p;
	hm_str salt, hash;
};
struct hm_account {
	int64_t id;          /* 0: anonymous */
	hm_str name;
	int64_t created;
	HM_VEC(struct hm_grant) grants;
	HM_VEC(struct hm_credential) credentials;
};
struct hm_account_list {
	struct hm_account *v; /* by id: anonymous first */
	size_t n, cap;
};
int hm_accountdb_list(struct hm_db *db, struct hm_arena *a, struct hm_account_list *out,
                      struct hm_err *err);

#endif
