/*
 * packages.h - loading packages for a verb: module state, target, patterns
 * (cmd/go/internal/load: PackagesAndErrors, PackagesAndErrorsOutsideModule).
 */
#ifndef HM_CLI_PACKAGES_H
#define HM_CLI_PACKAGES_H

#include "cli/cmd.h"
#include "load/pkgload.h"

struct hm_cli_packages {
	struct hm_modload *ml;
	struct hm_modules *modules; /* NULL before loading */
	struct hm_loader *loader;
	struct hm_build_ctx ctx;
	struct hm_pkgs pkgs;        /* what the patterns name */
};

/*
 * Readies module state for the verb: outside is `install p@v`, no go.mod counts.
 * HM_ENOTYET ("GOPATH mode") when modules are off.
 */
int hm_cli_packages_open(struct hm_cli *cli, const struct hm_build_flags *bf, bool outside,
                         struct hm_cli_packages *p, struct hm_err *err);
/*
 * Loads; errors of packages are inside them.  patterns may name .go files of one
 * folder.  HM_EREPORTED when the text has been shown.
 */
int hm_cli_packages_load(struct hm_cli *cli, const struct hm_build_flags *bf,
                         const struct hm_loader_opts *opts, const struct hm_strs *patterns,
                         struct hm_cli_packages *p, struct hm_err *err);
/* The same for `p@v` arguments, behind hm_cli_packages_open(outside). */
int hm_cli_packages_load_at(struct hm_cli *cli, const struct hm_build_flags *bf,
                            const struct hm_loader_opts *opts, const struct hm_strs *args,
                            struct hm_cli_packages *p, struct hm_err *err);
/* The packages stay; they are in cli->arena. */
void hm_cli_packages_close(struct hm_cli_packages *p);

/*
 * Takes a toolchain of at least version `need` (what loading asked for), so that
 * everything may be tried again; *again is false, and err as it was, when GOTOOLCHAIN
 * forbids it.  The module state is gone after this.
 */
int hm_cli_packages_switch(struct hm_cli *cli, hm_str need, bool *again, struct hm_err *err);

/* Does the word have a version ("p@v") and name neither a local path nor a file? */
bool hm_cli_packages_has_version(hm_str arg);

#endif
