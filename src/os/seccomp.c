/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp → BPF with libseccomp: see seccomp.h.
 */
#include "os/seccomp.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "os/seccomp-enosys.h"
#include "os/seccomp-join.h"
#include "spec/spec.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum { ERRNO_MAX = 4095, TRACE_MAX = 0xffff, ARGS_MAX = 6, ARCHS_MAX = 32 };

static void auto_filter_cleanup(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}
#define auto_filter __attribute__((cleanup(auto_filter_cleanup)))

static const char *action_name(int action)
{
	static const char *const names[] = {
		[SECCOMP_KILL] = "SCMP_ACT_KILL",
		[SECCOMP_KILL_PROCESS] = "SCMP_ACT_KILL_PROCESS",
		[SECCOMP_KILL_THREAD] = "SCMP_ACT_KILL_THREAD",
		[SECCOMP_TRAP] = "SCMP_ACT_TRAP",
		[SECCOMP_ERRNO] = "SCMP_ACT_ERRNO",
		[SECCOMP_TRACE] = "SCMP_ACT_TRACE",
		[SECCOMP_ALLOW] = "SCMP_ACT_ALLOW",
		[SECCOMP_LOG] = "SCMP_ACT_LOG",
		[SECCOMP_NOTIFY] = "SCMP_ACT_NOTIFY",
	};

	return names[action];
}

static uint32_t action_value(int action, const struct opt_u64 *errno_ret)
{
	uint32_t data = errno_ret->set ? (uint32_t)errno_ret->value : EPERM;

	switch ((enum seccomp_action)action) {
	case SECCOMP_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_ERRNO:
		return SCMP_ACT_ERRNO(data);
	case SECCOMP_TRACE:
		return SCMP_ACT_TRACE(data);
	case SECCOMP_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_NOTIFY:
		return SCMP_ACT_NOTIFY;
	case SECCOMP_KILL:
	case SECCOMP_KILL_THREAD:
		break;
	}
	return SCMP_ACT_KILL_THREAD;
}

