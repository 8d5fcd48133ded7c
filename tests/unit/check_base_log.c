/* SPDX-License-Identifier: MIT */
/* The log as its readers see it: whatever is logged, stderr gets whole lines, each of them one
 * strictly valid JSON object. */
#include "base/buf.h"
#include "base/log.h"
#include "base/utf8.h"
#include "check_main.h"
#include "json/json.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* stderr while a test looks at it. */
static int real_stderr = -1, captured = -1;

static void capture_stderr(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	real_stderr = dup(STDERR_FILENO);
	ck_assert_int_ge(real_stderr, 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	captured = ends[0];
	log_open("check", LOG_DEBUG);
	log_set_request(SLICE(""));
}

static void restore_stderr(void)
{
	close(captured);
	ck_assert_int_eq(dup2(real_stderr, STDERR_FILENO), STDERR_FILENO);
	close(real_stderr);
}

/* What was logged since the start; the log is closed by that. A pipe holds far more than the tests
 * write. */
static void take_logged(struct buf *out)
{
	ssize_t n;

	ck_assert_int_eq(dup2(real_stderr, STDERR_FILENO), STDERR_FILENO);
	do {
		char *room = buf_reserve(out, 4096);

		ck_assert_ptr_nonnull(room);
		n = read(captured, room, 4096);
		ck_assert_int_ge(n, 0);
		buf_grew(out, (size_t)n);
	} while (n > 0);
}

/* The one line that was logged. */
static struct json *take_line(void)
{
	struct buf b = { 0 };
	struct json *doc;

	take_logged(&b);
	ck_assert_uint_gt(b.len, 0);
	ck_assert_ptr_eq(memchr(b.data, '\n', b.len), b.data + b.len - 1);
	ck_assert_int_eq(json_parse(buf_slice(&b), &doc), STATUS_OK);
	buf_free(&b);
	return doc;
}

static void assert_member(const struct json *doc, const char *name, struct slice expected)
{
	struct slice text;

	ck_assert_msg(json_get_string(json_root(doc), name, &text), "%s", name);
	ck_assert_msg(slice_equal(text, expected), "%s", name);
}

START_TEST(a_line_says_when_what_and_who)
{
	struct json *doc;
	struct slice time;
	double number;

	log_set_request(SLICE("0af7651916cd43dd"));
	LOG(LOG_WARN, "something_happened", log_str("route", "GET /x"), log_int("attempt", -2));
	doc = take_line();
	assert_member(doc, "level", SLICE("warn"));
	assert_member(doc, "program", SLICE("check"));
	assert_member(doc, "event", SLICE("something_happened"));
	assert_member(doc, "request_id", SLICE("0af7651916cd43dd"));
	assert_member(doc, "route", SLICE("GET /x"));
	ck_assert(json_number(json_get(json_root(doc), "attempt"), &number));
	ck_assert_double_eq(number, -2);
	ck_assert(json_number(json_get(json_root(doc), "pid"), &number));
	ck_assert_double_eq(number, getpid());
	ck_assert(json_get_string(json_root(doc), "ts", &time));
	ck_assert_uint_eq(time.len, 32);
	json_free(doc);
}
END_TEST

START_TEST(fields_come_in_one_order)
{
	static const char shape[] =
		"{\"ts\":\"####-##-##T##:##:##.######+00:00\",\"level\":\"error\",\"event\":\"e\","
		"\"program\":\"check\",\"pid\":";
	char rest[80];
	struct buf b = { 0 };

	log_set_request(SLICE("r"));
	LOG(LOG_ERROR, "e", log_int("b", 1), log_str("a", "x"));
	take_logged(&b);
	ck_assert_uint_gt(b.len, sizeof(shape) - 1);
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		ck_assert(shape[i] == '#' ? b.data[i] >= '0' && b.data[i] <= '9'
					  : b.data[i] == shape[i]);
	snprintf(rest, sizeof(rest), "%d,\"request_id\":\"r\",\"b\":1,\"a\":\"x\"}\n", getpid());
	ck_assert_str_eq(buf_cstr(&b) + sizeof(shape) - 1, rest);
	buf_free(&b);
}
END_TEST

static struct slice never_looked_at(void)
{
	ck_abort_msg("a field of a line that is not logged");
}

START_TEST(a_line_above_the_level_does_not_even_look_at_its_fields)
{
	log_open("check", LOG_WARN);
	LOG(LOG_INFO, "dropped", log_slice("text", never_looked_at()));
}
END_TEST

START_TEST(a_line_needs_no_field_and_no_request)
{
	struct json *doc;

	LOG(LOG_ERROR, "bare");
	doc = take_line();
	assert_member(doc, "event", SLICE("bare"));
	ck_assert_ptr_null(json_get(json_root(doc), "request_id"));
	json_free(doc);
}
END_TEST

START_TEST(lines_above_the_level_are_dropped)
{
	struct buf b = { 0 };

	log_open("check", LOG_WARN);
	ck_assert(log_enabled(LOG_ERROR));
	ck_assert(log_enabled(LOG_WARN));
	ck_assert(!log_enabled(LOG_INFO));
	ck_assert(!log_enabled(LOG_DEBUG));
	LOG(LOG_INFO, "dropped");
	LOG(LOG_DEBUG, "dropped");
	take_logged(&b);
	ck_assert_uint_eq(b.len, 0);
	buf_free(&b);
}
END_TEST

/* Log injection: a name, a header, a token's kid with a line of its own in it. */
START_TEST(no_text_can_write_a_line_of_its_own)
{
	static const char evil[] =
		"x\"}\n{\"level\":\"error\",\"event\":\"forged\"}\r\n\t\x1b[2J\x7f\\\xc2\x9b";
	struct json *doc;

	log_set_request(slice_of(evil));
	LOG(LOG_INFO, "e", log_str("text", evil));
	doc = take_line();
	assert_member(doc, "event", SLICE("e"));
	assert_member(doc, "text", slice_of(evil));
	assert_member(doc, "request_id", slice_of(evil));
	json_free(doc);
}
END_TEST

START_TEST(every_pair_of_bytes_gives_a_valid_line)
{
	for (int first = 0; first < 256; first++) {
		for (int second = 0; second < 256; second += first < 0x80 ? 51 : 1) {
			char bytes[] = { (char)first, (char)second };
			struct buf b = { 0 };
			char *room;
			ssize_t n;

			LOG(LOG_INFO, "e", log_slice("text", (struct slice){ bytes, 2 }));
			room = buf_reserve(&b, 4096);
			n = read(captured, room, 4096);
			ck_assert_int_gt(n, 0);
			buf_grew(&b, (size_t)n);
			ck_assert_ptr_eq(memchr(b.data, '\n', b.len), b.data + b.len - 1);
			ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_OK);
			buf_free(&b);
		}
	}
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
	char text[400];
	struct json *doc;
	struct slice logged;

	/* Two-byte characters after one byte: byte 256 is in the middle of one. */
	text[0] = 'a';
	for (size_t i = 1; i + 1 < sizeof(text); i += 2) {
		text[i] = '\xc3';
		text[i + 1] = '\xa9';
	}
	LOG(LOG_INFO, "e", log_slice("text", (struct slice){ text, sizeof(text) - 1 }));
	doc = take_line();
	ck_assert(json_get_string(json_root(doc), "text", &logged));
	ck_assert_uint_ge(logged.len, 250);
	ck_assert_uint_le(logged.len, 260);
	ck_assert(utf8_valid(logged));
	ck_assert(slice_starts_with((struct slice){ text, sizeof(text) }, logged));
	json_free(doc);
}
END_TEST

