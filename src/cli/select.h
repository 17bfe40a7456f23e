/*
 * select.h - which Go toolchain does this command use?
 *
 * Follows https://go.dev/doc/toolchain and cmd/go/internal/toolchain/select.go:
 * GOTOOLCHAIN and the go and toolchain lines of go.work or go.mod choose; PATH is
 * looked through first, then the toolchain is fetched as a module.  Where go
 * runs the other toolchain's go command, hermod takes its GOROOT and goes on.
 * Without an installed Go the local toolchain is the pinned one.
 */
#ifndef HM_CLI_SELECT_H
#define HM_CLI_SELECT_H

#include "cli/cmd.h"

/* argv: the words behind the program name.  Sets the conf's GOROOT. */
int hm_select_toolchain(struct hm_cli *cli, int argc, char **argv, struct hm_err *err);
/*
 * Takes at least Go version `want` ("1.27.1") from now on, as go does when a module
 * turns out to need it (toolchain.SwitchOrFatal).  *switched is false when the rules
 * of GOTOOLCHAIN forbid it.
 */
int hm_select_newer(struct hm_cli *cli, hm_str want, bool *switched, struct hm_err *err);

#endif
