/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of config.json and their numbers, shared by the tables and the `features` document.
 * Tables of struct word end with a NULL name, lists of strings with NULL.
 */
#ifndef SPEC_WORDS_H
#define SPEC_WORDS_H

#include "base/names.h"

/* Every option of a mount that davit itself understands; others are data for the file system. */
extern const char *const mount_option_words[];
/* In the order of enum hook_kind. */
extern const char *const hook_words[];

extern const struct word scheduler_policy_words[]; /* SCHED_* */
extern const struct word scheduler_flag_words[];   /* SCHED_FLAG_* */
extern const struct word io_class_words[];         /* IOPRIO_CLASS_* */
extern const struct word device_type_words[];      /* 'c' (also for "u"), 'b', 'p' */
extern const struct word device_rule_type_words[]; /* 'a', 'b', 'c' */
extern const struct word propagation_words[];      /* MS_* or-ed with MS_REC */
extern const struct word personality_words[];      /* PER_* */
extern const struct word memory_mode_words[];      /* MPOL_* */
extern const struct word memory_flag_words[];      /* MPOL_F_* */
extern const struct word seccomp_action_words[];   /* enum seccomp_action */
extern const struct word seccomp_op_words[];       /* enum seccomp_op */
extern const struct word seccomp_arch_words[];     /* the numbers are only an order */
extern const struct word seccomp_flag_words[];     /* SECCOMP_FILTER_FLAG_* */

#endif
