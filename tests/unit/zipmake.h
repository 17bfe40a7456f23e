/* Zips, well-formed or wrong in exactly one way, for the tests of zip, modzip and acquire. */
#ifndef UNIT_ZIPMAKE_H
#define UNIT_ZIPMAKE_H

#include "base/buf.h"

/* What to put wrong; zero is right. */
struct zip_entry {
	const char *name;
	const char *text; /* content, stored */
	size_t claim;     /* declared size in place of the real one */
	unsigned crc_off; /* added to the CRC */
	bool deflate;     /* compressed */
	bool descriptor;  /* CRC behind the data, with signature */
	size_t at_of;     /* 1 + index of the entry whose data this one claims to have */
};

/* An archive of n entries; append to *out. */
void zip_make(struct hm_buf *out, const struct zip_entry *e, size_t n);

#endif
