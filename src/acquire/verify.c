/* verify's answers as this folder needs them. */
#include "acquire/internal.h"

/*
 * That a checksum could not be looked up is never a reason to ask another source
 * for the module, even if the database said "not found".
 */
static int
settle(int rc, struct hm_err *err)
{
	if (rc && hm_acquire_not_exist(err))
		err->code = HM_EHTTP;
	return rc;
}

int
hm_acquire_verify_gomod(struct hm_acquire *ac, hm_str path, hm_str version, hm_str data,
                        struct hm_err *err)
{
	return settle(hm_verify_gomod(hm_acquire_get_verify(ac), path, version, data, err), err);
}

int
hm_acquire_verify_sum(struct hm_acquire *ac, struct hm_modver m, hm_str h1, struct hm_err *err)
{
	return settle(hm_verify_sum(hm_acquire_get_verify(ac), m.path, m.version, h1, err), err);
}

hm_str
hm_acquire_sumdb_name(struct hm_acquire *ac, hm_str path)
{
	return hm_verify_sumdb_name(hm_acquire_get_verify(ac), path);
}
