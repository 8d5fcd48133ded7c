/* SPDX-License-Identifier: MIT */
/* Memory for libcurl. It takes and gives back a hundred small pieces for a request, and doubles
 * those that its texts outgrow: here pieces are blocks of two sizes, the last one given back is the
 * next one taken, and a text grows where it is. What is larger, or over what there is, malloc
 * gives. For fetch/ alone. */
#ifndef CRUDDUR_FETCH_POOL_H
#define CRUDDUR_FETCH_POOL_H

#include <stddef.h>

#define POOL_SMALL_SIZE 128
#define POOL_SMALL_COUNT 512
#define POOL_LARGE_SIZE 2048
#define POOL_LARGE_COUNT 48

/* Once in a program, by the thread that makes the requests: it takes blocks from now on. Others,
 * like those in which libcurl looks names up, get malloc's memory, and so does everybody until
 * then. Any thread may give back what any has taken. */
void pool_open(void);

/* As those of C; memory of one kind never meets the other's free. */
void *pool_malloc(size_t size);
void *pool_calloc(size_t count, size_t size);
void *pool_realloc(void *memory, size_t size);
char *pool_strdup(const char *text);
void pool_free(void *memory);

#endif
