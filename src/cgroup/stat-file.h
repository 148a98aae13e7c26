/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of v1 and v2 statistics share: numbers, keys, lists out of small files.
 */
#ifndef CGROUP_STAT_FILE_H
#define CGROUP_STAT_FILE_H

#include "cgroup/stat.h"

/* All of FILE, or NULL. */
char *stat_text(struct arena *a, int dir_fd, const char *file);
/* "max" is UINT64_MAX. */
uint64_t stat_parse_number(const char *s);
/* A file of one number; false (and *RET as it was) when there is none. */
bool stat_number(int dir_fd, const char *file, uint64_t *ret);
const char *stat_next_line(const char *s);
/* The number behind KEY in a text of lines "key number". */
bool stat_value(const char *text, const char *key, uint64_t *ret);
void stat_pairs(struct arena *a, const char *text, struct stat_pair **ret, size_t *ret_n);
void stat_list(struct arena *a, const char *text, struct stat_numbers *ret);
void stat_parse_psi(const char *text, struct stat_psi *ret);
/* FAIL_KEY: the file has lines of keys; NULL: one number. */
void stat_hugetlb(struct arena *a, int dir_fd, const char *usage_file, const char *max_file,
		  const char *fail_file, const char *fail_key, struct cgroup_stat *ret);

#endif
