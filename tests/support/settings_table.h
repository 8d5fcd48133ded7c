/* SPDX-License-Identifier: MIT */
/* An environment of a test's own: what it sets is what the module under test finds. */
#ifndef CRUDDUR_TESTS_SETTINGS_TABLE_H
#define CRUDDUR_TESTS_SETTINGS_TABLE_H

void settings_table_clear(void);

/* Sets a variable, or another value for it. */
void settings_table_set(const char *name, const char *value);

/* Stands in for getenv. */
const char *settings_table_lookup(const char *name);

#endif
