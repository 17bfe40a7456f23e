/*
 * event.h - what a monitor or a witness has to tell: a command is run with one JSON
 * object on its standard input.
 *
 *	{"Event":"fork","Log":"sum.example.com","Message":"...","Evidence":"FILE", ...}
 */
#ifndef SUMDB_EVENT_H
#define SUMDB_EVENT_H

#include "base/err.h"
#include "base/log.h"

enum event_kind {
	EVENT_VERSION,
	EVENT_FORK,
	EVENT_ROLLBACK,
	EVENT_STALE,
	EVENT_UNREACHABLE,
	EVENT_INVALID, /* what came is not what was signed, or not signed as it must be */
};

struct event {
	enum event_kind kind;
	hm_str log;                 /* its name */
	hm_str message;             /* for people; not of EVENT_VERSION */
	int64_t record;             /* EVENT_VERSION: with path, version, lines */
	hm_str path, version, lines;
	hm_str before, now;         /* EVENT_FORK, EVENT_ROLLBACK: both heads */
	hm_str evidence;            /* the file that has them */
	int64_t size, age;          /* EVENT_STALE: records, seconds */
};

/* The object and a newline, appended to b. */
void event_json(struct hm_buf *b, const struct event *e);
/*
 * Runs the command by /bin/sh, if there is one (hook.n > 0), and waits.  HM_EIO when it
 * cannot be run or ends with a status other than 0: the event was not taken.
 */
int event_hook(hm_str hook, const struct event *e, const struct hm_log *log, struct hm_err *err);
/* Is the error of the kind that EVENT_UNREACHABLE tells of: the network, or its answer? */
bool event_is_unreachable(const struct hm_err *err);
/*
 * What a program ends with after such an event: 3 fork, 4 rollback, 5 stale, 6 unreachable,
 * 1 invalid.
 */
int event_status(enum event_kind kind);

#endif
