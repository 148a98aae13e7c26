/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in control files: see stat-file.h.
 */
#include "cgroup/stat-file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"

enum { TEXT_SIZE = 64 * 1024 };

char *stat_text(struct arena *a, int dir_fd, const char *file)
{
	auto_close int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	auto_free char *buf = NULL;
	ssize_t n;

	if (fd < 0)
		return NULL;
	buf = xcalloc(TEXT_SIZE, 1);
	n = fd_read_all(fd, buf, TEXT_SIZE - 1);
	return n < 0 ? NULL : arena_str_n(a, buf, (size_t)n);
}

uint64_t stat_parse_number(const char *s)
{
	return str_starts(s, "max") ? UINT64_MAX : strtoull(s, NULL, 10);
}

bool stat_number(int dir_fd, const char *file, uint64_t *ret)
{
	char buf[64];

	if (file_read_line_at(dir_fd, file, buf, sizeof(buf)) <= 0)
		return false;
	*ret = stat_parse_number(buf);
	return true;
}

const char *stat_next_line(const char *s)
{
	s += strcspn(s, "\n");
	return s + (*s == '\n');
}

const char *stat_line(const char *s, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s", (int)strcspn(s, "\n"), s);
	return buf;
}

bool stat_value(const char *text, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (const char *s = text; s && *s; s = stat_next_line(s)) {
		if (strncmp(s, key, n) != 0 || s[n] != ' ')
			continue;
		*ret = stat_parse_number(s + n + 1);
		return true;
	}
	return false;
}

void stat_pairs(struct arena *a, const char *text, struct stat_pair **ret, size_t *ret_n)
{
	size_t n = 0;

	for (const char *s = text; *s; s = stat_next_line(s))
		n++;
	*ret = arena_array(a, struct stat_pair, n + 1);
	*ret_n = 0;
	for (const char *s = text; *s; s = stat_next_line(s)) {
		size_t len = strcspn(s, " \n");

		if (s[len] == ' ' && len > 0)
			(*ret)[(*ret_n)++] = (struct stat_pair){ arena_str_n(a, s, len),
								 stat_parse_number(s + len + 1) };
	}
}

/* "0-2,7": the highest number that is believed is far above what a kernel can have. */
void stat_list(struct arena *a, const char *text, struct stat_numbers *ret)
{
	enum { MOST = 65536 };
	size_t room = 0;

	for (int pass = 0; pass < 2; pass++) {
		ret->v = pass ? arena_array(a, uint64_t, room + 1) : NULL;
		ret->n = 0;
		for (const char *s = text; *s >= '0' && *s <= '9';) {
			char *end;
			uint64_t first = strtoull(s, &end, 10);
			uint64_t last = *end == '-' ? strtoull(end + 1, &end, 10) : first;

			for (uint64_t i = first; i <= last && i < MOST && ret->n < MOST; i++) {
				if (ret->v)
					ret->v[ret->n] = i;
				ret->n++;
			}
			s = *end == ',' ? end + 1 : end;
		}
		room = ret->n;
	}
}

/* "some avg10=1.23 avg60=0.00 avg300=0.00 total=45" */
static void parse_psi_line(const char *s, struct stat_psi_line *ret)
{
	unsigned a[3], b[3];
	unsigned long long total;

	if (sscanf(s, "%*s avg10=%u.%2u avg60=%u.%2u avg300=%u.%2u total=%llu", &a[0], &b[0], &a[1],
		   &b[1], &a[2], &b[2], &total) != 7)
		return;
	*ret = (struct stat_psi_line){ a[0] * 100 + b[0], a[1] * 100 + b[1], a[2] * 100 + b[2],
				       total };
}

void stat_parse_psi(const char *text, struct stat_psi *ret)
{
	for (const char *s = text; *s; s = stat_next_line(s)) {
		if (str_starts(s, "some "))
			parse_psi_line(s, &ret->some);
		else if (str_starts(s, "full "))
			parse_psi_line(s, &ret->full);
		else
			continue;
		ret->set = true;
	}
}

static int by_name(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

/* The files "hugetlb.SIZE<END>", sorted; without those of reservations. */
static void hugetlb_sizes(int dir_fd, const char *end, struct strv *ret)
{
	size_t begin = strlen("hugetlb.");
	size_t len = strlen(end);
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		fd_close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		size_t n = strlen(e->d_name);
		const char *dot;

		if (!str_starts(e->d_name, "hugetlb.") || n <= begin + len ||
		    !streq(e->d_name + n - len, end))
			continue;
		dot = strchr(e->d_name + begin, '.');
		if (dot == e->d_name + n - len)
			strv_add(ret, e->d_name);
	}
	closedir(dir);
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
}

void stat_hugetlb(struct arena *a, int dir_fd, const char *usage_file, const char *max_file,
		  const char *fail_file, const char *fail_key, struct stat_hugetlb **ret,
		  size_t *ret_n)
{
	auto_strv struct strv sizes = { 0 };
	size_t end = strlen(usage_file);

	hugetlb_sizes(dir_fd, usage_file, &sizes);
	*ret = arena_array(a, struct stat_hugetlb, sizes.n + 1);
	for (size_t i = 0; i < sizes.n; i++) {
		struct stat_hugetlb *h = &(*ret)[i];
		const char *name = sizes.v[i];
		char file[128];
		char *text;

		h->size = arena_str_n(a, name + strlen("hugetlb."),
				      strlen(name) - strlen("hugetlb.") - end);
		(void)stat_number(dir_fd, name, &h->usage);
		snprintf(file, sizeof(file), "hugetlb.%s%s", h->size, max_file);
		(void)stat_number(dir_fd, file, &h->max);
		snprintf(file, sizeof(file), "hugetlb.%s%s", h->size, fail_file);
		text = stat_text(a, dir_fd, file);
		if (text && fail_key)
			(void)stat_value(text, fail_key, &h->failcnt);
		else if (text)
			h->failcnt = stat_parse_number(text);
	}
	*ret_n = sizes.n;
}
