/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of the test's own below /tmp, removed at the end of the scope.
 */
#ifndef TESTS_UNIT_BASE_PLACE_H
#define TESTS_UNIT_BASE_PLACE_H

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "test.h"

struct place {
	char path[64];
	int fd;
};

static inline struct place place_make(void)
{
	struct place p = { .path = "/tmp/davit-unit.XXXXXX" };

	expect(mkdtemp(p.path) != NULL);
	p.fd = open(p.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect(p.fd >= 0);
	return p;
}

static inline void place_done(struct place *p)
{
	fd_close(p->fd);
	expect_int(file_remove_tree_at(AT_FDCWD, p->path), 0);
}
#define auto_place __attribute__((cleanup(place_done)))

static inline void place_write(const struct place *p, const char *name, const char *text)
{
	int fd = openat(p->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	expect(fd >= 0);
	expect_int(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static inline bool place_has(const struct place *p, const char *name)
{
	struct stat st;

	return fstatat(p->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

#endif
