/*
 * unit.h - what every unit test file includes first.
 */
#ifndef HM_TESTS_UNIT_H
#define HM_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

/* Compares a slice with a literal and prints both when they differ. */
#define assert_str(s, z)                                                                     \
	do {                                                                                 \
		hm_str assert_str_ = (s);                                                    \
		const char *assert_z_ = (z);                                                 \
		if (!hm_str_eqz(assert_str_, assert_z_))                                     \
			fail_msg("got \"" HM_F "\", want \"%s\"", HM_P(assert_str_), assert_z_); \
	} while (0)

/* Fails with the error's message unless rc is 0. */
#define assert_ok(rc, err)                                                                   \
	do {                                                                                 \
		if ((rc) != 0)                                                               \
			fail_msg("unexpected error: " HM_F, HM_P(hm_err_str(err)));          \
	} while (0)

/* Every group: test_<folder>_<file>(). */
#define T(name) int test_##name(void);
#include "unit/list.h"
#undef T

#endif
