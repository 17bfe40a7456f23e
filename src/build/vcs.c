/* Version-control facts in build info (the VCS half of go's setBuildInfo). */
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "build/builder.h"
#include "build/git.h"
#include "build/stamp.h"
#include "load/modinfo.h"
#include "mod/gomod.h"
#include "mod/modpath.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/spawn.h"

enum { GOMOD_MAX = 16 << 20 };

/* How each system marks the root of a work tree; order as go asks. */
static const struct vcs {
	const char *name, *cmd, *root[2];
	bool is_dir;
} systems[] = {
	{ "Mercurial", "hg", { ".hg" }, true },
	{ "Git", "git", { ".git" }, true },
	{ "Subversion", "svn", { ".svn" }, true },
	{ "Bazaar", "bzr", { ".bzr" }, true },
	{ "Fossil", "fossil", { ".fslckout", "_FOSSIL_" }, false },
};

static bool
is_root(struct hm_arena *a, const struct vcs *v, hm_str dir)
{
	struct stat st;

	for (size_t i = 0; i < 2 && v->root[i]; i++)
		if (stat(hm_path_join(a, dir, hm_str_of(v->root[i])).p, &st) == 0 &&
		    S_ISDIR(st.st_mode) == v->is_dir)
			return true;
	return false;
}

/*
 * go's FromDir: the work tree around dir; *v NULL when there is none.  Trees of
 * two systems in one another are refused, because the outer one might have been
 * put there to be run; git in git is common, and git looks after itself.
 */
static int
find_repo(struct hm_builder *b, hm_str dir, hm_str *root, const struct vcs **v,
          struct hm_err *err)
{
	struct hm_arena *a = &b->arena;
	bool several = hm_str_contains(b->o.conf->godebug, HM_S("allowmultiplevcs=1"));

	*v = NULL;
	*root = HM_S("");
	for (dir = hm_path_clean(a, dir);; dir = hm_path_dir(a, dir)) {
		for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
			const struct vcs *s = &systems[i];

			if (!is_root(a, s, dir))
				continue;
			if (!*v) {
				*v = s;
				*root = dir;
				if (several)
					return 0;
			} else if (strcmp((*v)->cmd, "git") != 0 || strcmp(s->cmd, "git") != 0) {
				return hm_err_set(err, HM_EINVALID,
				                  "multiple VCS detected: %s in " HM_F
				                  ", and %s in " HM_F, (*v)->cmd,
				                  HM_P(hm_str_quote(a, *root)), s->cmd,
				                  HM_P(hm_str_quote(a, dir)));
			}
		}
		if (dir.n <= 1)
			return 0;
	}
}

/* Is the repository of dir another one? With -buildvcs=true that is an error. */
static int
other_repo(struct hm_builder *b, hm_str dir, hm_str repo, const char *what, bool *other,
           struct hm_err *err)
{
	const struct vcs *v;
	hm_str root;

	if (find_repo(b, dir, &root, &v, err))
		return -1;
	if (!v)
		return hm_err_set(err, HM_EINVALID,
		                  "directory " HM_F " is not using a known version control system",
		                  HM_P(hm_str_quote(&b->arena, dir)));
	*other = !hm_str_eq(root, repo);
	if (*other && !hm_str_eqz(b->o.buildvcs, "auto"))
		return hm_err_set(err, HM_EINVALID,
		                  "main %s is in repository " HM_F
		                  " but current directory is in repository " HM_F,
		                  what, HM_P(hm_str_quote(&b->arena, root)),
		                  HM_P(hm_str_quote(&b->arena, repo)));
	return 0;
}

static void
say(void *ctx, hm_str text)
{
	struct hm_builder *b = ctx;

	b->o.ui.print(b->o.ui.ctx, NULL, text);
}

static hm_str
root_module(struct hm_builder *b, hm_str repo)
{
	struct hm_err err = { 0 };
	hm_str data, path = HM_S("");

	if (hm_file_read(&b->arena, hm_path_join(&b->arena, repo, HM_S("go.mod")).p, GOMOD_MAX,
	                 &data, &err) == 0)
		path = hm_gomod_module_path(&b->arena, data);
	hm_err_free(&err);
	return path;
}

static int
ask_git(struct hm_builder *b, const struct hm_pkg *p, hm_str repo, struct hm_stamp_vcs *out,
        struct hm_err *err)
{
	struct hm_env env = hm_builder_copy_env(&b->arena, &b->env);
	struct hm_git g = { .arena = &b->arena, .dir = repo.p, .show = b->o.x, .say = say,
		            .say_ctx = b };
	hm_str code_root, major, version;
	int64_t time;

	hm_env_set(&env, "PWD", repo);
	g.env = hm_env_list(&env, &b->arena);
	if (hm_git_status(&g, &out->revision, &time, &out->modified, err))
		return -1;
	out->vcs = HM_S("git");
	if (out->revision.n)
		out->time = hm_clock_rfc3339(&b->arena, time, 0);
	if (!hm_modpath_split(root_module(b, repo), &code_root, &major) || !code_root.n)
		return 0;
	version = hm_git_version(&g, code_root, p->module->path, out->revision);
	if (version.n && out->modified)
		version = hm_arena_printf(&b->arena, HM_F "%s", HM_P(version),
		                          hm_str_has_suffix(version, HM_S("+incompatible")) ?
		                                  ".dirty" : "+dirty");
	out->version = version;
	return 0;
}

static int
stamp(struct hm_builder *b, const struct hm_pkg *p, struct hm_stamp_vcs *out, struct hm_err *err)
{
	hm_str repo, found, dir = p->module->dir;
	const struct vcs *v;
	bool other;

	if (find_repo(b, b->o.cwd, &repo, &v, err))
		return -1;
	if (!v || (!hm_path_has_prefix(dir, repo) && !hm_path_has_prefix(repo, dir)))
		return 0;
	if (hm_str_eqz(b->o.buildvcs, "auto") &&
	    !hm_spawn_look_path(&b->arena, hm_str_of(v->cmd), hm_env_or_empty(&b->env, "PATH"),
	                        &found))
		return 0;
	if (other_repo(b, p->dir, repo, "package", &other, err))
		return -1;
	if (!other && other_repo(b, dir, repo, "module", &other, err))
		return -1;
	if (other)
		return 0;
	if (strcmp(v->cmd, "git") != 0)
		return hm_err_set(err, HM_ENOTYET, "version control by %s", v->name);
	return ask_git(b, p, repo, out, err);
}

int
hm_stamp_vcs(struct hm_builder *b, const struct hm_pkg *p, struct hm_stamp_vcs *out,
             struct hm_err *err)
{
	bool run = strcmp(b->o.verb, "run") == 0;

	*out = (struct hm_stamp_vcs){ 0 };
	if (hm_str_eqz(b->o.buildvcs, "false") || (run && hm_str_eqz(b->o.buildvcs, "auto")) ||
	    !p->module || p->module->version.n || p->standard)
		return 0;
	if (stamp(b, p, out, err) == 0)
		return 0;
	if (hm_err_is(err, HM_ENOTYET))
		return -1;
	hm_err_wrap(err, "error obtaining VCS status: ");
	hm_err_append(err, "\n\tUse -buildvcs=false to disable VCS stamping.");
	b->o.ui.error(b->o.ui.ctx, p, hm_err_str(err));
	err->code = HM_EREPORTED;
	return -1;
}
