/*
 * near.h - was this word meant?  For messages about options and commands that do not exist.
 */
#ifndef HM_BASE_NEAR_H
#define HM_BASE_NEAR_H

#include "base/str.h"

/*
 * How many letters are missing, too many, wrong or changed with their neighbour: one is 1,
 * 0 is the same word.  Words of 32 letters and more are never near: 32.
 */
unsigned hm_near_distance(hm_str a, hm_str b);
/* At most one of each four letters typed differs: near enough to ask "did you mean". */
bool hm_near(hm_str typed, hm_str known);

#endif
