/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of the command line and its options: rows of facts, from which parsing, --help, the
 * completions and the check of the man pages come.  Values land in the struct the rows point into.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/err.h"
#include "base/names.h"
#include "base/str.h"

struct cli;

enum opt_kind {
	OPT_END_OF_TABLE,
	OPT_KIND_FLAG,  /* bool */
	OPT_KIND_SET,   /* int: the row's value */
	OPT_KIND_STR,   /* const char *: the last one counts */
	OPT_KIND_UINT,  /* unsigned */
	OPT_KIND_WORD,  /* int: a row of .words */
	OPT_KIND_LIST,  /* struct strv: all of them in order */
	OPT_KIND_MAYBE, /* int: 1, or with a value true/yes 1, false/no 0 */
};

struct opt {
	enum opt_kind kind;
	char letter;      /* 0: none */
	const char *name; /* without dashes; NULL: the letter only */
	const char *arg;  /* name of the argument, in capitals; NULL for flags */
	size_t offset;    /* of the member */
	const char *help; /* NULL: hidden */
	const struct word *words;
	int value;
	bool ends; /* the rest of the line does not matter (--version) */
};

/* Fails to compile unless MEMBER of TYPE is a WANTED. */
#define OPT_MEMBER(type, member, wanted)                                   \
	(offsetof(type, member) +                                          \
	 0 * sizeof(char[_Generic(((type *)0)->member, wanted : 1, default \
				  : -1)]))

/* clang-format off */
#define OPT_FLAG(c, n, t, m, h) \
	{ .kind = OPT_KIND_FLAG, .letter = c, .name = n, .offset = OPT_MEMBER(t, m, bool), .help = h }
#define OPT_SET(c, n, t, m, v, h) \
	{ .kind = OPT_KIND_SET, .letter = c, .name = n, .offset = OPT_MEMBER(t, m, int), .help = h, \
	  .value = v }
#define OPT_STR(c, n, a, t, m, h) \
	{ .kind = OPT_KIND_STR, .letter = c, .name = n, .arg = a, \
	  .offset = OPT_MEMBER(t, m, const char *), .help = h }
#define OPT_UINT(c, n, a, t, m, h) \
	{ .kind = OPT_KIND_UINT, .letter = c, .name = n, .arg = a, \
	  .offset = OPT_MEMBER(t, m, unsigned), .help = h }
#define OPT_WORD(c, n, a, t, m, w, h) \
	{ .kind = OPT_KIND_WORD, .letter = c, .name = n, .arg = a, \
	  .offset = OPT_MEMBER(t, m, int), .help = h, .words = w }
#define OPT_LIST(c, n, a, t, m, h) \
	{ .kind = OPT_KIND_LIST, .letter = c, .name = n, .arg = a, \
	  .offset = OPT_MEMBER(t, m, struct strv), .help = h }
#define OPT_MAYBE(c, n, a, t, m, h) \
	{ .kind = OPT_KIND_MAYBE, .letter = c, .name = n, .arg = a, \
	  .offset = OPT_MEMBER(t, m, int), .help = h }
#define OPT_LAST(c, n, t, m, h) \
	{ .kind = OPT_KIND_FLAG, .letter = c, .name = n, .offset = OPT_MEMBER(t, m, bool), .help = h, \
	  .ends = true }
#define OPT_END { .kind = OPT_END_OF_TABLE }
/* clang-format on */

enum { ANY_NUMBER = -1 };

struct command {
	const char *name;     /* "run"; NULL for the options before the command */
	const char *operands; /* "ID [SIGNAL]", or "" */
	const char *summary;  /* one line, no full stop */
	const char *notes;    /* more lines of --help, or NULL */
	const struct opt *opts;
	int min_operands;
	int max_operands;         /* or ANY_NUMBER */
	bool has_id;              /* the first operand, after a verb, is the id of a container */
	const struct word *verbs; /* the first operand is one of these; NULL: there is none */
	bool enters_container;    /* a process of ours gets into its namespaces: container/self.h */
	bool stops_at_operand;    /* what follows the first operand is no option of ours */
	struct err *(*main)(struct cli *cli, int argc, char **argv);
};

/* Ends with NULL, in the order of the help. */
extern const struct command *const commands[];
/* The options before the command. */
extern const struct command global_command;

/* NULL when there is none of that name. */
const struct command *command_find(const char *name);

extern const struct command cmd_create;
extern const struct command cmd_delete;
extern const struct command cmd_doctor;
extern const struct command cmd_events;
extern const struct command cmd_exec;
extern const struct command cmd_features;
extern const struct command cmd_help;
extern const struct command cmd_kill;
extern const struct command cmd_list;
extern const struct command cmd_mounts;
extern const struct command cmd_pause;
extern const struct command cmd_ps;
extern const struct command cmd_resume;
extern const struct command cmd_run;
extern const struct command cmd_spec;
extern const struct command cmd_start;
extern const struct command cmd_state;
extern const struct command cmd_update;
extern const struct command cmd_validate;
extern const struct command cmd_version;

#endif
