/*
 * cmd_purge.c - one bad version leaves the store, and every server of it forgets it.
 */
#include <stdio.h>

#include "cmds.h"
#include "os/file.h"
#include "remove.h"

const char cmd_purge_usage[] =
	"purge --dir DIR [--reason TEXT] PATH@VERSION...\n"
	"\n"
	"Removes the versions from the store. Servers that run on it stop serving them\n"
	"before this command returns; the audit log keeps who, when and why.\n"
	"\n"
	"  --dir DIR            the store\n"
	"  --reason TEXT        for the audit log and /index/purged\n";

static int
purge_one(struct proxy *p, hm_str object, const struct purge_why *why, struct hm_err *err)
{
	struct hm_modver m;

	if (!hm_modver_cut(object, &m) || m.version.n == 0)
		return hm_err_set(err, HM_EUSAGE, "\"" HM_F "\" is not PATH@VERSION", HM_P(object));
	if (purge_version(p, m, why, err))
		return -1;
	printf("purged " HM_F "\n", HM_P(object));
	return 0;
}

int
cmd_purge(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct purge_why why = { 0 };
	const struct hm_setting more[] = { { "", "reason", NULL, HM_SET_STR, &why.reason, 0, 0 } };
	struct facts_opts o = { .store = &p->store, .log = &p->log };

	if (options_read(p, more, 1, &argc, &argv, err) || options_need_dir(p, err))
		return -1;
	if (argc == 0)
		return hm_err_set(err, HM_EUSAGE, "which version? purge --dir DIR PATH@VERSION");
	if (!hm_file_is_dir(p->opts.dir.p))
		return hm_err_set(err, HM_ENOTFOUND, HM_F ": no such folder", HM_P(p->opts.dir));
	if (hm_store_open(&p->store, p->opts.dir, true, &p->log, err) || proxy_open_audit(p, err) ||
	    facts_open(&o, &p->facts, err))
		return -1;
	why.who = proxy_shell_user(&p->arena);
	for (int i = 0; i < argc; i++)
		if (purge_one(p, hm_str_of(argv[i]), &why, err))
			return -1;
	return 0;
}
