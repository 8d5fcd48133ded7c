/* SPDX-License-Identifier: MIT */
/* Whether the two readers of JSON, json/json.h and json/flat.h, say the same of a text. */
#ifndef CRUDDUR_TESTS_JSON_SAME_H
#define CRUDDUR_TESTS_JSON_SAME_H

#include "json/flat.h"
#include "json/json.h"

/* Reads text by both, nested so deep at the most. NULL if both refuse it, or both accept it and
 * each value, name, look-up and spelling is the same; else a word on what differs. */
const char *json_same(struct slice text, int depth_max);

#endif
