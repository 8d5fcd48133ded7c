/* SPDX-License-Identifier: MIT */
/* Making, finding and leaving the file. Whoever comes while the last one leaves makes it anew. */
#include "shared/memory.h"

#include "base/clock.h"
#include "base/log.h"
#include "shared/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define AREA_ALIGNMENT ((size_t)64)

/* Somebody else removed the file between our opening it and our holding it, or is about to: once
 * more. Nobody honest holds it alone for longer than that takes. */
#define OPEN_TRIES 50
#define OPEN_PAUSE_MS 2

struct shared_memory {
	unsigned char *bytes;
	size_t taken;
	uint64_t scope;
	int fd; /* -1: nobody shares it */
	struct buf path;
	bool last_removes;
};

/* Another one after each start of the machine, so that times of its clock are never compared with
 * those of another run. 0: it cannot be read (ProcSubset=pid hides it), and then a file has to be
 * one that does not outlive the run. */
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

static uint64_t number_of(const struct shared_memory_settings *s, size_t from, uint64_t start)
{
	uint64_t hash = start;

	for (size_t i = from; i < s->scope_count; i++)
		hash = shared_hash_bytes(hash, s->scope[i].ptr, s->scope[i].len);
	return hash;
}

static bool add_path(const struct shared_memory_settings *s, struct buf *path)
{
	char name[80];

	if (s->path) {
		buf_add_str(path, s->path);
		(void)snprintf(name, sizeof(name), ".%d", SHARED_MEMORY_VERSION);
	} else {
		(void)snprintf(name, sizeof(name), "/dev/shm/cruddur-%lu-%016llx.%d",
			(unsigned long)geteuid(),
			(unsigned long long)number_of(s, s->secret_count, 0),
			SHARED_MEMORY_VERSION);
	}
	buf_add_str(path, name);
	return buf_ok(path);
}

static bool goes_with_the_run(int fd)
{
	struct statfs st;

	return boot_number() != 0 || (fstatfs(fd, &st) == 0 && st.f_type == TMPFS_MAGIC);
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
	if (!goes_with_the_run(fd))
		return "no_tmpfs";
	return NULL;
}

static int open_path(const char *path, int more_flags)
{
	return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | more_flags, 0600);
}

/* The lock is held, together with everybody, as long as the file is used. Looked at before it, so
 * that somebody else's file is never waited for, and after it, as the last to leave removes it. */
static const char *hold(int fd, const char *path)
{
	const char *why = wrong_with(fd, path);

	if (why)
		return why;
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? "locked" : "lock";
	why = wrong_with(fd, path);
	if (why)
		return why;
	errno = posix_fallocate(fd, 0, (off_t)SHARED_MEMORY_SIZE);
	return errno == 0 ? NULL : "reserve";
}

static bool is_passing(const char *why)
{
	return strcmp(why, "removed") == 0 || strcmp(why, "locked") == 0;
}

static const char *open_file(struct shared_memory *m)
{
	const char *path = buf_cstr(&m->path), *why = NULL;

	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = open_path(path, O_CREAT);

		if (fd < 0)
			return "open";
		why = hold(fd, path);
		if (!why) {
			m->fd = fd;
			return NULL;
		}
		(void)close(fd);
		if (!is_passing(why))
			break;
		clock_sleep_ms(OPEN_PAUSE_MS);
	}
	return why;
}

/* Whether errno says more about it. */
static bool has_errno(const char *why)
{
	static const char *const system_calls[] = { "open", "stat", "lock", "reserve", "map" };

	for (size_t i = 0; i < sizeof(system_calls) / sizeof(system_calls[0]); i++) {
		if (strcmp(why, system_calls[i]) == 0)
			return true;
	}
	return false;
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
	m->last_removes = !s->path;
	if (!add_path(s, &m->path))
		return;
	why = open_file(m);
	if (!why && !map(m, MAP_SHARED, m->fd)) {
		why = "map";
		(void)close(m->fd);
		m->fd = -1;
	}
	if (why)
		LOG(LOG_WARN, "shared_memory_not_used", log_str("path", buf_cstr(&m->path)),
			log_str("reason", why),
			log_str("error", has_errno(why) ? strerror(errno) : ""));
}

enum status shared_memory_open(
	const struct shared_memory_settings *settings, struct shared_memory **out)
{
	struct shared_memory *m = calloc(1, sizeof(*m));

	if (!m)
		return STATUS_NO_MEMORY;
	m->fd = -1;
	m->scope = number_of(settings, 0, boot_number());
	share(m, settings);
	if (!m->bytes && !map(m, MAP_PRIVATE | MAP_ANONYMOUS, -1)) {
		shared_memory_close(m);
		return STATUS_NO_MEMORY;
	}
	*out = m;
	return STATUS_OK;
}

/* Of a file that is to be made nothing can be said but that its folder is there. */
static const char *folder_refused_as(const struct buf *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path->data, '/');
	size_t len = slash > path->data ? (size_t)(slash - path->data) : 1;

	if (len >= sizeof(folder))
		return "open";
	memcpy(folder, path->data, len);
	folder[len] = '\0';
	return access(folder, W_OK | X_OK) == 0 ? NULL : "folder";
}

const char *shared_memory_refused_as(
	const struct shared_memory_settings *settings, struct buf *path)
{
	const char *why;
	int fd;

	if (settings->path && *settings->path == '\0')
		return NULL;
	if (!add_path(settings, path))
		return "memory";
	fd = open_path(buf_cstr(path), 0);
	if (fd < 0)
		return errno == ENOENT ? folder_refused_as(path) : "open";
	why = wrong_with(fd, buf_cstr(path));
	(void)close(fd);
	return why;
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
