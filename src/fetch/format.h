/* SPDX-License-Identifier: MIT */
/* Quicker formatting for libcurl. libcurl 7.88 makes a signature with two of its public functions,
 * curl_msnprintf and curl_maprintf (curl_mprintf(3)): each character by a call, each byte of a
 * digest in hex by a format that is read anew. format.c defines both. A library's calls of its own
 * public functions are bound to the program's where the program has them (ELF gABI, "Shared Object
 * Dependencies"), so these are what libcurl calls. They do what a signature needs and hand all else
 * to libcurl's curl_mvsnprintf and curl_mvaprintf. A libcurl that binds to itself, or (8.x) asks
 * for less of it, goes on as it was made. For fetch/ alone. */
#ifndef CRUDDUR_FETCH_FORMAT_H
#define CRUDDUR_FETCH_FORMAT_H

/* When libcurl's memory has become that of fetch/pool.h, and when that ends: texts are made in it
 * between the two. There is one libcurl in a program. */
void format_open(void);
void format_close(void);

#endif
