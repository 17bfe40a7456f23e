/*
 * origin.h - where a version was found in version control, and what would have
 * to change there to make the answer another (codehost.Origin).
 */
#ifndef HM_ACQUIRE_ORIGIN_H
#define HM_ACQUIRE_ORIGIN_H

#include "codec/json.h"

struct hm_origin {
	hm_str vcs, url, subdir;
	hm_str hash;                /* commit */
	hm_str tag_prefix, tag_sum; /* the answer depends on these tags */
	hm_str ref;                 /* ... on this ref */
	hm_str repo_sum;            /* ... on the whole repository */
};

/* From the value of an "Origin" key; NULL for null. Texts are borrowed from json. HM_ESYNTAX. */
int hm_origin_parse(struct hm_arena *a, const struct hm_json *json, const struct hm_origin **out,
                    struct hm_err *err);
/* As json.Marshal prints it: an object without the empty fields. */
void hm_origin_put(struct hm_json_out *w, const struct hm_origin *o);

#endif
