/*
 * platform.h - what is known about operating systems and processors
 * (internal/platform, internal/syslist, internal/buildcfg of Go 1.26); pure.
 */
#ifndef HM_CONF_PLATFORM_H
#define HM_CONF_PLATFORM_H

#include "base/err.h"
#include "base/vec.h"

/* syslist: what counts as _GOOS and _GOARCH in file names and constraints, also of old ports. */
bool hm_platform_known_os(hm_str os);
bool hm_platform_known_arch(hm_str arch);
/* Does the tag `unix` hold for os? */
bool hm_platform_unix_os(hm_str os);

/* Is there such a port, and can it be built today? */
bool hm_platform_exists(hm_str os, hm_str arch);
bool hm_platform_broken(hm_str os, hm_str arch);
bool hm_platform_cgo_supported(hm_str os, hm_str arch);
bool hm_platform_first_class(hm_str os, hm_str arch);
/* The i-th port in order of "os/arch"; false past the end. */
bool hm_platform_at(size_t i, hm_str *os, hm_str *arch);
/* work.CheckGOOSARCHPair: `unsupported GOOS/GOARCH pair x/y`. */
int hm_platform_check_pair(hm_str os, hm_str arch, struct hm_err *err);

bool hm_platform_race_supported(hm_str os, hm_str arch);
bool hm_platform_msan_supported(hm_str os, hm_str arch);
bool hm_platform_asan_supported(hm_str os, hm_str arch);
bool hm_platform_fuzz_instrumented(hm_str os, hm_str arch);
bool hm_platform_must_link_external(hm_str os, hm_str arch, bool with_cgo);
bool hm_platform_buildmode_supported(const char *mode, hm_str os, hm_str arch);
bool hm_platform_internal_link_pie(hm_str os, hm_str arch);
bool hm_platform_default_pie(hm_str os, hm_str arch, bool race);
bool hm_platform_has_dwarf(hm_str os, hm_str arch);
/* "gcc" or "clang"; "g++" or "clang++". */
hm_str hm_platform_default_cc(hm_str os);
hm_str hm_platform_default_cxx(hm_str os);
/* The GOOS and GOARCH this program was built for. */
hm_str hm_platform_host_os(void);
hm_str hm_platform_host_arch(void);

/* "GOAMD64" for amd64 (mips64le: GOMIPS64) and its default "v1"; false when arch has none. */
bool hm_platform_arch_var(hm_str arch, hm_str *name, hm_str *def);
/*
 * Checks a value of that variable, as buildcfg does: `invalid GOAMD64: must be
 * v1, v2, v3, v4`.  name may be any of the GO<arch> variables or GOFIPS140.
 */
int hm_platform_check_var(hm_str name, hm_str value, struct hm_err *err);
/*
 * Appends the feature tags of a value ("amd64.v1", "amd64.v2") as Go 1.<gominor>
 * has them; a wrong value counts as the default.
 */
void hm_platform_arch_tags(struct hm_arena *a, int gominor, hm_str arch, hm_str value,
                           struct hm_strs *out);

#endif
