/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events: see events.h.
 *
 * One loop for all containers.  It sleeps until the next statistics are due, a container ends (its
 * pidfd), or memory may have run out; where the kernel has no descriptor for one of these it looks
 * every second.
 */
#include "container/events.h"

#include <poll.h>
#include <time.h>

#include "base/proc.h"
#include "container/find.h"

enum { LOOK_MS = 500, SOON_MS = 20 };

struct watched {
	struct found f;
	const char *id;
	bool is_open;
	int pidfd;
	struct oom_watch oom;
};

struct watcher {
	const struct events_opts *opts;
	size_t n;
	struct watched *v;
	struct event *events; /* room for one of each */
	struct pollfd *fds;   /* and for two */
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void watched_done(struct watched *w)
{
	if (!w->is_open)
		return;
	fd_close(w->pidfd);
	oom_watch_done(&w->oom);
	found_done(&w->f);
	w->is_open = false;
}

static struct err *watch(struct ctx *ctx, const char *id, bool once, struct watched *ret)
{
	enum container_status s;

	*ret = (struct watched){ .id = id, .pidfd = -EBADF };
	ret->oom = (struct oom_watch){ .poll_fd = -EBADF, .dir_fd = -EBADF };
	TRY(find_container(ctx, id, &ret->f));
	ret->is_open = true;
	s = found_status(&ret->f, NULL);
	if (s == STATUS_STOPPED || s == STATUS_CREATING)
		return err_new(ERR_STATE, "container `%s` is not running: it is %s", id,
			       status_name(s));
	if (once)
		return NULL;
	ret->pidfd = proc_open(ret->f.record->pid, ret->f.record->start_time);
	oom_watch_start(&ret->f.cgroup, &ret->oom);
	return NULL;
}

static bool has_ended(const struct watched *w)
{
	struct pollfd end = { .fd = w->pidfd, .events = POLLIN };

	if (w->pidfd >= 0)
		return poll(&end, 1, 0) > 0;
	return proc_is_alive(w->f.record->pid, w->f.record->start_time) == 0;
}

/* All statistics of one moment.  A container that ends meanwhile is not in it. */
static struct err *tell_stats(struct watcher *w)
{
	auto_arena struct arena *a = arena_new();
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct watched *c = &w->v[i];
		struct event *ev = &w->events[n];
		struct err *e;

		if (!c->is_open)
			continue;
		*ev = (struct event){ .kind = EVENT_STATS, .id = c->id };
		e = cgroup_stat_read(a, &c->f.cgroup, &ev->stat);
		if (e && has_ended(c)) {
			err_free(e);
			continue;
		}
		if (e) {
			watched_done(c);
			w->opts->report(w->opts->arg, c->id, err_wrap(e, "container `%s`", c->id));
			continue;
		}
		netstat_read(a, c->f.record->pid, &ev->net);
		ev->time_ns = now_ns();
		n++;
	}
	return n > 0 ? w->opts->sink(w->opts->arg, w->events, n) : NULL;
}

static struct err *tell_oom(struct watcher *w, struct watched *c)
{
	struct event ev = { .kind = EVENT_OOM, .id = c->id };

	return oom_watch_check(&c->oom) ? w->opts->sink(w->opts->arg, &ev, 1) : NULL;
}

/* The processes may end before the kernel's word about them is read: that comes last. */
static struct err *look(struct watcher *w, size_t *ret_alive)
{
	*ret_alive = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct watched *c = &w->v[i];
		bool ended;

		if (!c->is_open)
			continue;
		ended = has_ended(c);
		TRY(tell_oom(w, c));
		if (ended)
			watched_done(c);
		else
			(*ret_alive)++;
	}
	return NULL;
}

/* Until something may have happened, or the time is there; never longer than half a second where
 * there is nothing to wake us. */
static void wait_for_something(struct watcher *w, int64_t until_ns)
{
	int64_t ms = MAX((until_ns - now_ns() + 999999) / 1000000, 0);
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct watched *c = &w->v[i];

		if (!c->is_open)
			continue;
		if (c->pidfd < 0 || c->oom.poll_fd < 0)
			ms = MIN(ms, LOOK_MS);
		/* v1 signals when memory runs out, and counts the kill a moment later. */
		if (c->oom.signals > 0 && c->oom.has_count)
			ms = MIN(ms, SOON_MS);
		w->fds[n++] = (struct pollfd){ .fd = c->pidfd, .events = POLLIN };
		w->fds[n++] = (struct pollfd){ .fd = c->oom.poll_fd, .events = POLLIN };
	}
	ms = MIN(ms, 2 * LOOK_MS);
	(void)poll(w->fds, n, (int)ms);
}

static struct err *run(struct watcher *w)
{
	int64_t step = w->opts->interval_ms * 1000000;
	int64_t next = now_ns();
	size_t alive = 0;

	for (;;) {
		TRY(look(w, &alive));
		if (alive == 0)
			return NULL;
		if (now_ns() >= next) {
			TRY(tell_stats(w));
			/* What a slow reader made us miss is not made up for. */
			next = MAX(next + step, now_ns());
		}
		wait_for_something(w, next);
	}
}

struct err *container_events(struct ctx *ctx, const struct events_opts *opts)
{
	auto_free struct watched *v = xcalloc(opts->n_ids + 1, sizeof(*v));
	auto_free struct event *events = xcalloc(opts->n_ids + 1, sizeof(*events));
	auto_free struct pollfd *fds = xcalloc(opts->n_ids + 1, 2 * sizeof(*fds));
	struct watcher w = { .opts = opts, .n = opts->n_ids, .v = v, .events = events, .fds = fds };
	struct err *e;

	for (size_t i = 0; i < w.n; i++) {
		e = watch(ctx, opts->ids[i], opts->once, &v[i]);
		if (!e)
			continue;
		watched_done(&v[i]);
		opts->report(opts->arg, opts->ids[i], e);
	}
	e = opts->once ? tell_stats(&w) : run(&w);
	for (size_t i = 0; i < w.n; i++)
		watched_done(&v[i]);
	return e;
}
