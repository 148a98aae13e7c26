/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the program and explaining why it did not start: see program.h.
 *
 * Podman, Docker and CRI-O turn the words into the exit codes 126 and 127, so the phrases around
 * the quoted name are fixed.  Docker's client wants "no such file or directory" and "permission
 * denied" in small letters.
 */
#include "os/program.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file.h"

/* 0, or why PATH cannot be executed; -EISDIR, -EACCES (no x), -EINVAL (no regular file). */
static int check_candidate(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	/* Effective ids: the user may have been switched already. */
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static struct err *explain_candidate(int rc, const char *path)
{
	struct stat st;

	if (rc == -ENOENT || rc == -ENOTDIR)
		return err_sys_small(-ENOENT, "executable file `%s` not found", path);
	if (rc == -EISDIR)
		return err_sys_small(-EACCES, "the path `%s` is a directory, not a program", path);
	if (rc == -EINVAL)
		return err_sys_small(-EACCES, "the path `%s` is not a regular file", path);
	if (rc == -EACCES && stat(path, &st) == 0)
		return err_sys_small(rc, "the path `%s` exists but it is not executable", path);
	return err_sys_small(rc, "open `%s`", path);
}

static struct err *search(const char *name, const char *path_var, char **ret_path)
{
	auto_free char *refused = NULL;
	int refused_rc = 0;
	const char *dir = path_var;

	while (true) {
		size_t n = strcspn(dir, ":");
		/* An empty element is the current directory. */
		auto_free char *path = n ? str_format("%.*s/%s", (int)n, dir, name)
					 : str_format("./%s", name);
		int rc = check_candidate(path);

		if (rc == 0) {
			*ret_path = take_ptr(&path);
			return NULL;
		}
		/* A later directory may have the real one; the first refusal is the one to report.
		 */
		if (rc != -ENOENT && rc != -ENOTDIR && !refused) {
			refused = take_ptr(&path);
			refused_rc = rc;
		}
		if (!dir[n])
			break;
		dir += n + 1;
	}
	if (refused)
		return explain_candidate(refused_rc, refused);
	return err_sys_small(-ENOENT, "executable file `%s` not found in $PATH", name);
}

char *program_find_own(const char *name)
{
	const char *dir = getenv("PATH");

	if (strchr(name, '/'))
		return check_candidate(name) == 0 ? str_dup(name) : NULL;
	if (!dir)
		dir = DEFAULT_PATH;
	for (; *dir; dir += strcspn(dir, ":"), dir += *dir == ':') {
		size_t n = strcspn(dir, ":");
		auto_free char *path = str_format("%.*s/%s", (int)n, dir, name);

		if (n > 0 && check_candidate(path) == 0)
			return take_ptr(&path);
	}
	return NULL;
}

struct err *program_find(const char *arg0, const char *path_var, char **ret_path)
{
	int rc;

	if (!arg0 || !*arg0)
		return err_new(ERR_INVALID, "cannot find `` in $PATH");
	if (!strchr(arg0, '/')) {
		if (path_var)
			return search(arg0, path_var, ret_path);
		return err_hint(err_sys_small(-ENOENT, "executable file `%s` not found in $PATH",
					      arg0),
				"process.env has no PATH");
	}
	rc = check_candidate(arg0);
	if (rc < 0)
		return explain_candidate(rc, arg0);
	*ret_path = str_dup(arg0);
	return NULL;
}

/* What the kernel opens besides the file itself: the interpreter of a script, the loader of an ELF
 * file. */
struct needed {
	enum { NEEDS_NOTHING, NEEDS_INTERPRETER, NEEDS_LOADER } kind;
	char path[256];
};

static void copy_needed(struct needed *ret, int kind, const char *from, size_t n)
{
	n = MIN(n, sizeof(ret->path) - 1);
	memcpy(ret->path, from, n);
	ret->path[n] = '\0';
	for (char *p = ret->path; *p; p++) {
		if ((unsigned char)*p < ' ')
			*p = '?';
	}
	ret->kind = kind;
}

static void read_script(const char *head, struct needed *ret)
{
	const char *p = head + 2 + strspn(head + 2, " \t");

	copy_needed(ret, NEEDS_INTERPRETER, p, strcspn(p, " \t\n"));
}

/* Loaders are only looked for in files of this machine's word size and byte order. */
static void read_elf(int fd, const char *head, struct needed *ret)
{
	const bool is_64 = head[EI_CLASS] == ELFCLASS64;
	size_t size = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	Elf64_Ehdr e64;
	Elf32_Ehdr e32;
	uint64_t at;
	unsigned n;

	memcpy(&e64, head, sizeof(e64));
	memcpy(&e32, head, sizeof(e32));
	at = is_64 ? e64.e_phoff : e32.e_phoff;
	n = MIN(is_64 ? e64.e_phnum : e32.e_phnum, 64);
	for (unsigned i = 0; i < n; i++) {
		Elf64_Phdr p64 = { 0 };
		Elf32_Phdr p32 = { 0 };
		char text[sizeof(ret->path)] = { 0 };

		if (pread(fd, is_64 ? (void *)&p64 : (void *)&p32, size, (off_t)(at + i * size)) !=
		    (ssize_t)size)
			return;
		if ((is_64 ? p64.p_type : p32.p_type) != PT_INTERP)
			continue;
		if (pread(fd, text, sizeof(text) - 1,
			  (off_t)(is_64 ? p64.p_offset : p32.p_offset)) > 0)
			copy_needed(ret, NEEDS_LOADER, text, strlen(text));
		return;
	}
}

/* Reads the head of PATH; false when that is not possible (execute permission does not include it).
 */
static bool read_needed(const char *path, struct needed *ret)
{
	auto_close int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char head[256] = { 0 };

	*ret = (struct needed){ NEEDS_NOTHING };
	if (fd < 0 || fd_read_all(fd, head, sizeof(head) - 1) < 2)
		return false;
	if (head[0] == '#' && head[1] == '!')
		read_script(head, ret);
	else if (memcmp(head, ELFMAG, SELFMAG) == 0)
		read_elf(fd, head, ret);
	return true;
}

static struct err *explain_missing(const char *path)
{
	struct needed needed;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return err_sys_small(-ENOENT, "executable file `%s` not found", path);
	(void)read_needed(path, &needed);
	if (needed.kind == NEEDS_INTERPRETER)
		return err_sys_small(
			-ENOENT,
			"exec container process `%s`: the interpreter in its first line is not in the container: `%s`",
			path, needed.path);
	if (needed.kind == NEEDS_LOADER)
		return err_sys_small(
			-ENOENT,
			"exec container process (missing dynamic library?) `%s`: its loader is not in the container: `%s`",
			path, needed.path);
	return err_sys_small(-ENOENT, "exec container process (missing dynamic library?) `%s`",
			     path);
}

static struct err *explain_denied(const char *path)
{
	struct err *e = err_sys_small(-EACCES, "exec container process `%s`", path);
	struct needed needed;
	struct statvfs fs;

	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		return err_hint(e, "its file system is mounted noexec");
	if (read_needed(path, &needed) && needed.kind == NEEDS_INTERPRETER)
		return err_hint(e, "may the user execute its interpreter, %s?", needed.path);
	return e;
}

struct err *program_exec_error(int neg_errno, const char *path)
{
	struct err *e;

	if (neg_errno == -ENOENT)
		return explain_missing(path);
	if (neg_errno == -EACCES)
		return explain_denied(path);
	e = err_sys_small(neg_errno, "exec container process `%s`", path);
	if (neg_errno == -ENOEXEC)
		return err_hint(
			e,
			"it is built for another architecture, or is a script without a #! line");
	if (neg_errno == -E2BIG)
		return err_hint(e,
				"process.args and process.env are larger than the kernel allows");
	return e;
}
