#include "build/git.h"

#include <stdlib.h>

#include "mod/gomod.h"
#include "mod/modpath.h"
#include "mod/pseudo.h"
#include "mod/semver.h"
#include "os/spawn.h"

enum { WORDS_MAX = 16, SHORT_HASH = 12 };

int
hm_git_run(const struct hm_git *g, const char *const *words, hm_str *out, struct hm_err *err)
{
	const char *argv[WORDS_MAX + 2] = { "git" };
	struct hm_spawn s = { .argv = argv, .env = g->env, .dir = g->dir };
	struct hm_spawn_result r;
	size_t n = 1;

	for (; *words && n <= WORDS_MAX; words++)
		argv[n++] = *words;
	if (hm_spawn_run(g->arena, &s, &r, err)) {
		if (hm_err_is(err, HM_ENOTFOUND) && g->say)
			g->say(g->say_ctx, HM_S("go: missing Git command. See "
			                        "https://golang.org/s/gogetcmd\n"));
		return -1;
	}
	*out = r.out;
	if (r.status)
		return hm_err_set(err, HM_EINVALID, "exit status %d", r.status);
	return 0;
}

/* The two questions of -x. */
static int
ask(const struct hm_git *g, const char *const *words, hm_str *out, struct hm_err *err)
{
	struct hm_buf line = { 0 };

	if (g->show) {
		hm_buf_printf(&line, "cd %s\ngit", g->dir);
		for (size_t i = 0; words[i]; i++)
			hm_buf_printf(&line, " %s", words[i]);
		hm_buf_addc(&line, '\n');
		g->say(g->say_ctx, hm_buf_str(&line));
		hm_buf_free(&line);
	}
	return hm_git_run(g, words, out, err);
}

/* "hash:seconds" */
static int
parse_rev_time(hm_str out, hm_str *revision, int64_t *time, struct hm_err *err)
{
	hm_str buf = hm_str_trim(out), seconds;
	char *end;

	if (!hm_str_cut(buf, ':', revision, &seconds))
		return hm_err_set(err, HM_EINVALID, "unrecognized VCS tool output");
	*time = strtoll(seconds.p, &end, 10);
	if (end != seconds.p + seconds.n || !seconds.n)
		return hm_err_set(err, HM_EINVALID, "invalid syntax");
	return 0;
}

int
hm_git_status(const struct hm_git *g, hm_str *revision, int64_t *time, bool *modified,
              struct hm_err *err)
{
	const char *const status[] = { "status", "--porcelain", NULL };
	const char *const log[] = { "-c", "log.showsignature=false", "log", "-1",
		                    "--format=%H:%ct", NULL };
	hm_str out;

	*revision = HM_S("");
	*time = 0;
	if (ask(g, status, &out, err))
		return -1;
	*modified = out.n > 0;
	if (ask(g, log, &out, err)) {
		/* A repository without commits, so far, has uncommitted files. */
		if (!*modified)
			return -1;
		hm_err_clear(err);
		return 0;
	}
	return parse_rev_time(out, revision, time, err);
}

/* A module inside a repository: go's codeRepo. */
struct code_repo {
	const struct hm_git *g;
	hm_str root, path;
	hm_str prefix, major; /* of path: "x/y", "/v2" */
	hm_str dir;           /* below the root of the repository */
	hm_str hash;          /* the commit in question */
	int64_t time;
	struct hm_strs tags;  /* on that commit, sorted */
};

static bool
init_repo(struct code_repo *r)
{
	if (!hm_modpath_has_prefix(r->path, r->root) ||
	    !hm_modpath_split(r->path, &r->prefix, &r->major))
		return false;
	r->dir = HM_S("");
	if (hm_str_eq(r->root, r->path)) {
		r->prefix = r->path;
		return true;
	}
	if (!hm_modpath_has_prefix(r->prefix, r->root))
		return false;
	r->dir = hm_str_trim_any(hm_str_from(r->prefix, r->root.n), "/");
	return true;
}

