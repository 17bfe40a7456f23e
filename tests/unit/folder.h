/*
 * folder.h - for tests that write files: each has a folder of its own, `dir`, which
 * goes away with the arena and the error.  Included once a file.
 */
#ifndef HM_TESTS_UNIT_FOLDER_H
#define HM_TESTS_UNIT_FOLDER_H

#include "os/file.h"
#include "unit/unit.h"

static struct hm_arena arena;
static struct hm_err err;
static hm_str dir;

static int
set_up(void **state)
{
	(void)state;
	return hm_dir_make_temp(&arena, "/tmp", "hermod-unit-", &dir, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	hm_dir_remove_all(dir.p, true, &err);
	hm_err_free(&err);
	hm_arena_free(&arena);
	return 0;
}

#endif
