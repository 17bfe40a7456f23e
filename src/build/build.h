/*
 * build.h - a builder: settings, toolchain, cache and work folder of one build
 * (cmd/go/internal/work: build.go, init.go).
 *
 * Use: fill hm_build_opts, hm_build_new(), then hm_build_packages(),
 * hm_build_install() or hm_build_run() on the packages that were loaded,
 * hm_build_free().
 */
#ifndef HM_BUILD_BUILD_H
#define HM_BUILD_BUILD_H

#include "base/log.h"
#include "build/action.h"
#include "build/toolchain.h"
#include "conf/conf.h"

/* Text for the user about package p (or NULL). Called by several threads, one at a time. */
struct hm_build_ui {
	/* Text as it stands, newlines included; to stderr (with -json as an event to stdout). */
	void (*print)(void *ctx, const struct hm_pkg *p, hm_str text);
	/* An error: a newline is added when missing; exit status 1. */
	void (*error)(void *ctx, const struct hm_pkg *p, hm_str text);
	/* The program of `go run` starts now: the terminal is its. May be NULL. */
	void (*starting)(void *ctx);
	void *ctx;
};

struct hm_build_opts {
	const struct hm_conf *conf;
	hm_str cwd;               /* absolute working folder, -C considered */
	const struct hm_log *log; /* hash traces; may be NULL */
	struct hm_build_ui ui;
	const char *verb;         /* "build", "install", "run": in messages */

	/* Flags of go build. */
	bool a, n, v, x, work, trimpath;
	bool race, msan, asan, cover, linkshared;
	unsigned p;               /* 0: one a core */
	hm_str o;                 /* -o */
	hm_str buildmode;         /* empty: "default" */
	hm_str buildvcs;          /* empty: "auto" */
	hm_str pgo;               /* empty: "auto" */
	hm_str compiler;          /* empty: "gc" */
	hm_str installsuffix;
	struct hm_strs tags, toolexec;
	struct hm_strs asmflags, gcflags, ldflags; /* each occurrence's text: "[pattern=]args" */

	/* go list: see hm_build_list(). */
	bool list;
	bool export, compiled;    /* export data, compiled_go_files are wanted */
	bool allow_errors;        /* list -e: failures go into the packages */
};

/* What package loading knows of the modules. */
struct hm_build_mods {
	bool vendored;            /* -mod=vendor is in force: no sums in build info */
	struct hm_strs main_mods; /* paths of the main modules, for the pattern "work" */
	struct hm_strs tools;     /* tool lines, for the pattern "tool" */
	/* The recorded h1 of path@version, or empty (modfetch.Sum); in the arena. */
	hm_str (*sum)(void *ctx, struct hm_arena *a, hm_str path, hm_str version);
	void *sum_ctx;
};

struct hm_builder;

/*
 * Checks the settings (go's texts), opens toolchain and cache and makes the
 * work folder.  opts is copied, what it points to is borrowed.
 * HM_ENOTYET: go has to do this one (-race, other build modes, ...); the message says why.
 */
int hm_build_new(const struct hm_build_opts *opts, struct hm_builder **out, struct hm_err *err);
/* Before anything is built; mods is copied. Without it the build is one in GOPATH mode. */
void hm_build_set_modules(struct hm_builder *b, const struct hm_build_mods *mods);
/* Trims the cache, saves the memo, removes the work folder (unless -work). NULL is fine. */
int hm_build_free(struct hm_builder *b, struct hm_err *err);

/*
 * What is behind package loading in `go build`, `go install`, `go run`.
 * HM_EREPORTED when the failure has been shown; HM_ENOTYET when a package needs
 * cgo or external linking, before anything has been run.
 */
int hm_build_packages(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, struct hm_err *err);
/* no_args: no pattern was given, so that ./name of an earlier build is removed. */
int hm_build_install(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, bool no_args,
                     struct hm_err *err);
/*
 * What `go list` wants to know (opts.list): stale and stale_reason of pkgs and all
 * below; with opts.export their export data too, which is built where it is missing;
 * with opts.compiled their compiled_go_files.  Nothing is linked or installed.
 * New texts in the packages are the arena's.
 */
int hm_build_list(struct hm_builder *b, struct hm_arena *a, struct hm_pkg **pkgs, size_t n,
                  struct hm_err *err);
/*
 * Puts the text of a test's _testmain.go into the build cache, as go list -test
 * does; *file, in the arena, is where it is now.
 */
int hm_build_keep_testmain(const struct hm_conf *conf, const struct hm_log *log,
                           struct hm_arena *a, hm_str text, hm_str *file, struct hm_err *err);
/*
 * exec: the words of -exec, or NULL.  The program has the caller's stdin, stdout
 * and stderr, and the environment of this process with GOROOT/bin in PATH; a
 * failure of it is shown as "exit status N".
 */
int hm_build_run(struct hm_builder *b, struct hm_pkg *p, const struct hm_strs *args,
                 const struct hm_strs *exec, struct hm_err *err);
/*
 * Stops a build: its tools are killed, and the function above that runs it fails
 * with HM_EREPORTED.  False when none is running (the program of hm_build_run() is
 * left alone).  From any thread, not from a signal handler.
 */
bool hm_build_interrupt(struct hm_builder *b);
/* The work folder, "$WORK" with -n. */
hm_str hm_build_workdir(const struct hm_builder *b);

#endif
