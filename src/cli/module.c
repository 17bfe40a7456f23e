#include "cli/module.h"

#include "cli/packages.h"
#include "load/modload.h"
#include "mod/gover.h"

enum { SWITCH_MAX = 3 };

int
hm_cli_module_run(struct hm_cli *cli, const struct hm_build_flags *bf, hm_cli_module_fn *fn,
                  void *ctx, struct hm_err *err)
{
	bool again = true;
	int rc = -1;

	for (int round = 0; again && round < SWITCH_MAX; round++) {
		struct hm_modload *ml;

		hm_err_clear(err);
		if (hm_cli_modload(cli, bf, &ml, err))
			return -1;
		rc = fn(cli, ml, ctx, err);
		again = false;
		if (rc && hm_err_is(err, HM_ETOOLCHAIN) && ml->need_go.n &&
		    hm_cli_packages_switch(cli, ml->need_go, &again, err))
			return -1;
		if (!again && ml->failed)
			hm_cli_set_status(cli, 1);
	}
	return rc;
}

int
hm_cli_set_go_flag(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	struct hm_cli_go_flag *f = target;

	(void)a;
	if (value.n && !hm_gover_valid_in_gomod(value))
		return hm_err_set(err, HM_EUSAGE, "expecting a Go version like \"" HM_F "\"",
		                  HM_P(f->latest));
	if (value.n && hm_gover_cmp(value, f->latest) > 0)
		return hm_err_set(err, HM_EUSAGE, "maximum supported Go version is " HM_F,
		                  HM_P(f->latest));
	f->version = value;
	return 0;
}
