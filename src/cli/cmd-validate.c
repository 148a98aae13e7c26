/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit validate: every mistake in a config at once, nothing is run.
 */
#include "cli/cli.h"
#include "cli/opts.h"

struct validate_args {
	const char *bundle;
	const char *config;
};

/* clang-format off */
static const struct opt validate_opts[] = {
	OPT_STR('b', "bundle", "DIR", struct validate_args, bundle,
		"directory of the bundle (default: .)"),
	OPT_STR('f', "config", "FILE", struct validate_args, config,
		"check this instead of the bundle's config.json"),
	OPT_END
};
/* clang-format on */

/* Where the mistake at S ends: at "; ", but not within quotes. */
static size_t mistake_length(const char *s)
{
	bool is_quoted = false;
	size_t len;

	for (len = 0; s[len]; len++) {
		if (s[len] == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && s[len] == ';' && s[len + 1] == ' ')
			break;
	}
	return len;
}

/*
 * The library says "config.json: a; b" in one error, since a log record is one line; here each
 * mistake is reported by itself.
 */
static void report_mistakes(struct cli *cli, const struct err *e)
{
	const char *text = err_text(e);
	const char *colon = strstr(text, ": ");
	const char *s = colon ? colon + 2 : text;

	while (*s) {
		size_t len = mistake_length(s);
		struct err *one = err_new(err_code(e), "%.*s%.*s",
					  colon ? (int)(colon + 2 - text) : 0, text, (int)len, s);

		s += len;
		s += *s ? 2 : 0;
		if (!*s && err_get_hint(e))
			one = err_hint(one, "%s", err_get_hint(e));
		cli_report(cli, one);
	}
}

static struct err *validate_main(struct cli *cli, int argc, char **argv)
{
	struct validate_args args = { 0 };
	auto_str struct str out = { 0 };
	auto_err struct err *e = NULL;

	TRY(opts_parse(cli, &cmd_validate, &argc, argv, &args));
	e = container_validate(args.bundle, args.config);
	if (e && err_code(e) == ERR_INVALID) {
		report_mistakes(cli, e);
		return NULL;
	}
	if (e)
		return take_ptr(&e);
	str_addf(&out, "%s is valid\n", args.config ? args.config : "config.json");
	return cli_print(cli, &out);
}

const struct command cmd_validate = {
	.name = "validate",
	.operands = "",
	.summary = "Check a config and list all its mistakes",
	.opts = validate_opts,
	.main = validate_main,
};
