/*
 * modtext.h - bits of Go's text handling that the files of this folder share.
 */
#ifndef HM_MOD_MODTEXT_H
#define HM_MOD_MODTEXT_H

#include "base/buf.h"

/* strings.TrimSpace, white space as Unicode has it. */
hm_str hm_modtext_trim(hm_str s);
/* strconv.QuoteRune: 'x', with escapes where needed. */
void hm_modtext_quote_rune(struct hm_buf *b, uint32_t r);
/* strconv.Unquote of a "..." or `...` literal; false when malformed. */
bool hm_modtext_unquote(struct hm_arena *a, hm_str s, hm_str *out);

#endif
