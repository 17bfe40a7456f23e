#include "seen.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "mod/semver.h"
#include "os/file.h"
#include "store/list.h"

enum { COMMIT_DIGITS = 12 }; /* of a commit's hash, in a pseudo-version */

static hm_str
file_of(const struct proxy *p, struct hm_arena *a, const struct route *r)
{
	return hm_arena_printf(a, HM_F "/cache/upstream" HM_F, HM_P(p->store.root), HM_P(r->url));
}

bool
seen_read(const struct proxy *p, struct hm_arena *a, const struct route *r, hm_str *body,
          int64_t *when)
{
	hm_str name = file_of(p, a, r);
	struct hm_err err = { 0 };
	struct stat st;
	int fd = open(name.p, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return false;
	rc = fstat(fd, &st) ? -1 : hm_file_read_fd(a, fd, name.p, HM_FETCH_MAX_LIST, body, &err);
	close(fd);
	hm_err_free(&err);
	*when = rc == 0 ? (int64_t)st.st_mtime : 0;
	return rc == 0;
}

void
seen_write(const struct proxy *p, struct hm_arena *a, const struct route *r, hm_str body)
{
	hm_str name = file_of(p, a, r);
	struct hm_err err = { 0 };

	if (hm_dir_make_all(hm_path_dir(a, name).p, &err) == 0)
		hm_file_publish(name.p, body, 0644, false, &err);
	hm_err_free(&err);
}

void
seen_forget(const struct proxy *p, struct hm_arena *a, const struct route *r)
{
	unlink(file_of(p, a, r).p);
}

/* Not a go.mod alone, for module graphs: go would ask for more. */
static bool
is_whole(const struct proxy *p, hm_str path, hm_str version)
{
	static const char *const needed[] = { "info", "zip" };
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	bool whole = true;
	hm_str file;

	for (size_t i = 0; i < 2 && whole; i++)
		whole = hm_store_path(&p->store, &a, path, version, needed[i], &file, &err) == 0 &&
		        hm_file_exists(file.p);
	hm_err_free(&err);
	hm_arena_free(&a);
	return whole;
}

static hm_str
whole_versions(const struct proxy *p, struct hm_arena *a, hm_str path, hm_str list)
{
	struct hm_buf b = { 0 };
	hm_str v;

	while (hm_str_next(&list, '\n', &v))
		if (is_whole(p, path, v))
			hm_buf_printf(&b, HM_F "\n", HM_P(v));
	return hm_buf_take(&b, a);
}

/* The lines of the store's own list: versions with a go.mod. */
static bool
read_own_list(const struct proxy *p, struct hm_arena *a, hm_str path, hm_str *out)
{
	struct hm_err err = { 0 };
	hm_str escaped, name;
	int rc = hm_modpath_escape(a, path, &escaped, &err);

	if (rc == 0) {
		name = hm_arena_printf(a, HM_F "/cache/download/" HM_F "/@v",
		                       HM_P(p->store.root), HM_P(escaped));
		hm_store_mend_list(name, HM_S(""));
		name = hm_path_cat(a, name, HM_S("list"));
		rc = hm_file_read(a, name.p, HM_FETCH_MAX_LIST, out, &err);
	}
	hm_err_free(&err);
	return rc == 0;
}

hm_str
stored_versions(const struct proxy *p, struct hm_arena *a, hm_str path)
{
	hm_str list;

	return read_own_list(p, a, path, &list) ? list : HM_S("");
}

/* go's choice for @latest: the highest release, else pre-release, else pseudo-version. */
static int
rank(hm_str v)
{
	return hm_pseudo_is(v) ? 1 : hm_semver_prerelease(v).n ? 2 : 3;
}

hm_str
highest_version(hm_str list)
{
	hm_str best = { 0 }, v;

	while (hm_str_next(&list, '\n', &v)) {
		if (!hm_modpath_is_canonical_version(v))
			continue;
		if (best.n == 0 || rank(v) > rank(best) ||
		    (rank(v) == rank(best) && hm_semver_cmp(v, best) > 0))
			best = v;
	}
	return best;
}

static bool
is_commit(hm_str rev)
{
	for (size_t i = 0; i < rev.n; i++)
		if (!strchr("0123456789abcdef", rev.p[i]))
			return false;
	return rev.n >= COMMIT_DIGITS;
}

/* A commit may have several, by the tags before it. */
static hm_str
highest_of_commit(hm_str list, hm_str commit)
{
	hm_str best = { 0 }, v, rev;
	struct hm_err none = { 0 };

	commit.n = COMMIT_DIGITS;
	while (hm_str_next(&list, '\n', &v))
		if (hm_pseudo_is(v) && hm_pseudo_rev(v, &rev, &none) == 0 &&
		    hm_str_eq(rev, commit) && (best.n == 0 || hm_semver_cmp(v, best) > 0))
			best = v;
	hm_err_free(&none);
	return best;
}

static hm_str
choose(const struct route *r, hm_str list)
{
	return r->want == WANT_INFO ? highest_of_commit(list, r->version) : highest_version(list);
}

bool
stored_answer(const struct proxy *p, struct hm_arena *a, const struct route *r, hm_str *body)
{
	struct hm_err err = { 0 };
	hm_str list, version;
	int rc;

	if ((r->want != WANT_LIST && r->want != WANT_LATEST &&
	     !(r->want == WANT_INFO && !r->canonical && is_commit(r->version))) ||
	    !read_own_list(p, a, r->path, &list))
		return false;
	if (r->want == WANT_LIST) {
		list = whole_versions(p, a, r->path, list);
		*body = merge_lists(a, HM_S(""), list);
		return list.n > 0;
	}
	version = choose(r, list);
	if (version.n && !is_whole(p, r->path, version))
		version = choose(r, whole_versions(p, a, r->path, list));
	if (version.n == 0)
		return false;
	rc = hm_store_read(&p->store, a, r->path, version, "info", body, &err);
	hm_err_free(&err);
	return rc == 0;
}

static void
add_lines(struct hm_arena *a, hm_str text, struct hm_strs *out)
{
	hm_str line, v;

	while (hm_str_next(&text, '\n', &line))
		if (hm_str_next_field(&line, &v) && hm_semver_valid(v) && !hm_pseudo_is(v))
			HM_PUSH(a, *out, v);
}

hm_str
merge_lists(struct hm_arena *a, hm_str upstream, hm_str stored)
{
	struct hm_strs v = { 0 };
	struct hm_buf b = { 0 };

	add_lines(a, upstream, &v);
	add_lines(a, stored, &v);
	hm_semver_sort(v.v, v.n);
	for (size_t i = 0; i < v.n; i++) {
		if (i && hm_str_eq(v.v[i], v.v[i - 1]))
			continue;
		hm_buf_adds(&b, v.v[i]);
		hm_buf_addc(&b, '\n');
	}
	return hm_buf_take(&b, a);
}
