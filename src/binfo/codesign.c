/*
 * SuperBlob { magic, length, count } BlobIndex { type, offset } CodeDirectory
 * identifier NUL hashes; numbers are big-endian (xnu, cs_blobs.h).
 */
#include "binfo/codesign.h"

#include "crypto/sha256.h"

#define PAGE_BITS 12
#define PAGE_SIZE ((size_t)1 << PAGE_BITS)
#define BLOBS_SIZE 20 /* SuperBlob and one BlobIndex */
#define DIRECTORY_SIZE 88

enum {
	MAGIC_DIRECTORY = 0xfade0c02,
	MAGIC_EMBEDDED = 0xfade0cc0,
	SLOT_DIRECTORY = 0,
	DIRECTORY_VERSION = 0x20400,
	FLAGS = 0x20002, /* ad hoc, signed by the linker */
	HASH_SHA256 = 2,
	EXECSEG_MAIN_BINARY = 1,
};

static int64_t
pages(int64_t code_size)
{
	return (code_size + (int64_t)PAGE_SIZE - 1) >> PAGE_BITS;
}

static int64_t
hash_offset(hm_str id)
{
	return DIRECTORY_SIZE + (int64_t)id.n + 1;
}

int64_t
hm_codesign_size(int64_t code_size, hm_str id)
{
	return BLOBS_SIZE + hash_offset(id) + pages(code_size) * HM_SHA256_SIZE;
}

static uint8_t *
put32(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		*p++ = (uint8_t)(x >> (24 - 8 * i));
	return p;
}

static uint8_t *
put64(uint8_t *p, uint64_t x)
{
	return put32(put32(p, (uint32_t)(x >> 32)), (uint32_t)x);
}

static uint8_t *
put_directory(uint8_t *p, int64_t code_size, hm_str id, uint64_t text_offset, uint64_t text_size,
              bool is_main)
{
	p = put32(p, MAGIC_DIRECTORY);
	p = put32(p, (uint32_t)(hm_codesign_size(code_size, id) - BLOBS_SIZE));
	p = put32(p, DIRECTORY_VERSION);
	p = put32(p, FLAGS);
	p = put32(p, (uint32_t)hash_offset(id));
	p = put32(p, DIRECTORY_SIZE); /* where the identifier is */
	p = put32(p, 0);              /* special slots */
	p = put32(p, (uint32_t)pages(code_size));
	p = put32(p, (uint32_t)code_size);
	*p++ = HM_SHA256_SIZE;
	*p++ = HASH_SHA256;
	*p++ = 0;
	*p++ = PAGE_BITS;
	p = put32(p, 0);
	p = put32(p, 0); /* scatter */
	p = put32(p, 0); /* team */
	p = put32(p, 0);
	p = put64(p, 0); /* 64-bit limit */
	p = put64(p, text_offset);
	p = put64(p, text_size);
	return put64(p, is_main ? EXECSEG_MAIN_BINARY : 0);
}

void
hm_codesign_sign(uint8_t *out, hm_str code, hm_str id, uint64_t text_offset, uint64_t text_size,
                 bool is_main)
{
	uint8_t *p = out;

	p = put32(p, MAGIC_EMBEDDED);
	p = put32(p, (uint32_t)hm_codesign_size((int64_t)code.n, id));
	p = put32(p, 1);
	p = put32(p, SLOT_DIRECTORY);
	p = put32(p, BLOBS_SIZE);
	p = put_directory(p, (int64_t)code.n, id, text_offset, text_size, is_main);
	memcpy(p, id.p, id.n);
	p += id.n;
	*p++ = '\0';
	for (; code.n > 0; p += HM_SHA256_SIZE) {
		size_t n = code.n < PAGE_SIZE ? code.n : PAGE_SIZE;

		hm_sha256_of(hm_str_sub(code, 0, n), p);
		code = hm_str_from(code, n);
	}
}
