/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp → BPF with libseccomp: see seccomp.h.
 */
#include "os/seccomp.h"

/* libseccomp has a function of the name. */
#undef seccomp_load

#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/log.h"
#include "os/seccomp-enosys.h"
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

static bool wants_listener(const struct spec_seccomp *s)
{
	for (size_t i = 0; i < s->n_syscalls; i++) {
		if (s->syscalls[i].action == SECCOMP_NOTIFY)
			return true;
	}
	return false;
}

static struct err *check_listener(const struct spec_seccomp *s)
{
	if (s->default_action == SECCOMP_NOTIFY)
		return err_new(
			ERR_INVALID,
			"linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
	if (s->listener_metadata && !s->listener_path)
		return err_new(ERR_INVALID, "linux.seccomp.listenerMetadata: needs listenerPath");
	if (!wants_listener(s))
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
	for (size_t i = 0; i < s->n_syscalls; i++)
		TRY(check_rule(&s->syscalls[i], i));
	return check_listener(s);
}

static struct err *plan_flags(const struct spec_seccomp *s, bool has_listener, unsigned *ret)
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
	unsigned flags = s->flags.present ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	for (size_t i = 0; i < s->flags.n; i++) {
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

static struct err *add_archs(scmp_filter_ctx ctx, const struct spec_seccomp *s,
			     struct enosys_arch *archs, size_t *ret_n)
{
	size_t n = 0;

	archs[n++].arch = seccomp_arch_native();
	for (size_t i = 0; i < s->architectures.n; i++) {
		uint32_t arch = arch_value(s->architectures.v[i]);
		int rc = seccomp_arch_add(ctx, arch);

		if (rc == -EEXIST)
			continue;
		if (rc == -EDOM || rc == -EINVAL)
			return err_new(
				ERR_INVALID,
				"linux.seccomp.architectures[%zu]: %s cannot be in one filter with this host's architecture",
				i, s->architectures.v[i]);
		TRY_SYS(rc, "linux.seccomp.architectures[%zu]: add %s", i, s->architectures.v[i]);
		archs[n++].arch = arch;
	}
	*ret_n = n;
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
				bool fail_unknown)
{
	int action = s->syscalls[i].action;

	if (fail_unknown)
		return err_new(ERR_INVALID,
			       "linux.seccomp.syscalls[%zu].names: unknown system call `%s`", i,
			       name);
	/* Left out, a rule that restricts leaves the call open; one that permits leaves it shut. */
	if (leniency(action) < leniency(s->default_action))
		log_warn(
			"linux.seccomp.syscalls[%zu].names: `%s` is unknown, %s has no effect on it",
			i, name, action_name(action));
	else
		log_debug("linux.seccomp.syscalls[%zu].names: `%s` is unknown", i, name);
	return NULL;
}

/* Calls that a rule without conditions has decided: libseccomp drops what comes after it. */
struct decided {
	size_t n;
	struct {
		int nr;
		size_t rule;
		uint32_t action;
	} * v;
};

static void decided_done(struct decided *d)
{
	free(d->v);
}

static void note_decided(struct decided *d, int nr, const struct spec_seccomp *s, size_t rule,
			 const char *name, uint32_t action)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].nr != nr)
			continue;
		if (d->v[i].action != action)
			log_warn(
				"linux.seccomp.syscalls[%zu]: has no effect on `%s`: syscalls[%zu] decides it",
				rule, name, d->v[i].rule);
		return;
	}
	if (s->syscalls[rule].n_args > 0)
		return;
	if ((d->n & (d->n + 1)) == 0)
		d->v = xrealloc(d->v, (2 * d->n + 1) * sizeof(*d->v));
	d->v[d->n].nr = nr;
	d->v[d->n].rule = rule;
	d->v[d->n++].action = action;
}

static struct err *add_rules(scmp_filter_ctx ctx, const struct spec_seccomp *s, bool fail_unknown,
			     struct enosys_arch *archs, size_t n_archs)
{
	__attribute__((cleanup(decided_done))) struct decided decided = { 0 };
	uint32_t by_default = action_value(s->default_action, &s->default_errno_ret);

	for (size_t i = 0; i < s->n_syscalls; i++) {
		const struct spec_seccomp_rule *r = &s->syscalls[i];
		uint32_t action = action_value(r->action, &r->errno_ret);

		for (size_t k = 0; k < r->names.n; k++) {
			const char *name = r->names.v[k];
			int nr = seccomp_syscall_resolve_name(name);
			struct err *e;

			if (nr == __NR_SCMP_ERROR) {
				TRY(unknown_name(s, i, name, fail_unknown));
				continue;
			}
			note_numbers(name, archs, n_archs);
			/* libseccomp refuses a rule that says what happens anyway. */
			if (action == by_default)
				continue;
			note_decided(&decided, nr, s, i, name, action);
			e = add_rule(ctx, action, nr, r);
			if (e)
				return err_wrap(e, "linux.seccomp.syscalls[%zu]: `%s`", i, name);
		}
	}
	return NULL;
}

