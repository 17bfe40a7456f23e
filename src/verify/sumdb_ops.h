/*
 * sumdb_ops.h - the real world behind a checksum database client: GOSUMDB, the
 * files in GOPATH and GOMODCACHE, the way through proxies
 * (cmd/go/internal/modfetch/sumdb.go).
 */
#ifndef HM_VERIFY_SUMDB_OPS_H
#define HM_VERIFY_SUMDB_OPS_H

#include "verify/verify.h"

struct hm_sumdb_link;
struct hm_trust;

/* A database that is not GOSUMDB's. Everything is borrowed. */
struct hm_sumdb_choice {
	hm_str key;    /* NAME+HASH+KEY, or the name of Go's public database */
	hm_str url;    /* empty: https://NAME */
	size_t quorum; /* so many of trust's witnesses must have cosigned */
	const struct hm_trust *trust;
};

/* The key of a database that go knows by its name; any other word as it is. */
hm_str hm_sumdb_key_of(hm_str word);
/* HM_EINVALID when key or URL are malformed. */
int hm_sumdb_check_choice(const struct hm_sumdb_choice *c, struct hm_err *err);
/*
 * Makes a client of the choice, or, when that is NULL, of what GOSUMDB says, without
 * any I/O.  HM_EINVALID for what GOSUMDB may not be.  conf is borrowed.
 */
int hm_sumdb_dial(const struct hm_verify_conf *conf, const struct hm_sumdb_choice *choice,
                  struct hm_sumdb_link **out, struct hm_err *err);
void hm_sumdb_hang_up(struct hm_sumdb_link *l);
struct hm_sumdb *hm_sumdb_client(struct hm_sumdb_link *l);
/* The database's name, borrowed. */
hm_str hm_sumdb_name(const struct hm_sumdb_link *l);

#endif
