/*
 * toolchain.h - one GOROOT: which release it is, where its tools are, what they
 * call themselves.
 *
 * The scheme of action IDs and tool flags depends on the release; it is read
 * off the toolchain at hand through `minor`, never assumed.
 */
#ifndef HM_BUILD_TOOLCHAIN_H
#define HM_BUILD_TOOLCHAIN_H

#include "base/vec.h"
#include "build/memo.h"
#include "os/env.h"

/* The range of releases whose scheme has been checked against their go command. */
enum { HM_TOOLCHAIN_MINOR_MIN = 22, HM_TOOLCHAIN_MINOR_MAX = 27 };

struct hm_toolchain {
	hm_str goroot;  /* absolute, clean */
	hm_str tooldir; /* goroot/pkg/tool/<host os>_<host arch> */
	hm_str version; /* "go1.26.8", with " X:..." as VERSION has it */
	hm_str local;   /* "1.26.8" */
	hm_str salt;    /* version without experiments: starts every action ID */
	int minor;      /* 26 */
	const char *const *env; /* for -V=full */
	hm_str about;   /* the part of the environment that tool IDs depend on */
	struct hm_strs toolexec; /* words of -toolexec; the caller may set them */
	struct hm_memo *memo;
	struct hm_tool_ids *ids;
};

/*
 * Reads GOROOT/VERSION.  host is "<os>_<arch>" of this machine.  env and memo
 * are borrowed and outlive the toolchain; everything else lives in the arena.
 * HM_ETOOLCHAIN when goroot holds no usable toolchain.
 */
int hm_toolchain_open(struct hm_arena *a, hm_str goroot, hm_str host, const struct hm_env *env,
                      struct hm_memo *memo, struct hm_toolchain **out, struct hm_err *err);
void hm_toolchain_close(struct hm_toolchain *t);
/* tooldir/name, in the arena. */
hm_str hm_toolchain_tool(const struct hm_toolchain *t, struct hm_arena *a, const char *name);
/*
 * The line that `name -V=full` prints, or the content ID for a development
 * build (cmd/go/internal/work/buildid.go, toolID).  One process per tool and
 * toolchain ever; borrowed from t.  Thread-safe.
 */
int hm_toolchain_tool_id(struct hm_toolchain *t, const char *name, hm_str *out,
                         struct hm_err *err);

#endif