START_TEST(a_line_too_long_loses_whole_fields_only)
{
	char bytes[200];
	struct slice text = { bytes, sizeof(bytes) };
	struct json *doc;
	double number;

	/* Each byte becomes six: three such fields do not fit a line that a pipe takes whole. */
	memset(bytes, '\x01', sizeof(bytes));
	log_set_request(text);
	LOG(LOG_INFO, "e", log_slice("a", text), log_slice("b", text), log_slice("c", text),
		log_int("last", 1));
	doc = take_line();
	assert_member(doc, "a", text);
	assert_member(doc, "b", text);
	ck_assert_ptr_null(json_get(json_root(doc), "c"));
	ck_assert(json_number(json_get(json_root(doc), "last"), &number));
	assert_member(doc, "request_id", (struct slice){ bytes, 128 });
	json_free(doc);
}
END_TEST

static void take(void *context, const char *event, const struct log_field *fields)
{
	struct buf *b = context;

	buf_add_str(b, event);
	for (; fields && fields->name; fields++)
		buf_add_str(b, fields->name);
	errno = EIO;
}

START_TEST(lines_may_go_to_somebody_else)
{
	struct buf taken = { 0 }, b = { 0 };

	log_divert(LOG_WARN, take, &taken);
	errno = ENOTTY;
	LOG(LOG_WARN, "first", log_int("one", 1), log_str("two", "2"));
	LOG(LOG_INFO, "second");
	LOG(LOG_ERROR, "third");
	ck_assert_int_eq(errno, ENOTTY);
	take_logged(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(buf_cstr(&taken), "firstonetwothird");
	buf_free(&taken);
	buf_free(&b);
}
END_TEST

START_TEST(logging_keeps_errno)
{
	struct buf b = { 0 };

	errno = ENOTTY;
	LOG(LOG_INFO, "e");
	ck_assert_int_eq(errno, ENOTTY);
	close(STDERR_FILENO);
	LOG(LOG_INFO, "e");
	ck_assert_int_eq(errno, ENOTTY);
	take_logged(&b);
	buf_free(&b);
}
END_TEST

START_TEST(numbers_are_written_over_the_full_range)
{
	struct buf b = { 0 };

	LOG(LOG_INFO, "e", log_int("least", INT64_MIN), log_int("most", INT64_MAX),
		log_int("zero", 0));
	take_logged(&b);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&b),
		"\"least\":-9223372036854775808,\"most\":9223372036854775807,\"zero\":0}"));
	buf_free(&b);
}
END_TEST

