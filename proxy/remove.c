#include "remove.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "control.h"
#include "mod/modpath.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "serve/audit.h"
#include "store/list.h"

/* In this order: see remove.h. */
static const char *const order[] = { "zip", "ziphash", "info", "mod", "local", "partial" };
enum { N_FILES = sizeof(order) / sizeof(*order) };

enum { SETTLE_MS = 20 }; /* far longer than a loop's thread holds what it has read */

static int
take_lock(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
          enum remove_how how, int *lock, struct hm_err *err)
{
	hm_str file;

	*lock = -1;
	if (how == REMOVE_PURGE)
		return hm_store_lock(s, path, version, lock, err);
	if (hm_store_path(s, a, path, version, "lock", &file, err) ||
	    hm_lock_try(file.p, true, lock, err))
		return -1;
	return *lock >= 0 ? 0 : hm_err_set(err, HM_ECONFLICT, "in use");
}

static int
sync_folder(hm_str folder, struct hm_err *err)
{
	int fd = open(folder.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0 || fsync(fd))
		rc = hm_err_sys(err, errno, "fsync " HM_F, HM_P(folder));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
remove_files(const struct hm_store *s, struct hm_arena *a, hm_str path, hm_str version,
             enum remove_how how, struct hm_err *err)
{
	hm_str file;

	for (size_t i = 0; i < N_FILES; i++)
		if (hm_store_path(s, a, path, version, order[i], &file, err) ||
		    hm_file_remove(file.p, err))
			return -1;
	hm_store_update_list(hm_path_dir(a, file));
	if (how == REMOVE_PURGE) {
		if (hm_store_dir_path(s, a, path, version, &file, err) ||
		    hm_dir_remove_all(file.p, true, err) ||
		    hm_store_path(s, a, path, version, "zip", &file, err) ||
		    sync_folder(hm_path_dir(a, file), err))
			return -1;
	}
	return 0;
}

/* HM_ENOTFOUND when there is nothing to remove. */
static int
remove_check(const struct hm_store *s, hm_str path, hm_str version, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	bool any = false;
	hm_str file;
	int rc = 0;

	for (size_t i = 0; i < N_FILES && rc == 0 && !any; i++) {
		rc = hm_store_path(s, &a, path, version, order[i], &file, err);
		any = rc == 0 && hm_file_exists(file.p);
	}
	if (rc == 0 && !any)
		rc = hm_err_set(err, HM_ENOTFOUND, HM_F "@" HM_F ": not in the store", HM_P(path),
		                HM_P(version));
	hm_arena_free(&a);
	return rc;
}

int
remove_version(const struct hm_store *s, struct facts *facts, hm_str path, hm_str version,
               enum remove_how how, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int lock = -1;
	/* locking would make the folder: not for what nobody ever asked for */
	int rc = remove_check(s, path, version, err);

	if (rc == 0)
		rc = take_lock(s, &a, path, version, how, &lock, err);
	if (rc == 0) {
		rc = remove_files(s, &a, path, version, how, err);
		facts_removed(facts, path, version);
	}
	hm_lock_release(lock);
	hm_arena_free(&a);
	return rc;
}

/* ---- memory */

void
forget_trimmed(struct proxy *p, hm_str path, hm_str version)
{
	static const char *const kinds[] = { "info", "mod" };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str epath, eversion;

	if (hm_modpath_escape(&a, path, &epath, &err) == 0 &&
	    hm_modpath_escape_version(&a, version, &eversion, &err) == 0)
		for (size_t i = 0; i < 2; i++)
			hot_remove(p->hot, hm_arena_printf(&a, "/" HM_F "/@v/" HM_F ".%s",
			                                   HM_P(epath), HM_P(eversion), kinds[i]));
	hm_err_free(&err);
	hm_arena_free(&a);
}

void
forget_purged(struct proxy *p, hm_str path)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str epath;

	if (hm_modpath_escape(&a, path, &epath, &err) == 0) {
		hm_str prefix = hm_arena_printf(&a, "/" HM_F "/@", HM_P(epath));

		hot_drop(p->hot, prefix);
		hot_drop(p->misses, prefix);
		hm_clock_sleep_ms(SETTLE_MS);
		hot_drop(p->hot, prefix);
		hot_drop(p->misses, prefix);
	}
	hm_err_free(&err);
	hm_arena_free(&a);
}

/* ---- purge */

/* The audit log first: what cannot be recorded is not done. */
static int
purge(struct proxy *p, struct hm_arena *a, struct hm_modver m, const struct purge_why *why,
      struct hm_err *err)
{
	struct fact_purge f = {
		.path = m.path, .version = m.version, .reason = why->reason, .who = why->who
	};
	const struct hm_audit_event e = {
		.who = why->who,
		.peer = why->peer,
		.action = HM_S("purge"),
		.object = hm_modver_str(a, m),
		.detail = why->reason,
	};
	hm_str mark;

	if (remove_check(&p->store, m.path, m.version, err) || hm_audit_add(p->audit, &e, err) ||
	    hm_store_path(&p->store, a, m.path, m.version, "local", &mark, err))
		return -1;
	f.local = hm_file_exists(mark.p);
	hm_store_ziphash(&p->store, a, m.path, m.version, &f.zip_h1);
	if (remove_version(&p->store, p->facts, m.path, m.version, REMOVE_PURGE, err) ||
	    facts_purged(p->facts, &f, err))
		return -1;
	return control_tell(p->store.root, hm_arena_printf(a, "purged " HM_F, HM_P(m.path)), err);
}

int
purge_version(struct proxy *p, struct hm_modver m, const struct purge_why *why, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = purge(p, &a, m, why, err);

	hm_arena_free(&a);
	return rc ? hm_modver_wrap(err, m) : 0;
}
