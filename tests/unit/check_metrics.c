/* SPDX-License-Identifier: MIT */
/* Counting into memory that several processes share, and the text that Prometheus reads. */
#include "metrics/family.h"
#include "metrics/text.h"
#include "stream/figures.h"

#include "unit/check_main.h"

#include <regex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW_US ((int64_t)1790000000000000)

static const struct metrics_route routes[] = {
	{ "/api/health-check", METRICS_GET },
	{ "/api/messages", METRICS_POST },
};

static struct metrics *made(void *area)
{
	struct metrics *m = NULL;

	ck_assert_int_eq(metrics_new(area, routes, 2, &m), STATUS_OK);
	return m;
}

static void *shared_area(void)
{
	void *area = mmap(
		NULL, metrics_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(area, MAP_FAILED);
	return area;
}

static const char *text_of(const struct metrics *m, struct buf *b)
{
	buf_clear(b);
	metrics_text(m, NOW_US, b);
	ck_assert(buf_ok(b));
	return buf_cstr(b);
}

/* Whether the text has that whole line. */
static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = strstr(text, line); at; at = strstr(at + 1, line)) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
	}
	return false;
}

static void expect_line(const struct metrics *m, const char *line)
{
	struct buf b = { 0 };

	ck_assert_msg(has_line(text_of(m, &b), line), "no line %s in\n%s", line, buf_cstr(&b));
	buf_free(&b);
}

static void expect_nothing_of(const struct metrics *m, const char *part)
{
	struct buf b = { 0 };

	ck_assert_msg(!strstr(text_of(m, &b), part), "%s in\n%s", part, buf_cstr(&b));
	buf_free(&b);
}

/* --- What there is ---------------------------------------------------------------------------- */

static size_t values_of(const struct metrics_family *f)
{
	size_t n = f->kind == METRICS_KIND_HISTOGRAM ? METRICS_HISTOGRAM : 1;

	for (size_t i = 0; i < METRICS_LABELS && f->labels[i].name; i++)
		n *= f->labels[i].count;
	return n;
}

START_TEST(every_counter_is_told_exactly_once)
{
	int owners[METRICS_VALUES] = { 0 };

	for (size_t i = 0; i < metrics_family_count; i++) {
		const struct metrics_family *f = &metrics_families[i];

		for (size_t k = 0; k < values_of(f); k++) {
			ck_assert_msg(f->at + k < METRICS_VALUES, "%s", f->name);
			owners[f->at + k]++;
		}
	}
	for (size_t at = METRICS_AT_EVENTS; at < METRICS_VALUES; at++)
		ck_assert_msg(owners[at] == 1, "value %zu is told %d times", at, owners[at]);
}
END_TEST

START_TEST(names_follow_the_practice)
{
	for (size_t i = 0; i < metrics_family_count; i++) {
		const struct metrics_family *f = &metrics_families[i];
		size_t len = strlen(f->name);
		bool total = len > 6 && strcmp(f->name + len - 6, "_total") == 0;

		ck_assert_msg(strncmp(f->name, "cruddur_", 8) == 0, "%s", f->name);
		ck_assert_msg(total == (f->kind == METRICS_KIND_COUNTER), "%s", f->name);
		ck_assert_msg(strlen(f->help) > 10, "%s", f->name);
		for (size_t k = i + 1; k < metrics_family_count; k++)
			ck_assert_str_ne(f->name, metrics_families[k].name);
	}
	for (size_t i = 1; i < METRICS_BOUNDS; i++)
		ck_assert_int_gt(metrics_bounds[i].us, metrics_bounds[i - 1].us);
	for (size_t i = 0; i < METRICS_BOUNDS; i++)
		ck_assert_double_eq_tol(
			strtod(metrics_bounds[i].text, NULL) * 1e6, metrics_bounds[i].us, 1e-6);
}
END_TEST

/* --- Counting --------------------------------------------------------------------------------- */

