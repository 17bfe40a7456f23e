/*
 * lock.h - one writer of a vendor folder at a time.  Private to vendor.
 */
#ifndef HM_VENDOR_LOCK_H
#define HM_VENDOR_LOCK_H

#include "base/err.h"

/* Locks the folder that holds the vendor folder; close(*fd) ends it. */
int hm_vendor_lock(hm_str parent, int *fd, struct hm_err *err);

#endif
