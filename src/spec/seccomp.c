/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: linux.seccomp.  In the order of the specification.
 */
#include "spec/tables.h"
#include "spec/words.h"

static const struct field arg_fields[] = {
	F_UINT(struct spec_seccomp_arg, index, "index", .flags = REQUIRED, .max = 5),
	F_UINT(struct spec_seccomp_arg, value, "value", .flags = REQUIRED),
	F_UINT(struct spec_seccomp_arg, value_two, "valueTwo", .flags = OMIT_ZERO),
	F_WORD(struct spec_seccomp_arg, op, "op", seccomp_op_words, .flags = REQUIRED),
	F_END,
};
TYPE(arg_type, struct spec_seccomp_arg, arg_fields);

static const struct field rule_fields[] = {
	F_STRV(struct spec_seccomp_rule, names, "names", .flags = REQUIRED | NONEMPTY),
	F_WORD(struct spec_seccomp_rule, action, "action", seccomp_action_words, .flags = REQUIRED),
	F_OPT_U64(struct spec_seccomp_rule, errno_ret, "errnoRet", .max = UINT32_MAX),
	F_LIST(struct spec_seccomp_rule, args, n_args, "args", arg_type),
	F_END,
};
TYPE(rule_type, struct spec_seccomp_rule, rule_fields);

static const struct field seccomp_fields[] = {
	F_WORD(struct spec_seccomp, default_action, "defaultAction", seccomp_action_words,
	       .flags = REQUIRED),
	F_OPT_U64(struct spec_seccomp, default_errno_ret, "defaultErrnoRet", .max = UINT32_MAX,
		  .since = SINCE(1, 1)),
	F_WORDS(struct spec_seccomp, architectures, "architectures", seccomp_arch_words),
	F_WORDS(struct spec_seccomp, flags, "flags", seccomp_flag_words),
	F_STR(struct spec_seccomp, listener_path, "listenerPath", .flags = ABSOLUTE,
	      .since = SINCE(1, 1)),
	F_STR(struct spec_seccomp, listener_metadata, "listenerMetadata", .since = SINCE(1, 1)),
	F_LIST(struct spec_seccomp, syscalls, n_syscalls, "syscalls", rule_type),
	F_END,
};
TYPE_DEFINE(seccomp_type, struct spec_seccomp, seccomp_fields);
