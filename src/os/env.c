/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of the program: see program.h.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "os/program.h"

enum { PASSWD_MAX = 1 << 20 };

/* Slots of an open-addressed table: entry number + 1, 0 is free.  Big lists must not cost n². */
struct env_index {
	size_t *slot;
	size_t mask;
	char **entry; /* NULL: removed again */
	size_t n;
};

static size_t name_len(const char *entry)
{
	return strcspn(entry, "=");
}

static size_t hash_name(const char *s, size_t n)
{
	size_t h = 5381;

	for (size_t i = 0; i < n; i++)
		h = h * 33 ^ (unsigned char)s[i];
	return h;
}

/* The slot of the entry with ENTRY's name, or the free one where it belongs. */
static size_t *find_slot(struct env_index *x, const char *entry)
{
	size_t n = name_len(entry);
	size_t i = hash_name(entry, n) & x->mask;

	while (x->slot[i]) {
		const char *other = x->entry[x->slot[i] - 1];

		if (other && name_len(other) == n && strncmp(other, entry, n) == 0)
			break;
		i = (i + 1) & x->mask;
	}
	return &x->slot[i];
}

static void env_set(struct env_index *x, const char *entry)
{
	size_t *slot = find_slot(x, entry);
	char *copy = str_dup(entry);

	if (*slot) {
		free(x->entry[*slot - 1]);
		x->entry[*slot - 1] = copy;
		return;
	}
	x->entry[x->n++] = copy;
	*slot = x->n;
}

/* As putenv(3): a name without "=" removes the variable. */
static void env_unset(struct env_index *x, const char *name)
{
	size_t *slot = find_slot(x, name);

	if (*slot) {
		free(x->entry[*slot - 1]);
		x->entry[*slot - 1] = NULL;
	}
}

static bool has_control(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < ' ' || s[i] == 127)
			return true;
	}
	return false;
}

/* The sixth field of UID's line.  Lines with control bytes or wrong numbers do not count. */
static char *home_in(char *text, uid_t uid)
{
	while (*text) {
		char *line = text;
		char *field[7];
		size_t n = 0;
		uint32_t id;

		size_t len = strcspn(text, "\n");
		bool odd = has_control(text, len);

		text += len;
		if (*text)
			*text++ = '\0';
		if (odd)
			continue;
		for (char *p = line; p && n < ARRAY_LEN(field); n++) {
			field[n] = p;
			p = strchr(p, ':');
			if (p)
				*p++ = '\0';
		}
		if (n >= 6 && str_to_id(field[2], &id) == 0 && id == uid && field[5][0] == '/')
			return field[5];
	}
	return NULL;
}

static char *look_up_home(uid_t uid)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = -EBADF;
	auto_free char *text = NULL;
	char *home = NULL;
	struct stat st;
	ssize_t n;

	/* The file is the image's: it may be a FIFO, a device, endless, or a link to anywhere. */
	fd = path_open_in(root, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= PASSWD_MAX) {
		text = xcalloc((size_t)st.st_size + 1, 1);
		n = fd_read_all(fd, text, (size_t)st.st_size);
		if (n > 0)
			home = home_in(text, uid);
	}
	return str_format("HOME=%s", home ? home : "/");
}

static void add_home(struct env_index *x, uid_t uid)
{
	size_t *slot = find_slot(x, "HOME");
	auto_free char *home = NULL;

	if (*slot && x->entry[*slot - 1][5])
		return;
	home = look_up_home(uid);
	env_set(x, home);
}

struct err *env_build(char *const *env, size_t n, uid_t uid, struct strv *ret)
{
	struct env_index x = { .mask = 15 };
	struct strv out = { 0 };

	while (x.mask < 2 * n + 2)
		x.mask = 2 * x.mask + 1;
	x.slot = xcalloc(x.mask + 1, sizeof(*x.slot));
	x.entry = xcalloc(n + 1, sizeof(*x.entry));
	for (size_t i = 0; i < n; i++) {
		if (env[i][name_len(env[i])])
			env_set(&x, env[i]);
		else
			env_unset(&x, env[i]);
	}
	add_home(&x, uid);
	for (size_t i = 0; i < x.n; i++) {
		if (x.entry[i])
			strv_take(&out, x.entry[i]);
	}
	free(x.slot);
	free(x.entry);
	*ret = out;
	return NULL;
}

const char *env_get(const struct strv *env, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=')
			return env->v[i] + n + 1;
	}
	return NULL;
}
