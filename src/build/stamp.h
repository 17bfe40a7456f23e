/*
 * stamp.h - what a main package carries about its own build: debug.BuildInfo as
 * load.setBuildInfo of the go command fills it, and the text of it that goes
 * into action IDs and binaries.
 */
#ifndef HM_BUILD_STAMP_H
#define HM_BUILD_STAMP_H

#include "base/err.h"
#include "base/vec.h"
#include "load/pkg.h"

struct hm_builder;

struct hm_stamp_setting {
	hm_str key, value;
};

struct hm_stamp {
	hm_str path;                   /* import path of the main package */
	const struct hm_modinfo *main; /* its module, or NULL */
	hm_str main_version;           /* from version control; empty: the module's, or "(devel)" */
	const struct hm_modinfo **deps; /* modules of the packages below it, sorted as gover.ModSort */
	size_t n_deps;
	struct hm_stamp_setting *settings;
	size_t n_settings, cap_settings;
};

/* Builds the stamp of main package p, whose imports are loaded, in b's arena. */
int hm_stamp_make(struct hm_builder *b, struct hm_pkg *p, struct hm_stamp **out,
                  struct hm_err *err);
/* Adds a setting; newlines in the value become spaces. */
void hm_stamp_add(struct hm_builder *b, struct hm_stamp *s, const char *key, hm_str value);
/* -pgo=<file>, settings sorted again. */
void hm_stamp_add_pgo(struct hm_builder *b, struct hm_stamp *s, hm_str file);
/* debug.BuildInfo.String() without a go version line. */
hm_str hm_stamp_text(struct hm_builder *b, struct hm_arena *a, const struct hm_stamp *s);
/* The text between the two marks that the runtime looks for (modload.ModInfoData). */
hm_str hm_stamp_data(struct hm_arena *a, hm_str text);

/* What version control says of the work tree at dir (cmd/go/internal/vcs); vcs empty: nothing. */
struct hm_stamp_vcs {
	hm_str vcs;      /* "git" */
	hm_str revision;
	hm_str time;     /* RFC 3339, UTC */
	bool modified;
	hm_str version;  /* of the main module at this revision, "+dirty" included; empty: unknown */
};
int hm_stamp_vcs(struct hm_builder *b, struct hm_pkg *p, struct hm_stamp_vcs *out,
                 struct hm_err *err);

#endif
