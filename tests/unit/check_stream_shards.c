/* SPDX-License-Identifier: MIT */
/* Which shards may be read, and when a list of them says that something is missing. */
#include "check_main.h"
#include "stream/shards.h"

#include <stdarg.h>
#include <stdio.h>

static struct stream_shards shards;
static int64_t listed_ms;

static void set_up(void)
{
	shards = (struct stream_shards){ 0 };
	listed_ms = 0;
}

static void take_down(void)
{
	stream_shards_clear(&shards);
}

/* Lists shards given as "id<parent" or "id"; NULL ends them. */
static void list(const char *first, ...)
{
	struct dynamo_shard items[16];
	struct dynamo_shards listed = { .items = items };
	va_list more;

	va_start(more, first);
	for (const char *text = first; text; text = va_arg(more, const char *)) {
		size_t len = strcspn(text, "<");
		struct dynamo_shard *s = &items[listed.count++];

		*s = (struct dynamo_shard){ 0 };
		memcpy(s->id, text, len);
		(void)snprintf(s->parent, sizeof(s->parent), "%s", text[len] ? text + len + 1 : "");
	}
	va_end(more);
	ck_assert_int_eq(stream_shards_list(&shards, &listed, listed_ms), STATUS_OK);
}

static struct stream_shard *find(const char *id)
{
	for (size_t i = 0; i < shards.count; i++) {
		if (strcmp(shards.items[i].id, id) == 0)
			return &shards.items[i];
	}
	ck_abort_msg("no shard %s", id);
	return NULL;
}

static const char *next(void)
{
	struct stream_shard *shard = stream_shards_next(&shards);

	return shard ? shard->id : "none";
}

/* Reads the shard to its end. */
static void finish(const char *id, int64_t now_ms)
{
	stream_shards_finish(find(id), now_ms);
}

static void restore(const char *id, const char *position, bool finished)
{
	ck_assert_int_eq(
		stream_shards_restore(&shards, slice_of(id), slice_of(position), finished, 0),
		STATUS_OK);
}

START_TEST(a_child_waits_for_the_end_of_its_parent)
{
	list("child<parent", "grandchild<child", "parent", NULL);
	ck_assert_str_eq(next(), "parent");
	finish("parent", 0);
	ck_assert_str_eq(next(), "child");
	finish("child", 0);
	ck_assert_str_eq(next(), "grandchild");
	finish("grandchild", 0);
	ck_assert_str_eq(next(), "none");
}
END_TEST

START_TEST(both_children_of_a_split_may_be_read)
{
	list("parent", "left<parent", "right<parent", NULL);
	finish("parent", 0);
	find("left")->due_ms = 20;
	find("right")->due_ms = 10;
	ck_assert_str_eq(next(), "right");
	find("right")->due_ms = 30;
	ck_assert_str_eq(next(), "left");
}
END_TEST

START_TEST(a_parent_that_is_not_listed_holds_up_nobody)
{
	list("child<forgotten", NULL);
	ck_assert_str_eq(next(), "child");
}
END_TEST

START_TEST(a_parent_that_a_checkpoint_knows_but_no_list_holds_up_nobody)
{
	restore("parent", "7", false);
	list("child<parent", NULL);
	ck_assert_str_eq(next(), "child");
}
END_TEST

START_TEST(a_shard_that_is_its_own_parent_is_read)
{
	list("odd<odd", NULL);
	ck_assert_str_eq(next(), "odd");
}
END_TEST

START_TEST(a_checkpoint_outlives_the_list)
{
	restore("parent", "7", true);
	restore("child", "12", false);
	list("parent", "child<parent", NULL);
	ck_assert_uint_eq(shards.count, 2);
	ck_assert_str_eq(next(), "child");
	ck_assert_str_eq(find("child")->position, "12");
	ck_assert(find("child")->begun);
	list("parent", "child<parent", NULL);
	ck_assert_str_eq(find("child")->position, "12");
}
END_TEST

