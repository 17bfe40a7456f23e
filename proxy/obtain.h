/*
 * obtain.h - from upstream into the store, for verbs that work beside a server or without
 * one.  What the store has is not asked for.  All of it goes through admit.h, and upstream
 * is chosen as the server chooses it.
 *
 * Any thread, any number at once.  p is open (proxy_open()).
 */
#ifndef PROXY_OBTAIN_H
#define PROXY_OBTAIN_H

#include "mod/modver.h"
#include "proxy.h"

/* The go.mod of a version; in the arena. */
int obtain_mod(struct proxy *p, struct hm_arena *a, struct hm_modver m, hm_str *data,
               struct hm_err *err);
/* .info, .mod and .zip. */
int obtain_version(struct proxy *p, struct hm_modver m, enum admit_outcome *outcome,
                   struct hm_err *err);
/* Is all of it in the store? */
bool obtain_has(struct proxy *p, struct hm_modver m);
/* Are .mod and .zip in the store? (.info may be missing: go builds without.) */
bool obtain_has_content(struct proxy *p, struct hm_modver m);

#endif
