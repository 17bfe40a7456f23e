#include "purge.h"

#include "desk.h"
#include "remove.h"
#include "serve/access.h"

static int
purge(struct proxy *p, struct hm_exchange *x, struct hm_modver m, struct hm_err *err)
{
	const struct purge_why why = {
		.who = hm_str_of(hm_access_who(x)->name),
		.peer = hm_exchange_peer(x),
		.reason = hm_http1_field(hm_exchange_request(x), "purge-reason"),
	};

	if (!hm_access_may(p->access, x, HM_RIGHT_ADMIN, m.path))
		return hm_err_set(err, HM_EFORBIDDEN, "the right to purge has been revoked");
	return purge_version(p, m, &why, err);
}

static void
make(struct proxy *p, struct hm_exchange *x, void *arg, struct desk_answer *out)
{
	const struct hm_modver *m = arg;
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_err err = { 0 };
	int rc = purge(p, x, *m, &err);

	*out = (struct desk_answer){
		.status = rc ? hm_code_http(err.code) : 200,
		.type = HM_S("text/plain; charset=UTF-8"),
		.cache = HM_S("no-store"),
		.body = rc ? answer_error(p, a, &err)
		           : hm_arena_printf(a, "purged " HM_F "\n", HM_P(hm_modver_str(a, *m))),
	};
	hm_err_free(&err);
}

void
purge_serve(struct proxy *p, struct hm_exchange *x, const struct route *r)
{
	struct hm_arena *a = hm_exchange_arena(x);
	struct hm_modver *m;

	if (!r->canonical) {
		answer_text(x, 400, HM_S("DELETE takes /MODULE/@v/VERSION.zip\n"));
		return;
	}
	if (!hm_access_allow(p->access, x, HM_RIGHT_ADMIN, r->path))
		return;
	m = HM_NEW(a, struct hm_modver);
	*m = hm_modver_of(hm_arena_dup(a, r->path), hm_arena_dup(a, r->version));
	desk_submit(p->desk, x, make, m);
}