/* The words of git log's %D: "HEAD -> main, tag: v1.0.0, origin/main". */
static void
read_tags(struct code_repo *r, hm_str refs)
{
	hm_str f, tag;

	while (hm_str_next_field(&refs, &f)) {
		if (!hm_str_eqz(f, "tag:") || !hm_str_next_field(&refs, &tag))
			continue;
		hm_str_cut_suffix(&tag, HM_S(","));
		HM_PUSH(r->g->arena, r->tags, tag);
	}
	hm_strs_sort_unique(&r->tags);
}

static bool
stat_commit(struct code_repo *r, hm_str revision)
{
	const char *const words[] = { "-c",
		                      "log.showsignature=false",
		                      "log",
		                      "--no-decorate",
		                      "-n1",
		                      "--format=format:%H %ct %D",
		                      "--end-of-options",
		                      hm_arena_cstr(r->g->arena, revision),
		                      "--",
		                      NULL };
	struct hm_err err = { 0 };
	hm_str out, seconds;
	bool ok = hm_git_run(r->g, words, &out, &err) == 0 && hm_str_next_field(&out, &r->hash) &&
	          hm_str_next_field(&out, &seconds);

	hm_err_free(&err);
	if (!ok)
		return false;
	r->time = strtoll(hm_arena_cstr(r->g->arena, seconds), NULL, 10);
	read_tags(r, out);
	return true;
}

static bool
read_file(const struct code_repo *r, hm_str rev, hm_str file, hm_str *data)
{
	hm_str object = hm_arena_printf(r->g->arena, HM_F ":" HM_F, HM_P(rev), HM_P(file));
	const char *const words[] = { "cat-file", "--end-of-options", "blob", object.p, NULL };
	struct hm_err err = { 0 };
	bool ok = hm_git_run(r->g, words, data, &err) == 0;

	hm_err_free(&err);
	return ok;
}

static hm_str
join(const struct code_repo *r, hm_str dir, const char *file)
{
	return hm_arena_printf(r->g->arena, HM_F "%s%s", HM_P(dir), dir.n ? "/" : "", file);
}

/* May modules at this path have versions of that major? (isMajor of coderepo.go) */
static bool
is_major(hm_str mod_path, hm_str major)
{
	hm_str prefix, own;

	if (!mod_path.n || !hm_modpath_split(mod_path, &prefix, &own))
		return false;
	if (!major.n) {
		hm_str v = hm_modpath_major_prefix(own);

		return !v.n || hm_str_eqz(v, "v0") || hm_str_eqz(v, "v1");
	}
	return own.n && hm_str_eq(hm_str_from(own, 1), hm_str_from(major, 1));
}

/* Is there exactly one go.mod for this path and major version at rev? (findDir) */
static bool
has_module(const struct code_repo *r, hm_str rev)
{
	hm_str data1, data2, mod1 = HM_S("");
	bool there1 = read_file(r, rev, join(r, r->dir, "go.mod"), &data1), found1;

	if (there1)
		mod1 = hm_gomod_module_path(r->g->arena, data1);
	found1 = there1 && (is_major(mod1, r->major) ||
	                    (!r->major.n && hm_str_has_prefix(mod1, HM_S("gopkg.in/"))));
	if (r->major.n && !hm_str_eq(r->root, r->path) && r->major.p[0] != '.') {
		hm_str dir2 = join(r, r->dir, hm_arena_cstr(r->g->arena, hm_str_from(r->major, 1)));

		if (read_file(r, rev, join(r, dir2, "go.mod"), &data2))
			return !found1 &&
			       is_major(hm_gomod_module_path(r->g->arena, data2), r->major);
	}
	if (found1)
		return true;
	return !there1 && !r->dir.n && (!r->major.n || r->major.p[0] == '.');
}

/* A version above v1 without suffix in the path is fine where there is no go.mod. */
static bool
incompatible_ok(const struct code_repo *r, hm_str version)
{
	hm_str data, major = hm_semver_major(version);

	if (r->dir.n || r->major.n || read_file(r, r->hash, HM_S("go.mod"), &data))
		return false;
	return !version.n || !read_file(r, r->hash, join(r, major, "go.mod"), &data);
}

