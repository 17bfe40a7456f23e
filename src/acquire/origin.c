#include "acquire/origin.h"

int
hm_origin_parse(struct hm_arena *a, const struct hm_json *json, const struct hm_origin **out,
                struct hm_err *err)
{
	static const char *const keys[] = { "VCS",       "URL",    "Subdir", "Hash",
		                            "TagPrefix", "TagSum", "Ref",    "RepoSum" };
	struct hm_origin *o;
	hm_str *fields[8];

	*out = NULL;
	if (hm_json_kind(json) == HM_JSON_NULL)
		return 0;
	if (hm_json_kind(json) != HM_JSON_OBJECT)
		return hm_err_set(
			err, HM_ESYNTAX,
			"json: cannot unmarshal %s into Go struct field RevInfo.Origin of "
			"type codehost.Origin",
			hm_json_kind_word(json));
	o = HM_NEW(a, struct hm_origin);
	memcpy(fields,
	       (hm_str *[]){ &o->vcs, &o->url, &o->subdir, &o->hash, &o->tag_prefix, &o->tag_sum,
	                     &o->ref, &o->repo_sum },
	       sizeof(fields));
	for (size_t i = 0; i < 8; i++) {
		const struct hm_json *v = hm_json_get(json, keys[i]);

		if (hm_json_kind(v) == HM_JSON_STRING)
			*fields[i] = hm_json_str(v);
		else if (hm_json_kind(v) != HM_JSON_NULL)
			return hm_err_set(err, HM_ESYNTAX,
			                  "json: cannot unmarshal %s into Go struct field "
			                  "Origin.Origin.%s of type string",
			                  hm_json_kind_word(v), keys[i]);
	}
	*out = o;
	return 0;
}

void
hm_origin_put(struct hm_json_out *w, const struct hm_origin *o)
{
	hm_json_begin_object(w);
	hm_json_member_opt_str(w, "VCS", o->vcs);
	hm_json_member_opt_str(w, "URL", o->url);
	hm_json_member_opt_str(w, "Subdir", o->subdir);
	hm_json_member_opt_str(w, "Hash", o->hash);
	hm_json_member_opt_str(w, "TagPrefix", o->tag_prefix);
	hm_json_member_opt_str(w, "TagSum", o->tag_sum);
	hm_json_member_opt_str(w, "Ref", o->ref);
	hm_json_member_opt_str(w, "RepoSum", o->repo_sum);
	hm_json_end_object(w);
}
