/*
 * proofs.h - what checksum databases say of some modules, for a machine that cannot ask
 * them: records, one signed tree head for all, the tiles that prove the records to be in
 * that tree; as files of a GOPROXY tree:
 *
 *	sumdb/NAME/supported        empty
 *	sumdb/NAME/latest           the tree head
 *	sumdb/NAME/lookup/M@V       the record of M@V, with that same tree head
 *	sumdb/NAME/tile/8/...
 *
 * A client that verifies exactly these modules reads exactly these files, in whatever order
 * it asks.  Nothing is taken on trust: the files are what a client read that verified them.
 */
#ifndef PROXY_PROOFS_H
#define PROXY_PROOFS_H

#include "base/map.h"
#include "proxy.h"

/* One sum that must be provable; version may end in "/go.mod". */
struct proof_need {
	hm_str path, version, h1;
};

struct proof_needs {
	struct proof_need *v;
	size_t n, cap;
};

/*
 * Verifies all needs that a database is asked about, from what the store has kept of the
 * database and, unless offline, from upstream, and adds the files to *out (name -> hm_str *,
 * in the arena).  earlier (the same kind of map, of a bundle that its readers have; may be
 * NULL): its records stay provable, and its tree head is shown to be a part of the new one.
 */
int proofs_collect(struct proxy *p, struct hm_arena *a, const struct proof_needs *needs,
                   const struct hm_map *earlier, struct hm_map *out, struct hm_err *err);

/*
 * A verify whose databases are the files of such a map, and nothing else; what it finds
 * right goes to the store's cache.  One a database: name says which.  Free it before files.
 */
struct proofs_reader;
struct proofs_reader *proofs_reader_new(struct proxy *p, const struct hm_map *files);
void proofs_reader_free(struct proofs_reader *r);
/* The one for a module's database; any thread. */
struct hm_verify *proofs_reader_verify(struct proofs_reader *r, hm_str path);

#endif
