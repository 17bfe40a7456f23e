/*
 * str.h - borrowed byte slices.
 *
 * hm_str is a pointer and a length, passed by value.  It owns nothing; the
 * header that hands one out says which object it is borrowed from.  Slices
 * made by an arena or by hm_buf_str() have a NUL behind their last byte, so
 * that .p may go to a system call; sub-slices do not.
 */
#ifndef HM_BASE_STR_H
#define HM_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct hm_str {
	const char *p;
	size_t n;
} hm_str;

/* A slice of a string literal. */
#define HM_S(lit) ((hm_str){ "" lit, sizeof(lit) - 1 })
#define HM_S_INIT(lit) { "" lit, sizeof(lit) - 1 }
/* printf("%.*s", HM_P(s)); HM_F is the directive. */
#define HM_F "%.*s"
#define HM_P(s) (int)(s).n, ((s).p ? (s).p : "")

static inline hm_str
hm_str_of(const char *z)
{
	return (hm_str){ z, z ? strlen(z) : 0 };
}

static inline hm_str
hm_str_make(const char *p, size_t n)
{
	return (hm_str){ p, n };
}

static inline bool
hm_str_eq(hm_str a, hm_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
hm_str_eqz(hm_str a, const char *z)
{
	return hm_str_eq(a, hm_str_of(z));
}

/* Byte-wise order, as Go compares strings: <0, 0, >0. */
static inline int
hm_str_cmp(hm_str a, hm_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n ? memcmp(a.p, b.p, n) : 0;

	return r ? r : (a.n > b.n) - (a.n < b.n);
}

static inline bool
hm_str_has_prefix(hm_str s, hm_str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool
hm_str_has_suffix(hm_str s, hm_str suffix)
{
	return s.n >= suffix.n &&
	       (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* s[from:to]; the caller keeps from <= to <= s.n. */
static inline hm_str
hm_str_sub(hm_str s, size_t from, size_t to)
{
	return (hm_str){ s.p + from, to - from };
}

static inline hm_str
hm_str_from(hm_str s, size_t from)
{
	return (hm_str){ s.p + from, s.n - from };
}

/* Index of the first (last) byte c, or -1. */
ptrdiff_t hm_str_index_byte(hm_str s, char c);
ptrdiff_t hm_str_rindex_byte(hm_str s, char c);
/* Index of the first occurrence of sub, or -1. */
ptrdiff_t hm_str_index(hm_str s, hm_str sub);

static inline bool
hm_str_contains(hm_str s, hm_str sub)
{
	return hm_str_index(s, sub) >= 0;
}

/* If s starts (ends) with the given part, cuts it off *s and answers true. */
bool hm_str_cut_prefix(hm_str *s, hm_str prefix);
bool hm_str_cut_suffix(hm_str *s, hm_str suffix);
/*
 * Splits s at the first sep: *before and *after get the parts and the answer is
 * true; without sep *before is s, *after is empty, and the answer is false.
 */
bool hm_str_cut(hm_str s, char sep, hm_str *before, hm_str *after);
/* Takes the next field up to sep (or all) off the front of *rest; false when *rest.p is NULL. */
bool hm_str_next(hm_str *rest, char sep, hm_str *field);
/* Takes the next run of non-space bytes off *rest; false at the end. */
bool hm_str_next_field(hm_str *rest, hm_str *field);
/* Without leading and trailing ASCII white space. */
hm_str hm_str_trim(hm_str s);
/* Without leading and trailing bytes that occur in cutset. */
hm_str hm_str_trim_any(hm_str s, const char *cutset);
/* For tables in memory: the value depends on the machine and may change with the release. */
uint64_t hm_str_hash(hm_str s);
/* Valid UTF-8 throughout. */
bool hm_str_is_utf8(hm_str s);
/*
 * Decodes the code point at s[*i] and steps *i over it; a wrong byte gives
 * U+FFFD and one step, as Go's range loop does.  The caller keeps *i < s.n.
 */
uint32_t hm_str_rune(hm_str s, size_t *i);
/* qsort comparators for hm_str elements. */
int hm_str_cmp_qsort(const void *a, const void *b);

#endif
