/* SPDX-License-Identifier: MIT */
/* A Postgres that is not there, hangs, hangs up or talks nonsense: stand-ins on a port of the
 * kernel's choice, so that these tests need no Postgres. */
#include "base/clock.h"
#include "base/log.h"
#include "check_main.h"
#include "pg/pg.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a machine may be late by when other tests keep it busy. */
#define SLACK_MS 1500

struct stand_in {
	char url[128];
	int listener;
	pid_t pid; /* 0: nobody answers */
};

static void stand_in_listen(struct stand_in *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->pid = 0;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(s->listener, 0);
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(s->listener, 16), 0);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
	snprintf(s->url, sizeof(s->url), "postgresql://u:secret@127.0.0.1:%d/d?sslmode=disable",
		ntohs(at.sin_port));
}

/* Answers each connection with the same bytes, whatever it says, and hangs up. */
static void stand_in_answer(struct stand_in *s, struct slice answer)
{
	stand_in_listen(s);
	s->pid = fork();
	ck_assert_int_ge(s->pid, 0);
	if (s->pid > 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int peer = accept(s->listener, NULL, NULL);
		char said[512];

		if (peer < 0)
			_exit(1);
		/* Read first: closing with unread bytes would take the answer back. */
		if (answer.len > 0 &&
			(read(peer, said, sizeof(said)) < 0 ||
				write(peer, answer.ptr, answer.len) < 0))
			_exit(1);
		close(peer);
	}
}

