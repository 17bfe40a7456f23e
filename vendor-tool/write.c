/*
 * write.c - hermod-vendor write: what `go mod vendor` does.
 */
#include "base/path.h"
#include "tool.h"

int
cmd_write(struct tool *t, int argc, char **argv, struct hm_err *err)
{
	struct hm_vendor_plan plan;
	struct hm_modules *mods;
	hm_str dir;

	(void)argc, (void)argv;
	if (tool_plan(t, &mods, &plan, err))
		return -1;
	if (t->opts.verbose)
		hm_log(&t->log, HM_LOG_INFO, HM_F, HM_P(plan.text));
	if (t->opts.out.n == 0)
		dir = hm_modload_vendor_dir(&t->ml);
	else if (hm_path_is_abs(t->opts.out))
		dir = hm_path_clean(&t->arena, t->opts.out);
	else
		dir = hm_path_join(&t->arena, t->ml.cwd, t->opts.out);
	if (hm_vendor_write(&plan, dir, t->opts.errors_ok, err))
		return -1;
	if (plan.text.n == 0)
		hm_log(&t->log, HM_LOG_INFO, "go: no dependencies to vendor");
	return 0;
}