static void request(struct metrics *m, size_t route, int status, int64_t duration_us)
{
	const struct metrics_request r = { .route = route,
		.method = METRICS_GET,
		.status = status,
		.duration_us = duration_us,
		.queued_us = -1 };

	metrics_request(m, &r);
}

START_TEST(a_duration_is_in_every_bucket_from_its_own_on)
{
	struct metrics *m = made(NULL);

	request(m, 0, 200, 100);
	request(m, 0, 200, 101);
	request(m, 0, 200, 5000000);
	request(m, 0, 200, 5000001);
	request(m, 0, 200, 0);
	request(m, 0, 200, -7);
#define BUCKET "cruddur_http_request_duration_seconds_bucket{route=\"/api/health-check\",le="
	expect_line(m, BUCKET "\"0.0001\"} 3");
	expect_line(m, BUCKET "\"0.00025\"} 4");
	expect_line(m, BUCKET "\"2.5\"} 4");
	expect_line(m, BUCKET "\"5\"} 5");
	expect_line(m, BUCKET "\"+Inf\"} 6");
	expect_line(m,
		"cruddur_http_request_duration_seconds_sum{route=\"/api/health-check\"} 10.000202");
	expect_line(
		m, "cruddur_http_request_duration_seconds_count{route=\"/api/health-check\"} 6");
	metrics_free(m);
}
END_TEST

START_TEST(a_request_is_counted_by_route_method_and_status)
{
	struct metrics *m = made(NULL);

	for (int i = 0; i < 3; i++)
		request(m, 1, 503, 10);
	request(m, METRICS_NO_ROUTE, 404, 10);
	request(m, 12345, 404, 10);
	request(m, 0, 299, 10);
#define REQUESTS "cruddur_http_requests_total{route="
	expect_line(m, REQUESTS "\"/api/messages\",method=\"GET\",status=\"503\"} 3");
	expect_line(m, REQUESTS "\"none\",method=\"GET\",status=\"404\"} 2");
	expect_line(m, REQUESTS "\"/api/health-check\",method=\"GET\",status=\"other\"} 1");
	metrics_free(m);
}
END_TEST

/* Prometheus sees no increase where a series begins with its first failure. */
START_TEST(failures_that_did_not_happen_yet_are_zero_and_not_absent)
{
	struct metrics *m = made(NULL);

	expect_line(m, REQUESTS "\"/api/messages\",method=\"POST\",status=\"503\"} 0");
	expect_line(m, REQUESTS "\"/api/messages\",method=\"POST\",status=\"500\"} 0");
	expect_nothing_of(m, REQUESTS "\"/api/messages\",method=\"POST\",status=\"200\"");
	expect_nothing_of(m, "method=\"HEAD\"");
	expect_line(m, "cruddur_backend_failures_total{backend=\"dynamodb\"} 0");
	expect_line(m, "cruddur_stream_dead_letters_total 0");
	metrics_free(m);
}
END_TEST

START_TEST(what_a_backend_cost_is_counted)
{
	struct metrics *m = made(NULL);
	const struct usage none = { 0 };
	const struct usage some = { .spent_us = 2600, .calls = 3, .failures = 1, .retries = 2 };

	metrics_backend(m, METRICS_POSTGRES, &none);
	metrics_backend(m, METRICS_DYNAMODB, &some);
	expect_line(m, "cruddur_backend_calls_total{backend=\"postgres\"} 0");
	expect_line(m, "cruddur_backend_wait_seconds_count{backend=\"postgres\"} 0");
	expect_line(m, "cruddur_backend_calls_total{backend=\"dynamodb\"} 3");
	expect_line(m, "cruddur_backend_failures_total{backend=\"dynamodb\"} 1");
	expect_line(m, "cruddur_backend_retries_total{backend=\"dynamodb\"} 2");
	expect_line(m, "cruddur_backend_wait_seconds_bucket{backend=\"dynamodb\",le=\"0.0025\"} 0");
	expect_line(m, "cruddur_backend_wait_seconds_bucket{backend=\"dynamodb\",le=\"0.005\"} 1");
	expect_line(m, "cruddur_backend_wait_seconds_sum{backend=\"dynamodb\"} 0.002600");
	metrics_free(m);
}
END_TEST

