/*
 * cmd_purge.c - one bad version leaves the store, and every server of it forgets it.
 */
#include <stdio.h>

#include "cmds.h"
#include "os/file.h"
#include "remove.h"
#include "serve/audit.h"

const char cmd_purge_usage[] =
	"purge --dir DIR [--reason TEXT] PATH@VERSION...\n"
	"\n"
	"Removes the versions from the store. Servers that run on it stop serving them\n"
	"before this command returns; the audit log keeps who, when and why.\n"
	"\n"
	"  --dir DIR            the store\n"
	"  --reason TEXT        for the audit log and /index/purged\n";

static int
purge_one(struct proxy *p, hm_str object, hm_str who, hm_str reason, struct hm_err *err)
{
	struct purge_why why = { .reason = reason, .who = who };
	struct hm_audit_event e = {
		.who = who, .action = HM_S("purge"), .object = object, .detail = reason
	};
	struct hm_modver m;

	if (!hm_modver_cut(object, &m) || m.version.n == 0)
		return hm_err_set(err, HM_EUSAGE, "\"" HM_F "\" is not PATH@VERSION", HM_P(object));
	if (remove_check(&p->store, m.path, m.version, err))
		return hm_modver_wrap(err, m);
	/* the audit log first: what cannot be recorded is not done */
	if (hm_audit_add(p->audit, &e, err) ||
	    purge_version(&p->store, p->facts, m.path, m.version, &why, err))
		return -1;
	printf("purged " HM_F "\n", HM_P(object));
	return 0;
}

int
cmd_purge(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	hm_str reason = { 0 };
	const struct hm_setting more[] = { { "", "reason", NULL, HM_SET_STR, &reason, 0, 0 } };
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
	for (int i = 0; i < argc; i++)
		if (purge_one(p, hm_str_of(argv[i]), proxy_shell_user(&p->arena), reason, err))
			return -1;
	return 0;
}
