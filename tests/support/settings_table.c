/* SPDX-License-Identifier: MIT */
/* The table behind settings_table.h. */
#include "support/settings_table.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define SETTINGS_MAX 16

static struct {
	char name[64];
	char value[256];
} settings[SETTINGS_MAX];
static size_t count;

void settings_table_clear(void)
{
	count = 0;
}

void settings_table_set(const char *name, const char *value)
{
	size_t i = 0;

	while (i < count && strcmp(settings[i].name, name) != 0)
		i++;
	ck_assert_uint_lt(i, SETTINGS_MAX);
	ck_assert_uint_lt(strlen(name), sizeof(settings[i].name));
	ck_assert_uint_lt(strlen(value), sizeof(settings[i].value));
	snprintf(settings[i].name, sizeof(settings[i].name), "%s", name);
	snprintf(settings[i].value, sizeof(settings[i].value), "%s", value);
	if (i == count)
		count++;
}

const char *settings_table_lookup(const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(settings[i].name, name) == 0)
			return settings[i].value;
	}
	return NULL;
}
