/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file or a text to a checked document: see spec.h.
 */
#include <fcntl.h>
#include <limits.h>

#include "base/file.h"
#include "base/path.h"
#include "spec/check.h"
#include "spec/spec.h"
#include "spec/tables.h"

/* Which table, and the rules across its members. */
struct document {
	const struct type *type;
	void (*check)(const void *object, struct mistakes *m);
};

static void check_spec(const void *object, struct mistakes *m)
{
	check_config(object, m);
}

static void check_process_document(const void *object, struct mistakes *m)
{
	check_process(object, "", m);
}

static void check_resources_document(const void *object, struct mistakes *m)
{
	check_resources(object, "", m);
}

static const struct document config_document = { &spec_type.t, check_spec };
static const struct document process_document = { &process_type.t, check_process_document };
static const struct document resources_document = { &resources_type.t, check_resources_document };

static struct err *parse(struct arena *a, const struct document *doc, const char *what,
			 const char *text, size_t len, void *ret)
{
	auto_mistakes struct mistakes m = { 0 };
	void *object = NULL;

	TRY(table_parse_into(a, doc->type, what, text, len, &m, &object));
	doc->check(object, &m);
	TRY(mistakes_take(&m, what));
	*(void **)ret = object;
	return NULL;
}

/* The directory of DIR_FD for messages, or "". */
static void name_dir(int dir_fd, char *buf, size_t size)
{
	ssize_t n;

	if (dir_fd == AT_FDCWD)
		n = readlink("/proc/self/cwd", buf, size - 1);
	else
		n = readlink(fd_path(dir_fd).s, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
}

static struct err *read_text(int dir_fd, const char *name, char **ret, size_t *ret_len)
{
	int rc = file_read_at(dir_fd, name, TABLE_MAX_BYTES, ret, ret_len);

	if (rc == 0)
		return NULL;
	if (rc == -EFBIG)
		return err_new(ERR_INVALID, "%s: larger than 16 MiB", name);
	if (rc == -EINVAL)
		return err_new(ERR_INVALID, "%s: not a regular file", name);
	return err_sys(rc, "open %s", name);
}

struct err *spec_read(struct arena *a, int dir_fd, const char *name, struct spec **ret)
{
	auto_free char *text = NULL;
	char dir[PATH_MAX];
	struct err *e;
	size_t len = 0;

	e = read_text(dir_fd, name, &text, &len);
	if (e && err_errno(e) == ENOENT) {
		err_free(e);
		name_dir(dir_fd, dir, sizeof(dir));
		e = err_sys(-ENOENT, "open %s in the bundle %s", name, *dir ? dir : ".");
		return err_hint(e, "-b DIR names the bundle, the directory that contains %s", name);
	}
	TRY(e);
	return parse(a, &config_document, name, text, len, ret);
}

struct err *spec_parse(struct arena *a, const char *text, size_t len, struct spec **ret)
{
	return parse(a, &config_document, "config.json", text, len, ret);
}

struct err *spec_read_process(struct arena *a, int dir_fd, const char *name,
			      struct spec_process **ret)
{
	auto_free char *text = NULL;
	size_t len = 0;

	TRY(read_text(dir_fd, name, &text, &len));
	return parse(a, &process_document, name, text, len, ret);
}

struct err *spec_parse_process(struct arena *a, const char *text, size_t len,
			       struct spec_process **ret)
{
	return parse(a, &process_document, "process document", text, len, ret);
}

struct err *spec_parse_resources(struct arena *a, const char *text, size_t len,
				 struct spec_resources **ret)
{
	return parse(a, &resources_document, "resources document", text, len, ret);
}

struct err *spec_parse_mounts(struct arena *a, const char *what, const char *text, size_t len,
			      struct spec_mounts **ret)
{
	auto_mistakes struct mistakes m = { 0 };
	struct spec_mounts *mounts = NULL;

	TRY(table_parse_list_into(a, &mounts_row, what, text, len, &m, &mounts));
	for (size_t i = 0; i < mounts->n; i++)
		check_mount(&mounts->v[i], "", i, &m);
	TRY(mistakes_take(&m, what));
	*ret = mounts;
	return NULL;
}

void spec_print(const struct spec *s, struct str *out)
{
	table_print(&spec_type.t, s, out);
}

const struct spec_namespace *spec_find_ns(const struct spec *s, enum ns_type type)
{
	for (size_t i = 0; s->linux_ && i < s->linux_->n_namespaces; i++) {
		if (s->linux_->namespaces[i].type == (int)type)
			return &s->linux_->namespaces[i];
	}
	return NULL;
}

const char *spec_annotation(const struct spec *s, const char *name)
{
	for (size_t i = 0; i < s->annotations.n; i++) {
		if (streq(s->annotations.v[i].name, name))
			return s->annotations.v[i].value;
	}
	return NULL;
}
