/*
 * conf.h - every setting of one run, resolved once and then only read.
 *
 * Follows cmd/go/internal/cfg, envcmd and base/goflags.go: a setting comes from
 * the environment, else from the file that `go env -w` writes, else from
 * $GOROOT/go.env, else from a built-in default.
 */
#ifndef HM_CONF_CONF_H
#define HM_CONF_CONF_H

#include "base/err.h"
#include "base/vec.h"
#include "conf/experiment.h"
#include "os/env.h"

/* What is built in when no Go is installed; GOTOOLCHAIN may name another. */
#define HM_CONF_PINNED_GO "go1.26.8"
/* Limit of env files. */
#define HM_CONF_MAX_FILE ((size_t)16 << 20)

enum hm_conf_name {
	HM_CONF_HERMOD, /* -trimpath is on, CGO_ENABLED is 0 and GOCACHE hermod-build unless set */
	HM_CONF_GO,     /* go's own defaults */
};

/* One line of `go env`. */
struct hm_conf_var {
	hm_str name, value;
	bool changed; /* differs from what an empty environment would give */
};
struct hm_conf_vars {
	struct hm_conf_var *v;
	size_t n, cap;
};

/* All slices live as long as the conf and have a NUL behind. Empty: not set. */
struct hm_conf {
	struct hm_arena arena;
	enum hm_conf_name name;
	struct hm_env env; /* as the process got it */
	hm_str cwd;        /* absolute */

	/* The user's file: GOENV, or go/env in the user's configuration folder. */
	hm_str goenv;       /* empty with GOENV=off */
	hm_str goenv_default; /* where it is without $GOENV; empty: goenv_err says why */
	hm_str goenv_err;
	struct hm_map file; /* its settings, then those of go.env it lacks; -> char * */
	struct hm_map rootfile; /* $GOROOT/go.env alone */

	/* Toolchain. goroot is empty until hm_conf_set_goroot() when none is installed. */
	hm_str goroot, gotooldir;
	hm_str goversion; /* "go1.26.8", as VERSION says; HM_CONF_PINNED_GO without goroot */
	int gominor;      /* 26; what tables by release go by */
	hm_str gotoolchain;
	hm_str toolchain_note; /* why it is in use: "; GOTOOLCHAIN=local"; set by who chooses */
	hm_str goexperiment; /* as set, not canonical */
	struct hm_experiment experiment;

	/* Target and host. */
	hm_str goos, goarch, gohostos, gohostarch, goexe;
	hm_str go386, goamd64, goarm, goarm64, gomips, gomips64, goppc64, goriscv64, gowasm;
	hm_str archname, archvalue; /* "GOAMD64" and its value; empty when goarch has none */
	struct hm_strs tool_tags;   /* context.ToolTags: goexperiment.x..., amd64.v1... */
	bool cgo_enabled;
	hm_str cc, cxx, ar, gccgo;
	hm_str gofips140;

	/* Places. */
	hm_str gopath;     /* list */
	hm_str gopath_err; /* why gopath is empty */
	hm_str gobin, gomodcache, sumdbdir, gotmpdir;
	hm_str gocache;     /* "off" when there is none; then gocache_err says why */
	hm_str gocache_err;
	hm_str gocacheprog;
	hm_str gotelemetry, gotelemetrydir;

	/* Modules. */
	hm_str go111module, goproxy, gosumdb, goprivate, gonoproxy, gonosumdb;
	hm_str goinsecure, govcs, goauth;
	hm_str godebug; /* $GODEBUG */

	/* Flags of GOFLAGS, in order, "-x=v" or "--x=v"; what is no flag makes goflags_err. */
	hm_str goflags;
	struct hm_strs flags;
	hm_str goflags_err; /* go's text, "go: parsing $GOFLAGS: ..." without the "go: " */

	/* What hm_conf_check() reports, and what `changed` is told by. */
	hm_str check_err, experiment_err;
	hm_str gopath_default, gomodcache_default, gocache_default;
	bool cgo_default, goroot_set;
	struct hm_map built; /* defaults that the toolchain was built with -> char * */

