/*
 * route.h - what a request path asks for.
 */
#ifndef PROXY_ROUTE_H
#define PROXY_ROUTE_H

#include "base/err.h"

enum want {
	WANT_LIST,   /* /PATH/@v/list */
	WANT_LATEST, /* /PATH/@latest */
	WANT_INFO,   /* /PATH/@v/VERSION.info; VERSION may be any revision */
	WANT_MOD,
	WANT_ZIP,
	WANT_SUMDB,  /* /sumdb/NAME/... */
	WANT_OTHER,  /* none of these: pages, health, metrics */
};

/* What is fetched with an .info, before somebody asks for it. */
enum ahead_of { AHEAD_NOTHING, AHEAD_ZIP, AHEAD_MOD_ZIP };

struct route {
	enum want want;
	hm_str url;             /* decoded path, what tables are keyed by */
	hm_str path, version;   /* of the module, unescaped */
	bool canonical;         /* version is a canonical semantic version that fits path */
	hm_str sumdb, rest;     /* WANT_SUMDB: its name, and what follows ("/latest") */
	enum ahead_of ahead;    /* the handler's, for an .info */
};

/*
 * Reads a percent-encoded request path.  Slices live in the arena.  HM_EINVALID with a
 * text for the client (400) or HM_ENOTFOUND (404) for what cannot be a module.
 */
int route_parse(struct hm_arena *a, hm_str target_path, struct route *out, struct hm_err *err);

#endif
