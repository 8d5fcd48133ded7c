/* SPDX-License-Identifier: MIT */
/* Names of the status codes, for the log; nothing decides by them. */
#include "base/status.h"

const char *status_name(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return "ok";
	case STATUS_INVALID:
		return "invalid";
	case STATUS_NOT_FOUND:
		return "not_found";
	case STATUS_CONFLICT:
		return "conflict";
	case STATUS_DENIED:
		return "denied";
	case STATUS_TOO_LARGE:
		return "too_large";
	case STATUS_TIMEOUT:
		return "timeout";
	case STATUS_UNAVAILABLE:
		return "unavailable";
	case STATUS_NO_MEMORY:
		return "no_memory";
	case STATUS_INTERNAL:
		return "internal";
	}
	return "unknown";
}
