/* SPDX-License-Identifier: MIT */
/* Sends one signed POST as a DynamoDB call does, for test_sigv4.py to judge: the body comes from
 * standard input, the URL and what it is signed with from the command line. Not a test by itself.
 */
#include "base/buf.h"
#include "fetch/fetch.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const char *const headers[] = { "Content-Type: application/x-amz-json-1.0",
		"X-Amz-Target: DynamoDB_20120810.Query", argc == 8 ? argv[7] : NULL, NULL };
	int rc = EXIT_FAILURE;
	struct fetch *f = NULL;
	struct fetch_answer answer;
	struct buf body = { 0 };
	char piece[4096];
	size_t n;

	if ((argc != 7 && argc != 8) || fetch_global_open() != STATUS_OK) {
		fprintf(stderr,
			"usage: send_signed URL REGION SERVICE ID SECRET TOKEN [HEADER] <BODY\n");
		return EXIT_FAILURE;
	}
	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		buf_add(&body, piece, n);
	if (!buf_ok(&body) || fetch_new(&f) != STATUS_OK)
		goto out;
	if (fetch_do(f,
		    &(struct fetch_request){
			    .method = "POST",
			    .url = argv[1],
			    .headers = headers,
			    .body = buf_slice(&body),
			    .signature = &(struct fetch_signature){ argv[2], argv[3], argv[4],
				    argv[5], argv[6] },
			    .body_max = 1000,
			    .connect_ms = 5000,
			    .total_ms = 10000,
		    },
		    &answer) != STATUS_OK) {
		fprintf(stderr, "%s\n", fetch_problem(f));
		goto out;
	}
	rc = answer.status == 200 ? EXIT_SUCCESS : EXIT_FAILURE;
out:
	fetch_free(f);
	buf_free(&body);
	fetch_global_close();
	return rc;
}
