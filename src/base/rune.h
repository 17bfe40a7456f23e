/*
 * rune.h - character classes, as Go's unicode and strconv packages have them.
 */
#ifndef HM_BASE_RUNE_H
#define HM_BASE_RUNE_H

#include "base/str.h"

bool hm_rune_is_print(uint32_t r);  /* strconv.IsPrint */
bool hm_rune_is_letter(uint32_t r); /* unicode.IsLetter */
bool hm_rune_is_digit(uint32_t r);  /* unicode.IsDigit */
bool hm_rune_is_upper(uint32_t r);  /* unicode.IsUpper */
bool hm_rune_is_space(uint32_t r);  /* unicode.IsSpace */
uint32_t hm_rune_lower(uint32_t r); /* unicode.ToLower */
uint32_t hm_rune_upper(uint32_t r); /* unicode.ToUpper */
/* unicode.SimpleFold: the next code point of the same folding class, round robin. */
uint32_t hm_rune_fold(uint32_t r);

#endif
