/* SPDX-License-Identifier: MIT */
/* One transfer from its start to its end. For fetch/ alone. */
#ifndef CRUDDUR_FETCH_RUN_H
#define CRUDDUR_FETCH_RUN_H

#include <curl/curl.h>

/* What curl_easy_perform does, which waits once before it starts: one system call less. multi keeps
 * the connection. */
CURLcode fetch_run(CURLM *multi, CURL *easy);

#endif