/* Actions under which a call that nobody thought of may run need no ENOSYS. */
static bool needs_enosys(int default_action)
{
	return leniency(default_action) == 0;
}

static struct err *export_program(struct arena *a, scmp_filter_ctx ctx,
				  const struct sock_filter *front, size_t n_front,
				  struct seccomp_program *ret)
{
	auto_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct sock_filter *insns;
	struct stat st;
	size_t n;

	if (fd < 0)
		return err_sys(-errno, "linux.seccomp: make a file for the program");
	TRY_SYS(seccomp_export_bpf(ctx, fd), "linux.seccomp: generate the program");
	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(-errno, "linux.seccomp: read the program");
	n = (size_t)st.st_size / sizeof(*insns);
	if (n + n_front > BPF_MAXINSNS)
		return err_new(
			ERR_INVALID,
			"linux.seccomp: the program has %zu instructions, the kernel takes %d",
			n + n_front, BPF_MAXINSNS);
	insns = arena_array(a, struct sock_filter, n + n_front);
	memcpy(insns, front, n_front * sizeof(*insns));
	TRY_SYS(fd_read_all(fd, insns + n_front, n * sizeof(*insns)),
		"linux.seccomp: read the program");
	ret->insns = insns;
	ret->n = n + n_front;
	return NULL;
}

static struct err *init_filter(const struct spec_seccomp *s, scmp_filter_ctx *ret)
{
	scmp_filter_ctx ctx = seccomp_init(action_value(s->default_action, &s->default_errno_ret));

	if (!ctx)
		return err_hint(err_new(ERR_UNSUPPORTED,
					"linux.seccomp.defaultAction: %s is not possible here",
					action_name(s->default_action)),
				"the kernel is too old for the action, or built without seccomp");
	/* A search tree: a call costs about nine comparisons instead of some hundred. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	*ret = ctx;
	return NULL;
}

struct err *seccomp_compile(struct arena *a, const struct spec_seccomp *s, bool fail_unknown,
			    struct seccomp_program *ret)
{
	struct sock_filter front[ENOSYS_PER_ARCH * (ARCHS_MAX + 1) + ENOSYS_AROUND];
	struct enosys_arch archs[ARCHS_MAX + 1] = { 0 };
	struct seccomp_program program = { .set = true };
	auto_filter scmp_filter_ctx ctx = NULL;
	size_t n_archs = 0;
	size_t n_front = 0;

	TRY(seccomp_check(s));
	program.has_listener = wants_listener(s);
	TRY(plan_flags(s, program.has_listener, &program.flags));
	TRY(init_filter(s, &ctx));
	TRY(add_archs(ctx, s, archs, &n_archs));
	TRY(add_rules(ctx, s, fail_unknown, archs, n_archs));
	if (needs_enosys(s->default_action))
		n_front = enosys_program(archs, n_archs, front);
	TRY(export_program(a, ctx, front, n_front, &program));
	*ret = program;
	return NULL;
}

static struct err *explain_load(int neg_errno, const struct seccomp_program *p)
{
	struct err *e = err_sys(neg_errno, "linux.seccomp: load the filter");

	if (neg_errno == -EACCES)
		return err_hint(e,
				"without process.noNewPrivileges the runtime needs CAP_SYS_ADMIN");
	if (neg_errno == -EINVAL && p->has_listener)
		return err_hint(e, "SCMP_ACT_NOTIFY needs Linux 5.0, some flags a newer one");
	if (neg_errno == -EBUSY && p->has_listener)
		return err_hint(e, "a filter around the runtime has a listener already");
	return e;
}

struct err *seccomp_apply(const struct seccomp_program *p, int *ret_listener)
{
	struct sock_fprog prog = { .len = (unsigned short)p->n, .filter = p->insns };
	long rc;

	*ret_listener = -EBADF;
	if (!p->set)
		return NULL;
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p->flags, &prog);
	/* A flag the kernel does not know is no reason to run without the filter; a listener is. */
	if (rc < 0 && errno == EINVAL && p->flags && !p->has_listener)
		rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
	if (rc < 0)
		return explain_load(-errno, p);
	/* With TSYNC the answer may be the thread that could not follow. */
	if (!p->has_listener && rc > 0)
		return err_new(ERR_SYSTEM, "linux.seccomp: thread %ld could not take the filter",
			       rc);
	if (p->has_listener)
		*ret_listener = (int)rc;
	return NULL;
}
