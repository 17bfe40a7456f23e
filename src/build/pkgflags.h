/*
 * pkgflags.h - -gcflags, -asmflags, -ldflags: flags for the packages that a
 * pattern names (cmd/go/internal/load flag.go, search.go).
 */
#ifndef HM_BUILD_PKGFLAGS_H
#define HM_BUILD_PKGFLAGS_H

#include "build/build.h"

struct hm_pkgflags {
	struct hm_pkgflag {
		hm_str pattern;  /* p == NULL: packages named on the command line */
		struct hm_strs words;
	} *v;
	size_t n, cap;
};

/*
 * Parses the texts of one flag, "[pattern=]words" each.  HM_EUSAGE with go's text
 * (`invalid value "x" for flag -gcflags: ...`).
 */
int hm_pkgflags_parse(struct hm_arena *a, const char *flag, const struct hm_strs *texts,
                      struct hm_pkgflags *out, struct hm_err *err);
/* The words of the last one that matches p; none when nothing does. */
struct hm_strs hm_pkgflags_for(const struct hm_builder *b, struct hm_arena *a,
                               const struct hm_pkgflags *f, const struct hm_pkg *p);

#endif
