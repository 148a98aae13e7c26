/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the words of a command by its table: see opts.h.
 */
#include "cli/opts.h"

#include <ctype.h>

#include "cli/cli.h"
#include "cli/help.h"

/* One walk over the words of a command. */
struct scan {
	const struct command *cmd;
	char **argv;
	int argc;
	int next;   /* the word to look at next */
	char *base; /* the struct of the arguments */
	enum opts_outcome outcome;
	bool is_over; /* an option said that the rest does not matter */
};

static const struct opt help_opt = { .kind = OPT_KIND_FLAG, .letter = 'h', .name = "help" };

static struct err *usage_error(struct scan *s, struct err *e)
{
	s->outcome = OPTS_USAGE;
	return err_hint(e, "Try `davit %s%s--help` for more information",
			s->cmd->name ? s->cmd->name : "", s->cmd->name ? " " : "");
}

/* "--bundle" or "-b", whatever there is. */
static char *opt_shown(const struct opt *o)
{
	return o->name ? str_format("--%s", o->name) : str_format("-%c", o->letter);
}

static bool opt_needs_value(const struct opt *o)
{
	return o->arg && o->kind != OPT_KIND_MAYBE;
}

static bool parse_bool(const char *s, bool *ret)
{
	static const struct word words[] = {
		{ "true", 1 }, { "yes", 1 }, { "1", 1 },  { "false", 0 },
		{ "no", 0 },   { "0", 0 },   { NULL, 0 },
	};
	long value;

	if (!word_find(words, s, &value))
		return false;
	*ret = value;
	return true;
}

/* "preserve-fds" → "preserve-fds", "cgroup-manager" of a choice → "cgroup manager". */
static struct err *bad_word(const struct opt *o, const char *value)
{
	auto_free char *noun = str_dup(o->name);
	auto_str struct str choice = { 0 };

	for (char *p = noun; *p; p++)
		*p = *p == '-' ? ' ' : *p;
	for (const struct word *w = o->words; w->name; w++)
		str_addf(&choice, "%s%s",
			 choice.len == 0 ? ""
			 : w[1].name     ? ", "
					 : " or ",
			 w->name);
	return err_hint(err_new(ERR_INVALID, "unknown %s specified: `%s`", noun, value),
			"--%s is %s", o->name, choice.s);
}

static struct err *opt_store(struct scan *s, const struct opt *o, const char *value)
{
	void *member = s->base + o->offset;
	bool yes = true;
	uint64_t number;
	long word;

	if (value && (o->kind == OPT_KIND_FLAG || o->kind == OPT_KIND_MAYBE) &&
	    !parse_bool(value, &yes)) {
		auto_free char *shown = opt_shown(o);

		return usage_error(
			s, err_new(ERR_INVALID,
				   "option '%s' takes no argument but true or false, not `%s`",
				   shown, value));
	}
	switch (o->kind) {
	case OPT_KIND_FLAG:
		*(bool *)member = yes;
		break;
	case OPT_KIND_MAYBE:
		*(int *)member = yes;
		break;
	case OPT_KIND_SET:
		*(int *)member = o->value;
		break;
	case OPT_KIND_STR:
		*(const char **)member = value;
		break;
	case OPT_KIND_LIST:
		strv_add(member, value);
		break;
	case OPT_KIND_UINT:
		if (str_to_u64(value, INT32_MAX, &number) < 0)
			return err_hint(err_new(ERR_INVALID, "invalid %s specified: `%s`", o->name,
						value),
					"--%s takes a number from 0", o->name);
		*(unsigned *)member = (unsigned)number;
		break;
	case OPT_KIND_WORD:
		if (!word_find(o->words, value, &word))
			return bad_word(o, value);
		*(int *)member = (int)word;
		break;
	case OPT_END_OF_TABLE:
		break;
	}
	s->is_over = o->ends;
	return NULL;
}

/* VALUE is what was attached to the option, or NULL; takes the next word where one is needed. */
static struct err *opt_take(struct scan *s, const struct opt *o, const char *value)
{
	auto_free char *shown = opt_shown(o);

	if (o == &help_opt) {
		s->outcome = OPTS_HELP;
		return NULL;
	}
	if (value && o->kind == OPT_KIND_SET)
		return usage_error(s, err_new(ERR_INVALID, "option '%s' doesn't allow an argument",
					      shown));
	if (!value && opt_needs_value(o)) {
		if (s->next == s->argc)
			return usage_error(s, err_new(ERR_INVALID,
						      "option '%s' requires an argument", shown));
		value = s->argv[s->next++];
	}
	return opt_store(s, o, value);
}

static const struct opt *find_letter(const struct command *cmd, char c)
{
	if (c == 'h' || c == '?')
		return &help_opt;
	for (const struct opt *o = cmd->opts; o->kind; o++) {
		if (o->letter == c)
			return o;
	}
	return NULL;
}

