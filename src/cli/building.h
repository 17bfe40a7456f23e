/*
 * building.h - what build, install and run share: packages, builder, output,
 * signals, and handing over to go what this builder does not do.
 */
#ifndef HM_CLI_BUILDING_H
#define HM_CLI_BUILDING_H

#include "build/build.h"
#include "cli/interrupt.h"
#include "cli/packages.h"

struct hm_building {
	struct hm_cli *cli;
	struct hm_build_flags *bf;
	hm_str o;      /* -o */
	bool outside;  /* p@v */
	struct hm_loader_opts load;
	struct hm_cli_packages p;
	struct hm_builder *b;
	struct hm_interrupt intr;
};

/*
 * Loads the packages of patterns, takes a newer toolchain where they need one, and
 * lets act() build them.  What only go can do is handed to it.
 */
int hm_building_run(struct hm_building *g, const struct hm_strs *patterns,
                    int (*act)(struct hm_building *g, void *ctx, struct hm_err *err), void *ctx,
                    struct hm_err *err);

/*
 * For go list: the builder looks at pkgs, which p has loaded; see hm_build_list().
 * HM_ENOTYET where only go can tell.
 */
struct hm_building_look {
	bool export, compiled, allow_errors;
};
int hm_building_look(struct hm_building *g, const struct hm_building_look *look,
                     const struct hm_pkgs *pkgs, struct hm_err *err);

/* The words of a command line. */
struct hm_strs hm_building_words(struct hm_cli *cli, int argc, char *const *argv);

#endif
