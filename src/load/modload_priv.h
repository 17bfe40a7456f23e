/*
 * modload_priv.h - what the files of module state share and nobody else uses.
 */
#ifndef HM_LOAD_MODLOAD_PRIV_H
#define HM_LOAD_MODLOAD_PRIV_H

#include <pthread.h>

#include "load/mainmods.h"
#include "load/modfiles.h"
#include "load/vermap.h"

/* Largest go.mod or go.work that is read. */
#define HM_GOMOD_MAX ((size_t)16 << 20)

/* Caches of one modload, filled from any thread. */
struct hm_modfiles {
	pthread_mutex_t lock; /* guards all but graph_lock */
	pthread_cond_t done;  /* some entry has been read */
	struct hm_arena arena;
	struct hm_vermap entries;   /* -> struct entry * (modsummary.c) */
	struct hm_modgraph *graphs; /* all that were made, for freeing */
	pthread_mutex_t graph_lock; /* one graph is read at a time */
};

void hm_modfiles_init(struct hm_modload *ml);
void hm_modfiles_free(struct hm_modload *ml);
/* Other main modules follow; as in go, files of dependencies are not read again. */
void hm_modfiles_forget_mains(struct hm_modload *ml);
/* Raises ml->need_go. */
void hm_modfiles_need_go(struct hm_modload *ml, hm_str go);
void hm_modgraph_free(struct hm_modgraph *mg);

/* Sets err to what from says; returns -1. */
int hm_modload_copy_err(struct hm_err *err, struct hm_err *from);

/* go's setDefaultBuildMod. */
int hm_modload_default_mod(struct hm_modload *ml, struct hm_err *err);
/* Works out ml->vendor_dir from ml->mains. */
void hm_modload_set_vendor_dir(struct hm_modload *ml);
void hm_modload_set_roots(struct hm_modload *ml, const hm_str *roots, size_t n);
/* path, or path below cwd when it is relative. */
const char *hm_modload_abs(const struct hm_modload *ml, struct hm_arena *a, hm_str path);
/* Reads a whole file while holding go's shared lock on it. */
int hm_modload_locked_read(const struct hm_modload *ml, struct hm_arena *a, hm_str path,
                           hm_str *data, struct hm_err *err);

struct hm_gomod_replaces;
/* go's toReplaceMap: adds the lines; conflicting ones are a final error. */
int hm_modtable_replaces(struct hm_arena *a, const struct hm_gomod_replaces *list,
                         struct hm_modtable *t, struct hm_err *err);

/* One main module as it was found. */
struct hm_mainmod_in {
	struct hm_modver mod;
	hm_str root;
	struct hm_gomod *file;
	struct hm_modindex *index;
};
/* go's makeMainModules: fills ml->mains. */
int hm_mainmods_make(struct hm_modload *ml, const struct hm_mainmod_in *in, size_t n,
                     struct hm_gowork *work, struct hm_err *err);

/* go's requirementsFromModFiles for ml->mains. */
struct hm_reqs *hm_reqs_from_files(struct hm_modload *ml);
/* go's rootsFromModFile without the toolchain root; appended, not sorted. */
void hm_reqs_roots_of(struct hm_modload *ml, const struct hm_mainmod *m, bool with_toolchain,
                      struct hm_modvers *roots, struct hm_map *direct);
/* go's initVendor: gives rs the graph that vendor/modules.txt describes. */
int hm_reqs_init_vendor(struct hm_modload *ml, struct hm_reqs *rs, const struct hm_modver *list,
                        size_t n, struct hm_err *err);
/* The cmp of mvs with "" above every version. */
int hm_modload_cmp(void *ctx, hm_str path, hm_str v1, hm_str v2);

#endif
