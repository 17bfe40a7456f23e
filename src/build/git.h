/*
 * git.h - questions to the git command about a work tree, as the go command asks
 * them (cmd/go/internal/vcs, modfetch/codehost/git.go in local mode).
 */
#ifndef HM_BUILD_GIT_H
#define HM_BUILD_GIT_H

#include "base/err.h"
#include "base/vec.h"

struct hm_git {
	struct hm_arena *arena;
	const char *dir;        /* root of the work tree */
	const char *const *env;
	bool show;              /* -x: print, through say */
	void (*say)(void *ctx, hm_str text);
	void *say_ctx;
};

/* The output of git with these words; "exit status 128" when it fails. */
int hm_git_run(const struct hm_git *g, const char *const *words, hm_str *out, struct hm_err *err);
/* git status and log as go words them; revision and time stay empty without commits. */
int hm_git_status(const struct hm_git *g, hm_str *revision, int64_t *time, bool *modified,
                  struct hm_err *err);
/*
 * The version of module path at this revision, where code_root is the module
 * path of the repository's root: a tag of the commit, else a pseudo-version.
 * Empty when there is none to be had (which is no error).
 */
hm_str hm_git_version(const struct hm_git *g, hm_str code_root, hm_str path, hm_str revision);

#endif
