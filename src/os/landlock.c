/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: see landlock.h and landlock(7).
 */
#include "os/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "spec/spec.h"

#define ANNOTATION "run.oci.davit.landlock"

/* Newer than the headers. */
#define ACCESS_REFER     (1ULL << 13)
#define ACCESS_TRUNCATE  (1ULL << 14)
#define ACCESS_IOCTL_DEV (1ULL << 15)

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                  \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |              \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |              \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                  \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | ACCESS_REFER | \
	 ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)
/* What a rule on a file may have. */
#define ACCESS_OF_FILE                                                \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_READ_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)

/* --- the plan --------------------------------------------------------------------------------- */

static uint64_t access_of(const char *letters, size_t n)
{
	uint64_t access = 0;

	if (n == 2 && strncmp(letters, "ro", n) == 0)
		return ACCESS_READ;
	for (size_t i = 0; i < n; i++) {
		uint64_t more = letters[i] == 'r'   ? ACCESS_READ
				: letters[i] == 'w' ? ACCESS_WRITE
				: letters[i] == 'x' ? LANDLOCK_ACCESS_FS_EXECUTE
						    : 0;

		if (!more || (access & more))
			return 0;
		access |= more;
	}
	return access;
}

static struct err *plan_word(struct arena *a, const char *word, struct landlock_rule *ret)
{
	const char *path = strchr(word, ':');

	ret->access = path ? access_of(word, (size_t)(path - word)) : 0;
	if (!ret->access || path[1] != '/')
		return err_hint(err_new(ERR_INVALID,
					"annotations[\"" ANNOTATION "\"]: `%s` is not ACCESS:PATH",
					word),
				"such as rx:/usr,ro:/etc,rw:/data, with absolute paths");
	ret->path = arena_str(a, path + 1);
	return NULL;
}

struct err *landlock_plan_make(struct arena *a, const struct spec *spec, struct landlock_plan *ret)
{
	const char *value = spec_annotation(spec, ANNOTATION);
	char *rest = NULL;
	char *text;
	size_t most = 1;

	if (!value)
		return NULL;
	for (const char *s = value; *s; s++)
		most += *s == ',';
	text = arena_str(a, value);
	ret->v = arena_array(a, struct landlock_rule, most);
	for (char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		TRY(plan_word(a, word, &ret->v[ret->n++]));
	if (ret->n == 0)
		return err_new(ERR_INVALID, "annotations[\"" ANNOTATION "\"]: is empty: nothing "
					    "could be executed");
	ret->set = true;
	return NULL;
}

/* --- the kernel's part ------------------------------------------------------------------------ */

static struct err *known_rights(uint64_t *ret)
{
	int abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0)
		return err_hint(err_sys(abi, "annotations[\"" ANNOTATION "\"]: Landlock is not "
					     "available"),
				"it needs Linux 5.13, and landlock among the modules of the kernel "
				"option lsm=");
	*ret = ACCESS_READ | ACCESS_WRITE | LANDLOCK_ACCESS_FS_EXECUTE;
	if (abi < 2)
		*ret &= ~ACCESS_REFER;
	if (abi < 3)
		*ret &= ~ACCESS_TRUNCATE;
	if (abi < 5)
		*ret &= ~ACCESS_IOCTL_DEV;
	log_debug("Landlock version %d", abi);
	return NULL;
}

static struct err *add_rule(int ruleset_fd, const struct landlock_rule *rule, uint64_t known)
{
	auto_close int fd = open(rule->path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr attr = { .allowed_access = rule->access & known,
						   .parent_fd = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(-errno, "annotations[\"" ANNOTATION "\"]: open %s", rule->path);
	if (!S_ISDIR(st.st_mode))
		attr.allowed_access &= ACCESS_OF_FILE;
	TRY_SYS(sys_landlock_add_rule(ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &attr, 0),
		"annotations[\"" ANNOTATION "\"]: add the rule for %s", rule->path);
	return NULL;
}

struct err *landlock_apply(const struct landlock_plan *plan)
{
	struct landlock_ruleset_attr attr = { 0 };
	auto_close int fd = -EBADF;
	uint64_t known = 0;

	if (!plan->set)
		return NULL;
	TRY(known_rights(&known));
	attr.handled_access_fs = known;
	fd = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);
	TRY_SYS(fd, "annotations[\"" ANNOTATION "\"]: make a ruleset");
	for (size_t i = 0; i < plan->n; i++)
		TRY(add_rule(fd, &plan->v[i], known));
	TRY_SYS(sys_landlock_restrict_self(fd, 0),
		"annotations[\"" ANNOTATION "\"]: restrict the process");
	return NULL;
}
