/* Runs every group of list.h, or those whose names are given. TAP on stdout. */
#include <stdio.h>
#include <stdlib.h>

#include "unit/unit.h"

static const struct {
	const char *name;
	int (*run)(void);
} groups[] = {
#define T(name) { #name, test_##name },
#include "unit/list.h"
#undef T
};

static int
wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(name, argv[i]) == 0)
			return 1;
	return argc < 2;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (wanted(groups[i].name, argc, argv))
			failed += groups[i].run() != 0;
	return failed ? 1 : 0;
}