	struct hm_conf_vars vars; /* what `go env` prints without the costly ones; not sorted */
};

/*
 * env NULL: that of the process; it is copied.  cwd empty: the process's.  Fails
 * only when the working folder is gone; wrong settings are reported by the
 * functions below, because `go env` must work with them.
 */
struct hm_conf *hm_conf_new(enum hm_conf_name name, const struct hm_env *env, hm_str cwd,
                            struct hm_err *err);
void hm_conf_free(struct hm_conf *c);

/*
 * Takes this toolchain from now on and resolves everything again (go.env,
 * VERSION, tags).  Before other threads read the conf.
 */
int hm_conf_set_goroot(struct hm_conf *c, hm_str goroot, struct hm_err *err);

/* cfg.Getenv: environment, user's file, go.env; empty when not set. */
hm_str hm_conf_get(const struct hm_conf *c, const char *name);
/* The same with a default. */
hm_str hm_conf_get_or(const struct hm_conf *c, const char *name, const char *def);
/* cfg.EnvOrAndChanged */
hm_str hm_conf_get_changed(const struct hm_conf *c, const char *name, hm_str def, bool *changed);
/*
 * May `go env -w` set it (cfg.CanGetenv)?  hermod's own variables are in the same file: go
 * passes over names that it does not know, and keeps their lines.
 */
bool hm_conf_can_get(const struct hm_conf *c, hm_str name);

/* Before any command: there is a folder goroot, unless that is empty. HM_EUSAGE. */
int hm_conf_check_goroot(const struct hm_conf *c, struct hm_err *err);
/* Before any command: a mistake to warn of; hm_conf_check_gopath() says nothing then. */
bool hm_conf_gopath_is_goroot(const struct hm_conf *c);
/* GOPATH entries must be absolute: checked before any command. HM_EUSAGE. */
int hm_conf_check_gopath(const struct hm_conf *c, struct hm_err *err);
/*
 * GOARM64 and friends, GOFIPS140, GOEXPERIMENT: checked before any command, except
 * that `env -w` and `env -u` work without.  HM_EUSAGE (buildcfg.Check), HM_EINVALID.
 */
int hm_conf_check(const struct hm_conf *c, struct hm_err *err);
/* Is the flag ("-mod") in GOFLAGS? */
bool hm_conf_has_flag(const struct hm_conf *c, const char *flag);
/* Its value, the last one; false when it is not there ("" for -x without a value). */
bool hm_conf_flag_value(const struct hm_conf *c, const char *flag, hm_str *value);
/*
 * The environment in which go runs the toolchain's commands: env with every
 * variable of vars set.  For programs that the user asked for, use env itself.
 */
struct hm_env hm_conf_tool_env(const struct hm_conf *c, struct hm_arena *a);
/* The value in `vars`; p == NULL when there is no such variable. */
hm_str hm_conf_var(const struct hm_conf *c, const char *name);

/*
 * The rest of `go env`: CGO_CFLAGS and its like, PKG_CONFIG, GOGCCFLAGS, appended
 * to out.  Asks the C compiler which flags it knows; workdir is where it runs and
 * what GOGCCFLAGS names.
 */
int hm_conf_cgo_vars(const struct hm_conf *c, struct hm_arena *a, hm_str workdir,
                     struct hm_conf_vars *out, struct hm_err *err);

/* The nearest go.mod (go.work) at or above dir; empty when there is none. GOWORK is obeyed. */
hm_str hm_conf_find_gomod(const struct hm_conf *c, struct hm_arena *a, hm_str dir);
int hm_conf_find_gowork(const struct hm_conf *c, struct hm_arena *a, hm_str dir, hm_str *out,
                        struct hm_err *err);

/* os.TempDir */
hm_str hm_conf_tmpdir(const struct hm_conf *c);
/* Does path lie in a folder that looks like a Go installation (VERSION, src, pkg/tool)? */
bool hm_conf_is_goroot(const char *path);

#endif
