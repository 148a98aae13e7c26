# SPDX-License-Identifier: Apache-2.0
"""The disk image, the kernel and the initramfs of all virtual machines, made of Debian's packages.

One image serves all layouts.  It is made once for each recipe (this file, guest/, the suite) and kept
in DAVIT_VM_CACHE, ~/.cache/davit-vm when that is not set; an older one is removed when a new one is
complete.  The packages come from the sources of the system's own apt.
"""
import fcntl
import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

GUEST = pathlib.Path(__file__).resolve().parents[1] / "guest"
SUITE = "bookworm"          # its crun is the one that test_seed.py shows
KERNEL = "linux-image-cloud-amd64"
PACKAGES = """
    systemd systemd-sysv libpam-systemd dbus dbus-user-session
    python3 python3-pytest busybox-static strace kmod procps iproute2 util-linux mount uidmap
    libseccomp2 libcap2 libjson-c5
    crun runc conmon podman catatonit slirp4netns netavark aardvark-dns iptables
""".split()
TOOLS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "cpio": "cpio", "depmod": "kmod",
         "dpkg-deb": "dpkg", "qemu-system-x86_64": "qemu-system-x86"}
MODULES = ["virtio_pci", "virtio_blk", "virtio_console", "virtio_rng", "ext4"]
DISK_SIZE = "3G"            # sparse; a machine's writes go to a throw-away copy

# What a machine that lives for a minute has no use for.
MASKED = """
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service
    fstrim.timer getty@tty1.service getty-static.service serial-getty@ttyS0.service console-getty.service
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-random-seed.service
    systemd-pstore.service systemd-binfmt.service systemd-journal-flush.service systemd-remount-fs.service
    systemd-sysusers.service systemd-networkd.service systemd-ask-password-wall.path
    systemd-ask-password-console.path systemd-boot-system-token.service systemd-firstboot.service
    modprobe@drm.service modprobe@efi_pstore.service modprobe@dm_mod.service modprobe@loop.service
    podman.service podman.socket podman-restart.service podman-auto-update.timer podman-auto-update.service
    sys-kernel-tracing.mount sys-kernel-debug.mount rc-local.service
""".split()


class Failed(Exception):
    """The image could not be made; the text says why."""


def say(text):
    print(f"vm: {text}", file=sys.stderr, flush=True)


def cache():
    return pathlib.Path(os.environ.get("DAVIT_VM_CACHE", os.path.expanduser("~/.cache/davit-vm")))


