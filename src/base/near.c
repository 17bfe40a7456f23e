#include "base/near.h"

enum { LETTERS = 32 };

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
hm_near_distance(hm_str a, hm_str b)
{
	/* row[2] is of the letters before i, row[1] and row[0] of those before it */
	unsigned row[3][LETTERS] = { 0 };

	if (a.n >= LETTERS || b.n >= LETTERS)
		return LETTERS;
	for (unsigned j = 0; j <= b.n; j++)
		row[2][j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		memcpy(row[0], row[1], sizeof(row[0]));
		memcpy(row[1], row[2], sizeof(row[0]));
		row[2][0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned d = row[1][j - 1] + (a.p[i - 1] != b.p[j - 1]);

			d = least(d, least(row[1][j], row[2][j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				d = least(d, row[0][j - 2] + 1);
			row[2][j] = d;
		}
	}
	return row[2][b.n];
}

bool
hm_near(hm_str typed, hm_str known)
{
	return typed.n > 1 && hm_near_distance(typed, known) <= (typed.n + 3) / 4;
}
