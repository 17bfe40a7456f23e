/*
 * build.h - a builder: settings, toolchain, cache and work folder of one build
 * (cmd/go/internal/work: build.go, init.go).
 *
 * Use: fill hm_build_conf, hm_build_new(), hm_build_prepare() on the packages
 * that were loaded, make actions (action.h), hm_exec_run(), hm_build_free().
 */
#ifndef HM_BUILD_BUILD_H
#define HM_BUILD_BUILD_H

#include "base/log.h"
#include "build/action.h"
#include "build/toolchain.h"
#include "os/env.h"

/* Text for the user about package p (NULL: none in particular). */
struct hm_build_ui {
	/* Text as it stands, newlines included. */
	void (*print)(void *ctx, const struct hm_pkg *p, hm_str text);
	/* An error: a newline is added when missing; p has failed; exit status 1. */
	void (*error)(void *ctx, const struct hm_pkg *p, hm_str text);
	void *ctx;
};

struct hm_build_conf {
	/* Surroundings. */
	hm_str goroot, cwd;
	hm_str host;        /* "linux_amd64": the machine whose tools run */
	hm_str gocache;     /* absolute */
	hm_str tmpdir;      /* GOTMPDIR, else the system's */
	hm_str memo;        /* hermod's own file of remembered hashes; empty: none */
	const struct hm_env *env; /* of the process, for the tools */
	const struct hm_log *log; /* hash traces; may be NULL */
	struct hm_build_ui ui;

	/* Target. */
	hm_str goos, goarch;
	hm_str arch_key, arch_val; /* "GOAMD64", "v1"; both empty when the port has none */
	hm_str goexperiment;       /* differences from the baseline (CleanGOEXPERIMENT) */
	hm_str raw_goexperiment;   /* as set (RawGOEXPERIMENT) */
	hm_str gofips140;          /* "off", "latest", a version */
	bool cgo;                  /* CGO_ENABLED */

	/* Flags of go build. */
	bool a, n, v, x, work, trimpath, json;
	unsigned p;                /* 0: one per core */
	hm_str buildmode;          /* "default", "exe", "pie"; others are handed over */
	hm_str buildvcs;           /* "auto", "true", "false" */
	hm_str pgo;                /* "auto", "off", a file */
	hm_str installsuffix;
	struct hm_strs tags, toolexec;
	struct hm_strs asmflags, gcflags, ldflags; /* each occurrence's text: "[pattern=]args" */
	bool mod_vendor;           /* -mod=vendor is in force: no sums in build info */
	hm_str o;                  /* -o */

	/* go.sum's h1 of path@version, empty when it has none (modfetch.Sum). */
	hm_str (*sum)(void *ctx, struct hm_arena *a, hm_str path, hm_str version);
	void *sum_ctx;
	const char *verb;          /* "build", "install", "run": in messages */
};

struct hm_builder;

/*
 * Checks the settings (texts and HM_EUSAGE where go exits with 2), opens toolchain and cache and
 * makes the work folder.  conf is copied, what it points to is borrowed.
 * HM_ENOTYET: go has to do this one (-race, cgo, other build modes); the message says why.
 */
int hm_build_new(const struct hm_build_conf *conf, struct hm_builder **out, struct hm_err *err);
/* Trims the cache, saves the memo, removes the work folder (unless -work). NULL is fine. */
int hm_build_free(struct hm_builder *b, struct hm_err *err);
const struct hm_build_conf *hm_build_conf(const struct hm_builder *b);
struct hm_arena *hm_build_arena(struct hm_builder *b);
struct hm_toolchain *hm_build_toolchain(struct hm_builder *b);
hm_str hm_build_workdir(const struct hm_builder *b);

/*
 * Completes loaded packages for building: flags by pattern, build info of main
 * packages, PGO profiles (splitting the graph where two mains differ).
 * HM_ENOTYET when a package needs cgo.
 */
int hm_build_prepare(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, struct hm_err *err);

/*
 * The whole of `go build`, `go install` and `go run` behind package loading.
 * patterns: the arguments as given (install removes ./name when there are none).
 */
int hm_build_packages(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, struct hm_err *err);
int hm_build_install(struct hm_builder *b, struct hm_pkg **pkgs, size_t n, bool no_patterns,
                     struct hm_err *err);
/* *status is the program's exit status; its stdio is the caller's. */
int hm_build_run(struct hm_builder *b, struct hm_pkg *p, const struct hm_strs *args,
                 const struct hm_strs *exec, int *status, struct hm_err *err);

/* The default name of an executable (DefaultExecName), without ".exe". */
hm_str hm_build_exe_name(struct hm_arena *a, const struct hm_pkg *p);

#endif
