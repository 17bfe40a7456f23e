/*
 * platform.h - what the gc toolchain can do on a port (internal/platform).
 */
#ifndef HM_BUILD_PLATFORM_H
#define HM_BUILD_PLATFORM_H

#include "base/str.h"

bool hm_platform_known(hm_str goos, hm_str goarch);
bool hm_platform_build_mode_ok(hm_str mode, hm_str goos, hm_str goarch);
bool hm_platform_default_pie(hm_str goos, bool race);
bool hm_platform_internal_link_pie(hm_str goos, hm_str goarch);
bool hm_platform_must_link_external(hm_str goos, hm_str goarch);

#endif
