/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of mounts[].options: see mount-opts.h.
 *
 * The last of two contradicting words wins, as in mount(8).  A word nobody knows belongs to the
 * file system; a bind mount has none, so it is a mistake there.
 */
#include "os/mount-opts.h"

#include <sys/mount.h>

#include "base/str.h"
#include "os/mount-api.h"

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

enum word_kind {
	WORD_NOTHING,
	WORD_SET,
	WORD_CLEAR,
	WORD_ATIME,
	WORD_SB_SET,
	WORD_SB_CLEAR,
	WORD_PROPAGATION,
	WORD_BIND,
	WORD_REMOUNT,
	WORD_TMPCOPYUP,
	WORD_COPY_SYMLINK,
	WORD_SRC_NOFOLLOW,
	WORD_DEST_NOFOLLOW,
	WORD_IDMAP,
};

/* How access times are kept is one choice of three, spelt in six words. */
enum atime_word {
	ATIME_NOATIME,
	ATIME_ATIME,
	ATIME_RELATIME,
	ATIME_NORELATIME,
	ATIME_STRICTATIME,
	ATIME_NOSTRICTATIME,
};

/* clang-format off */
static const struct option {
	const char *word;
	enum word_kind kind;
	bool recursive;
	uint64_t value;
} options[] = {
	{ "defaults",       WORD_NOTHING,       false, 0 },
	{ "ro",             WORD_SET,           false, MOUNT_ATTR_RDONLY },
	{ "rw",             WORD_CLEAR,         false, MOUNT_ATTR_RDONLY },
	{ "nosuid",         WORD_SET,           false, MOUNT_ATTR_NOSUID },
	{ "suid",           WORD_CLEAR,         false, MOUNT_ATTR_NOSUID },
	{ "nodev",          WORD_SET,           false, MOUNT_ATTR_NODEV },
	{ "dev",            WORD_CLEAR,         false, MOUNT_ATTR_NODEV },
	{ "noexec",         WORD_SET,           false, MOUNT_ATTR_NOEXEC },
	{ "exec",           WORD_CLEAR,         false, MOUNT_ATTR_NOEXEC },
	{ "nodiratime",     WORD_SET,           false, MOUNT_ATTR_NODIRATIME },
	{ "diratime",       WORD_CLEAR,         false, MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow",    WORD_SET,           false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "symfollow",      WORD_CLEAR,         false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "noatime",        WORD_ATIME,         false, ATIME_NOATIME },
	{ "atime",          WORD_ATIME,         false, ATIME_ATIME },
	{ "relatime",       WORD_ATIME,         false, ATIME_RELATIME },
	{ "norelatime",     WORD_ATIME,         false, ATIME_NORELATIME },
	{ "strictatime",    WORD_ATIME,         false, ATIME_STRICTATIME },
	{ "nostrictatime",  WORD_ATIME,         false, ATIME_NOSTRICTATIME },
	{ "rro",            WORD_SET,           true,  MOUNT_ATTR_RDONLY },
	{ "rrw",            WORD_CLEAR,         true,  MOUNT_ATTR_RDONLY },
	{ "rnosuid",        WORD_SET,           true,  MOUNT_ATTR_NOSUID },
	{ "rsuid",          WORD_CLEAR,         true,  MOUNT_ATTR_NOSUID },
	{ "rnodev",         WORD_SET,           true,  MOUNT_ATTR_NODEV },
	{ "rdev",           WORD_CLEAR,         true,  MOUNT_ATTR_NODEV },
	{ "rnoexec",        WORD_SET,           true,  MOUNT_ATTR_NOEXEC },
	{ "rexec",          WORD_CLEAR,         true,  MOUNT_ATTR_NOEXEC },
	{ "rnodiratime",    WORD_SET,           true,  MOUNT_ATTR_NODIRATIME },
	{ "rdiratime",      WORD_CLEAR,         true,  MOUNT_ATTR_NODIRATIME },
	{ "rnosymfollow",   WORD_SET,           true,  MOUNT_ATTR_NOSYMFOLLOW },
	{ "rsymfollow",     WORD_CLEAR,         true,  MOUNT_ATTR_NOSYMFOLLOW },
	{ "rnoatime",       WORD_ATIME,         true,  ATIME_NOATIME },
	{ "ratime",         WORD_ATIME,         true,  ATIME_ATIME },
	{ "rrelatime",      WORD_ATIME,         true,  ATIME_RELATIME },
	{ "rnorelatime",    WORD_ATIME,         true,  ATIME_NORELATIME },
	{ "rstrictatime",   WORD_ATIME,         true,  ATIME_STRICTATIME },
	{ "rnostrictatime", WORD_ATIME,         true,  ATIME_NOSTRICTATIME },
	{ "sync",           WORD_SB_SET,        false, MS_SYNCHRONOUS },
	{ "async",          WORD_SB_CLEAR,      false, MS_SYNCHRONOUS },
	{ "dirsync",        WORD_SB_SET,        false, MS_DIRSYNC },
	{ "mand",           WORD_SB_SET,        false, MS_MANDLOCK },
	{ "nomand",         WORD_SB_CLEAR,      false, MS_MANDLOCK },
	{ "lazytime",       WORD_SB_SET,        false, MS_LAZYTIME },
	{ "nolazytime",     WORD_SB_CLEAR,      false, MS_LAZYTIME },
	{ "iversion",       WORD_SB_SET,        false, MS_I_VERSION },
	{ "noiversion",     WORD_SB_CLEAR,      false, MS_I_VERSION },
	{ "silent",         WORD_SB_SET,        false, MS_SILENT },
	{ "loud",           WORD_SB_CLEAR,      false, MS_SILENT },
	{ "rsync",          WORD_SB_SET,        true,  MS_SYNCHRONOUS },
	{ "rasync",         WORD_SB_CLEAR,      true,  MS_SYNCHRONOUS },
	{ "rdirsync",       WORD_SB_SET,        true,  MS_DIRSYNC },
	{ "rmand",          WORD_SB_SET,        true,  MS_MANDLOCK },
	{ "rnomand",        WORD_SB_CLEAR,      true,  MS_MANDLOCK },
	{ "private",        WORD_PROPAGATION,   false, MS_PRIVATE },
	{ "rprivate",       WORD_PROPAGATION,   true,  MS_PRIVATE },
	{ "shared",         WORD_PROPAGATION,   false, MS_SHARED },
	{ "rshared",        WORD_PROPAGATION,   true,  MS_SHARED },
	{ "slave",          WORD_PROPAGATION,   false, MS_SLAVE },
	{ "rslave",         WORD_PROPAGATION,   true,  MS_SLAVE },
	{ "unbindable",     WORD_PROPAGATION,   false, MS_UNBINDABLE },
	{ "runbindable",    WORD_PROPAGATION,   true,  MS_UNBINDABLE },
	{ "bind",           WORD_BIND,          false, 0 },
	{ "rbind",          WORD_BIND,          true,  0 },
	{ "remount",        WORD_REMOUNT,       false, 0 },
	{ "tmpcopyup",      WORD_TMPCOPYUP,     false, 0 },
	{ "copy-symlink",   WORD_COPY_SYMLINK,  false, 0 },
	{ "src-nofollow",   WORD_SRC_NOFOLLOW,  false, 0 },
	{ "dest-nofollow",  WORD_DEST_NOFOLLOW, false, 0 },
	{ "idmap",          WORD_IDMAP,         false, 0 },
	{ "ridmap",         WORD_IDMAP,         true,  0 },
};
/* clang-format on */

/* What a mount gets whose options are absent (not empty). */
static const struct {
	const char *destination;
	const char *const words[8];
} defaults[] = {
	{ "/dev", { "noexec", "strictatime", "mode=755" } },
	{ "/dev/shm", { "noexec", "nosuid", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", { "noexec", "nosuid", "nodev" } },
	{ "/sys", { "noexec", "nosuid", "nodev" } },
	{ "/dev/pts", { "noexec", "nosuid", "newinstance", "ptmxmode=0666", "mode=620", "gid=5" } },
	{ "/sys/fs/cgroup", { "noexec", "nosuid", "strictatime" } },
};

/* The words of one mount while they are read. */
struct reader {
	struct arena *a;
	struct mount_plan *m;
	struct str data;
	const char *unknown; /* the first word that only a file system may know */
	bool bind_word;
	bool remount_word;
};

static const struct option *option_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (streq(options[i].word, word))
			return &options[i];
	return NULL;
}

static void attrs_set(struct mount_attrs *attrs, uint64_t bits)
{
	attrs->set |= bits;
	attrs->clear &= ~bits;
}

static void attrs_clear(struct mount_attrs *attrs, uint64_t bits)
{
	attrs->set &= ~bits;
	attrs->clear |= bits;
}

/*
 * The kernel wants the whole field in the clear mask whenever it changes.  A negative word (atime,
 * nostrictatime) turns one choice off and leaves the other one alone.
 */
static void attrs_atime(struct mount_attrs *attrs, enum atime_word word)
{
	uint64_t now = attrs->set & MOUNT_ATTR__ATIME;
	bool chosen = attrs->clear & MOUNT_ATTR__ATIME;
	uint64_t want = MOUNT_ATTR_RELATIME;

	if (word == ATIME_NOATIME)
		want = MOUNT_ATTR_NOATIME;
	else if (word == ATIME_STRICTATIME)
		want = MOUNT_ATTR_STRICTATIME;
	else if (word == ATIME_ATIME && now == MOUNT_ATTR_STRICTATIME)
		return;
	else if (word == ATIME_NOSTRICTATIME && now == MOUNT_ATTR_NOATIME)
		return;
	attrs->set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	attrs->clear &= ~(uint64_t)MOUNT_ATTR__ATIME;
	if (word == ATIME_NORELATIME) {
		if (chosen && now != MOUNT_ATTR_RELATIME) {
			attrs->set |= now;
			attrs->clear |= MOUNT_ATTR__ATIME;
		}
		return;
	}
	attrs->set |= want;
	attrs->clear |= MOUNT_ATTR__ATIME;
}

static struct err *add_propagation(struct mount_plan *m, unsigned long flags)
{
	if (m->n_propagations == MOUNT_MAX_PROPAGATIONS)
		return err_new(ERR_INVALID, "%s.options: too many propagation words", m->where);
	m->propagations[m->n_propagations++] = flags;
	return NULL;
}

static struct err *take_attr(struct reader *r, const struct option *o)
{
	struct mount_attrs *attrs = o->recursive ? &r->m->tree : &r->m->top;

	if (o->kind == WORD_SET)
		attrs_set(attrs, o->value);
	else if (o->kind == WORD_CLEAR)
		attrs_clear(attrs, o->value);
	else
		attrs_atime(attrs, (enum atime_word)o->value);
	return NULL;
}

static struct err *take_known(struct reader *r, const struct option *o)
{
	struct mount_plan *m = r->m;

	switch (o->kind) {
	case WORD_NOTHING:
		return NULL;
	case WORD_SET:
	case WORD_CLEAR:
	case WORD_ATIME:
		return take_attr(r, o);
	case WORD_SB_SET:
		m->sb_flags |= o->value;
		return NULL;
	case WORD_SB_CLEAR:
		m->sb_flags &= ~o->value;
		return NULL;
	case WORD_PROPAGATION:
		return add_propagation(m, o->value | (o->recursive ? MS_REC : 0));
	case WORD_BIND:
		r->bind_word = true;
		m->recursive = o->recursive;
		return NULL;
	case WORD_REMOUNT:
		r->remount_word = true;
		return NULL;
	case WORD_TMPCOPYUP:
		m->tmpcopyup = true;
		return NULL;
	case WORD_COPY_SYMLINK:
		m->copy_symlink = true;
		return NULL;
	case WORD_SRC_NOFOLLOW:
		m->src_nofollow = true;
		return NULL;
	case WORD_DEST_NOFOLLOW:
		m->dest_nofollow = true;
		return NULL;
	case WORD_IDMAP:
		m->idmap.wanted = true;
		m->idmap.recursive = o->recursive;
		return NULL;
	}
	return NULL;
}

static struct err *take_word(struct reader *r, const char *word)
{
	const struct option *o = option_find(word);

	if (o)
		return take_known(r, o);
	if (str_starts(word, "idmap=") || str_starts(word, "ridmap=")) {
		r->m->idmap.wanted = true;
		r->m->idmap.recursive = *word == 'r';
		r->m->idmap.text = arena_str(r->a, strchr(word, '=') + 1);
		return NULL;
	}
	if (!*word)
		return NULL;
	if (str_starts(word, "mode="))
		r->m->has_mode = true;
	if (!r->unknown)
		r->unknown = word;
	if (r->data.len > 0)
		str_add(&r->data, ",");
	str_add(&r->data, word);
	return NULL;
}

static struct err *take_words(struct reader *r, const struct spec_mount *spec)
{
	if (spec->options.present) {
		for (size_t i = 0; i < spec->options.n; i++)
			TRY(take_word(r, spec->options.v[i]));
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		if (!streq(defaults[i].destination, r->m->destination))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(defaults[i].words) && defaults[i].words[k]; k++)
			TRY(take_word(r, defaults[i].words[k]));
	}
	return NULL;
}

static struct err *refuse_mix(const struct mount_plan *m, const char *one, const char *other)
{
	return err_new(ERR_INVALID, "%s.options: %s does not go with %s (destination %s)", m->where,
		       one, other, m->destination);
}

static struct err *check_mixes(const struct mount_plan *m)
{
	bool is_tmpfs = m->kind == MOUNT_FS && streq(m->type, "tmpfs");

	if (m->copy_symlink && (m->src_nofollow || m->dest_nofollow))
		return refuse_mix(m, "copy-symlink", "src-nofollow and dest-nofollow");
	if ((m->copy_symlink || m->src_nofollow) && m->kind != MOUNT_BIND)
		return refuse_mix(m, m->copy_symlink ? "copy-symlink" : "src-nofollow",
				  "a mount that is not a bind mount");
	if (m->dest_nofollow && m->kind == MOUNT_FS &&
	    (m->is_proc_or_sysfs || streq(m->type, "devpts")))
		return refuse_mix(m, "dest-nofollow", m->type);
	if (m->tmpcopyup && !is_tmpfs)
		return refuse_mix(m, "tmpcopyup", "a type other than tmpfs");
	if (m->tmpcopyup && streq(m->destination, "/"))
		return refuse_mix(m, "tmpcopyup", "the destination /");
	return NULL;
}

static struct err *refuse_unknown(const struct mount_plan *m, const char *word)
{
	struct err *e = err_new(ERR_INVALID, "%s.options: unknown option `%s` of the bind mount %s",
				m->where, word, m->destination);

	if (streq(word, "z") || streq(word, "Z") || streq(word, "U") || streq(word, "copy") ||
	    streq(word, "nocopy"))
		return err_hint(e,
				"`%s` is a word of the container engine: the runtime does not "
				"label, own or copy volumes",
				word);
	return e;
}

static struct err *find_kind(struct reader *r, const struct spec_mount *spec)
{
	struct mount_plan *m = r->m;

	if (r->remount_word)
		m->kind = MOUNT_CHANGE;
	else if (r->bind_word || (spec->type && streq(spec->type, "bind")))
		m->kind = MOUNT_BIND;
	else if (spec->type && streq(spec->type, "cgroup"))
		m->kind = MOUNT_CGROUP;
	else
		m->kind = MOUNT_FS;
	if (m->kind == MOUNT_FS && (!spec->type || !*spec->type))
		return err_hint(err_new(ERR_INVALID,
					"%s.type: is missing: invalid mount type for `%s`",
					m->where, m->destination),
				"a bind mount needs the option bind or rbind");
	m->type = spec->type ? arena_str(r->a, spec->type) : NULL;
	m->is_proc_or_sysfs = m->kind == MOUNT_FS &&
			      (streq(m->type, "proc") || streq(m->type, "sysfs"));
	if (r->bind_word && r->unknown)
		return refuse_unknown(m, r->unknown);
	if (m->kind == MOUNT_BIND && r->unknown)
		return refuse_unknown(m, r->unknown);
	return NULL;
}

/* Both reaches as one, for what is a single mount. */
static void merge_reaches(struct mount_plan *m)
{
	struct mount_attrs *top = &m->top;
	struct mount_attrs *tree = &m->tree;

	top->set = (top->set & ~tree->clear) | tree->set;
	top->clear = (top->clear & ~(tree->set & ~(uint64_t)MOUNT_ATTR__ATIME)) | tree->clear;
	*tree = (struct mount_attrs){ 0 };
}

struct err *mount_opts_parse(struct arena *a, const struct spec_mount *spec, struct mount_plan *ret)
{
	struct reader r = { .a = a, .m = ret };
	struct err *e;

	e = take_words(&r, spec);
	if (!e)
		e = find_kind(&r, spec);
	if (!e && r.data.len > 0)
		ret->data = arena_str(a, r.data.s);
	str_done(&r.data);
	if (e)
		return e;
	if (ret->kind != MOUNT_CHANGE && !(ret->kind == MOUNT_BIND && ret->recursive))
		merge_reaches(ret);
	/* A tree is private unless the config says otherwise: nothing of the host reaches into it.
	 */
	if (ret->kind == MOUNT_BIND && ret->n_propagations == 0)
		TRY(add_propagation(ret, MS_PRIVATE | MS_REC));
	return check_mixes(ret);
}

/* What lxcfs and the kernel's own users put over single files of /proc; nothing else may. */
static const char *const proc_files[] = {
	"cpuinfo",
	"diskstats",
	"meminfo",
	"stat",
	"swaps",
	"uptime",
	"loadavg",
	"slabinfo",
	"sys/kernel/ns_last_pid",
	"sys/crypto/fips_enabled",
};

bool mount_allowed_in_proc(const char *destination)
{
	if (!str_starts(destination, "/proc/"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(proc_files); i++)
		if (streq(destination + strlen("/proc/"), proc_files[i]))
			return true;
	return false;
}

bool mount_needs_host(const struct mount_plan *m)
{
	switch (m->kind) {
	case MOUNT_BIND:
		return m->inner && m->idmap.wanted;
	case MOUNT_CHANGE:
		return m->data || m->sb_flags;
	case MOUNT_FS:
		return m->idmap.wanted || (m->sb_flags & (MS_I_VERSION | MS_SILENT));
	case MOUNT_CGROUP:
	case MOUNT_SYSTEMD_V1:
		return true;
	}
	return true;
}
