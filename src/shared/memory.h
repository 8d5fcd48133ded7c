/* SPDX-License-Identifier: MIT */
/* Memory that the workers of one service share: a file that each of them maps. It is handed out in
 * areas, in the order in which they are asked for, which is the same in each of them. What stands
 * in an area is for its owner to keep sound, as every process may write there at any time and may
 * die while it does: shared/cache for what was learnt, shared/secret for a key, metrics for what is
 * counted. */
#ifndef CRUDDUR_SHARED_MEMORY_H
#define CRUDDUR_SHARED_MEMORY_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Of the file; all of it is reserved when it is made, so that no write can fail later. */
#define SHARED_MEMORY_SIZE ((size_t)4 * 1024 * 1024)

/* To be raised with each change of what stands in it, or where: programs of two versions may run
 * side by side during an upgrade. It ends the file's name. */
#define SHARED_MEMORY_VERSION 2

/* What areas are read and written by. A word with a lock would be one that a process can die with,
 * or that is none to the others. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "words of 64 bits are atomic without a lock");
typedef _Atomic uint64_t shared_word;

struct shared_memory;

struct shared_memory_settings {
	/* An absolute path, which "." and the version are added to. NULL: a name in /dev/shm that
	 * is made from the user's id and the scope, and that the last to leave removes. "": none.
	 */
	const char *path;
	/* All that decides what an entry means. Programs that differ here never see each other's
	 * entries, even in one file; nor does one that runs after the machine was started anew. */
	const struct slice *scope;
	size_t scope_count;
	/* So many of them, from the first, are secrets, which a name that everybody can list is
	 * not made from: who guesses could try guesses out on it. */
	size_t secret_count;
};

/* Never fails for a file that cannot be had: then a line in the log says why, and the memory is
 * this process's own. The file is made for its user alone (0600); one that somebody else owns, or
 * that is no plain file, is not used. STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status shared_memory_open(
	const struct shared_memory_settings *settings, struct shared_memory **out);

/* NULL if nothing that is there keeps shared_memory_open from sharing with these settings, or none
 * are to share; else a word for what does. The space for a new file is not looked at. Makes, locks
 * and changes nothing. The file's name is added to path. */
const char *shared_memory_refused_as(
	const struct shared_memory_settings *settings, struct buf *path);

/* Ends all areas as well. NULL does nothing. */
void shared_memory_close(struct shared_memory *m);

/* true if other processes see it. */
bool shared_memory_is_shared(const struct shared_memory *m);

/* A number for the scope and this run of the machine. */
uint64_t shared_memory_scope(const struct shared_memory *m);

/* The next area, aligned to 64 bytes; its bytes are zero until a process writes there. NULL: there
 * is not so much left. Lives as long as m. */
void *shared_memory_take(struct shared_memory *m, size_t size);

#endif
