/*
 * flags.h - command-line flags with the grammar of Go's flag package:
 * -name, --name, -name=value, -name value; the first non-flag word ends them.
 */
#ifndef HM_CLI_FLAGS_H
#define HM_CLI_FLAGS_H

#include "base/err.h"
#include "base/vec.h"

enum hm_flag_kind {
	HM_FLAG_BOOL,	   /* bool *: -x, -x=false */
	HM_FLAG_STR,	   /* hm_str * */
	HM_FLAG_INT,	   /* int * */
	HM_FLAG_STRS,	   /* struct hm_strs *: each use adds one */
	HM_FLAG_FIELDS,	   /* struct hm_strs *: replaced by the value split as go splits -gcflags
			      (quotes allowed) */
	HM_FLAG_FUNC,	   /* set() gets the value */
	HM_FLAG_BOOL_FUNC, /* set() gets the value; the flag may stand alone (value "true") */
};

struct hm_flag {
	const char *name;
	enum hm_flag_kind kind;
	void *target;
	/* For the FUNC kinds; an error is shown as go shows it: invalid value "v" for flag -n: text
	 */
	int (*set)(struct hm_arena *a, void *target, hm_str value, struct hm_err *err);
	bool *seen;    /* set when the flag occurs, may be NULL */
};

/*
 * Parses argv[0..argc) against flags (n of them); *rest gets the index of the
 * first word that is no flag.  Values are copied to the arena.  HM_EUSAGE with
 * the flag package's texts ("flag provided but not defined: -q").  The word
 * -h or -help gives HM_EUSAGE with an empty message.
 */
int hm_flags_parse(struct hm_arena *a, const struct hm_flag *flags, size_t n, int argc,
                   char *const *argv, int *rest, struct hm_err *err);

/*
 * Applies the GOFLAGS words (cmd/go/internal/base/goflags.go, SetFromGOFLAGS):
 * those that the command does not define are passed over.
 */
int hm_flags_from_goflags(struct hm_arena *a, const struct hm_flag *flags, size_t n,
                          const struct hm_strs *goflags, struct hm_err *err);

/* Splits like go's quoted.Split: fields at spaces, '...' and "..." quote. */
int hm_flags_split_quoted(struct hm_arena *a, hm_str s, struct hm_strs *out, struct hm_err *err);

#endif