static const struct opt *find_exact(const struct command *cmd, const char *name, size_t len)
{
	if ((len == 4 && memcmp(name, "help", 4) == 0) ||
	    (len == 5 && memcmp(name, "usage", 5) == 0))
		return &help_opt;
	for (const struct opt *o = cmd->opts; o->kind; o++) {
		if (o->name && strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	}
	return NULL;
}

/* The options of which NAME is a prefix: their number, one of them, and all as text. */
static size_t find_prefix(const struct command *cmd, const char *name, size_t len,
			  const struct opt **ret, struct str *all)
{
	size_t n = 0;

	for (const struct opt *o = cmd->opts; o->kind; o++) {
		if (!o->name || !o->help || strncmp(o->name, name, len) != 0)
			continue;
		str_addf(all, " --%s", o->name);
		*ret = o;
		n++;
	}
	if (strncmp("help", name, len) == 0 || strncmp("usage", name, len) == 0) {
		str_addf(all, " --%s", *name == 'h' ? "help" : "usage");
		*ret = &help_opt;
		n++;
	}
	return n;
}

/* WORD is a long option, NAME its name in it. */
static struct err *scan_long(struct scan *s, const char *word, const char *name)
{
	auto_str struct str all = { 0 };
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct opt *o = find_exact(s->cmd, name, len);
	size_t n = 1;

	if (!o)
		n = len == 0 ? 0 : find_prefix(s->cmd, name, len, &o, &all);
	if (n == 0)
		return usage_error(s, err_new(ERR_INVALID, "unrecognized option '%s'", word));
	if (n > 1)
		return usage_error(s, err_new(ERR_INVALID,
					      "option '%.*s' is ambiguous; possibilities:%s",
					      (int)(name - word + (ptrdiff_t)len), word, all.s));
	return opt_take(s, o, value);
}

/* "-dt", "-b DIR", "-bDIR", "-b=DIR". */
static struct err *scan_letters(struct scan *s, const char *word)
{
	for (const char *p = word + 1; *p && s->outcome == OPTS_DONE && !s->is_over; p++) {
		const struct opt *o = find_letter(s->cmd, *p);
		const char *value = NULL;

		if (!o)
			return usage_error(s,
					   err_new(ERR_INVALID, "unrecognized option '-%c'", *p));
		if (p[1] == '=')
			value = p + 2;
		else if (opt_needs_value(o) && p[1])
			value = p + 1;
		TRY(opt_take(s, o, value));
		if (value)
			break;
	}
	return NULL;
}

static struct err *scan_option(struct scan *s, const char *word)
{
	if (word[1] == '-')
		return scan_long(s, word, word + 2);
	/* The way of Go's flag package: containerd's shim says -no-subreaper. */
	if (word[2] && find_exact(s->cmd, word + 1, strcspn(word + 1, "=")))
		return scan_long(s, word, word + 1);
	return scan_letters(s, word);
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && !isdigit((unsigned char)word[1]);
}

struct err *opts_scan(const struct command *cmd, int *argc, char **argv, void *args,
		      enum opts_outcome *ret)
{
	struct scan s = { .cmd = cmd, .argv = argv, .argc = *argc, .base = args };
	bool only_operands = false;
	struct err *e = NULL;
	int kept = 0;

	while (s.next < s.argc && !e && s.outcome == OPTS_DONE && !s.is_over) {
		char *word = argv[s.next++];

		if (!only_operands && streq(word, "--")) {
			only_operands = true;
		} else if (!only_operands && is_option(word)) {
			e = scan_option(&s, word);
		} else {
			argv[kept++] = word;
			only_operands = only_operands || cmd->stops_at_operand;
		}
	}
	*argc = kept;
	*ret = s.outcome;
	return e;
}

static struct err *check_verb(const struct command *cmd, const char *verb)
{
	long unused;

	if (word_find(cmd->verbs, verb, &unused))
		return NULL;
	return err_hint(err_new(ERR_INVALID, "unknown command %s %s", cmd->name, verb),
			"davit %s %s", cmd->name, cmd->operands);
}

static struct err *check_operands(const struct command *cmd, int argc, char **argv)
{
	if (cmd->has_id && !cmd->verbs && argc == 0)
		return err_hint(err_new(ERR_INVALID, "please specify a ID for the container"),
				"davit %s %s", cmd->name, cmd->operands);
	if (argc < cmd->min_operands)
		return err_hint(err_new(ERR_INVALID, "`%s` requires a minimum of %d arguments",
					cmd->name, cmd->min_operands),
				"davit %s %s", cmd->name, cmd->operands);
	if (cmd->max_operands != ANY_NUMBER && argc > cmd->max_operands)
		return err_hint(err_new(ERR_INVALID, "`%s` requires a maximum of %d arguments",
					cmd->name, cmd->max_operands),
				"davit %s%s%s", cmd->name, *cmd->operands ? " " : "",
				cmd->operands);
	return cmd->verbs ? check_verb(cmd, argv[0]) : NULL;
}

struct err *opts_parse(struct cli *cli, const struct command *cmd, int *argc, char **argv,
		       void *args)
{
	enum opts_outcome outcome;
	struct err *e;

	e = opts_scan(cmd, argc, argv, args, &outcome);
	if (outcome == OPTS_USAGE)
		cli->error_status = EXIT_USAGE;
	if (e)
		return e;
	if (outcome == OPTS_HELP)
		help_and_exit(cli, cmd);
	if (cmd->has_id && *argc > (cmd->verbs ? 1 : 0))
		cli->logger.id = argv[cmd->verbs ? 1 : 0];
	return check_operands(cmd, *argc, argv);
}