def recipe():
    """A digest of all that goes into the image."""
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for path in sorted(GUEST.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def apt_sources():
    for path in ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"):
        if os.path.exists(path) and os.path.getsize(path):
            return path
    raise Failed("apt has no sources: neither sources.list.d/debian.sources nor sources.list")


def call(*words, log, **how):
    """Runs a command whose output goes to LOG."""
    done = subprocess.run([str(w) for w in words], stdout=log, stderr=log, stdin=how.pop("stdin", subprocess.DEVNULL),
                          **how)
    if done.returncode != 0:
        log.flush()
        tail = pathlib.Path(log.name).read_text(errors="replace").splitlines()[-15:]
        raise Failed(f"{words[0]} ended with {done.returncode}:\n  " + "\n  ".join(tail))


def ready():
    """The directory with vmlinuz, initramfs and disk; makes them when they are not there."""
    missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if missing:
        raise Failed(f"missing: apt-get install --no-install-recommends {' '.join(missing)}")
    cache().mkdir(parents=True, exist_ok=True)
    directory = cache() / f"{SUITE}-{recipe()}"
    with open(cache() / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            build(directory)
    return directory


def build(directory):
    if os.geteuid() != 0:
        raise Failed("making the image needs root")
    started = time.monotonic()
    work = pathlib.Path(tempfile.mkdtemp(prefix="build-", dir=cache()))
    try:
        with open(cache() / "build.log", "w", encoding="utf-8") as log:
            root, out = work / "root", work / "out"
            out.mkdir()
            say(f"making the image, once (log: {log.name})")
            install(root, log)
            version = add_kernel(root, work, out, log)
            configure(root, log)
            make_initramfs(root, version, work, out, log)
            call("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-E", "lazy_itable_init=1,root_owner=0:0",
                 "-d", root, out / "disk", DISK_SIZE, log=log)
        out.rename(directory)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for old in cache().glob(f"{SUITE}-*"):
        if old != directory:
            shutil.rmtree(old, ignore_errors=True)
    say(f"the image took {time.monotonic() - started:.0f} s: {directory}")


def install(root, log):
    with open(apt_sources(), encoding="utf-8") as sources:
        call("mmdebstrap", "--mode=root", "--variant=minbase", "--skip=check/empty",
             f"--include={','.join(PACKAGES)}", '--aptopt=APT::Install-Recommends "false"',
             '--aptopt=Acquire::Languages "none"',
             "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
             "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=force-unsafe-io",
             SUITE, root, "-", stdin=sources, log=log)


def add_kernel(root, work, out, log):
    """The kernel is only unpacked: its own scripts would make an initramfs that nobody needs."""
    depends = subprocess.run(["apt-cache", "depends", KERNEL], capture_output=True, text=True, check=True).stdout
    package = next((line.split()[1] for line in depends.splitlines() if "Depends: linux-image-" in line), KERNEL)
    call("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package, cwd=work, log=log)
    call("dpkg-deb", "-x", next(work.glob("*.deb")), work / "kernel", log=log)
    version = next((work / "kernel/lib/modules").iterdir()).name
    shutil.copytree(work / "kernel/lib/modules", root / "usr/lib/modules", symlinks=True, dirs_exist_ok=True)
    shutil.copy(work / f"kernel/boot/vmlinuz-{version}", out / "vmlinuz")
    call("depmod", "-b", root, version, log=log)
    return version


def configure(root, log):
    def put(name, path, mode=0o644):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(GUEST / name, target)
        target.chmod(mode)

    put("agent", "usr/local/sbin/vm-agent", 0o755)
    put("small-init", "usr/local/sbin/small-init", 0o755)
    put("vm-command.service", "etc/systemd/system/vm-command.service")
    put("delegate.conf", "etc/systemd/system/user@.service.d/delegate.conf")
    put("journald.conf", "etc/systemd/journald.conf.d/vm.conf")
    (root / "etc/hostname").write_text("vm\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost vm\n")
    (root / "etc/fstab").write_text("")
    (root / "etc/machine-id").write_text(hashlib.md5(b"davit").hexdigest() + "\n")
    call("chroot", root, "useradd", "-m", "-u", "1000", "-s", "/bin/bash", "tester", log=log)
    call("chroot", root, "systemctl", "-q", "enable", "vm-command.service", log=log)
    call("chroot", root, "systemctl", "-q", "set-default", "multi-user.target", log=log)
    call("chroot", root, "systemctl", "-q", "mask", *MASKED, log=log)


def make_initramfs(root, version, work, out, log):
    tree = work / "initramfs"
    for name in ("bin", "modules", "dev", "proc", "sys", "root"):
        (tree / name).mkdir(parents=True)
    shutil.copy(root / "bin/busybox", tree / "bin/busybox")
    shutil.copy(GUEST / "initramfs", tree / "init")
    (tree / "init").chmod(0o755)
    order = []
    for module in MODULES:
        shown = subprocess.run(["modprobe", "-d", root, "-S", version, "--show-depends", module],
                               capture_output=True, text=True, check=True).stdout
        order += [line.split()[1] for line in shown.splitlines() if line.startswith("insmod")]
    order = list(dict.fromkeys(order))
    for path in order:
        shutil.copy(path, tree / "modules")
    (tree / "modules/order").write_text("".join(os.path.basename(path) + "\n" for path in order))
    names = "\n".join(str(p.relative_to(tree)) for p in [tree, *sorted(tree.rglob("*"))])
    packed = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=names.encode(),
                            stdout=subprocess.PIPE, stderr=log, check=True).stdout
    (out / "initramfs").write_bytes(gzip.compress(packed, 1))