static hm_str
tag_of_version(const struct code_repo *r, hm_str version)
{
	return join(r, r->dir, hm_arena_cstr(r->g->arena, version));
}

/* The version as it may be used, with "+incompatible" where that belongs; empty when not. */
static hm_str
check_canonical(const struct code_repo *r, hm_str version, hm_str rev)
{
	if (!has_module(r, rev))
		return HM_S("");
	if (hm_modpath_match_major(version, r->major))
		return version;
	if (!incompatible_ok(r, version))
		return HM_S("");
	return hm_arena_printf(r->g->arena, HM_F "+incompatible", HM_P(version));
}

/* The version that a tag stands for; *canonical says that it is spelled so. */
static hm_str
tag_to_version(const struct code_repo *r, hm_str tag, bool *canonical)
{
	hm_str v;

	*canonical = false;
	if (hm_pseudo_is(tag))
		return HM_S("");
	if (r->dir.n && !(hm_str_cut_prefix(&tag, r->dir) && hm_str_cut_prefix(&tag, HM_S("/"))))
		return HM_S("");
	v = hm_semver_canonical(r->g->arena, tag);
	if (!v.n || !hm_str_has_prefix(tag, v))
		return HM_S("");
	*canonical = v.n == tag.n;
	return v;
}

static bool
all_hex(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return true;
}

/* The highest version tagged in the history of the commit. */
static bool
recent_version(const struct code_repo *r, hm_str *version)
{
	hm_str merged = hm_arena_printf(r->g->arena, "--merged=" HM_F, HM_P(r->hash));
	const char *const words[] = { "for-each-ref", "--format=%(refname)", merged.p, NULL };
	struct hm_err err = { 0 };
	hm_str out, line, best = HM_S("");
	bool ok = hm_git_run(r->g, words, &out, &err) == 0, canonical;

	hm_err_free(&err);
	*version = HM_S("");
	while (ok && hm_str_next(&out, '\n', &line)) {
		hm_str tag = hm_str_trim(line), v, semtag;

		if (!hm_str_cut_prefix(&tag, HM_S("refs/tags/")))
			continue;
		v = tag_to_version(r, tag, &canonical);
		if (!v.n || (!hm_modpath_match_major(v, r->major) && !incompatible_ok(r, v)))
			continue;
		semtag = hm_str_from(tag, r->dir.n ? r->dir.n + 1 : 0);
		if (hm_semver_cmp(semtag, best) > 0)
			best = semtag;
	}
	if (best.n && !all_hex(best))
		*version = tag_to_version(r, tag_of_version(r, best), &canonical);
	return ok;
}

static hm_str
highest_tag(const struct code_repo *r)
{
	hm_str best = HM_S("");
	bool canonical;

	for (size_t i = 0; i < r->tags.n; i++) {
		hm_str v = tag_to_version(r, r->tags.v[i], &canonical);

		if (canonical && hm_semver_cmp(best, v) < 0 &&
		    (hm_modpath_match_major(v, r->major) || incompatible_ok(r, v)))
			best = v;
	}
	return best;
}

hm_str
hm_git_version(const struct hm_git *g, hm_str code_root, hm_str path, hm_str revision)
{
	struct code_repo r = { .g = g, .root = code_root, .path = path };
	hm_str version, base, rev;

	if (!init_repo(&r) || !stat_commit(&r, revision))
		return HM_S("");
	version = highest_tag(&r);
	if (version.n)
		return check_canonical(&r, version, tag_of_version(&r, version));
	if (!recent_version(&r, &base))
		return HM_S("");
	rev = r.hash.n > SHORT_HASH ? hm_str_sub(r.hash, 0, SHORT_HASH) : r.hash;
	version = hm_pseudo_make(g->arena, hm_modpath_major_prefix(r.major), base, r.time, rev);
	return check_canonical(&r, version, rev);
}
