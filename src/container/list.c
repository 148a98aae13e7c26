/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state and list: what containers are doing, for programs and for people.
 */
#include "base/str.h"
#include "container/find.h"
#include "state/store.h"

struct err *container_state(struct ctx *ctx, const char *id, bool explain, struct str *out)
{
	enum container_status s;
	struct found f;

	TRY(find_container(ctx, id, &f));
	s = found_status(&f, explain ? out : NULL);
	if (!explain)
		record_print_state(f.record, status_name(s),
				   s == STATUS_STOPPED ? 0 : f.record->pid, out);
	found_done(&f);
	return NULL;
}

static char *dup_or_null(const char *s)
{
	return s ? str_dup(s) : NULL;
}

static void fill_entry(const struct found *f, struct list_entry *e)
{
	e->status = found_status(f, NULL);
	e->pid = e->status == STATUS_STOPPED ? 0 : f->record->pid;
	e->bundle = dup_or_null(f->record->bundle);
	e->rootfs = dup_or_null(f->record->rootfs);
	e->created = dup_or_null(f->record->created);
	e->owner = dup_or_null(f->record->owner);
	e->annotations_json = record_annotations_json(f->record);
	e->oci_version = str_dup(SPEC_OCI_VERSION);
}

/* A damaged record is one entry's problem, not the list's; a container just deleted is none. */
static bool list_one(int root_fd, const char *id, struct list_entry *entry)
{
	struct found f;
	struct err *e = find_at(root_fd, id, &f);

	if (e && err_code(e) == ERR_NOT_FOUND) {
		err_free(e);
		return false;
	}
	*entry = (struct list_entry){ .id = str_dup(id), .status = STATUS_STOPPED };
	if (e) {
		entry->problem = str_dup(err_text(e));
		err_free(e);
		return true;
	}
	fill_entry(&f, entry);
	found_done(&f);
	return true;
}

struct err *container_list(struct ctx *ctx, struct list *ret)
{
	auto_close int root_fd = -EBADF;
	auto_strv struct strv ids = { 0 };

	*ret = (struct list){ 0 };
	TRY(store_open(ctx->state_root, false, &root_fd));
	TRY(store_list(root_fd, &ids));
	ret->v = xcalloc(ids.n, sizeof(*ret->v));
	for (size_t i = 0; i < ids.n; i++) {
		if (list_one(root_fd, ids.v[i], &ret->v[ret->n]))
			ret->n++;
	}
	return NULL;
}

void list_done(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct list_entry *e = &l->v[i];

		free(e->id);
		free(e->bundle);
		free(e->rootfs);
		free(e->created);
		free(e->owner);
		free(e->annotations_json);
		free(e->oci_version);
		free(e->problem);
	}
	free(l->v);
	*l = (struct list){ 0 };
}
