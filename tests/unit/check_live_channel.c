/* SPDX-License-Identifier: MIT */
/* Which channel a stream belongs to, and that an event reaches it for as long as it may live. */
#include "live/channel.h"

#include "unit/check_main.h"

#include <stdio.h>

#define START 1790000000
/* conf/nginx/live.conf: nchan_subscriber_timeout */
#define QUIET_S 28
#define MINUTE_S 60

static struct uuid person(int n)
{
	struct uuid u;

	snprintf(u.text, sizeof(u.text), "%08x-0000-4000-8000-%012x", (unsigned int)n * 7919U,
		(unsigned int)n);
	return u;
}

static bool is(const struct live_channel *a, const struct live_channel *b)
{
	return strcmp(a->name, b->name) == 0;
}

static bool is_current(const struct live_channels *c, const struct live_channel *channel)
{
	for (size_t i = 0; i < c->current_count; i++) {
		if (is(&c->current[i], channel))
			return true;
	}
	return false;
}

START_TEST(a_channel_is_named_after_its_person_and_a_span)
{
	struct uuid ann = person(1), bea = person(2);
	struct live_channel of_ann = live_channel_at(&ann, START);
	struct live_channel of_bea = live_channel_at(&bea, START);

	ck_assert_int_eq(strncmp(of_ann.name, ann.text, UUID_LEN), 0);
	ck_assert_int_eq(of_ann.name[UUID_LEN], '.');
	ck_assert_uint_eq(strspn(of_ann.name + UUID_LEN + 1, "0123456789"),
		strlen(of_ann.name) - UUID_LEN - 1);
	ck_assert(!is(&of_ann, &of_bea));
}
END_TEST

START_TEST(it_changes_once_in_a_span)
{
	for (int n = 0; n < 50; n++) {
		struct uuid p = person(n);
		int changes = 0;

		for (int64_t t = START; t < START + LIVE_SPAN_S; t++) {
			struct live_channel now = live_channel_at(&p, t);
			struct live_channel next = live_channel_at(&p, t + 1);

			changes += !is(&now, &next);
		}
		ck_assert_int_eq(changes, 1);
	}
}
END_TEST

START_TEST(its_seconds_are_those_until_it_changes)
{
	for (int n = 0; n < 50; n++) {
		struct uuid p = person(n);

		for (int64_t t = START; t < START + LIVE_SPAN_S; t++) {
			int left = live_channel_seconds(&p, t);
			struct live_channel now = live_channel_at(&p, t);
			struct live_channel last = live_channel_at(&p, t + left - 1);
			struct live_channel next = live_channel_at(&p, t + left);

			ck_assert_int_ge(left, 1);
			ck_assert_int_le(left, LIVE_SPAN_S);
			ck_assert(is(&now, &last));
			ck_assert(!is(&now, &next));
		}
	}
}
END_TEST

START_TEST(not_for_everybody_at_the_same_second)
{
	int changes[LIVE_SPAN_S] = { 0 };

	for (int n = 0; n < 3000; n++) {
		struct uuid p = person(n);

		for (int t = 0; t < LIVE_SPAN_S; t++) {
			struct live_channel now = live_channel_at(&p, START + t);
			struct live_channel next = live_channel_at(&p, START + t + 1);

			changes[t] += !is(&now, &next);
		}
	}
	for (int t = 0; t < LIVE_SPAN_S; t++)
		ck_assert(changes[t] > 50 && changes[t] < 150);
}
END_TEST

START_TEST(an_event_goes_to_every_stream_that_may_be_open)
{
	struct uuid p = person(3);

	for (int64_t opened = START; opened < START + LIVE_SPAN_S; opened++) {
		struct live_channel stream = live_channel_at(&p, opened);
		int64_t last = opened; /* event that it had */

		/* As long as no event ended it and it was never quiet for too long. */
		for (int64_t t = opened; t <= last + QUIET_S; t++) {
			struct live_channels told = live_channels_at(&p, t);

			ck_assert(is_current(&told, &stream) || is(&told.old, &stream));
			ck_assert(!(is_current(&told, &stream) && is(&told.old, &stream)));
			if (is_current(&told, &stream))
				last = t;
		}
		ck_assert_int_le(last + QUIET_S - opened, MINUTE_S);
	}
}
END_TEST

START_TEST(a_worker_whose_clock_is_behind_reaches_a_new_stream)
{
	struct uuid p = person(4);

	for (int64_t t = START; t < START + LIVE_SPAN_S; t++) {
		struct live_channels told = live_channels_at(&p, t);

		for (int64_t skew = 0; skew <= LIVE_SKEW_S; skew++) {
			struct live_channel stream = live_channel_at(&p, t + skew);

			ck_assert(is_current(&told, &stream));
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live_channel");
	TCase *tests = tcase_create("names");

	tcase_add_test(tests, a_channel_is_named_after_its_person_and_a_span);
	tcase_add_test(tests, it_changes_once_in_a_span);
	tcase_add_test(tests, its_seconds_are_those_until_it_changes);
	tcase_add_test(tests, not_for_everybody_at_the_same_second);
	tcase_add_test(tests, an_event_goes_to_every_stream_that_may_be_open);
	tcase_add_test(tests, a_worker_whose_clock_is_behind_reaches_a_new_stream);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
