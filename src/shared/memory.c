/* SPDX-License-Identifier: MIT */
/* Making, finding and leaving the file. Whoever comes while the last one leaves makes it anew. */
#include "shared/memory.h"

#include "base/buf.h"
#include "base/log.h"
#include "shared/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define AREA_ALIGNMENT ((size_t)64)

/* Somebody else removed the file between our opening it and our holding it: once more. */
#define OPEN_TRIES 8

struct shared_memory {
	unsigned char *bytes;
	size_t taken;
	uint64_t scope;
	int fd; /* -1: nobody shares it */
	struct buf path;
	bool last_removes;
};

/* Another one after each start of the machine, so that times of its clock are never compared with
 * those of another run. None can be read: 0, and the times themselves must do. */
static uint64_t boot_number(void)
{
	char id[64];
	ssize_t len;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	len = read(fd, id, sizeof(id));
	(void)close(fd);
	return len > 0 ? shared_hash_bytes(0, id, (size_t)len) : 0;
}

static uint64_t number_of(const struct shared_memory_settings *s, uint64_t start)
{
	uint64_t hash = start;

	for (size_t i = 0; i < s->scope_count; i++)
		hash = shared_hash_bytes(hash, s->scope[i].ptr, s->scope[i].len);
	return hash;
}

static bool make_path(struct shared_memory *m, const struct shared_memory_settings *s)
{
	char name[80];

	if (s->path) {
		buf_add_str(&m->path, s->path);
		(void)snprintf(name, sizeof(name), ".%d", SHARED_MEMORY_VERSION);
	} else {
		m->last_removes = true;
		(void)snprintf(name, sizeof(name), "/dev/shm/cruddur-%lu-%016llx.%d",
			(unsigned long)geteuid(), (unsigned long long)number_of(s, 0),
			SHARED_MEMORY_VERSION);
	}
	buf_add_str(&m->path, name);
	return buf_ok(&m->path);
}

/* A plain file of ours that nobody else may touch, under that name still. */
static const char *wrong_with(int fd, const char *path)
{
	struct stat held, named;

	if (fstat(fd, &held) != 0)
		return "stat";
	if (!S_ISREG(held.st_mode) || held.st_uid != geteuid() || (held.st_mode & 077) != 0)
		return "not_ours";
	if (lstat(path, &named) != 0 || named.st_ino != held.st_ino || named.st_dev != held.st_dev)
		return "removed";
	if (held.st_size != 0 && held.st_size != (off_t)SHARED_MEMORY_SIZE)
		return "size";
	return NULL;
}

/* The lock is held, together with everybody, as long as the file is used. */
static const char *open_once(struct shared_memory *m, const char *path)
{
	const char *why;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0)
		return "open";
	/* Waits for no longer than one who leaves needs to remove it. */
	why = flock(fd, LOCK_SH) == 0 ? wrong_with(fd, path) : "lock";
	if (!why) {
		errno = posix_fallocate(fd, 0, (off_t)SHARED_MEMORY_SIZE);
		why = errno == 0 ? NULL : "reserve";
	}
	if (why) {
		(void)close(fd);
		return why;
	}
	m->fd = fd;
	return NULL;
}

static const char *open_file(struct shared_memory *m)
{
	const char *why = "removed";

	for (int i = 0; i < OPEN_TRIES && strcmp(why, "removed") == 0; i++) {
		why = open_once(m, buf_cstr(&m->path));
		if (!why)
			return NULL;
	}
	return why;
}

static bool map(struct shared_memory *m, int flags, int fd)
{
	void *bytes = mmap(NULL, SHARED_MEMORY_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (bytes == MAP_FAILED)
		return false;
	m->bytes = bytes;
	return true;
}

static void share(struct shared_memory *m, const struct shared_memory_settings *s)
{
	const char *why;

	if (s->path && *s->path == '\0')
		return;
	if (!make_path(m, s))
		return;
	why = open_file(m);
	if (!why && !map(m, MAP_SHARED, m->fd)) {
		why = "map";
		(void)close(m->fd);
		m->fd = -1;
	}
	if (why)
		LOG(LOG_WARN, "shared_memory_not_used", log_str("path", buf_cstr(&m->path)),
			log_str("reason", why), log_str("error", strerror(errno)));
}

enum status shared_memory_open(
	const struct shared_memory_settings *settings, struct shared_memory **out)
{
	struct shared_memory *m = calloc(1, sizeof(*m));

	if (!m)
		return STATUS_NO_MEMORY;
	m->fd = -1;
	m->scope = number_of(settings, boot_number());
	share(m, settings);
	if (!m->bytes && !map(m, MAP_PRIVATE | MAP_ANONYMOUS, -1)) {
		shared_memory_close(m);
		return STATUS_NO_MEMORY;
	}
	*out = m;
	return STATUS_OK;
}

/* Alone with it, and it is still the one of that name: nobody can have it then, as whoever opens it
 * from now on finds that it was removed. */
static void remove_if_last(const struct shared_memory *m)
{
	const char *path = m->path.data;

	if (flock(m->fd, LOCK_EX | LOCK_NB) == 0 && !wrong_with(m->fd, path) && unlink(path) != 0)
		LOG(LOG_WARN, "shared_memory_not_removed", log_str("path", path),
			log_str("error", strerror(errno)));
}

void shared_memory_close(struct shared_memory *m)
{
	if (!m)
		return;
	if (m->fd >= 0 && m->last_removes)
		remove_if_last(m);
	if (m->bytes)
		(void)munmap(m->bytes, SHARED_MEMORY_SIZE);
	if (m->fd >= 0)
		(void)close(m->fd);
	buf_free(&m->path);
	free(m);
}

bool shared_memory_is_shared(const struct shared_memory *m)
{
	return m->fd >= 0;
}

uint64_t shared_memory_scope(const struct shared_memory *m)
{
	return m->scope;
}

void *shared_memory_take(struct shared_memory *m, size_t size)
{
	void *area = m->bytes + m->taken;

	if (size > SHARED_MEMORY_SIZE - m->taken)
		return NULL;
	size = (size + AREA_ALIGNMENT - 1) & ~(AREA_ALIGNMENT - 1);
	m->taken = size > SHARED_MEMORY_SIZE - m->taken ? SHARED_MEMORY_SIZE : m->taken + size;
	return area;
}
