/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document of the command line: see document.h.
 */
#include "cli/document.h"

#include <fcntl.h>

#include "base/file.h"
#include "spec/bounds.h"

enum { BLOCK = 64 * 1024 };

const char *document_name(const char *path)
{
	return streq(path, "-") ? "standard input" : path;
}

struct err *document_read(const char *path, struct str *ret)
{
	bool is_stdin = streq(path, "-");
	auto_close int opened = -EBADF;
	auto_free char *buf = xcalloc(1, BLOCK);
	ssize_t n;

	if (!is_stdin) {
		opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		TRY_SYS(opened < 0 ? -errno : opened, "open %s", path);
	}
	do {
		n = fd_read_all(is_stdin ? STDIN_FILENO : opened, buf, BLOCK);
		TRY_SYS(n, "read %s", document_name(path));
		if (ret->len + (size_t)n > TABLE_MAX_BYTES)
			return err_new(ERR_INVALID, "%s: larger than 16 MiB", document_name(path));
		str_add_n(ret, buf, (size_t)n);
	} while (n > 0);
	return NULL;
}
