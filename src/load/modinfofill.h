/*
 * modinfofill.h - filling in what is known of one module.
 *
 * Only for modinfo*.c.
 */
#ifndef HM_LOAD_MODINFOFILL_H
#define HM_LOAD_MODINFOFILL_H

#include "load/modinfo.h"
#include "load/reqs.h"

/* How moduleInfo is asked.  Any thread, with an arena of its own. */
struct hm_info_ask {
	struct hm_modload *ml;
	struct hm_arena *a;
	const struct hm_reqs *rs;   /* NULL: the module was named with its version */
	unsigned mode;
	const struct hm_map *reuse; /* may be NULL */
};

/* moduleInfo */
struct hm_modinfo *hm_modinfo_make(const struct hm_info_ask *k, struct hm_modver mod);
/* Keeps the first error of a module; clears err. */
void hm_modinfo_set_error(struct hm_arena *a, struct hm_modinfo *m, struct hm_err *err);
/* addRetraction */
void hm_modinfo_add_retraction(const struct hm_info_ask *k, struct hm_modinfo *m);

#endif
