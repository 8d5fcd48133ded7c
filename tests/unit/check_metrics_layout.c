/* SPDX-License-Identifier: MIT */
/* Programs of two versions run side by side during an upgrade. Those whose figures lie differently
 * in the shared memory, or are counted under other routes, must not count in the same; nor must
 * those that know tokens by other digests. */
#include "app/parts.h"
#include "auth/token_cache.h"
#include "metrics/metrics.h"
#include "shared/memory.h"
#include "shared/secret.h"

#include "unit/check_main.h"

/* What belongs to which version. When this test fails, something was added, taken away or moved:
 * raise SHARED_MEMORY_VERSION (but for changes that no release was made between), and note here
 * what the test says. Version 2: tokens are known by a keyed digest. */
static const struct {
	int version;
	uint64_t layout;
} recorded = { 2, 0x4d236df323826018 };

static uint64_t with_routes(uint64_t hash)
{
	for (const struct app_route *r = app_routes; r->pattern; r++) {
		for (const char *at = r->pattern; *at; at++)
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
		hash = (hash ^ (uint64_t)r->method) * 0x100000001b3;
	}
	return hash;
}

static uint64_t with_tokens(uint64_t hash)
{
	static const size_t sizes[] = { SHARED_SECRET_SIZE, sizeof(struct token_digest),
		sizeof(struct token_entry), TOKEN_CACHE_CAPACITY };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		hash = (hash ^ sizes[i]) * 0x100000001b3;
	return hash;
}

START_TEST(another_layout_has_another_version)
{
	uint64_t layout = with_tokens(with_routes(metrics_layout()));

	ck_assert_msg(layout == recorded.layout && SHARED_MEMORY_VERSION == recorded.version,
		"version %d, layout 0x%016llx", SHARED_MEMORY_VERSION, (unsigned long long)layout);
}
END_TEST

START_TEST(every_route_has_a_place_and_a_pattern_of_its_own)
{
	size_t count = 0;

	for (const struct app_route *r = app_routes; r->pattern; r++, count++) {
		for (const struct app_route *other = app_routes; other < r; other++)
			ck_assert_str_ne(r->pattern, other->pattern);
	}
	ck_assert_uint_le(count, METRICS_NO_ROUTE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("metrics_layout");
	TCase *t = tcase_create("metrics_layout");

	tcase_add_test(t, another_layout_has_another_version);
	tcase_add_test(t, every_route_has_a_place_and_a_pattern_of_its_own);
	suite_add_tcase(s, t);
	return check_main(s);
}
