/* SPDX-License-Identifier: MIT */
/* The same of what other processors than amd64 run. */
#undef __SSE2__
#include "check_json_plain.c"
