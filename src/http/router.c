/* SPDX-License-Identifier: MIT */
/* Matching a path against a pattern. */
#include "http/router.h"

bool router_match(const char *pattern, struct slice path, struct slice *capture)
{
	const char *open = strchr(pattern, '{');
	struct slice before = { pattern, open ? (size_t)(open - pattern) : strlen(pattern) };
	struct slice after, middle;

	if (!open)
		return slice_equal(path, before);
	after = slice_of(strchr(open, '}') + 1);
	if (path.len <= before.len + after.len || !slice_starts_with(path, before) ||
		!slice_equal(slice_skip(path, path.len - after.len), after))
		return false;
	middle = (struct slice){ path.ptr + before.len, path.len - before.len - after.len };
	if (memchr(middle.ptr, '/', middle.len))
		return false;
	*capture = middle;
	return true;
}
