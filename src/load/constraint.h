/*
 * constraint.h - build constraints: //go:build and // +build lines, file-name
 * suffixes, and the tags that a target satisfies.
 *
 * Follows go/build/constraint, the tag rules of go/build, and the slightly
 * different ones of cmd/go/internal/imports, by which module resolution
 * collects imports (struct hm_tags).
 */
#ifndef HM_LOAD_CONSTRAINT_H
#define HM_LOAD_CONSTRAINT_H

#include "base/err.h"
#include "base/vec.h"

/* Operators of one expression; above it is a syntax error, as in go. */
#define HM_CONSTRAINT_MAX_SIZE 1000

enum hm_constraint_op { HM_CONSTRAINT_TAG, HM_CONSTRAINT_NOT, HM_CONSTRAINT_AND, HM_CONSTRAINT_OR };

struct hm_constraint {
	enum hm_constraint_op op;
	hm_str tag;                  /* TAG */
	const struct hm_constraint *x; /* NOT, AND, OR */
	const struct hm_constraint *y; /* AND, OR */
};

bool hm_constraint_is_go_build(hm_str line);
bool hm_constraint_is_plus_build(hm_str line);
/*
 * Parses a line of either form.  The tree lives in the arena and borrows from
 * line.  HM_ESYNTAX with go's text ("missing close paren", ...).
 */
int hm_constraint_parse(struct hm_arena *a, hm_str line, const struct hm_constraint **out,
                        struct hm_err *err);
bool hm_constraint_eval(const struct hm_constraint *x, bool (*has)(void *ctx, hm_str tag),
                        void *ctx);
/* The expression as constraint.Expr.String prints it. */
hm_str hm_constraint_text(struct hm_arena *a, const struct hm_constraint *x);

/* What a package is built for: go/build.Context. */
struct hm_build_ctx {
	hm_str goos, goarch;
	hm_str goroot, gopath;
	hm_str compiler;       /* "gc" */
	hm_str install_suffix;
	bool cgo;              /* CGO_ENABLED */
	bool use_all_files;    /* file names and constraints do not matter */
	struct hm_strs tags;         /* -tags */
	struct hm_strs tool_tags;    /* goexperiment.*, amd64.v1, ... */
	struct hm_strs release_tags; /* go1.1 ... go1.N */
	bool install_goroot;         /* GODEBUG=installgoroot=all: std has install targets */
	bool embed_links;            /* GODEBUG=embedfollowsymlinks=1 */
};

/* go1.1 up to the release of a toolchain version such as "go1.26.8", into out. */
void hm_build_release_tags(struct hm_arena *a, hm_str go_version, struct hm_strs *out);

/* Is the tag satisfied (go/build matchTag)? */
bool hm_build_match_tag(const struct hm_build_ctx *c, hm_str tag);
/* Do the _GOOS and _GOARCH suffixes of a file name fit (go/build goodOSArchFile)? */
bool hm_build_match_name(const struct hm_build_ctx *c, hm_str name);
/* A condition of a #cgo line, in either syntax; false when malformed. */
bool hm_build_match_auto(const struct hm_build_ctx *c, hm_str text);
/* A constraint for this target (go/build eval). */
bool hm_build_eval(const struct hm_build_ctx *c, const struct hm_constraint *x);

/*
 * The tag set that imports are collected with (cmd/go/internal/imports): the
 * tags of a target, or any: every tag but "ignore" counts as set and as not set.
 */
struct hm_tags {
	const struct hm_build_ctx *ctx; /* may be NULL when any */
	bool any;
};
/* imports.AnyTags() */
const struct hm_tags *hm_tags_any(void);
/* imports.MatchFile: do the suffixes of a file name fit? */
bool hm_tags_match_name(const struct hm_tags *t, hm_str name);
/* imports.Eval with prefer true */
bool hm_tags_eval(const struct hm_tags *t, const struct hm_constraint *x);
/* Is the tag in the set (tags["cgo"] || tags["*"])? */
bool hm_tags_has(const struct hm_tags *t, hm_str tag);

#endif
