/*
 * databases.h - which checksum database answers for a module: the first entry of
 * HERMOD_SUMDBS whose pattern matches (tlog/trust.h), else what GOSUMDB and GONOSUMDB
 * say.  Private to verify.
 *
 * An entry without a URL is asked at https://NAME, never through the proxies of GOPROXY:
 * they need not learn the names of private modules.
 */
#ifndef HM_VERIFY_DATABASES_H
#define HM_VERIFY_DATABASES_H

#include "verify/sumdb_ops.h"

struct hm_databases;

/* Does no I/O. conf is borrowed. */
struct hm_databases *hm_databases_new(const struct hm_verify_conf *conf);
void hm_databases_free(struct hm_databases *d);

/* Is path in HERMOD_SUMDBS?  Also when that cannot be read: then every lookup fails. */
bool hm_databases_lists(struct hm_databases *d, hm_str path);
/* The name of the database that is asked about path; empty when it cannot be told. */
hm_str hm_databases_name(struct hm_databases *d, hm_str path);

/* A client for one lookup, shared with other threads. */
struct hm_database;
int hm_databases_take(struct hm_databases *d, hm_str path, struct hm_database **out,
                      struct hm_err *err);
/* The database of that name, if its key is known; HM_ENOTYET: it is not. */
int hm_databases_take_named(struct hm_databases *d, hm_str name, struct hm_database **out,
                            struct hm_err *err);
struct hm_sumdb_link *hm_database_link(struct hm_database *b);
void hm_databases_give(struct hm_databases *d, struct hm_database *b, bool failed);

#endif
