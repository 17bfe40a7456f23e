/*
 * fsck.h - the whole store read again: every hash, every rule, and facts.db against it.
 *
 * Each zip is inflated and hashed, and held against its .ziphash, its .mod and what
 * facts.db remembers; .info and .mod are read as admit.h does; the list must name what
 * has a .mod; nothing else may lie in these folders, but for what someone is writing.
 * What was kept of checksum databases must be in their signed trees.
 * A server may run meanwhile: what looks wrong is looked at again under the version's
 * lock before it is said.
 *
 * Repair sets what is damaged aside (DIR/evidence) and fetches it again, verified like
 * any fill, and only the same bytes as were here before; a .mod comes from an intact zip.
 * What no upstream can give again (facts_mark_local()) is lost, and stays wrong.
 */
#ifndef PROXY_FSCK_H
#define PROXY_FSCK_H

#include "proxy.h"

struct fsck {
	struct proxy *p;    /* proxy_open(), with facts; the database may be asked, to repair */
	bool repair;
	/* A line for each thing that is wrong, and what was done; any thread, one at a time. */
	void (*say)(void *ctx, hm_str line);
	void *ctx;

	/* out */
	uint64_t versions, zips, bytes; /* checked */
	uint64_t wrong, mended;         /* things */
};

/* -1 when it cannot be done at all. */
int fsck_run(struct fsck *k, struct hm_err *err);

#endif
