/*
 * tool.h - one run of hermod-vendor.
 */
#ifndef VENDOR_TOOL_H
#define VENDOR_TOOL_H

#include "base/log.h"
#include "conf/conf.h"
#include "load/modload.h"
#include "vendor/check.h"

struct hm_acquire;

/* What the flags say; a command takes those it names. */
struct options {
	hm_str chdir, out, modfile;
	bool json, errors_ok, verbose, cache_rw;
};

struct tool {
	struct hm_arena arena; /* lives until exit */
	struct options opts;
	struct hm_log log;
	struct hm_conf *conf;
	struct hm_acquire *acquire;
	struct hm_modload ml;
	struct hm_buf out; /* stdout */
	int status;        /* exit status of a run that does not fail */
};

/*
 * Settings and module state, as `go mod vendor` (in a workspace `go work vendor`)
 * has them.  No toolchain is needed or run; see std_by_name in load/modload.h.
 */
int tool_open(struct tool *t, struct hm_err *err);
void tool_close(struct tool *t);
/* Loads the packages and plans the vendor folder. */
int tool_plan(struct tool *t, struct hm_modules **mods, struct hm_vendor_plan *plan,
              struct hm_err *err);
/* Plan and check of the vendor folder of the module or workspace. */
int tool_check(struct tool *t, struct hm_modules **mods, struct hm_vendor_plan *plan,
               struct hm_vendor_check *c, struct hm_err *err);
/* The name of a vendored file for people: relative to the working folder when that is shorter. */
hm_str tool_shown(struct tool *t, const struct hm_vendor_check *c, hm_str name);

int cmd_check(struct tool *t, int argc, char **argv, struct hm_err *err);
int cmd_explain(struct tool *t, int argc, char **argv, struct hm_err *err);
int cmd_repair(struct tool *t, int argc, char **argv, struct hm_err *err);
int cmd_write(struct tool *t, int argc, char **argv, struct hm_err *err);

#endif
