/* SPDX-License-Identifier: MIT */
/* Running a transfer; see run.h. */
#include "fetch/run.h"

/* The longest wait between two looks at the clocks; libcurl shortens it to its own timeouts. */
#define WAIT_MS 1000

static CURLcode code_of(CURLMcode rc)
{
	return rc == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
}

static CURLcode result_of(CURLM *multi)
{
	int left;
	const CURLMsg *message = curl_multi_info_read(multi, &left);

	return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_FAILED_INIT;
}

CURLcode fetch_run(CURLM *multi, CURL *easy)
{
	CURLMcode rc = curl_multi_add_handle(multi, easy);
	CURLcode code;
	int running = 0;

	if (rc != CURLM_OK)
		return code_of(rc);
	do {
		rc = curl_multi_perform(multi, &running);
		if (rc == CURLM_OK && running > 0)
			rc = curl_multi_poll(multi, NULL, 0, WAIT_MS, NULL);
	} while (rc == CURLM_OK && running > 0);
	code = rc == CURLM_OK ? result_of(multi) : code_of(rc);
	rc = curl_multi_remove_handle(multi, easy);
	return rc == CURLM_OK ? code : code_of(rc);
}
