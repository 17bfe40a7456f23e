/*
 * env.h - a snapshot of the process environment, changeable without touching
 * the process: the library never calls setenv.
 */
#ifndef HM_OS_ENV_H
#define HM_OS_ENV_H

#include "base/map.h"

struct hm_env {
	struct hm_map vars; /* name -> char *value (NULL: unset) */
};

/*
 * From the process; keys and values are copied to the arena.  Of a name that is
 * there twice the first counts, as in Go.
 */
void hm_env_load(struct hm_env *e, struct hm_arena *a);
/* The value, with p == NULL when it is not set. */
hm_str hm_env_get(const struct hm_env *e, const char *name);
/* The value, empty when it is not set. */
hm_str hm_env_or_empty(const struct hm_env *e, const char *name);
/* Copies both to the arena; value.p == NULL unsets. */
void hm_env_set(struct hm_env *e, const char *name, hm_str value);
/* "NAME=value" pointers with a NULL at the end, for hm_spawn. */
const char *const *hm_env_list(const struct hm_env *e, struct hm_arena *a);

#endif
