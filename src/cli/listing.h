/*
 * listing.h - what both halves of `list` share: flags, and printing an object by
 * -f or -json.  cmd_list.c lists packages, cmd_list_m.c modules.
 */
#ifndef HM_CLI_LISTING_H
#define HM_CLI_LISTING_H

#include "cli/cmd.h"
#include "load/constraint.h"
#include "load/template.h"

struct hm_listing {
	struct hm_cli *cli;
	struct hm_build_flags bf;
	hm_str format;         /* -f, or empty */
	bool json;             /* -json */
	struct hm_strs fields; /* -json=A,B; none: all */
	bool deps, e, find, test, compiled, export, m, u, versions, retracted;
	hm_str reuse;

	/* For the template functions `module` and `context`; set before the first put. */
	struct hm_modload *ml;
	const struct hm_build_ctx *ctx;

	/* Private. */
	struct hm_template *tmpl;
	char last; /* byte printed last */
};

/* Is one of these fields printed (names with commas between)? Without -json=fields: always. */
bool hm_listing_wants(const struct hm_listing *l, const char *names);
/* Parses -f, or its default for this use of list. HM_EREPORTED. */
int hm_listing_start(struct hm_listing *l, const char *default_format, struct hm_err *err);
/* Prints one described object. HM_EREPORTED. */
int hm_listing_put(struct hm_listing *l, const struct hm_type *type, const void *obj,
                   struct hm_err *err);
/* Says something without "go: " in front, as go's Fatalf does; answers -1 with HM_EREPORTED. */
int hm_listing_fatal(struct hm_listing *l, struct hm_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* `list -m`: module state is not made yet. In cmd_list_m.c. */
int hm_listing_modules(struct hm_listing *l, int argc, char **argv, struct hm_err *err);

#endif
