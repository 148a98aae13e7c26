/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept programs: see seccomp-cache.h.
 */
#include "os/seccomp-cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "spec/spec.h"

/* Changes whenever the same profile gives another program. */
enum { PROGRAM_VERSION = 2 };

static const char magic[8] = "davitbpf";

struct head {
	char magic[8];
	uint32_t version;
	uint32_t n;
	uint32_t flags;
	uint32_t has_listener;
	uint32_t warned;
	unsigned char key[SHA256_SIZE];
	unsigned char sum[SHA256_SIZE]; /* of the instructions */
};

struct name {
	char s[2 * SHA256_SIZE + 1];
};

static struct name key_name(const struct seccomp_key *key)
{
	struct name name;

	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(name.s + 2 * i, 3, "%02x", key->hash[i]);
	return name;
}

static void put_number(struct str *b, uint64_t n)
{
	str_add_n(b, (const char *)&n, sizeof(n));
}

static void put_text(struct str *b, const char *s)
{
	put_number(b, strlen(s));
	str_add(b, s);
}

static void put_opt(struct str *b, const struct opt_u64 *o)
{
	put_number(b, o->set);
	put_number(b, o->set ? o->value : 0);
}

static void put_list(struct str *b, const struct spec_strings *l)
{
	put_number(b, l->present);
	put_number(b, l->n);
	for (size_t i = 0; i < l->n; i++)
		put_text(b, l->v[i]);
}

static void put_rule(struct str *b, const struct spec_seccomp_rule *r)
{
	put_list(b, &r->names);
	put_number(b, (uint64_t)r->action);
	put_opt(b, &r->errno_ret);
	put_number(b, r->n_args);
	for (size_t i = 0; i < r->n_args; i++) {
		put_number(b, r->args[i].index);
		put_number(b, (uint64_t)r->args[i].op);
		put_number(b, r->args[i].value);
		put_number(b, r->args[i].value_two);
	}
}

void seccomp_cache_key(const struct spec_seccomp *s, bool fail_unknown, struct seccomp_key *ret)
{
	const struct scmp_version *v = seccomp_version();
	auto_str struct str b = { 0 };

	put_number(&b, PROGRAM_VERSION);
	put_number(&b, v->major);
	put_number(&b, v->minor);
	put_number(&b, v->micro);
	put_number(&b, seccomp_arch_native());
	put_number(&b, fail_unknown);
	put_number(&b, (uint64_t)s->default_action);
	put_opt(&b, &s->default_errno_ret);
	put_list(&b, &s->flags);
	put_list(&b, &s->architectures);
	put_number(&b, s->n_syscalls);
	for (size_t i = 0; i < s->n_syscalls; i++)
		put_rule(&b, &s->syscalls[i]);
	sha256(b.s, b.len, ret->hash);
}

static bool is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() && (st->st_mode & 077) == 0;
}

static bool dir_is_ours(int dir_fd)
{
	struct stat st;

	return fstat(dir_fd, &st) == 0 && S_ISDIR(st.st_mode) && is_ours(&st);
}

static bool head_is_right(const struct head *h, const struct seccomp_key *key, uint64_t size)
{
	return memcmp(h->magic, magic, sizeof(magic)) == 0 && h->version == PROGRAM_VERSION &&
	       memcmp(h->key, key->hash, sizeof(h->key)) == 0 && h->n > 0 && h->n <= BPF_MAXINSNS &&
	       size == sizeof(*h) + (uint64_t)h->n * sizeof(struct sock_filter);
}

bool seccomp_cache_load(int dir_fd, const struct seccomp_key *key, struct arena *a,
			struct seccomp_program *ret)
{
	struct name name = key_name(key);
	unsigned char sum[SHA256_SIZE];
	auto_close int fd = -EBADF;
	struct sock_filter *insns;
	struct head h;
	struct stat st;
	size_t size;

	if (dir_fd < 0 || !dir_is_ours(dir_fd))
		return false;
	fd = openat(dir_fd, name.s, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !is_ours(&st))
		return false;
	if (fd_read_all(fd, &h, sizeof(h)) != (ssize_t)sizeof(h) ||
	    !head_is_right(&h, key, (uint64_t)st.st_size))
		return false;
	size = h.n * sizeof(*insns);
	insns = arena_array(a, struct sock_filter, h.n);
	if (fd_read_all(fd, insns, size) != (ssize_t)size)
		return false;
	/* A crash of the host may leave a file of the right size with nothing in it. */
	sha256(insns, size, sum);
	if (memcmp(sum, h.sum, sizeof(sum)) != 0)
		return false;
	*ret = (struct seccomp_program){
		.set = true,
		.flags = h.flags,
		.has_listener = h.has_listener != 0,
		.warned = h.warned != 0,
		.n = h.n,
		.insns = insns,
	};
	return true;
}

/* Makes room for one more; also what a killed runtime left half-written goes in its turn. */
static void remove_oldest(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char oldest[NAME_MAX + 1] = "";
	time_t time = 0;
	struct dirent *e;
	size_t n = 0;

	if (!dir) {
		fd_close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		struct stat st;

		if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
		    fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (n++ == 0 || st.st_mtime < time) {
			time = st.st_mtime;
			snprintf(oldest, sizeof(oldest), "%s", e->d_name);
		}
	}
	closedir(dir);
	if (n >= SECCOMP_CACHE_MAX)
		unlinkat(dir_fd, oldest, 0);
}

void seccomp_cache_store(int dir_fd, const struct seccomp_key *key, const struct seccomp_program *p)
{
	struct name name = key_name(key);
	struct head h = {
		.version = PROGRAM_VERSION,
		.n = (uint32_t)p->n,
		.flags = p->flags,
		.has_listener = p->has_listener,
		.warned = p->warned,
	};
	auto_str struct str data = { 0 };
	int rc;

	if (dir_fd < 0 || !dir_is_ours(dir_fd))
		return;
	memcpy(h.magic, magic, sizeof(magic));
	memcpy(h.key, key->hash, sizeof(h.key));
	sha256(p->insns, p->n * sizeof(*p->insns), h.sum);
	str_add_n(&data, (const char *)&h, sizeof(h));
	str_add_n(&data, (const char *)p->insns, p->n * sizeof(*p->insns));
	remove_oldest(dir_fd);
	rc = file_replace_at(dir_fd, name.s, data.s, data.len, 0600);
	if (rc < 0)
		log_debug("the seccomp program is not kept: %s", strerror(-rc));
}

struct err *seccomp_get(struct arena *a, const struct spec_seccomp *s, bool fail_unknown,
			int dir_fd, struct seccomp_program *ret)
{
	struct seccomp_program program;
	struct seccomp_key key;
	bool is_kept;

	if (dir_fd < 0)
		return seccomp_compile(a, s, fail_unknown, ret);
	TRY(seccomp_check(s));
	seccomp_cache_key(s, fail_unknown, &key);
	is_kept = seccomp_cache_load(dir_fd, &key, a, &program);
	/* Podman's and Docker's profiles name calls that libseccomp does not know: each time they
	 * are compiled they warn, which is done again only where somebody reads it. */
	if (!is_kept || (program.warned && log_enabled(LOG_LEVEL_WARNING)))
		TRY(seccomp_compile(a, s, fail_unknown, &program));
	if (!is_kept)
		seccomp_cache_store(dir_fd, &key, &program);
	*ret = program;
	return NULL;
}