static enum scmp_compare op_value(int op)
{
	static const enum scmp_compare ops[] = {
		[SECCOMP_NE] = SCMP_CMP_NE,
		[SECCOMP_LT] = SCMP_CMP_LT,
		[SECCOMP_LE] = SCMP_CMP_LE,
		[SECCOMP_EQ] = SCMP_CMP_EQ,
		[SECCOMP_GE] = SCMP_CMP_GE,
		[SECCOMP_GT] = SCMP_CMP_GT,
		[SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return ops[op];
}

/* "SCMP_ARCH_X86_64" → libseccomp's token, 0 for a word it does not know. */
static uint32_t arch_value(const char *word)
{
	char name[32];
	size_t n = 0;

	if (!str_starts(word, "SCMP_ARCH_"))
		return 0;
	if (streq(word, "SCMP_ARCH_NATIVE"))
		return seccomp_arch_native();
	for (const char *p = word + strlen("SCMP_ARCH_"); *p && n < sizeof(name) - 1; p++)
		name[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	name[n] = '\0';
	return seccomp_arch_resolve_name(name);
}

/* How much a call may still do under an action: to see which rule may be left out safely. */
static int leniency(int action)
{
	switch ((enum seccomp_action)action) {
	case SECCOMP_ALLOW:
		return 3;
	case SECCOMP_LOG:
		return 2;
	case SECCOMP_TRACE:
	case SECCOMP_NOTIFY:
		return 1;
	case SECCOMP_KILL:
	case SECCOMP_KILL_PROCESS:
	case SECCOMP_KILL_THREAD:
	case SECCOMP_TRAP:
	case SECCOMP_ERRNO:
		break;
	}
	return 0;
}

static struct err *check_errno(const char *member, int action, const struct opt_u64 *errno_ret)
{
	uint64_t max = action == SECCOMP_TRACE ? TRACE_MAX : ERRNO_MAX;

	if (!errno_ret->set)
		return NULL;
	if (action != SECCOMP_ERRNO && action != SECCOMP_TRACE)
		return err_new(ERR_INVALID,
			       "%s: is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not for %s", member,
			       action_name(action));
	if (errno_ret->value > max)
		return err_new(ERR_INVALID, "%s: %llu is above %llu", member,
			       (unsigned long long)errno_ret->value, (unsigned long long)max);
	return NULL;
}

static struct err *check_rule(const struct spec_seccomp_rule *r, size_t i)
{
	char member[80];

	snprintf(member, sizeof(member), "linux.seccomp.syscalls[%zu].errnoRet", i);
	TRY(check_errno(member, r->action, &r->errno_ret));
	if (r->names.n == 0)
		return err_new(ERR_INVALID, "linux.seccomp.syscalls[%zu].names: is empty", i);
	for (size_t k = 0; k < r->n_args; k++) {
		if (r->args[k].index >= ARGS_MAX)
			return err_new(
				ERR_INVALID,
				"linux.seccomp.syscalls[%zu].args[%zu].index: %u is above %d", i, k,
				r->args[k].index, ARGS_MAX - 1);
	}
	/* Whoever hands the notify descriptor over has to write; nobody could answer for that yet.
	 */
	for (size_t k = 0; k < r->names.n && r->action == SECCOMP_NOTIFY; k++) {
		if (streq(r->names.v[k], "write"))
			return err_new(
				ERR_INVALID,
				"linux.seccomp.syscalls[%zu].action: SCMP_ACT_NOTIFY cannot be used for the write syscall",
				i);
	}
	return NULL;
}

bool seccomp_notifies(const struct spec_seccomp *s)
{
	for (size_t i = 0; i < s->n_syscalls; i++) {
		if (s->syscalls[i].action == SECCOMP_NOTIFY)
			return true;
	}
	return false;
}

struct err *seccomp_check_listener(const struct spec_seccomp *s)
{
	if (s->listener_metadata && !s->listener_path)
		return err_new(ERR_INVALID, "linux.seccomp.listenerMetadata: needs listenerPath");
	if (!seccomp_notifies(s))
		return NULL;
	if (!s->listener_path)
		return err_new(ERR_INVALID, "linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs it");
	if (s->listener_path[0] != '/')
		return err_new(ERR_INVALID, "linux.seccomp.listenerPath: `%s` is not absolute",
			       s->listener_path);
	return NULL;
}

struct err *seccomp_check(const struct spec_seccomp *s)
{
	TRY(check_errno("linux.seccomp.defaultErrnoRet", s->default_action, &s->default_errno_ret));
	if (s->architectures.n > ARCHS_MAX)
		return err_new(ERR_INVALID, "linux.seccomp.architectures: more than %d", ARCHS_MAX);
	for (size_t i = 0; i < s->architectures.n; i++) {
		if (arch_value(s->architectures.v[i]) == 0)
			return err_new(
				ERR_UNSUPPORTED,
				"linux.seccomp.architectures[%zu]: libseccomp does not know %s", i,
				s->architectures.v[i]);
	}
	if (s->default_action == SECCOMP_NOTIFY)
		return err_new(
			ERR_INVALID,
			"linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
	for (size_t i = 0; i < s->n_syscalls; i++)
		TRY(check_rule(&s->syscalls[i], i));
	return NULL;
}

struct err *seccomp_plan_flags(const struct spec_seccomp *s, bool has_listener, unsigned *ret)
{
	static const struct {
		const char *name;
		unsigned flag;
	} known[] = {
		{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	};
	unsigned flags = s && s->flags.present ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	for (size_t i = 0; s && i < s->flags.n; i++) {
		unsigned flag = 0;

		for (size_t k = 0; k < ARRAY_LEN(known); k++) {
			if (streq(known[k].name, s->flags.v[i]))
				flag = known[k].flag;
		}
		if (!flag)
			return err_new(ERR_INVALID, "linux.seccomp.flags[%zu]: `%s` is not known",
				       i, s->flags.v[i]);
		flags |= flag;
	}
	/* The kernel refuses the flag without a listener, where it has no meaning. */
	if (!has_listener)
		flags &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	else if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	if (has_listener)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	*ret = flags;
	return NULL;
}

/* The native architecture first, then those listed. */
static size_t list_archs(const struct spec_seccomp *s, struct enosys_arch *archs)
{
	size_t n = 0;

	archs[n++].arch = seccomp_arch_native();
	for (size_t i = 0; i < s->architectures.n; i++) {
		uint32_t arch = arch_value(s->architectures.v[i]);
		bool listed = false;

		for (size_t k = 0; k < n; k++)
			listed |= archs[k].arch == arch;
		if (!listed)
			archs[n++].arch = arch;
	}
	return n;
}

/* The highest number of each architecture that the profile names, whatever it says about it. */
static void note_numbers(const char *name, struct enosys_arch *archs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int nr = seccomp_syscall_resolve_name_arch(archs[i].arch, name);

		if (nr < 0 || (archs[i].arch == SCMP_ARCH_ARM && nr >= 0xf0000))
			continue;
		if (!archs[i].known || (uint32_t)nr > archs[i].max)
			archs[i].max = (uint32_t)nr;
		archs[i].known = true;
	}
}

static struct err *unknown_name(const struct spec_seccomp *s, size_t i, const char *name,
				bool fail_unknown, bool *ret_warned)
{
	int action = s->syscalls[i].action;

	if (fail_unknown)
		return err_new(ERR_INVALID,
			       "linux.seccomp.syscalls[%zu].names: unknown system call `%s`", i,
			       name);
	/* Left out, a rule that restricts leaves the call open; one that permits leaves it shut. */
	*ret_warned |= leniency(action) < leniency(s->default_action);
	if (leniency(action) < leniency(s->default_action))
		log_warn(
			"linux.seccomp.syscalls[%zu].names: `%s` is unknown, %s has no effect on it",
			i, name, action_name(action));
	else
		log_debug("linux.seccomp.syscalls[%zu].names: `%s` is unknown", i, name);
	return NULL;
}

/* A profile, one row for each call of each rule that says something. */
struct row {
	int nr; /* the native number, or libseccomp's for a call that only others have */
	uint32_t action;
	size_t rule;
	const char *name;
};

struct rows {
	size_t n;
	struct row *v;
};

static void rows_done(struct rows *r)
{
	free(r->v);
}
#define auto_rows __attribute__((cleanup(rows_done)))

static void rows_add(struct rows *r, struct row row)
{
	if ((r->n & (r->n + 1)) == 0)
		r->v = xrealloc(r->v, (2 * r->n + 1) * sizeof(*r->v));
	r->v[r->n++] = row;
}

/* A rule without conditions decides a call: libseccomp drops without a word what comes after it. */
static void note_decided(struct rows *decided, const struct spec_seccomp *s, const struct row *row,
			 bool *ret_warned)
{
	for (size_t i = 0; i < decided->n; i++) {
		if (decided->v[i].nr != row->nr)
			continue;
		*ret_warned |= decided->v[i].action != row->action;
		if (decided->v[i].action != row->action)
			log_warn(
				"linux.seccomp.syscalls[%zu]: has no effect on `%s`: syscalls[%zu] decides it",
				row->rule, row->name, decided->v[i].rule);
		return;
	}
	if (s->syscalls[row->rule].n_args == 0)
		rows_add(decided, *row);
}

static struct err *list_rows(const struct spec_seccomp *s, bool fail_unknown,
			     struct enosys_arch *archs, size_t n_archs, struct rows *ret,
			     bool *ret_warned)
{
	uint32_t by_default = action_value(s->default_action, &s->default_errno_ret);
	auto_rows struct rows decided = { 0 };

	for (size_t i = 0; i < s->n_syscalls; i++) {
		const struct spec_seccomp_rule *r = &s->syscalls[i];
		struct row row = { .action = action_value(r->action, &r->errno_ret), .rule = i };

		for (size_t k = 0; k < r->names.n; k++) {
			row.name = r->names.v[k];
			row.nr = seccomp_syscall_resolve_name(row.name);
			if (row.nr == __NR_SCMP_ERROR) {
				TRY(unknown_name(s, i, row.name, fail_unknown, ret_warned));
				continue;
			}
			note_numbers(row.name, archs, n_archs);
			/* libseccomp refuses a rule that says what happens anyway. */
			if (row.action == by_default)
				continue;
			note_decided(&decided, s, &row, ret_warned);
			rows_add(ret, row);
		}
	}
	return NULL;
}

static struct err *add_rule(scmp_filter_ctx ctx, uint32_t action, int nr,
			    const struct spec_seccomp_rule *r)
{
	struct scmp_arg_cmp cmp[ARGS_MAX];
	unsigned seen = 0;
	bool is_repeated = false;
	int rc = 0;

	for (size_t i = 0; i < r->n_args; i++) {
		is_repeated |= (seen & 1U << r->args[i].index) != 0;
		seen |= 1U << r->args[i].index;
	}
	/*
	 * All conditions of a rule must hold, but libseccomp takes one a piece for each argument:
	 * with two on the same, each becomes a rule of its own, as every OCI runtime reads such a
	 * profile.
	 */
	for (size_t i = 0; i < r->n_args && rc == 0; i++) {
		struct scmp_arg_cmp c = { r->args[i].index, op_value(r->args[i].op),
					  r->args[i].value, r->args[i].value_two };

		if (is_repeated)
			rc = seccomp_rule_add_array(ctx, action, nr, 1, &c);
		else
			cmp[i] = c;
	}
	if (!is_repeated)
		rc = seccomp_rule_add_array(ctx, action, nr, (unsigned)r->n_args, cmp);
	if (rc == -EEXIST)
		return err_new(ERR_INVALID,
			       "an earlier rule with the same conditions has another action");
	TRY_SYS(rc, "add the rule");
	return NULL;
}

static struct err *init_filter(const struct spec_seccomp *s, uint32_t arch, scmp_filter_ctx *ret)
{
	auto_filter scmp_filter_ctx ctx = NULL;
	int rc = 0;

	ctx = seccomp_init(action_value(s->default_action, &s->default_errno_ret));
	if (!ctx)
		return err_hint(err_new(ERR_UNSUPPORTED,
					"linux.seccomp.defaultAction: %s is not possible here",
					action_name(s->default_action)),
				"the kernel is too old for the action, or built without seccomp");
	/* A search tree: a call costs about nine comparisons instead of some hundred. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (arch != seccomp_arch_native()) {
		rc = seccomp_arch_add(ctx, arch);
		if (rc == 0)
			rc = seccomp_arch_remove(ctx, seccomp_arch_native());
	}
	if (rc == -EDOM || rc == -EINVAL)
		return err_new(
			ERR_INVALID,
			"linux.seccomp.architectures: one of them, %#x, cannot be in a filter of this host",
			arch);
	TRY_SYS(rc, "linux.seccomp.architectures: add %#x", arch);
	*ret = take_ptr(&ctx);
	return NULL;
}

static struct err *export_part(scmp_filter_ctx ctx, struct join_part *ret)
{
	auto_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	auto_free struct sock_filter *insns = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return err_sys(-errno, "linux.seccomp: make a file for the program");
	TRY_SYS(seccomp_export_bpf(ctx, fd), "linux.seccomp: generate the program");
	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(-errno, "linux.seccomp: read the program");
	insns = xcalloc((size_t)st.st_size, 1);
	n = fd_read_all(fd, insns, (size_t)st.st_size);
	TRY_SYS(n, "linux.seccomp: read the program");
	ret->n = (size_t)n / sizeof(*insns);
	ret->insns = take_ptr(&insns);
	return NULL;
}

static struct err *generate_part(const struct spec_seccomp *s, const struct rows *rows,
				 struct join_part *part)
{
	auto_filter scmp_filter_ctx ctx = NULL;

	TRY(init_filter(s, part->arch, &ctx));
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->v[i];
		struct err *e = add_rule(ctx, row->action, row->nr, &s->syscalls[row->rule]);

		if (e)
			return err_wrap(e, "linux.seccomp.syscalls[%zu]: `%s`", row->rule,
					row->name);
	}
	return export_part(ctx, part);
}

struct parts {
	size_t n;
	struct join_part v[ARCHS_MAX + 1];
};

static void parts_done(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].insns);
}
#define auto_parts __attribute__((cleanup(parts_done)))

static struct err *link_parts(struct arena *a, const struct sock_filter *front, size_t n_front,
			      const struct parts *parts, struct seccomp_program *ret)
{
	size_t n = n_front + join_size(parts->v, parts->n);

	for (size_t i = 0; i < parts->n; i++)
		n += parts->v[i].n;
	if (n > BPF_MAXINSNS)
		return err_new(
			ERR_INVALID,
			"linux.seccomp: the program has %zu instructions, the kernel takes %d", n,
			BPF_MAXINSNS);
	ret->n = n;
	ret->insns = arena_array(a, struct sock_filter, n);
	memcpy(ret->insns, front, n_front * sizeof(*front));
	join_program(parts->v, parts->n, ret->insns + n_front);
	return NULL;
}

struct err *seccomp_compile(struct arena *a, const struct spec_seccomp *s, bool fail_unknown,
			    struct seccomp_program *ret)
{
	struct sock_filter front[ENOSYS_PER_ARCH * (ARCHS_MAX + 1) + ENOSYS_AROUND];
	struct enosys_arch archs[ARCHS_MAX + 1] = { 0 };
	struct seccomp_program program = { .set = true };
	auto_parts struct parts parts = { 0 };
	auto_rows struct rows rows = { 0 };
	size_t n_front = 0;
	size_t n_archs;

	TRY(seccomp_check(s));
	program.has_listener = seccomp_notifies(s);
	TRY(seccomp_plan_flags(s, program.has_listener, &program.flags));
	n_archs = list_archs(s, archs);
	TRY(list_rows(s, fail_unknown, archs, n_archs, &rows, &program.warned));
	for (; parts.n < n_archs; parts.n++) {
		parts.v[parts.n].arch = archs[parts.n].arch;
		TRY(generate_part(s, &rows, &parts.v[parts.n]));
	}
	/* Where a call that nobody thought of may run, there is no answer to improve. */
	if (leniency(s->default_action) == 0)
		n_front = enosys_program(archs, n_archs, front);
	TRY(link_parts(a, front, n_front, &parts, &program));
	*ret = program;
	return NULL;
}