START_TEST(levels_are_read_by_their_exact_names)
{
	enum log_level level = LOG_WARN;

	ck_assert(log_level_parse("error", &level));
	ck_assert_int_eq(level, LOG_ERROR);
	ck_assert(log_level_parse("debug", &level));
	ck_assert_int_eq(level, LOG_DEBUG);
	ck_assert(!log_level_parse("", &level));
	ck_assert(!log_level_parse("Debug", &level));
	ck_assert(!log_level_parse("warning", &level));
	ck_assert(!log_level_parse("inf", &level));
	ck_assert_int_eq(level, LOG_DEBUG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_log");
	TCase *tests = tcase_create("log");

	tcase_add_checked_fixture(tests, capture_stderr, restore_stderr);
	tcase_add_test(tests, a_line_says_when_what_and_who);
	tcase_add_test(tests, fields_come_in_one_order);
	tcase_add_test(tests, a_line_above_the_level_does_not_even_look_at_its_fields);
	tcase_add_test(tests, a_line_needs_no_field_and_no_request);
	tcase_add_test(tests, lines_above_the_level_are_dropped);
	tcase_add_test(tests, no_text_can_write_a_line_of_its_own);
	tcase_add_test(tests, every_pair_of_bytes_gives_a_valid_line);
	tcase_add_test(tests, long_texts_are_cut_between_characters);
	tcase_add_test(tests, a_line_too_long_loses_whole_fields_only);
	tcase_add_test(tests, lines_may_go_to_somebody_else);
	tcase_add_test(tests, logging_keeps_errno);
	tcase_add_test(tests, numbers_are_written_over_the_full_range);
	tcase_add_test(tests, levels_are_read_by_their_exact_names);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