START_TEST(a_reason_that_is_not_known_counts_as_other)
{
	struct metrics *m = made(NULL);

	metrics_auth_failure(m, "no_token");
	metrics_auth_failure(m, "expired");
	metrics_auth_failure(m, "expired");
	metrics_auth_failure(m, "x\"} 1\nevil{a=\"b");
	expect_line(m, "cruddur_auth_failures_total{reason=\"no_token\"} 1");
	expect_line(m, "cruddur_auth_failures_total{reason=\"expired\"} 2");
	expect_line(m, "cruddur_auth_failures_total{reason=\"other\"} 1");
	expect_nothing_of(m, "evil");
	metrics_free(m);
}
END_TEST

START_TEST(nobody_has_to_count)
{
	const struct metrics_request r = { .status = 200 };
	const struct usage u = { .calls = 1 };

	metrics_count(NULL, METRICS_MESSAGES_SENT, 1);
	metrics_request(NULL, &r);
	metrics_backend(NULL, METRICS_POSTGRES, &u);
	metrics_auth_failure(NULL, "expired");
	metrics_set(NULL, METRICS_JWKS_AT, 1);
	metrics_free(NULL);
}
END_TEST

/* --- Several processes ------------------------------------------------------------------------ */

#define PROCESSES 4
#define EACH 20000

static void count_in_child(void *area)
{
	struct metrics *m = made(area);

	for (int i = 0; i < EACH; i++) {
		metrics_count(m, METRICS_MESSAGES_SENT, 1);
		request(m, 1, 200, 7);
	}
	(void)kill(getpid(), SIGKILL);
}

