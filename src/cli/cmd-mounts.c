/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit mounts: add mounts to a running container, or remove them.
 */
#include "cli/cli.h"
#include "cli/document.h"
#include "cli/opts.h"
#include "spec/spec.h"

enum { MOUNTS_ADD, MOUNTS_REMOVE };

static const struct word mounts_verbs[] = {
	{ "add", MOUNTS_ADD },
	{ "remove", MOUNTS_REMOVE },
	{ NULL, 0 },
};

static const struct opt mounts_opts[] = { OPT_END };

static struct err *mounts_main(struct cli *cli, int argc, char **argv)
{
	auto_arena struct arena *a = arena_new();
	auto_str struct str text = { 0 };
	struct spec_mounts *list = NULL;
	struct mounts_opts opts = { 0 };
	long verb = 0;

	TRY(opts_parse(cli, &cmd_mounts, &argc, argv, NULL));
	word_find(mounts_verbs, argv[0], &verb);
	TRY(document_read(argv[2], &text));
	opts.document = document_name(argv[2]);
	TRY(spec_parse_mounts(a, opts.document, text.len ? text.s : "", text.len, &list));
	opts.list = list;
	opts.remove = verb == MOUNTS_REMOVE;
	return container_mounts(&cli->ctx, argv[1], &opts);
}

const struct command cmd_mounts = {
	.name = "mounts",
	.operands = "add|remove ID FILE",
	.summary = "Add mounts to a running container, or remove them",
	.notes = "FILE is a JSON list of mounts as in config.json, or - for standard input.\n"
		 "Either all of them are added, or none. To remove one, its destination is enough.",
	.opts = mounts_opts,
	.min_operands = 3,
	.max_operands = 3,
	.has_id = true,
	.enters_container = true,
	.verbs = mounts_verbs,
	.main = mounts_main,
};
