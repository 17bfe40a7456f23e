/*
 * resolve.h - the steps of resolving a conf, in their order.  Private to conf.
 */
#ifndef HM_CONF_RESOLVE_H
#define HM_CONF_RESOLVE_H

#include "conf/conf.h"

#define HM_CONF_PINNED_MINOR 26

void hm_conf_resolve_goenv(struct hm_conf *c);
void hm_conf_resolve_target(struct hm_conf *c);
void hm_conf_resolve_places(struct hm_conf *c);
void hm_conf_resolve_modules(struct hm_conf *c);
void hm_conf_resolve_goflags(struct hm_conf *c);
void hm_conf_resolve_check(struct hm_conf *c);
void hm_conf_resolve_vars(struct hm_conf *c);

#endif
