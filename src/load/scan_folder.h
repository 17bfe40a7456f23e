/*
 * scan_folder.h - the scan behind the cache of scan.h.
 */
#ifndef HM_LOAD_SCAN_FOLDER_H
#define HM_LOAD_SCAN_FOLDER_H

#include "load/scan.h"

/*
 * Scans a folder into out (zeroed), all memory from a.  in_modcache: files there
 * do not change, their age does not matter.
 */
int hm_scan_folder(struct hm_arena *a, hm_str dir, bool in_modcache, struct hm_scan_dir *out,
                   struct hm_err *err);

#endif
