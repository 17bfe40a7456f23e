/*
 * cmd_backup.c - backup and restore.
 */
#include <stdio.h>

#include "backup.h"
#include "base/path.h"
#include "cmds.h"
#include "os/file.h"
#include "serve/program.h"

const char cmd_backup_usage[] =
	"backup --dir DIR [--copy] TO\n"
	"\n"
	"Copies the store into the folder TO, which must be empty or new; servers may run.\n"
	"\n"
	"  --dir DIR      the store\n"
	"  --copy         no hard links between DIR and TO\n";

const char cmd_restore_usage[] =
	"restore --dir DIR FROM\n"
	"\n"
	"Makes a store from a backup, every file held against its sum.\n"
	"\n"
	"  --dir DIR      the store to make: must be empty or new\n";

static void
say(const char *what, const struct backup_figures *f)
{
	printf("%zu files, %llu bytes %s\n", f->files, (unsigned long long)f->bytes, what);
}

int
cmd_backup(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct backup_figures f;
	bool copy = false;
	hm_str to;
	const struct hm_setting more[] = { { "", "copy", NULL, HM_SET_BOOL, &copy, 0, 0 } };

	if (options_read(p, more, 1, &argc, &argv, err) || options_need_dir(p, err))
		return -1;
	if (argc != 1)
		return hm_err_set(err, HM_EUSAGE, "backup takes one folder");
	to = hm_str_of(argv[0]);
	if (hm_program_abs(&p->arena, &to, err))
		return -1;
	if (!hm_file_is_dir(p->opts.dir.p))
		return hm_err_set(err, HM_ENOTFOUND, HM_F ": no such folder", HM_P(p->opts.dir));
	if (hm_path_has_prefix(hm_path_clean(&p->arena, to),
	                       hm_path_clean(&p->arena, p->opts.dir)))
		return hm_err_set(err, HM_EUSAGE, HM_F " is in the store itself", HM_P(to));
	if (backup_make(p, to, copy, &f, err))
		return -1;
	say("in the backup", &f);
	return 0;
}

int
cmd_restore(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	const struct facts_opts fo = { .store = &p->store, .log = &p->log };
	struct backup_figures f;
	hm_str from;

	if (options_read(p, NULL, 0, &argc, &argv, err) || options_need_dir(p, err))
		return -1;
	if (argc != 1)
		return hm_err_set(err, HM_EUSAGE, "restore takes one folder, a backup");
	from = hm_str_of(argv[0]);
	if (hm_program_abs(&p->arena, &from, err) ||
	    backup_restore(&p->arena, from, p->opts.dir, &f, err))
		return -1;
	/* what came while the databases were copied is in the folders alone */
	if (hm_store_open(&p->store, p->opts.dir, true, &p->log, err) ||
	    facts_open(&fo, &p->facts, err) || facts_scan(p->facts, NULL, err))
		return -1;
	say("restored", &f);
	return 0;
}
