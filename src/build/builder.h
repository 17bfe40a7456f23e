/*
 * builder.h - the inside of struct hm_builder; for the files of this folder.
 */
#ifndef HM_BUILD_BUILDER_H
#define HM_BUILD_BUILDER_H

#include <pthread.h>
#include <stdatomic.h>

#include "binfo/binfo.h"
#include "build/build.h"
#include "build/keys.h"
#include "build/pkgflags.h"

/* What the builder keeps of one package; hm_pkg.user points to it. */
struct hm_unit {
	struct hm_pkg *pkg;
	struct hm_strs asmflags, gcflags, ldflags;
	hm_str modinfo;    /* build info text; p == NULL: none */
	hm_str target;     /* where it is installed, or empty; -o changes it */
	hm_str exe_name;   /* of the temporary executable; empty: a.out */
	bool omit_debug;   /* go run */
	struct hm_action *compile, *link;
};

struct hm_exec;  /* exec.h */
struct hm_shell; /* shell.h */

struct hm_builder {
	struct hm_build_opts o;
	bool modules;
	struct hm_build_mods mods;
	struct hm_arena arena;
	struct hm_toolchain *tc;
	struct hm_cache *cache;
	struct hm_memo *memo;
	struct hm_keys keys;

	hm_str goos, goarch, exe_suffix;
	hm_str arch_key, arch_val;
	bool arch_changed;         /* differs from the default: tools are told again */
	hm_str goexperiment;       /* canonical */
	hm_str ld_buildmode;       /* "exe", "pie" */
	bool fips140;              /* GOFIPS140 is on */
	struct hm_strs forced_gcflags, forced_asmflags, forced_ldflags;
	struct hm_pkgflags gcflags, asmflags, ldflags;
	struct hm_env env;         /* of the tools */

	hm_str workdir;            /* "$WORK" with -n */
	bool workdir_made;
	unsigned objdirs;
	struct hm_map profiles;    /* path -> struct hm_action * */
	struct hm_actions actions; /* all that were made */
	struct hm_exec *exec;
	struct hm_shell *shell;
};

static inline struct hm_unit *
hm_unit_of(const struct hm_pkg *p)
{
	return p->user;
}

/* SHA-256 of a file as build IDs show it; empty when it cannot be read, as go has it. */
hm_str hm_builder_file_hash(struct hm_builder *b, struct hm_arena *a, hm_str path);
/* A copy that may be changed; names and values are borrowed. */
struct hm_env hm_builder_copy_env(struct hm_arena *a, const struct hm_env *from);
/* Folder for the files of one action, not made yet; ends in a slash. */
hm_str hm_builder_objdir(struct hm_builder *b);

/* Opens the toolchain: later than the rest, because packages may have errors to show. */
int hm_builder_open_tools(struct hm_builder *b, struct hm_err *err);
/* Opens it, and gives every package of roots, and all below, its unit; HM_ENOTYET for cgo. */
int hm_builder_prepare(struct hm_builder *b, const struct hm_pkgs *roots, struct hm_err *err);

/* The work of each kind of action; called by exec.c on its threads. */
int hm_compile_run(struct hm_builder *b, struct hm_action *a, struct hm_err *err);
int hm_link_run(struct hm_builder *b, struct hm_action *a, struct hm_err *err);
int hm_profile_run(struct hm_builder *b, struct hm_action *a, struct hm_err *err);
int hm_install_run(struct hm_builder *b, struct hm_action *a, struct hm_err *err);

/*
 * go's useCache: sets a->id and a->build_id; *found when a->built can be taken
 * as it is, else the action has to run and hm_result_store() after it.
 */
int hm_result_find(struct hm_builder *b, struct hm_action *a, hm_str target, bool *found,
                   struct hm_err *err);
/* go's updateBuildID: content ID into the file, file and output into the cache. */
int hm_result_store(struct hm_builder *b, struct hm_action *a, hm_str target, struct hm_err *err);

/* The //go:debug lines of the action's package; HM_EBUILD with go's text for wrong ones. */
int hm_directives_check(struct hm_action *a, struct hm_err *err);

/* Adds object files to an archive as `pack r` does. */
int hm_pack_append(struct hm_arena *a, hm_str archive, const struct hm_strs *objs,
                   struct hm_err *err);

#endif
