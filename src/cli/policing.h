/*
 * policing.h - hermod.policy in the command line: which file is in force, the facts that
 * it asks for, and the check of everything that is downloaded or built.
 *
 * The file: HERMOD_POLICY, or hermod.policy beside the go.mod at or above the working
 * folder, or else beside the go.work there (not under the name go,
 * which keeps go's ways).  HERMOD_POLICY=off: none.
 */
#ifndef HM_CLI_POLICING_H
#define HM_CLI_POLICING_H

#include "cli/cmd.h"
#include "policy/guard.h"

struct hm_acquire_opts;

/*
 * The policy in force at dir (empty: the working folder), or the file named; *out is NULL
 * when there is none.  Loaded once a run; it belongs to cli.
 */
int hm_policing_load(struct hm_cli *cli, hm_str file, hm_str dir, struct hm_guard **out,
                     struct hm_err *err);
/* Makes an acquire refuse what the policy refuses. */
int hm_policing_watch(struct hm_cli *cli, struct hm_acquire_opts *o, struct hm_err *err);

/* Where facts about m come from, and what came of it: for reports. */
struct hm_policing_facts {
	struct hm_acquire *acquire;
	hm_str dir;        /* the module's tree; empty: fetched when its licence is asked for */
	bool no_fetch;     /* ... or not */
	unsigned known;    /* HM_POLICY_NEED_* */
	int64_t time;
	bool vouched;
	hm_str licence;
	hm_str missing;    /* why one is not known; empty: nothing is missing */
};
struct hm_guard_facts hm_policing_facts(struct hm_policing_facts *f);

#endif