static void stand_in_end(struct stand_in *s)
{
	close(s->listener);
	if (s->pid > 0) {
		ck_assert_int_eq(kill(s->pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(s->pid, NULL, 0), s->pid);
	}
}

/* A ping under a deadline; *took_ms says how long it was. */
static enum status ping(const char *url, int64_t deadline_ms, int64_t *took_ms)
{
	struct pg *pg;
	int64_t start = clock_monotonic_ms();
	enum status rc;

	ck_assert_int_eq(pg_new(url, &pg), STATUS_OK);
	rc = pg_ping(pg, deadline_in(deadline_ms));
	*took_ms = clock_monotonic_ms() - start;
	pg_free(pg);
	return rc;
}

START_TEST(urls_that_libpq_cannot_parse_are_refused)
{
	ck_assert_int_eq(pg_check_url("postgresql://u:p@h:5432/d"), STATUS_OK);
	ck_assert_int_eq(pg_check_url("postgres://h/d?sslmode=require"), STATUS_OK);
	ck_assert_int_eq(pg_check_url("postgresql:///d?host=/run/postgresql"), STATUS_OK);
	ck_assert_int_eq(pg_check_url("host=h dbname=d"), STATUS_OK);
	ck_assert_int_eq(pg_check_url(""), STATUS_INVALID);
	ck_assert_int_eq(pg_check_url(" \t"), STATUS_INVALID);
	ck_assert_int_eq(pg_check_url("nonsense"), STATUS_INVALID);
	ck_assert_int_eq(pg_check_url("mysql://h/d"), STATUS_INVALID);
	ck_assert_int_eq(pg_check_url("postgresql://h/d?no_such=1"), STATUS_INVALID);
	ck_assert_int_eq(pg_check_url("postgresql://[::1/d"), STATUS_INVALID);
	ck_assert_int_eq(pg_check_url("postgresql://%zz@h/d"), STATUS_INVALID);
}
END_TEST

START_TEST(making_a_connection_object_connects_nothing)
{
	struct pg *pg;

	ck_assert_int_eq(pg_new("postgresql://127.0.0.1:1/d", &pg), STATUS_OK);
	pg_free(pg);
	pg_free(NULL);
}
END_TEST

START_TEST(a_port_nobody_listens_on_is_unavailable_at_once)
{
	struct stand_in s;
	int64_t took;

	stand_in_listen(&s);
	stand_in_end(&s);
	ck_assert_int_eq(ping(s.url, 5000, &took), STATUS_UNAVAILABLE);
	ck_assert_int_lt(took, SLACK_MS);
}
END_TEST

START_TEST(a_silent_server_is_given_up_at_the_deadline)
{
	struct stand_in s;
	int64_t took;

	stand_in_listen(&s);
	ck_assert_int_eq(ping(s.url, 200, &took), STATUS_TIMEOUT);
	ck_assert_int_ge(took, 199);
	ck_assert_int_lt(took, 200 + SLACK_MS);
	stand_in_end(&s);
}
END_TEST

START_TEST(a_silent_server_is_given_up_before_a_far_deadline)
{
	struct stand_in s;
	int64_t took;

	stand_in_listen(&s);
	ck_assert_int_eq(ping(s.url, 60000, &took), STATUS_UNAVAILABLE);
	ck_assert_int_lt(took, 2000 + SLACK_MS);
	stand_in_end(&s);
}
END_TEST

START_TEST(a_passed_deadline_waits_for_nothing)
{
	struct stand_in s;
	int64_t took;

	stand_in_listen(&s);
	ck_assert_int_eq(ping(s.url, 0, &took), STATUS_TIMEOUT);
	ck_assert_int_lt(took, SLACK_MS);
	stand_in_end(&s);
}
END_TEST

START_TEST(a_server_that_hangs_up_is_unavailable)
{
	struct stand_in s;
	int64_t took;

	stand_in_answer(&s, SLICE(""));
	ck_assert_int_eq(ping(s.url, 5000, &took), STATUS_UNAVAILABLE);
	ck_assert_int_lt(took, SLACK_MS);
	stand_in_end(&s);
}
END_TEST

START_TEST(nonsense_is_unavailable)
{
	static const struct slice answers[] = {
		SLICE_LITERAL("HTTP/1.1 400 Bad Request\r\n\r\n"),
		SLICE_LITERAL("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		SLICE_LITERAL("R\xff\xff\xff\xff\xff\xff\xff\xff"),
		/* "Authenticated", "ready", and then nothing that a query could get. */
		SLICE_LITERAL("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"),
		/* An error as a server under recovery gives it. */
		SLICE_LITERAL("E\0\0\0\x1eSFATAL\0C57P03\0Mstarting\0\0"),
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct stand_in s;
		int64_t took;
		enum status rc;

		stand_in_answer(&s, answers[i]);
		rc = ping(s.url, 5000, &took);
		ck_assert_msg(rc == STATUS_UNAVAILABLE, "answer %zu: %s", i, status_name(rc));
		ck_assert_int_lt(took, 2000 + SLACK_MS);
		stand_in_end(&s);
	}
}
END_TEST

START_TEST(no_password_of_the_url_gets_into_the_log)
{
	struct stand_in s;
	char logged[4096] = "";
	int ends[2], kept = dup(STDERR_FILENO);
	int64_t took;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	log_open("check", LOG_DEBUG);
	stand_in_answer(&s, SLICE("nonsense that is no message of any protocol"));
	ck_assert_int_eq(pg_check_url("postgresql://u:secret@[::1/d"), STATUS_INVALID);
	ck_assert_int_eq(ping(s.url, 2000, &took), STATUS_UNAVAILABLE);
	stand_in_end(&s);
	ck_assert_int_eq(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_gt(read(ends[0], logged, sizeof(logged) - 1), 0);
	ck_assert_ptr_nonnull(strstr(logged, "postgres_connect_failed"));
	ck_assert_ptr_null(strstr(logged, "secret"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pg_link");
	TCase *tests = tcase_create("link");

	log_open("check", LOG_ERROR);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, urls_that_libpq_cannot_parse_are_refused);
	tcase_add_test(tests, making_a_connection_object_connects_nothing);
	tcase_add_test(tests, a_port_nobody_listens_on_is_unavailable_at_once);
	tcase_add_test(tests, a_silent_server_is_given_up_at_the_deadline);
	tcase_add_test(tests, a_silent_server_is_given_up_before_a_far_deadline);
	tcase_add_test(tests, a_passed_deadline_waits_for_nothing);
	tcase_add_test(tests, a_server_that_hangs_up_is_unavailable);
	tcase_add_test(tests, nonsense_is_unavailable);
	tcase_add_test(tests, no_password_of_the_url_gets_into_the_log);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
