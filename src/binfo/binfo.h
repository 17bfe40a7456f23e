/*
 * binfo.h - the build information in Go binaries: debug/buildinfo and
 * runtime/debug's BuildInfo, byte for byte.
 *
 * ELF (32 and 64 bit), PE, Mach-O (universal ones too), XCOFF and Plan 9 a.out;
 * both the inline form (Go 1.18 on) and the pointer form before it.
 */
#ifndef HM_BINFO_BINFO_H
#define HM_BINFO_BINFO_H

#include "base/err.h"
#include "base/vec.h"

struct hm_binfo_module {
	hm_str path, version, sum;
	struct hm_binfo_module *replace; /* or NULL */
};

struct hm_binfo_setting {
	hm_str key, value;
};

/* Slices live in the arena that was given (or in the text that was parsed). */
struct hm_binfo {
	hm_str go_version;
	hm_str path; /* of the main package */
	struct hm_binfo_module main;
	struct hm_binfo_module *dep;
	size_t n_dep, cap_dep;
	struct hm_binfo_setting *setting;
	size_t n_setting, cap_setting;
};

/*
 * Of a file, with go's texts: "could not read Go build info from f: not a Go
 * executable" (HM_EINVALID), "could not read Go build info: open f: ..." (HM_EIO,
 * HM_ENOTFOUND).
 */
int hm_binfo_read_file(struct hm_arena *a, const char *path, struct hm_binfo *bi,
                       struct hm_err *err);
/* Of a file's content; the bare texts, copies in the arena. */
int hm_binfo_read(struct hm_arena *a, hm_str file, struct hm_binfo *bi, struct hm_err *err);
/* The Go version and the module text (no framing) alone; borrowed from file. */
int hm_binfo_read_raw(hm_str file, hm_str *go_version, hm_str *mod, struct hm_err *err);

/* debug.ParseBuildInfo: everything but the Go version. */
int hm_binfo_parse(struct hm_arena *a, hm_str text, struct hm_binfo *bi, struct hm_err *err);
/* BuildInfo.String: what the linker embeds (leave go_version empty for that). */
hm_str hm_binfo_format(struct hm_arena *a, const struct hm_binfo *bi);
/* json.MarshalIndent(bi, "", "\t"), no newline at the end. */
hm_str hm_binfo_json(struct hm_arena *a, const struct hm_binfo *bi);
/* The value of a setting; p == NULL when there is none. */
hm_str hm_binfo_setting(const struct hm_binfo *bi, const char *key);

#endif
