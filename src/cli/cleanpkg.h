/*
 * cleanpkg.h - go clean of package folders: what builds and tests leave there.
 */
#ifndef HM_CLI_CLEANPKG_H
#define HM_CLI_CLEANPKG_H

#include "cli/cmd.h"

struct hm_clean_packages {
	const struct hm_build_flags *bf;
	bool installed; /* -i: the install target, too */
	bool recurse;   /* -r: the dependencies, too */
	bool if_module; /* no package was named: only inside a module */
};

/* Errors of single files and packages are printed; the work goes on. */
int hm_cli_clean_packages(struct hm_cli *cli, const struct hm_clean_packages *c,
                          const struct hm_strs *patterns, struct hm_err *err);

#endif