START_TEST(a_new_shard_starts_before_its_first_record)
{
	list("a", NULL);
	ck_assert_str_eq(find("a")->position, "");
	ck_assert(!find("a")->begun);
}
END_TEST

START_TEST(one_list_that_leaves_a_shard_out_is_not_believed)
{
	list("a", "b", NULL);
	list("a", NULL);
	ck_assert_ptr_null(stream_shards_gone(&shards));
	ck_assert(stream_shards_unsure(&shards, 0));
	ck_assert_str_eq(next(), "a");
	list("a", "b", NULL);
	ck_assert(!stream_shards_unsure(&shards, 0));
	list("a", NULL);
	list("a", NULL);
	ck_assert_str_eq(stream_shards_gone(&shards)->id, "b");
	stream_shards_remove(&shards, stream_shards_gone(&shards));
	ck_assert_ptr_null(stream_shards_gone(&shards));
	ck_assert(!stream_shards_unsure(&shards, 0));
	ck_assert_uint_eq(shards.count, 1);
}
END_TEST

START_TEST(shards_that_roll_over_for_years_leave_nothing_behind)
{
	char text[3][40];

	for (int i = 0; i < 1000; i++) {
		struct stream_shard *gone;

		for (int n = 0; n < 3; n++)
			(void)snprintf(text[n], sizeof(text[n]), "s%d<s%d", i + n, i + n - 1);
		list(text[0], text[1], text[2], NULL);
		while ((gone = stream_shards_gone(&shards)) != NULL) {
			ck_assert(gone->finished);
			stream_shards_remove(&shards, gone);
		}
		(void)snprintf(text[0], sizeof(text[0]), "s%d", i);
		finish(text[0], i);
		ck_assert_uint_le(shards.count, 5);
	}
	ck_assert_uint_le(shards.room, 8);
}
END_TEST

START_TEST(a_finished_shard_without_a_child_makes_unsure_for_a_while)
{
	list("a", NULL);
	ck_assert(!stream_shards_unsure(&shards, 0));
	finish("a", 1000);
	ck_assert(stream_shards_unsure(&shards, 1000));
	ck_assert(stream_shards_unsure(&shards, 999 + STREAM_CHILD_MS));
	ck_assert(!stream_shards_unsure(&shards, 1000 + STREAM_CHILD_MS));
	list("a", "b<a", NULL);
	ck_assert(!stream_shards_unsure(&shards, 1000));
}
END_TEST

START_TEST(drained_means_that_every_shard_is)
{
	ck_assert(stream_shards_drained(&shards));
	list("a", "b", NULL);
	finish("a", 0);
	find("b")->empty_pages = STREAM_DRAINED_PAGES - 1;
	ck_assert(!stream_shards_drained(&shards));
	find("b")->empty_pages++;
	ck_assert(stream_shards_drained(&shards));
	list("a", "b", "c<a", NULL);
	ck_assert(!stream_shards_drained(&shards));
}
END_TEST

/* Under steady traffic there are no empty pages. */
START_TEST(a_shard_of_which_a_record_younger_than_the_program_was_read_is_drained)
{
	list("a", "b", NULL);
	find("a")->caught_up = true;
	ck_assert(!stream_shards_drained(&shards));
	find("b")->empty_pages = STREAM_DRAINED_PAGES;
	ck_assert(stream_shards_drained(&shards));
	finish("a", 0);
	list("a", "b", "c<a", NULL);
	ck_assert(!stream_shards_drained(&shards));
}
END_TEST

START_TEST(a_refused_shard_is_known_until_it_ends)
{
	list("a", "b", NULL);
	ck_assert(!stream_shards_refused(&shards));
	find("b")->refused = true;
	ck_assert(stream_shards_refused(&shards));
	finish("b", 0);
	ck_assert(!stream_shards_refused(&shards));
}
END_TEST

