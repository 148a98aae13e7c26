/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled seccomp programs that are kept below the state root.
 *
 * Whoever could put a file there would choose the filter of the next container: directory and file
 * must belong to the caller alone, and a file names what it was made from by its hash.  What fails
 * a check is as good as absent; the cache never makes a container fail.
 */
#ifndef OS_SECCOMP_CACHE_H
#define OS_SECCOMP_CACHE_H

#include "os/seccomp.h"
#include "os/sha256.h"

/*
 * HOST: seccomp_compile() with the cache below DIR_FD, a directory of the caller's with mode 0700:
 * taken from there, or compiled and kept.  -EBADF: no cache.
 */
MUST_CHECK struct err *seccomp_get(struct arena *a, const struct spec_seccomp *s, bool fail_unknown,
				   int dir_fd, struct seccomp_program *ret);

/* The parts of it.  The oldest goes when there are more. */
enum { SECCOMP_CACHE_MAX = 64 };

struct seccomp_key {
	unsigned char hash[SHA256_SIZE];
};

/*
 * Of everything that shapes the program: the profile, member by member with its length, the ways to
 * read it, libseccomp's version, the architecture.
 */
void seccomp_cache_key(const struct spec_seccomp *s, bool fail_unknown, struct seccomp_key *ret);
/* Below DIR_FD, a directory of mode 0700.  True when *ret is filled. */
bool seccomp_cache_load(int dir_fd, const struct seccomp_key *key, struct arena *a,
			struct seccomp_program *ret);
/* Written atomically, mode 0600. */
void seccomp_cache_store(int dir_fd, const struct seccomp_key *key,
			 const struct seccomp_program *p);

#endif
