/*
 * sumdb_ops.h - the real world behind a checksum database client: GOSUMDB, the
 * files in GOPATH and GOMODCACHE, the way through proxies
 * (cmd/go/internal/modfetch/sumdb.go).
 */
#ifndef HM_VERIFY_SUMDB_OPS_H
#define HM_VERIFY_SUMDB_OPS_H

#include "verify/verify.h"

struct hm_sumdb_link;

/*
 * Reads GOSUMDB and makes a client, without any I/O.  HM_EINVALID for what GOSUMDB
 * may not be.  conf is borrowed.
 */
int hm_sumdb_dial(const struct hm_verify_conf *conf, struct hm_sumdb_link **out,
                  struct hm_err *err);
void hm_sumdb_hang_up(struct hm_sumdb_link *l);
struct hm_sumdb *hm_sumdb_client(struct hm_sumdb_link *l);
/* The database's name, borrowed. */
hm_str hm_sumdb_name(const struct hm_sumdb_link *l);

#endif
