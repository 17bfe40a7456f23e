/*
 * verset.h - sets of versions as hermod.policy writes them; pure.
 *
 *	v1.2.3                  this version
 *	v1  v1.4                every version of that major or minor number
 *	[v1.2.0, v1.4.9]        both ends and what lies between, as in go.mod's retract
 *	>=v1.2.0 <v1.5.0        comparisons; one lower and one upper bound may stand together
 *	release  prerelease  pseudo  incompatible     versions of that kind
 *	go1.25.3  go1.25  >=go1.24.0 ...              the same for toolchain modules
 *
 * Order is that of semantic versions, so v1.5.0-rc.1 is below v1.5.0.  A version is
 * in the set when it is in one of its terms; terms may be separated by commas.  Terms
 * with Go versions hold only for golang.org/toolchain, whose versions
 * v0.0.1-go1.25.3.linux-amd64 are taken as go1.25.3.
 */
#ifndef HM_MOD_VERSET_H
#define HM_MOD_VERSET_H

#include "mod/modver.h"

#define HM_TOOLCHAIN_MODULE "golang.org/toolchain"

struct hm_verset_term {
	enum { HM_VERSET_RANGE, HM_VERSET_PREFIX, HM_VERSET_KIND } what;
	bool go;               /* bounds and prefix are Go versions ("1.25.3") */
	hm_str low, high;      /* RANGE: empty is no bound */
	bool low_open, high_open;
	hm_str word;           /* PREFIX, KIND */
};

/* No terms: every version. */
struct hm_verset {
	struct hm_verset_term *v;
	size_t n, cap;
};

/*
 * Takes terms off the front of token[0..n) (as modsyntax.h splits them) until one begins
 * no term; *used is how many.  Slices are borrowed from the tokens.  HM_ESYNTAX says what
 * is wrong with a term, without a position; *used is then the token to blame.
 */
int hm_verset_parse(struct hm_arena *a, const hm_str *token, size_t n, size_t *used,
                    struct hm_verset *out, struct hm_err *err);
bool hm_verset_has(const struct hm_verset *s, struct hm_modver m);
/* One term, and that is a single version. */
bool hm_verset_is_single(const struct hm_verset *s);
/* "go1.25.3" of v0.0.1-go1.25.3.linux-amd64; empty for any other module. */
hm_str hm_verset_toolchain(struct hm_modver m);

#endif