START_TEST(what_may_be_read_and_is_not_is_unread_since_the_last_read)
{
	ck_assert_int_eq(stream_shards_unread_ms(&shards, 5000), 0);
	listed_ms = 1000;
	list("parent", "child<parent", "other", NULL);
	ck_assert_int_eq(stream_shards_unread_ms(&shards, 5000), 4000);
	find("parent")->read_ms = 4500;
	find("other")->read_ms = 4900;
	ck_assert_int_eq(stream_shards_unread_ms(&shards, 5000), 500);
	listed_ms = 4950;
	list("parent", "child<parent", "other", NULL);
	ck_assert_int_eq(stream_shards_unread_ms(&shards, 5000), 500);
	finish("parent", 5000);
	find("child")->read_ms = 5000;
	ck_assert_int_eq(stream_shards_unread_ms(&shards, 5000), 100);
}
END_TEST

START_TEST(the_lag_is_that_of_the_shard_that_is_furthest_behind)
{
	list("a", "b", "c", NULL);
	ck_assert_int_eq(stream_shards_behind_s(&shards), 0);
	find("a")->newest_s = 200;
	find("b")->newest_s = 100;
	ck_assert_int_eq(stream_shards_behind_s(&shards), 100);
	finish("b", 0);
	ck_assert_int_eq(stream_shards_behind_s(&shards), 200);
}
END_TEST

START_TEST(trouble_of_one_shard_is_trouble)
{
	list("a", "b", NULL);
	ck_assert(!stream_shards_troubled(&shards));
	find("b")->troubled = true;
	ck_assert(stream_shards_troubled(&shards));
}
END_TEST

START_TEST(a_checkpoint_that_fits_no_shard_is_refused)
{
	char text[DYNAMO_SHARD_ID_SIZE + 1];

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(
		stream_shards_restore(&shards, (struct slice){ text, DYNAMO_SHARD_ID_SIZE },
			SLICE("1"), false, 0),
		STATUS_INVALID);
	ck_assert_int_eq(stream_shards_restore(&shards, SLICE("a"),
				 (struct slice){ text, DYNAMO_SEQUENCE_SIZE }, false, 0),
		STATUS_INVALID);
	ck_assert_int_eq(
		stream_shards_restore(&shards, SLICE(""), SLICE("1"), false, 0), STATUS_INVALID);
	ck_assert_uint_eq(shards.count, 0);
	ck_assert_int_eq(
		stream_shards_restore(&shards, (struct slice){ text, DYNAMO_SHARD_ID_SIZE - 1 },
			(struct slice){ text, DYNAMO_SEQUENCE_SIZE - 1 }, false, 0),
		STATUS_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream_shards");
	TCase *tests = tcase_create("lineage");

	tcase_add_checked_fixture(tests, set_up, take_down);
	tcase_add_test(tests, a_child_waits_for_the_end_of_its_parent);
	tcase_add_test(tests, both_children_of_a_split_may_be_read);
	tcase_add_test(tests, a_parent_that_is_not_listed_holds_up_nobody);
	tcase_add_test(tests, a_parent_that_a_checkpoint_knows_but_no_list_holds_up_nobody);
	tcase_add_test(tests, a_shard_that_is_its_own_parent_is_read);
	tcase_add_test(tests, a_checkpoint_outlives_the_list);
	tcase_add_test(tests, a_new_shard_starts_before_its_first_record);
	tcase_add_test(tests, one_list_that_leaves_a_shard_out_is_not_believed);
	tcase_add_test(tests, shards_that_roll_over_for_years_leave_nothing_behind);
	tcase_add_test(tests, a_finished_shard_without_a_child_makes_unsure_for_a_while);
	tcase_add_test(tests, drained_means_that_every_shard_is);
	tcase_add_test(
		tests, a_shard_of_which_a_record_younger_than_the_program_was_read_is_drained);
	tcase_add_test(tests, a_refused_shard_is_known_until_it_ends);
	tcase_add_test(tests, what_may_be_read_and_is_not_is_unread_since_the_last_read);
	tcase_add_test(tests, the_lag_is_that_of_the_shard_that_is_furthest_behind);
	tcase_add_test(tests, trouble_of_one_shard_is_trouble);
	tcase_add_test(tests, a_checkpoint_that_fits_no_shard_is_refused);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
