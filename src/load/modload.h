/*
 * modload.h - the module state of one command: which modules are the main
 * ones, which -mod mode is in force, and the requirements that follow.
 *
 * Follows cmd/go/internal/modload/init.go; `struct hm_modload` stands for its
 * State together with the flags that go keeps in package cfg.
 *
 * Order of use: fill in the first part, hm_modload_init(), then
 * hm_modload_file() or hm_modload_graph() or RESOLVE's package loading, then
 * (unless the command only reads) hm_modload_commit().
 *
 * Error texts have no "go: " in front; cli adds it.  What go reports without
 * stopping (base.Errorf) goes to the log with its "go: " and sets `failed`:
 * the command ends with status 1 even when everything else succeeds.
 * HM_EREPORTED means that nothing is left to say.
 *
 * One thread drives a modload.  Where a function may be called from several
 * threads at once its comment says so.
 */
#ifndef HM_LOAD_MODLOAD_H
#define HM_LOAD_MODLOAD_H

#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "mod/modver.h"

struct hm_acquire;
struct hm_conf;
struct hm_loaded;
struct hm_mainmods;
struct hm_modfiles;
struct hm_reqs;
struct hm_resolve;
struct hm_vendorlist;

enum hm_root_mode {
	HM_ROOT_AUTO, /* look for go.mod upwards; none is fine */
	HM_ROOT_NO,   /* ignore any go.mod */
	HM_ROOT_NEED, /* no go.mod is an error */
};

enum hm_build_mod {
	HM_MOD_UNSET, /* before hm_modload_init() */
	HM_MOD_READONLY,
	HM_MOD_VENDOR,
	HM_MOD_MOD,
};

struct hm_modload {
	/* Set by the caller; zero is a valid value of everything else. */
	struct hm_arena *arena;   /* owns all that hangs on this struct */
	const struct hm_conf *conf;
	struct hm_acquire *acquire;
	const struct hm_log *log; /* may be NULL */
	hm_str cmd;               /* go's cfg.CmdName: "mod graph", "list", "build", ... */
	hm_str cwd;               /* absolute working folder; default: conf's */
	hm_str local_go;          /* version of the toolchain in use: "1.26.8"; default: conf's */
	hm_str mod_file;          /* -modfile as given, or empty */
	bool mod_file_in_goflags; /* it came from GOFLAGS */
	enum hm_root_mode root_mode;
	bool force_use_modules;
	bool allow_missing_imports; /* go's AllowMissingModuleImports */
	bool explicit_write;        /* go's ExplicitWriteGoMod */
	/*
	 * No toolchain is at hand to look into: what no module has is the standard
	 * library's when the first element of its path has no dot.  Such packages have
	 * no folder.
	 */
	bool std_by_name;
	enum hm_build_mod build_mod; /* -mod; HM_MOD_UNSET lets hm_modload_init() choose */
	bool build_mod_explicit;     /* -mod was given (flag or GOFLAGS) */
	hm_str work_file; /* the go.work in use, absolute, or empty; hm_modload_init_work() */
	hm_str tidy_go;   /* go version of `mod tidy -go`, or empty */

	/* Results. */
	bool initialized;
	bool enabled;            /* module mode */
	bool failed;             /* something was reported; exit status 1 */
	hm_str build_mod_reason; /* why the default for -mod is what it is, or empty */
	hm_str gopath;           /* first element of GOPATH */
	const hm_str *mod_roots; /* folders of the main modules */
	size_t n_mod_roots;
	struct hm_mainmods *mains; /* NULL until hm_modload_file() */
	struct hm_reqs *reqs;      /* current requirements; NULL until hm_modload_file() */
	const struct hm_loaded *loaded; /* the packages last loaded, or NULL (load/modcommit.h) */
	hm_str need_go;            /* highest go version a TooNew error (HM_ETOOLCHAIN) asked for */

	/* Private. */
	struct hm_modfiles *files;
	struct hm_vendorlist *vendor;
	hm_str vendor_dir;
	struct hm_resolve *resolve; /* importstate.h; hm_modules_attach() */
	bool quiet_excludes;
};

/*
 * Looks for go.work (GOWORK, or upwards from cwd) and sets ml->work_file.
 * Commands that work in a workspace call it before hm_modload_init().
 */
int hm_modload_init_work(struct hm_modload *ml, struct hm_err *err);
/* go's Init: module mode or not, module root, default -mod.  Idempotent. */
int hm_modload_init(struct hm_modload *ml, struct hm_err *err);
/* Releases what the arena does not own (caches, locks).  The struct itself is the caller's. */
void hm_modload_free(struct hm_modload *ml);

/* After init: a go.work is in use. */
bool hm_modload_in_work(const struct hm_modload *ml);
/* After init: at least one main module folder is known. */
bool hm_modload_has_root(const struct hm_modload *ml);
/* -1 with go's `die` texts (no main module, GO111MODULE=off, found .git/config in ...). */
int hm_modload_must_have_root(struct hm_modload *ml, struct hm_err *err);
/* go's NewNoMainModulesError text; returns -1. */
int hm_modload_no_main_modules(const struct hm_modload *ml, struct hm_err *err);
/* The go.mod path for a module root: -modfile, or root/go.mod.  Thread-safe for main modules. */
hm_str hm_modload_gomod_path(const struct hm_modload *ml, hm_str root);
/*
 * The vendor folder (workspace or single module); empty when there is none to
 * have.  After hm_modload_file(); thread-safe.
 */
hm_str hm_modload_vendor_dir(const struct hm_modload *ml);
/* -mod=mod is off and no workspace: requirements may not grow. */
bool hm_modload_must_be_complete(const struct hm_modload *ml);
/* go's mustHaveSums: in a module, readonly, and no -mod=mod: a missing sum is an error. */
bool hm_modload_must_have_sums(const struct hm_modload *ml);
/* "readonly", "vendor", "mod". */
const char *hm_build_mod_name(enum hm_build_mod m);

/*
 * go's LoadModFile: reads go.mod (all of the workspace), checks it, decides on
 * vendoring and makes the initial requirements in ml->reqs.  Does not read
 * the module graph.  Called again it answers what is there.
 */
int hm_modload_file(struct hm_modload *ml, struct hm_reqs **rs, struct hm_err *err);

/* go's base.Errorf: logs "go: <text>" and sets ml->failed. */
void hm_modload_report(struct hm_modload *ml, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* go's base.ShortPath: relative to cwd when that is shorter.  In the arena given. */
hm_str hm_modload_short_path(const struct hm_modload *ml, struct hm_arena *a, hm_str path);
/* go's findModuleRoot: the folder at or above dir with a go.mod; empty when none. */
hm_str hm_modload_find_root(struct hm_arena *a, hm_str dir);
/* go's gover.TooNewError text; notes the version in ml->need_go; returns -1 (HM_ETOOLCHAIN). */
int hm_modload_too_new(struct hm_modload *ml, hm_str what, hm_str go, hm_str toolchain,
                       struct hm_err *err);

/*
 * Inputs of `mod init`: writes a fresh go.mod in cwd.  An empty path is
 * inferred from import comments and GOPATH.
 */
int hm_modload_create(struct hm_modload *ml, hm_str path, struct hm_err *err);
/* Forgets all and makes the module in root the only one (go's EnterModule). */
int hm_modload_enter(struct hm_modload *ml, hm_str root, struct hm_err *err);

#endif
