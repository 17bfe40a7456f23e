/*
 * licence.h - which licence a text is: the common ones, told by distinctive phrases.
 *
 * A classifier, not a lawyer: it answers with an SPDX id only for texts that carry all
 * phrases of that licence, after case, punctuation and line breaks are taken away, and
 * "unknown" for everything else, so that a rule about licences fails closed.
 */
#ifndef HM_POLICY_LICENCE_H
#define HM_POLICY_LICENCE_H

#include "base/err.h"
#include "base/vec.h"

/* Licence files of one module, and bytes of each, that are read. */
#define HM_LICENCE_FILES_MAX 16
#define HM_LICENCE_MAX ((size_t)1 << 20)
#define HM_LICENCE_UNKNOWN "unknown"
#define HM_LICENCE_NONE "none"

/* An SPDX id or, from an SPDX-License-Identifier line, an expression; "unknown". */
hm_str hm_licence_classify(struct hm_arena *a, hm_str text);
/* Is a file of this name in a module's root about its licence? LICENSE*, COPYING*, ... */
bool hm_licence_is_file(hm_str name);

/*
 * The module's licence as one SPDX expression: what its files say, joined by AND when they
 * differ; "none" without a file.  zip is a module zip (names begin with PATH@VERSION/).
 */
int hm_licence_of_zip(struct hm_arena *a, const char *zip, hm_str *out, struct hm_err *err);
int hm_licence_of_dir(struct hm_arena *a, const char *dir, hm_str *out, struct hm_err *err);

#endif
