/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in control files, of v1 and of v2: numbers, keys, lists, pressure.
 */
#ifndef CGROUP_STAT_FILE_H
#define CGROUP_STAT_FILE_H

#include "base/arena.h"
#include "base/str.h"

/* Pressure stall information: the share of time in which some, or all, tasks had to wait. */
struct stat_psi_line {
	uint32_t avg10; /* in hundredths of a per cent */
	uint32_t avg60;
	uint32_t avg300;
	uint64_t total_us;
};

struct stat_psi {
	bool set;
	struct stat_psi_line some;
	struct stat_psi_line full;
};

struct stat_numbers {
	size_t n;
	uint64_t *v;
};

struct stat_pair {
	char *name;
	uint64_t value;
};

struct stat_hugetlb {
	char *size; /* "2MB" */
	uint64_t usage;
	uint64_t max;
	uint64_t failcnt;
};

/* All of FILE, or NULL. */
char *stat_text(struct arena *a, int dir_fd, const char *file);
/* "max" is UINT64_MAX. */
uint64_t stat_parse_number(const char *s);
/* A file of one number; false (and *RET as it was) when there is none. */
bool stat_number(int dir_fd, const char *file, uint64_t *ret);
const char *stat_next_line(const char *s);
/* The line at S alone: scanf takes a newline for a blank. */
const char *stat_line(const char *s, char *buf, size_t size);
/* The number behind KEY in a text of lines "key number". */
bool stat_value(const char *text, const char *key, uint64_t *ret);
void stat_pairs(struct arena *a, const char *text, struct stat_pair **ret, size_t *ret_n);
void stat_list(struct arena *a, const char *text, struct stat_numbers *ret);
void stat_parse_psi(const char *text, struct stat_psi *ret);
/* FAIL_KEY: the file has lines of keys; NULL: one number. */
void stat_hugetlb(struct arena *a, int dir_fd, const char *usage_file, const char *max_file,
		  const char *fail_file, const char *fail_key, struct stat_hugetlb **ret,
		  size_t *ret_n);

#endif
