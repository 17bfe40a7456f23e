/*
 * stamp.h - what a main package carries about its own build: debug.BuildInfo as
 * load.setBuildInfo of the go command fills it (the Go version stays empty).
 */
#ifndef HM_BUILD_STAMP_H
#define HM_BUILD_STAMP_H

#include "binfo/binfo.h"
#include "load/pkg.h"

struct hm_builder;

/* The build information of main package p, whose imports are loaded, in b's arena. */
int hm_stamp_make(struct hm_builder *b, struct hm_pkg *p, struct hm_binfo **out,
                  struct hm_err *err);
/* The text between the two marks that the runtime looks for (modload.ModInfoData). */
hm_str hm_stamp_data(struct hm_arena *a, hm_str text);

/* What version control says of a work tree (cmd/go/internal/vcs). */
struct hm_stamp_vcs {
	hm_str vcs;      /* "git"; empty: nothing to stamp */
	hm_str revision;
	hm_str time;     /* RFC 3339, UTC */
	bool modified;
	hm_str version;  /* of the main module at this revision, "+dirty" included; or empty */
};
/*
 * Asks git about the repository that holds both the working folder and p's
 * module; nothing (vcs empty) where go stamps nothing.
 */
int hm_stamp_vcs(struct hm_builder *b, const struct hm_pkg *p, struct hm_stamp_vcs *out,
                 struct hm_err *err);

#endif
