#include "os/env.h"

#include <unistd.h>

void
hm_env_load(struct hm_env *e, struct hm_arena *a)
{
	e->vars = (struct hm_map){ .arena = a };
	for (char **v = environ; v && *v; v++) {
		hm_str name, value;

		if (hm_str_cut(hm_str_of(*v), '=', &name, &value) && name.n &&
		    !hm_map_has(&e->vars, name))
			hm_map_set(&e->vars, hm_arena_dup(a, name), hm_arena_cstr(a, value));
	}
}

hm_str
hm_env_get(const struct hm_env *e, const char *name)
{
	return hm_str_of(hm_map_get(&e->vars, hm_str_of(name)));
}

hm_str
hm_env_or_empty(const struct hm_env *e, const char *name)
{
	hm_str v = hm_env_get(e, name);

	return v.p ? v : HM_S("");
}

void
hm_env_set(struct hm_env *e, const char *name, hm_str value)
{
	struct hm_arena *a = e->vars.arena;

	hm_map_set(&e->vars, hm_arena_dup(a, hm_str_of(name)),
	           value.p ? hm_arena_cstr(a, value) : NULL);
}

const char *const *
hm_env_list(const struct hm_env *e, struct hm_arena *a)
{
	const char **list = HM_NEW_N(a, e->vars.n + 1, const char *);
	size_t k = 0;

	for (size_t i = 0; i < e->vars.n; i++)
		if (e->vars.e[i].val)
			list[k++] = hm_arena_printf(a, HM_F "=%s", HM_P(e->vars.e[i].key),
			                            (const char *)e->vars.e[i].val).p;
	return list;
}
