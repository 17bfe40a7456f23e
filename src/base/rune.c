#include "base/rune.h"

#include "base/rune-tables.h"

static const uint32_t *
look_up(const uint32_t (*t)[2], size_t n, uint32_t r, bool exact)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r < t[mid][0])
			hi = mid;
		else if (exact ? r > t[mid][0] : r > t[mid][1])
			lo = mid + 1;
		else
			return t[mid];
	}
	return NULL;
}

#define IN(t, r) (look_up((t), sizeof(t) / sizeof(*(t)), (r), false) != NULL)

static uint32_t
map_of(const uint32_t (*t)[2], size_t n, uint32_t r)
{
	const uint32_t *e = look_up(t, n, r, true);

	return e ? e[1] : r;
}

#define MAP(t, r) map_of((t), sizeof(t) / sizeof(*(t)), (r))

bool
hm_rune_is_print(uint32_t r)
{
	return r < 0x80 ? r >= 0x20 && r < 0x7f : IN(print_ranges, r);
}

bool
hm_rune_is_letter(uint32_t r)
{
	return r < 0x80 ? (r | 0x20) >= 'a' && (r | 0x20) <= 'z' : IN(letter_ranges, r);
}

bool
hm_rune_is_digit(uint32_t r)
{
	return r < 0x80 ? r >= '0' && r <= '9' : IN(digit_ranges, r);
}

bool
hm_rune_is_upper(uint32_t r)
{
	return r < 0x80 ? r >= 'A' && r <= 'Z' : IN(upper_ranges, r);
}

bool
hm_rune_is_space(uint32_t r)
{
	return r < 0x80 ? r == ' ' || (r >= '\t' && r <= '\r') : IN(space_ranges, r);
}

uint32_t
hm_rune_lower(uint32_t r)
{
	if (r < 0x80)
		return r >= 'A' && r <= 'Z' ? r + 32 : r;
	return MAP(lower_pairs, r);
}

uint32_t
hm_rune_upper(uint32_t r)
{
	if (r < 0x80)
		return r >= 'a' && r <= 'z' ? r - 32 : r;
	return MAP(upper_pairs, r);
}

uint32_t
hm_rune_fold(uint32_t r)
{
	if (r >= 0x80)
		return MAP(fold_pairs, r);
	if (r == 'K')
		return 'k';
	if (r == 'k')
		return 0x212a; /* Kelvin sign */
	if (r == 'S')
		return 's';
	if (r == 's')
		return 0x17f; /* long s */
	if (r >= 'A' && r <= 'Z')
		return r + 32;
	return r >= 'a' && r <= 'z' ? r - 32 : r;
}
