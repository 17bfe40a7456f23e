/*
 * goroot.h - finding the installed Go.  Private to conf.
 */
#ifndef HM_CONF_GOROOT_H
#define HM_CONF_GOROOT_H

#include "conf/conf.h"

/*
 * The Go that this program lies in (as cmd/go looks for its own), else that of the
 * first `go` on PATH that is another program; empty when there is none.
 */
hm_str hm_goroot_find(struct hm_arena *a, hm_str path_list);

/*
 * What the toolchain was built with: VERSION's first line, and the defaults of
 * internal/buildcfg/zbootstrap.go (DefaultGOARM and the like), as name -> char *.
 */
hm_str hm_goroot_version(struct hm_arena *a, hm_str goroot);
void hm_goroot_defaults(struct hm_map *map, hm_str goroot);

#endif
