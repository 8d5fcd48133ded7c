/* SPDX-License-Identifier: MIT */
/* What the sources of the credential chain share: settings, files, a patient fetch. Knows none of
 * them. */
#include "aws/credentials_source.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* AWS SDKs and Tools Reference, "IMDS credential provider": 1 s, few attempts. */
#define ATTEMPT_MS 1000
#define ATTEMPTS 2
#define DOCUMENT_MAX ((size_t)64 << 10)

void credentials_found_free(struct credentials_found *f)
{
	buf_free(&f->access_key_id);
	buf_free(&f->secret_access_key);
	buf_free(&f->session_token);
}

const char *credentials_setting(aws_getenv lookup, const char *name)
{
	const char *value = lookup(name);

	return value && value[0] != '\0' ? value : NULL;
}

enum status credentials_read_file(const char *path, size_t max, struct buf *out)
{
	enum status rc = STATUS_UNAVAILABLE;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* no FIFO holds us */
	size_t before = out->len;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE;
	do {
		char *room = buf_reserve(out, 4096);

		if (!room) {
			rc = STATUS_NO_MEMORY;
			goto out;
		}
		n = read(fd, room, 4096);
		if (n < 0 && errno != EINTR)
			goto out;
		if (n > 0)
			buf_grew(out, (size_t)n);
		if (out->len - before > max) {
			rc = STATUS_TOO_LARGE;
			goto out;
		}
	} while (n != 0);
	rc = STATUS_OK;
out:
	(void)close(fd); /* only read: nothing to lose */
	return rc;
}

enum status credentials_fetch(struct fetch *f, struct fetch_request request, const char *source,
	struct deadline by, struct fetch_answer *out)
{
	enum status rc = STATUS_TIMEOUT;
	struct fetch_answer answer = { 0 };

	request.body_max = DOCUMENT_MAX;
	request.connect_ms = ATTEMPT_MS;
	for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
		int64_t left = deadline_left_ms(by);

		request.total_ms = left < ATTEMPT_MS ? left : ATTEMPT_MS;
		rc = fetch_do(f, &request, &answer);
		if (rc == STATUS_OK && answer.status < 500) {
			*out = answer;
			return STATUS_OK;
		}
		LOG(LOG_WARN, "credentials_fetch_failed", log_str("source", source),
			log_int("attempt", attempt), log_int("status", answer.status),
			log_str("problem", fetch_problem(f)));
		if (left <= ATTEMPT_MS && rc == STATUS_TIMEOUT)
			return STATUS_TIMEOUT;
	}
	return STATUS_UNAVAILABLE;
}
