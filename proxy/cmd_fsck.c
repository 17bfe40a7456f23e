/*
 * cmd_fsck.c - the store read again, and what is wrong with it said, or mended.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "cmds.h"
#include "db/db.h"
#include "fsck.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"

const char cmd_fsck_usage[] =
	"fsck --dir DIR [--repair] [options]\n"
	"\n"
	"Reads the whole store: hashes and rules of each zip, .info, .mod, lists, files that\n"
	"do not belong there, facts.db. A server may run meanwhile. A line for each thing\n"
	"that is wrong; status 1 when something is wrong and not mended.\n"
	"\n"
	"  --dir DIR            the store\n"
	"  --repair             what is damaged goes to DIR/evidence, and is fetched again\n"
	"  --upstream LIST      from where (and all other settings of the server)\n";

static void
say(void *ctx, hm_str line)
{
	(void)ctx;
	printf(HM_F "\n", HM_P(line));
	fflush(stdout);
}

static void
found(struct fsck *k, const char *what)
{
	k->wrong++;
	say(NULL, hm_str_of(what));
}

/* Is the file a database, and sound? */
static int
check_database(const char *file, struct hm_err *err)
{
	static const struct hm_db_opts o = { .read_only = true };
	struct hm_db *db;
	int rc;

	if (hm_db_open(file, &o, &db, err))
		return -1;
	rc = hm_db_check(db, err);
	hm_db_free(db);
	return rc;
}

/* No server may have it open while it goes. */
static int
database_aside(struct fsck *k, hm_str file, struct hm_err *err)
{
	struct hm_arena *a = &k->p->arena;
	hm_str dir = hm_path_cat(a, k->p->opts.dir, HM_S("evidence"));
	int lock, rc;

	if (hm_lock_try(hm_path_cat(a, k->p->opts.dir, HM_S("facts.lock")).p, true, &lock, err))
		return -1;
	if (lock < 0)
		return hm_err_set(err, HM_ECONFLICT,
		                  "facts.db: a server has it open: stop it, then repair");
	rc = hm_dir_make_all(dir.p, err);
	if (rc == 0)
		rc = hm_file_rename(file.p,
		                    hm_arena_printf(a, HM_F "/facts.db-%lld", HM_P(dir),
		                                    (long long)hm_clock_unix())
		                            .p,
		                    err);
	if (rc == 0)
		rc = hm_file_remove(hm_arena_printf(a, HM_F "-wal", HM_P(file)).p, err);
	if (rc == 0)
		rc = hm_file_remove(hm_arena_printf(a, HM_F "-shm", HM_P(file)).p, err);
	hm_lock_release(lock);
	return rc;
}

/* Leaves p->facts NULL where there is nothing to compare with. */
static int
open_facts(struct fsck *k, struct hm_err *err)
{
	struct proxy *p = k->p;
	struct facts_opts o = { .store = &p->store, .log = &p->log };
	hm_str file = hm_path_cat(&p->arena, p->opts.dir, HM_S("facts.db"));
	struct hm_err bad = { 0 };
	bool sound = false;

	if (!hm_file_exists(file.p)) {
		found(k, "facts.db: not there");
	} else if (check_database(file.p, &bad)) {
		found(k, hm_arena_printf(&p->arena, "facts.db: " HM_F, HM_P(hm_err_str(&bad))).p);
		if (k->repair && database_aside(k, file, err))
			return hm_err_free(&bad), -1;
	} else {
		sound = true;
	}
	hm_err_free(&bad);
	if (!sound && !k->repair)
		return 0;
	if (facts_open(&o, &p->facts, err))
		return -1;
	if (sound)
		return 0;
	if (facts_scan(p->facts, NULL, err))
		return -1;
	k->mended++;
	say(NULL, HM_S("facts.db: made again from the store"));
	return 0;
}

int
cmd_fsck(struct proxy *p, int argc, char **argv, struct hm_err *err)
{
	struct fsck k = { .p = p, .say = say };
	const struct hm_setting more[] = { { "", "repair", NULL, HM_SET_BOOL, &k.repair, 0, 0 } };

	if (options_read(p, more, 1, &argc, &argv, err) || options_no_words(argc, argv, err) ||
	    options_need_dir(p, err))
		return -1;
	if (!hm_file_is_dir(p->opts.dir.p))
		return hm_err_set(err, HM_ENOTFOUND, HM_F ": no such folder", HM_P(p->opts.dir));
	if (access(p->opts.dir.p, W_OK))
		return hm_err_sys(err, errno, HM_F, HM_P(p->opts.dir));
	if (proxy_open(p, err) || open_facts(&k, err))
		return -1;
	p->admit.facts = p->facts;
	if (fsck_run(&k, err))
		return -1;
	printf("%" PRIu64 " versions, %" PRIu64 " zips, %" PRIu64 " bytes read; %" PRIu64
	       " wrong, %" PRIu64 " mended\n",
	       k.versions, k.zips, k.bytes, k.wrong, k.mended);
	return k.wrong > k.mended ? hm_err_set(err, HM_EREPORTED, "the store is damaged") : 0;
}
