/*
 * modquick.h - the short way through a dependency's go.mod.
 *
 * Nearly all go.mod files are plain lines of module, go and require; for these
 * the summary needs neither a syntax tree nor a copy of the text.  Whatever is
 * the least bit unusual (quotes, brackets, retract, a deprecation, an error) is
 * left to the full parser, so both ways give the same answer.
 */
#ifndef HM_LOAD_MODQUICK_H
#define HM_LOAD_MODQUICK_H

#include "mod/modver.h"

struct hm_modquick {
	hm_str module, go;         /* empty: no such line */
	struct hm_modvers require; /* in the order of the file */
};

/* True when the file was plain; slices are borrowed from data, the list is in a. */
bool hm_modquick_scan(struct hm_arena *a, hm_str data, struct hm_modquick *out);

#endif
