/*
 * gate.h - hermod.policy at the door of the proxy: which versions are served, listed,
 * resolved to and taken as uploads.
 *
 * A refusal is 403, which ends go's way through GOPROXY (only 404 and 410 let it go on),
 * with the text "PATH@VERSION: refused by policy, hermod.policy:LINE: reason".
 *
 * A .mod is never refused: go reads those of versions that nobody uses, for the module
 * graph, and no code comes with them.
 *
 * Verdicts are remembered by version until they may change or the policy is loaded
 * again, so that a warm request costs one lookup.  Without a policy all of this is one
 * test of a pointer.  Any thread.
 */
#ifndef PROXY_GATE_H
#define PROXY_GATE_H

#include "mod/policy.h"
#include "proxy.h"

struct gate;

/* file empty: *out is NULL, and everything is permitted. */
int gate_new(struct proxy *p, hm_str file, struct gate **out, struct hm_err *err);
void gate_free(struct gate *g);
/*
 * Reads the file and its databases again (SIGHUP).  On an error the old policy stays in
 * force.  p->gate NULL: nothing to do.
 */
int policy_reload(struct proxy *p, struct hm_err *err);

enum gate_answer {
	GATE_OPEN,     /* go on */
	GATE_ANSWERED, /* refused: the answer has been given */
	GATE_ASK,      /* not known yet: a fill must find out (gate_fill()) */
};
/* For a request about one version (.info, .zip of a canonical version; a .mod is open). */
enum gate_answer gate_request(struct proxy *p, struct hm_exchange *x, const struct route *r);

/*
 * In a fill, before anything is fetched: 0, or -1 with HM_EPOLICY.  Gathers facts, from
 * the store or upstream.  Other errors say that facts could not be had.
 */
int gate_fill(struct proxy *p, struct hm_arena *a, const struct route *r, struct hm_err *err);
/* The store has this file, and may give it out. */
bool gate_stored(const struct proxy *p, const struct route *r);
/* Upstream's list, as it came: what is new in it was first seen now (--cooldown-seen). */
void gate_saw_list(const struct proxy *p, struct hm_arena *a, hm_str path, hm_str list);
/*
 * In a fill, behind the fetch: what a client may see of a list, of @latest, and of the
 * .info that a revision led to.  *body is changed to it; -1 with HM_EPOLICY.  ask: upstream
 * may be asked for release times, else what is not known of old versions does not count.
 */
int gate_filter(struct proxy *p, struct hm_arena *a, const struct route *r, bool ask, hm_str *body,
                struct hm_err *err);
/* The same for an upload whose zip lies in a file; how old it is does not count. */
int gate_upload(struct proxy *p, struct hm_arena *a, struct hm_modver m, const char *zip,
                struct hm_err *err);
/* For pages: "permitted", or the refusal or warning; empty without a policy. */
hm_str gate_describe(struct proxy *p, struct hm_arena *a, struct hm_modver m);

#endif
