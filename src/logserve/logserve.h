/*
 * logserve.h - a log answers go commands over HTTP: in hermod-sumdb, or below
 * /sumdb/NAME of hermod-proxy.  The paths of golang.org/x/mod/sumdb's server,
 *
 *	/latest   /lookup/PATH@VERSION   /tile/8/L/N[.p/W]   /tile/8/data/N[.p/W]
 *
 * and the same tree by the paths of C2SP tlog-tiles,
 *
 *	/checkpoint   /tile/L/N[.p/W]   /tile/entries/N[.p/W]
 *
 * A number in a path has at least three digits and a level at most two, so that no
 * path means both.
 *
 * A version that the log lacks is fetched and logged once, however many ask; one that
 * does not exist is remembered for a while, so that asking again costs upstream nothing.
 */
#ifndef HM_LOGSERVE_LOGSERVE_H
#define HM_LOGSERVE_LOGSERVE_H

#include "mod/modver.h"
#include "net/server.h"
#include "tilelog/tilelog.h"

/* Versions that are looked for at once; more are told to come again (503). */
#define HM_LOGSERVE_FLIGHTS_MAX 10000
/* Versions remembered as not there. */
#define HM_LOGSERVE_MISSING_MAX 16384

struct hm_access;
struct hm_logserve;

struct hm_logserve_opts {
	struct hm_tilelog *tiles;
	bool offline;         /* unknown versions are not fetched */
	unsigned fetches;     /* at once; 0: 8 */
	int missing_keep;     /* seconds that "not found" is remembered; 0: not at all */
	/*
	 * The record of a version that the log lacks, on a thread of its own.  *text is set
	 * as soon as something was fetched, also with an error: then it is evidence.
	 * HM_ESECURITY goes to the log's alarms.
	 */
	int (*record)(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *text,
	              struct hm_err *err);
	void *ctx;
	/*
	 * NULL: everybody may see everything.  Else a lookup takes the right to read the
	 * module, or to fetch it where the log lacks it; records in tiles, that to read all
	 * modules, unless the log is public; heads and hashes, that to read some module.
	 * The exchange has come in by hm_access_enter().
	 */
	struct hm_access *access;
	const struct hm_log *log;
};

struct hm_logserve *hm_logserve_new(const struct hm_logserve_opts *opts);
/* Waits for the fetches under way. */
void hm_logserve_free(struct hm_logserve *s);

/*
 * Answers a GET or HEAD of a path as above, percent-decoded.  On a loop's thread.  The
 * exchange's data (hm_exchange_data()) is taken while it waits.  false: none of these
 * paths; nothing was answered.
 */
bool hm_logserve_handle(struct hm_logserve *s, struct hm_exchange *x, hm_str path);

/*
 * A version that is known already, as a module that was uploaded or stored: appended if the
 * log lacks it, without waiting.  Other hashes than the log's: an alarm.
 */
void hm_logserve_note(struct hm_logserve *s, hm_str text);

struct hm_logserve_stats {
	uint64_t lookups, found, fetched, missing, remembered, failed, tiles, denied;
	uint64_t under_way;
};
struct hm_logserve_stats hm_logserve_stats(struct hm_logserve *s);

#endif
