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

/* curl_maprintf takes its texts from fetch/pool.h between the two, and is libcurl's own before and
 * after: to be called once curl_global_init_mem() has made that pool libcurl's memory, and before
 * curl_global_cleanup(). Both functions are defined in the symbol version of the libcurl that the
 * program is linked with (format.map.in), so that they are not those of a second libcurl, which has
 * memory of its own. One whose symbols have no version would still be bound to these; Debian's all
 * have one. */
void format_open(void);
void format_close(void);

#endif
