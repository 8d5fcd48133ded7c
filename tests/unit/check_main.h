/* SPDX-License-Identifier: MIT */
/* The end of every unit test program: runs its one suite and gives main()'s exit status. Knows no
 * test of its own. A program whose tools are missing exits CHECK_SKIPPED before it gets here. */
#ifndef CRUDDUR_TESTS_CHECK_MAIN_H
#define CRUDDUR_TESTS_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

/* What automake's test driver counts as skipped. */
#define CHECK_SKIPPED 77

/* Runs the suite, frees it and says how main() is to exit. Each test has a process of its own,
 * unless CK_FORK says otherwise. A suite that holds no test fails: it would pass for nothing. */
static inline int check_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed, ran;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	ran = srunner_ntests_run(runner);
	srunner_free(runner);
	return failed == 0 && ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
