/*
 * buildlist.h - the module versions that a go.mod, go.sum or go.work stands for.
 *
 * For go.mod and go.work it is the graph that go reads (readModGraph of
 * cmd/go/internal/modload/buildlist.go): of roots that say go 1.17 or later the direct
 * requirements, of all others everything below; the highest version of each path is
 * selected.  replace and exclude count.  For go.sum it is every line.
 */
#ifndef PROXY_BUILDLIST_H
#define PROXY_BUILDLIST_H

#include "mod/modver.h"

struct buildlist {
	struct hm_modvers whole; /* selected: .info, .mod and .zip are needed; sorted */
	struct hm_modvers mods;  /* the other versions whose go.mod is needed; sorted */
};

/* Where go.mod files of dependencies come from; gomod is called from several threads. */
struct buildlist_source {
	int (*gomod)(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *data,
	             struct hm_err *err);
	void *ctx;
	unsigned threads;
};

/*
 * Adds what the file needs; the kind follows from the name's end (.sum, .work, else
 * go.mod).  Call buildlist_end() behind the last file.
 */
int buildlist_add(struct hm_arena *a, const struct buildlist_source *src, hm_str file,
                  struct buildlist *out, struct hm_err *err);
/*
 * The toolchain that a go.mod or go.work names (toolchain line, else a go line that is a
 * release), for a platform ("linux-amd64"): golang.org/toolchain@v0.0.1-NAME.PLATFORM.
 * Nothing is added where the file names none.
 */
int buildlist_add_toolchain(struct hm_arena *a, hm_str file, hm_str platform, struct buildlist *out,
                            struct hm_err *err);
/* Sorts, and drops what is there twice. */
void buildlist_end(struct buildlist *out);

#endif
