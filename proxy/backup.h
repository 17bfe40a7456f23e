/*
 * backup.h - a store as a folder of plain files that restores to the same store.
 *
 *	SHA256SUMS     written last (sums.h, "# hermod-proxy backup 1"): without it, no backup
 *	*.db           facts.db, access.db: a consistent copy each, made first
 *	cache/...      .info, .mod, .zip and their hashes; records and tiles of checksum databases;
 *	               upstream's last lists
 *	gopath/...     the tree heads of checksum databases
 *	evidence/...   what was refused
 *
 * Servers may run.  Files are taken as they were published, whole; what comes while the
 * backup runs may be in it or not, but not the .mod of a version without the zip that was
 * published before it.  Zips are reflinked or hard-linked where they can be.
 */
#ifndef PROXY_BACKUP_H
#define PROXY_BACKUP_H

#include "proxy.h"

struct backup_figures {
	size_t files;
	uint64_t bytes;
};

/* to is made; HM_ECONFLICT when there is something in it. copy: no hard links. */
int backup_make(struct proxy *p, hm_str to, bool copy, struct backup_figures *out,
                struct hm_err *err);
/*
 * Makes the folder dir from a backup, every file held against its sum as it was written;
 * dir appears whole or not at all.  HM_ECONFLICT when there is something in it, HM_ESECURITY
 * for a wrong sum.
 */
int backup_restore(struct hm_arena *a, hm_str from, hm_str dir, struct backup_figures *out,
                   struct hm_err *err);

#endif
