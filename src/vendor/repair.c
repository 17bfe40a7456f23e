#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "os/file.h"
#include "vendor/check.h"
#include "vendor/lock.h"

struct repair {
	const struct hm_vendor_check *c;
	struct hm_arena a;
	mode_t mode; /* of new files */
	size_t done;
};

static hm_str
path_of(struct repair *r, hm_str name)
{
	return hm_path_cat(&r->a, r->c->dir, name);
}

/* The folders of name that are empty now, and the vendor folder itself if it is. */
static void
remove_empty(struct repair *r, hm_str name)
{
	ptrdiff_t slash;

	while ((slash = hm_str_rindex_byte(name, '/')) > 0) {
		name = hm_arena_dup(&r->a, hm_str_sub(name, 0, (size_t)slash));
		if (rmdir(path_of(r, name).p))
			return;
	}
	rmdir(r->c->dir.p);
}

static int
remove_extra(struct repair *r, const struct hm_vendor_finding *f, struct hm_err *err)
{
	if (hm_file_remove(path_of(r, f->name).p, err))
		return -1;
	remove_empty(r, f->name);
	r->done++;
	return 0;
}

/* Room for a file: its folder is there, and no folder has its name. */
static int
make_room(struct repair *r, hm_str path, struct hm_err *err)
{
	struct stat st;

	if (hm_dir_make_all(hm_path_dir(&r->a, path).p, err))
		return -1;
	if (lstat(path.p, &st) == 0 && S_ISDIR(st.st_mode))
		return hm_dir_remove_all(path.p, false, err);
	return 0;
}

static int
put(struct repair *r, hm_str name, hm_str data, struct hm_err *err)
{
	hm_str path = path_of(r, name);

	if (make_room(r, path, err) || hm_file_publish(path.p, data, r->mode, true, err))
		return -1;
	r->done++;
	return 0;
}

/* What is written is what was hashed, whatever happened to the module since. */
static int
put_verified(struct repair *r, const struct hm_vendor_finding *f, struct hm_err *err)
{
	const struct hm_vendor_source *s = hm_map_get(&r->c->sources.by_path, f->mod.path);
	uint8_t want[HM_SHA256_SIZE], have[HM_SHA256_SIZE];
	hm_str data;
	int rc;

	if (s->proof == HM_PROOF_NONE)
		return 0;
	if (hm_vendor_source_sha256(s, f->file, want, err) ||
	    hm_file_map(f->file->src.p, &data, err))
		return -1;
	hm_sha256_of(data, have);
	if (memcmp(want, have, sizeof(want)) == 0)
		rc = put(r, f->name, data, err);
	else
		rc = hm_err_set(err, HM_ESECURITY, HM_F " has changed since it was verified",
		                HM_P(f->file->src));
	hm_file_unmap(data);
	return rc;
}

static bool
list_is_wrong(const struct hm_vendor_check *c)
{
	for (size_t i = 0; i < c->findings.n; i++) {
		const struct hm_vendor_finding *f = &c->findings.v[i];

		if (f->fault == HM_FAULT_LIST || (f->fault == HM_FAULT_MISSING && !f->file))
			return true;
	}
	return false;
}

static int
run(struct repair *r, struct hm_err *err)
{
	const struct hm_vendor_check *c = r->c;

	for (size_t i = 0; i < c->findings.n; i++)
		if (c->findings.v[i].fault == HM_FAULT_EXTRA &&
		    remove_extra(r, &c->findings.v[i], err))
			return -1;
	for (size_t i = 0; i < c->findings.n; i++)
		if (c->findings.v[i].file && put_verified(r, &c->findings.v[i], err))
			return -1;
	/* Last: a run that was killed leaves a list that asks for another. */
	return list_is_wrong(c) ? put(r, HM_S("modules.txt"), c->plan->text, err) : 0;
}

/* As the umask of the user has it: what his folders let others do with them. */
static mode_t
file_mode(hm_str folder)
{
	struct stat st;

	return stat(folder.p, &st) == 0 ? st.st_mode & 0666 : 0644;
}

int
hm_vendor_repair(const struct hm_vendor_check *c, size_t *done, struct hm_err *err)
{
	struct repair r = { .c = c };
	hm_str parent = hm_path_dir(&r.a, c->dir);
	int fd = -1, rc = -1;

	r.mode = file_mode(hm_file_is_dir(c->dir.p) ? c->dir : parent);
	if (hm_dir_make_all(parent.p, err) == 0 && hm_vendor_lock(parent, &fd, err) == 0)
		rc = run(&r, err);
	if (fd >= 0)
		close(fd);
	*done = r.done;
	hm_arena_free(&r.a);
	return rc;
}
