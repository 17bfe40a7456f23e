/*
 * spdx.h - licence expressions of SPDX (annex D of its specification) against a list of
 * licences; pure.
 *
 *	MIT    A AND B    A OR B    A WITH EXCEPTION    ( ... )
 *
 * Identifiers are compared without case.  GPL-2.0, GPL-2.0-only, GPL-2.0-or-later and
 * GPL-2.0+ are one text, and count as one.  An exception behind WITH only permits more.
 */
#ifndef HM_MOD_SPDX_H
#define HM_MOD_SPDX_H

#include "base/vec.h"

/* Do the licences of the list suffice?  What is malformed is not permitted. */
bool hm_spdx_permitted(const struct hm_strs *list, hm_str expression);
/* Is this licence somewhere in the expression? */
bool hm_spdx_names(hm_str expression, hm_str id);

#endif