START_TEST(nothing_is_lost_of_what_killed_processes_counted_at_the_same_time)
{
	void *area = shared_area();
	struct metrics *m = made(area);
	pid_t pids[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			count_in_child(area);
		ck_assert_int_gt(pids[i], 0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	expect_line(m, "cruddur_messages_sent_total 80000");
	expect_line(m, REQUESTS "\"/api/messages\",method=\"GET\",status=\"200\"} 80000");
	expect_line(m,
		"cruddur_http_request_duration_seconds_sum{route=\"/api/messages\"} "
		"0.560000");
	metrics_free(m);
	ck_assert_int_eq(munmap(area, metrics_size()), 0);
}
END_TEST

START_TEST(who_comes_later_finds_what_was_counted)
{
	void *area = shared_area();
	struct metrics *first = made(area), *second;
	uint64_t since = metrics_read(first, METRICS_AT_GAUGES + METRICS_SINCE);

	metrics_count(first, METRICS_WORKER_STARTS, 1);
	metrics_free(first);
	second = made(area);
	metrics_count(second, METRICS_WORKER_STARTS, 1);
	expect_line(second, "cruddur_worker_starts_total 2");
	ck_assert(metrics_read(second, METRICS_AT_GAUGES + METRICS_SINCE) == since);
	metrics_free(second);
	ck_assert_int_eq(munmap(area, metrics_size()), 0);
}
END_TEST

START_TEST(an_area_of_another_layout_is_left_alone)
{
	void *area = shared_area();
	uint64_t *words = area;
	struct metrics *m;

	words[METRICS_AT_LAYOUT] = metrics_layout() + 1;
	m = made(area);
	metrics_count(m, METRICS_MESSAGES_SENT, 1);
	expect_line(m, "cruddur_messages_sent_total 1");
	metrics_free(m);
	for (size_t i = 1; i < METRICS_VALUES; i++)
		ck_assert(words[i] == 0);
	ck_assert_int_eq(munmap(area, metrics_size()), 0);
}
END_TEST

START_TEST(more_routes_than_have_a_place_are_refused)
{
	struct metrics *m = NULL;

	ck_assert_int_eq(metrics_new(NULL, routes, METRICS_NO_ROUTE + 1, &m), STATUS_TOO_LARGE);
	ck_assert_ptr_null(m);
}
END_TEST

/* --- The stream's figures --------------------------------------------------------------------- */

START_TEST(what_came_to_a_streams_figures_is_counted_once)
{
	struct metrics *m = made(NULL);
	struct stream_figures told = { 0 };
	/* Of eleven dead letters one is a record's, the others are groups of repairs. */
	struct stream_figures f = { .records = 10,
		.skipped = 3,
		.set_aside = 11,
		.groups_set_aside = 10,
		.moved = 4,
		.unchanged = 1,
		.retried = 2,
		.repaired = 20,
		.missed = 1 };

	stream_figures_count(&f, &told, m);
	stream_figures_count(&f, &told, m);
	expect_line(m, "cruddur_stream_records_total{outcome=\"settled\"} 6");
	expect_line(m, "cruddur_stream_records_total{outcome=\"skipped\"} 3");
	expect_line(m, "cruddur_stream_dead_letters_total 11");
	expect_line(m, "cruddur_stream_groups_total{outcome=\"moved\"} 4");
	expect_line(m, "cruddur_stream_groups_total{outcome=\"unchanged\"} 1");
	expect_line(m, "cruddur_stream_groups_retried_total 2");
	expect_line(m, "cruddur_stream_groups_repaired_total 20");
	expect_line(m, "cruddur_stream_missed_total 1");
	f.records += 2;
	f.set_aside += 2;
	stream_figures_count(&f, &told, m);
	expect_line(m, "cruddur_stream_records_total{outcome=\"settled\"} 6");
	expect_line(m, "cruddur_stream_dead_letters_total 13");
	metrics_free(m);
}
END_TEST

START_TEST(lag_is_what_is_unread_or_for_how_long_nobody_reads)
{
	struct metrics *m = made(NULL);

	expect_nothing_of(m, "\ncruddur_stream_lag_seconds ");
	expect_nothing_of(m, "\ncruddur_stream_last_read_timestamp_seconds ");
	metrics_set(m, METRICS_STREAM_READ_AT, NOW_US - 900000);
	expect_line(m, "cruddur_stream_last_read_timestamp_seconds 1789999999.100000");
	expect_nothing_of(m, "\ncruddur_stream_lag_seconds ");
	metrics_set(m, METRICS_STREAM_ACTIVE, 1);
	expect_line(m, "cruddur_stream_lag_seconds 0.000000");
	expect_line(m, "cruddur_stream_repair_owed 0");
	metrics_set(m, METRICS_STREAM_BEHIND, NOW_US - 2500000);
	expect_line(m, "cruddur_stream_lag_seconds 2.500000");
	metrics_set(m, METRICS_STREAM_READ_AT, NOW_US - 60000000);
	expect_line(m, "cruddur_stream_lag_seconds 60.000000");
	/* The clock was set back. */
	metrics_set(m, METRICS_STREAM_READ_AT, NOW_US + 5000000);
	metrics_set(m, METRICS_STREAM_BEHIND, NOW_US + 5000000);
	expect_line(m, "cruddur_stream_lag_seconds 0.000000");
	metrics_set(m, METRICS_STREAM_OWED, 1);
	expect_line(m, "cruddur_stream_repair_owed 1");
	metrics_free(m);
}
END_TEST

/* --- The format ------------------------------------------------------------------------------- */

static const struct {
	const char *text, *value, *help;
} escapes[] = {
	{ "/api/messages/{id}", "/api/messages/{id}", "/api/messages/{id}" },
	{ "a\"b", "a\\\"b", "a\"b" },
	{ "a\\b", "a\\\\b", "a\\\\b" },
	{ "a\nb", "a\\nb", "a\\nb" },
	{ "\\n", "\\\\n", "\\\\n" },
	{ "ü", "ü", "ü" },
	{ "", "", "" },
};

START_TEST(labels_and_help_are_escaped)
{
	struct buf b = { 0 };

	metrics_text_value(&b, escapes[_i].text);
	ck_assert_str_eq(buf_cstr(&b), escapes[_i].value);
	buf_clear(&b);
	metrics_text_help(&b, escapes[_i].text);
	ck_assert_str_eq(buf_cstr(&b), escapes[_i].help);
	buf_free(&b);
}
END_TEST

START_TEST(a_pattern_cannot_break_out_of_its_label)
{
	const struct metrics_route odd[] = { { "/a\"} 1\nevil 2\\", METRICS_GET } };
	struct metrics *m = NULL;

	ck_assert_int_eq(metrics_new(NULL, odd, 1, &m), STATUS_OK);
	expect_line(m, REQUESTS "\"/a\\\"} 1\\nevil 2\\\\\",method=\"GET\",status=\"500\"} 0");
	metrics_free(m);
}
END_TEST

/* Every line is of one of the three kinds, and the same figures are the same text. */
START_TEST(the_text_is_well_formed_and_always_the_same)
{
	static const char line_form[] = "^(# HELP [a-z_]+ .+|# TYPE [a-z_]+ "
					"(counter|gauge|histogram)|[a-z_]+(\\{[a-z]+=\"[^\"]*\"(,"
					"[a-z]+=\"[^\"]*\")*\\})? [0-9]+(\\.[0-9]{6})?)$";
	struct metrics *m = made(NULL);
	struct buf a = { 0 }, b = { 0 };
	char *rest, *line;
	regex_t form;

	request(m, 0, 200, 5);
	request(m, 1, 404, 5);
	metrics_set(m, METRICS_STREAM_ACTIVE, 1);
	ck_assert_str_eq(text_of(m, &a), text_of(m, &b));
	ck_assert_int_eq(a.data[a.len - 1], '\n');
	ck_assert_int_eq(regcomp(&form, line_form, REG_EXTENDED | REG_NOSUB), 0);
	rest = a.data;
	while ((line = strsep(&rest, "\n")) && rest)
		ck_assert_msg(regexec(&form, line, 0, NULL, 0) == 0, "%s", line);
	regfree(&form);
	buf_free(&a);
	buf_free(&b);
	metrics_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("metrics");

	tcase_add_test(t, every_counter_is_told_exactly_once);
	tcase_add_test(t, names_follow_the_practice);
	tcase_add_test(t, a_duration_is_in_every_bucket_from_its_own_on);
	tcase_add_test(t, a_request_is_counted_by_route_method_and_status);
	tcase_add_test(t, failures_that_did_not_happen_yet_are_zero_and_not_absent);
	tcase_add_test(t, what_a_backend_cost_is_counted);
	tcase_add_test(t, a_reason_that_is_not_known_counts_as_other);
	tcase_add_test(t, nobody_has_to_count);
	tcase_add_test(t, nothing_is_lost_of_what_killed_processes_counted_at_the_same_time);
	tcase_add_test(t, who_comes_later_finds_what_was_counted);
	tcase_add_test(t, an_area_of_another_layout_is_left_alone);
	tcase_add_test(t, more_routes_than_have_a_place_are_refused);
	tcase_add_test(t, what_came_to_a_streams_figures_is_counted_once);
	tcase_add_test(t, lag_is_what_is_unread_or_for_how_long_nobody_reads);
	tcase_add_loop_test(
		t, labels_and_help_are_escaped, 0, sizeof(escapes) / sizeof(escapes[0]));
	tcase_add_test(t, a_pattern_cannot_break_out_of_its_label);
	tcase_add_test(t, the_text_is_well_formed_and_always_the_same);
	suite_add_tcase(s, t);
	return check_main(s);
}
