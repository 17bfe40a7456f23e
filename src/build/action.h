/*
 * action.h - the graph of what has to be done: compile, preprocess a profile,
 * link, install (cmd/go/internal/work/action.go).  Made on one thread, then run
 * by exec.h.
 */
#ifndef HM_BUILD_ACTION_H
#define HM_BUILD_ACTION_H

#include "build/cache.h"
#include "load/pkg.h"

struct hm_builder;

enum hm_action_kind {
	HM_ACT_GROUP,   /* nothing of its own: done when what it depends on is done */
	HM_ACT_BUILTIN, /* unsafe, builtin: nothing to compile */
	HM_ACT_PROFILE, /* preprofile */
	HM_ACT_COMPILE,
	HM_ACT_LINK,
	HM_ACT_INSTALL,
};

struct hm_action;
struct hm_actions {
	struct hm_action **v;
	size_t n, cap;
};

struct hm_action {
	enum hm_action_kind kind;
	struct hm_builder *builder;
	struct hm_pkg *pkg;         /* NULL for groups and profiles */
	struct hm_actions deps;     /* in go's order: it goes into keys and import configs */
	struct hm_actions triggers; /* the inverse; set by hm_exec_run() */
	hm_str objdir;              /* ends in a slash */
	hm_str target;              /* what it makes */
	hm_str profile;             /* PROFILE: the input */
	bool cache_exe;             /* LINK: keep the executable in the cache */

	/* Results; written by the action itself, read by those that it triggers. */
	uint8_t id[HM_HASH_SIZE];   /* action ID */
	hm_str build_id;            /* "<action>/<content>", see result.c */
	hm_str built;               /* the file; empty for builtin */
	hm_str cached_exe;
	bool cached;                /* nothing had to be run */
	hm_str export;              /* COMPILE for go list: the file in the cache */
	hm_str why;                 /* its error, when that goes into the package */
	const struct hm_action *failed; /* the action whose failure stops this one */
	struct hm_buf output;       /* text of tools that succeeded; goes to the cache too */
	struct hm_arena arena;      /* of the thread that runs it; freed with the builder */

	/* Of the scheduler. */
	size_t pending;
	int order;                  /* depth-first post-order, as go numbers them; -1 until known */
	int64_t weight;             /* estimated cost of the longest way from here to the root */
};

/* Groups what go calls "go build". */
struct hm_action *hm_action_group(struct hm_builder *b);
void hm_action_depend(struct hm_builder *b, struct hm_action *a, struct hm_action *on);

/* The same package gives the same action. */
struct hm_action *hm_action_compile(struct hm_builder *b, struct hm_pkg *p);
/* Compiles main package p and links it to a temporary executable. */
struct hm_action *hm_action_link(struct hm_builder *b, struct hm_pkg *p);
/*
 * go's AutoAction: link for a main package, else compile; with install the
 * result is moved to the package's target, if it has one.
 */
struct hm_action *hm_action_for(struct hm_builder *b, struct hm_pkg *p, bool install);
/*
 * All actions below root and root itself, each behind its dependencies, in go's
 * order; sets order.
 */
void hm_action_list(struct hm_builder *b, struct hm_action *root, struct hm_actions *out);

#endif
