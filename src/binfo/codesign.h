/*
 * codesign.h - ad-hoc signatures of Mach-O files, as cmd/internal/codesign (and
 * the darwin linker) makes them: one CodeDirectory with SHA-256 page hashes.
 */
#ifndef HM_BINFO_CODESIGN_H
#define HM_BINFO_CODESIGN_H

#include "base/str.h"

/* Bytes of the signature of a file whose content without it has code_size bytes. */
int64_t hm_codesign_size(int64_t code_size, hm_str id);
/*
 * Writes the signature of code (the content without it) to out, which has room
 * for hm_codesign_size() bytes.  The text segment's place in the file goes in.
 */
void hm_codesign_sign(uint8_t *out, hm_str code, hm_str id, uint64_t text_offset,
                      uint64_t text_size, bool is_main);

#endif
