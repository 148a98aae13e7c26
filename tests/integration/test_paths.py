# SPDX-License-Identifier: Apache-2.0
"""Masked and read-only paths."""
import os

import pytest

from harness import machine


@pytest.fixture
def image(container):
    """Files and directories to hide."""
    (container.rootfs / "secret").write_text("secret\n")
    (container.rootfs / "dir").mkdir()
    (container.rootfs / "dir/file").write_text("secret\n")
    (container.rootfs / "link").symlink_to("secret")
    (container.rootfs / "dirlink").symlink_to("dir")
    container.linux["maskedPaths"] = []
    container.linux["readonlyPaths"] = []
    if container.mode != "root":
        for name in ("secret", "dir", "dir/file"):
            os.chown(container.rootfs / name, container.owner, container.owner)
    return container


@pytest.mark.row("CL-115")
@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
def test_a_masked_file_is_empty_and_cannot_be_written(image):
    image.linux["maskedPaths"] = ["/secret"]

    out = image.run(["sh", "-c", "cat /secret; echo x > /secret; cat /secret; rm /secret 2>&1"], check=False)

    assert "secret\n" not in out.stdout.replace("/secret", "")
    assert (image.rootfs / "secret").read_text() == "secret\n"


@pytest.mark.row("CL-115")
@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
def test_a_masked_directory_is_empty_and_read_only(image):
    image.linux["maskedPaths"] = ["/dir"]

    out = image.run(["sh", "-c", "ls -A /dir; touch /dir/new 2>&1"], check=False)

    assert out.stdout.splitlines() == ["touch: /dir/new: Read-only file system"]
    assert (image.rootfs / "dir/file").read_text() == "secret\n"


@pytest.mark.row("CL-115")
def test_a_missing_masked_path_is_no_error(image):
    image.linux["maskedPaths"] = ["/no/such/path", "/proc/no-such"]

    assert image.run(["echo", "ok"]).stdout == "ok\n"


def test_a_masked_path_is_masked_in_exec_too(image):
    image.linux["maskedPaths"] = ["/secret", "/dir", "/proc/timer_list"]
    image.up()

    out = image.exec(["sh", "-c", "cat /secret /proc/timer_list; ls -A /dir"])

    assert out.stdout == ""


def test_a_path_masked_twice_is_masked(image):
    image.linux["maskedPaths"] = ["/secret", "/secret", "/dir", "/dir"]

    assert image.run(["sh", "-c", "cat /secret; ls -A /dir"]).stdout == ""


@pytest.mark.davit_only
@pytest.mark.row("UB-49")
def test_a_path_masked_twice_is_mounted_once(image):
    image.linux["maskedPaths"] = ["/dir", "/dir"]

    mounts = image.probe()["mountinfo"].splitlines()

    assert len([line for line in mounts if line.split()[4] == "/dir"]) == 1


@pytest.mark.davit_only
@pytest.mark.parametrize("link, target, content", [
    ("/link", "/secret", "secret"), ("/dirlink", "/dir/file", "secret")])
def test_masking_a_link_masks_what_it_points_at(image, link, target, content):
    image.linux["maskedPaths"] = [link]

    out = image.run(["sh", "-c", f"cat {target}"], check=False)

    assert content not in out.stdout


@pytest.mark.row("CL-116", "CL-117")
@pytest.mark.davit_only
@pytest.mark.parametrize("member", ["maskedPaths", "readonlyPaths"])
@pytest.mark.parametrize("path", ["secret", "./secret", "../secret", ""])
def test_a_relative_path_is_refused(image, member, path):
    """Every peer accepts it, and does not mask."""
    image.linux[member] = ["/dir", path]

    out = image.run(["true"], check=False)

    assert out.returncode == 1
    assert f"linux.{member}[1]" in out.stderr


@pytest.mark.davit_only
@pytest.mark.parametrize("path", ["/dir/../secret", "//secret", "/secret/", "/./secret"])
def test_other_spellings_mask_the_same_file(image, path):
    image.linux["maskedPaths"] = [path]

    out = image.run(["cat", "/secret"], check=False)

    assert "secret\n" not in out.stdout


def test_the_default_masks_hide_what_the_kernel_shows(container):
    out = container.run(["sh", "-c", "cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c;"
                         " ls -A /sys/firmware /proc/acpi /proc/scsi 2>/dev/null | grep -v :"], check=False)

    assert out.stdout.split() == ["0"]


@pytest.mark.davit_only
@pytest.mark.parametrize("form", ["link", "file", "directory", "fifo"])
def test_masking_does_not_use_the_images_null_device(image, form):
    """CVE-2025-31133: /dev/null of the image is a link to something of the host's."""
    decoy = image.directory / "decoy"
    decoy.write_text("host\n")
    image.spec["mounts"] = [m for m in image.spec["mounts"] if not m["destination"].startswith("/dev")]
    null = image.rootfs / "dev/null"
    if form == "link":
        null.symlink_to(decoy)
    elif form == "file":
        null.write_text("from the image\n")
    elif form == "directory":
        null.mkdir()
    else:
        os.mkfifo(null)
    image.linux["maskedPaths"] = ["/secret"]

    out = image.run(["sh", "-c", "cat /secret; echo written > /secret"], check=False)

    assert out.stdout == ""
    assert decoy.read_text() == "host\n"


# --- read-only -------------------------------------------------------------------------------------------------

@pytest.mark.row("CL-117")
@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
def test_a_read_only_path_can_be_read_and_not_written(image):
    image.linux["readonlyPaths"] = ["/dir", "/secret"]

    out = image.run(["sh", "-c", "cat /dir/file /secret; touch /dir/new 2>&1; touch /other; echo x > /secret"],
                    check=False)

    assert out.stdout.splitlines() == ["secret", "secret", "touch: /dir/new: Read-only file system"]
    assert (image.rootfs / "secret").read_text() == "secret\n"
    assert (image.rootfs / "other").exists()


@pytest.mark.row("CL-117")
@pytest.mark.davit_only
@pytest.mark.newkernel("what is mounted below a path is made read-only with mount_setattr")
def test_a_read_only_path_is_read_only_with_its_submounts(image):
    image.add_mount("/dir/sub", "tmpfs", "tmpfs", ["mode=1777"])
    image.linux["readonlyPaths"] = ["/dir"]

    out = image.run(["touch", "/dir/sub/new"], check=False)

    assert "Read-only file system" in out.stderr


@pytest.mark.row("CL-117")
def test_a_missing_read_only_path_is_no_error(image):
    image.linux["readonlyPaths"] = ["/no/such/path"]

    assert image.run(["echo", "ok"]).stdout == "ok\n"


def test_a_read_only_path_keeps_the_flags_of_its_mount(image):
    image.add_mount("/m", "tmpfs", "tmpfs", ["nosuid", "nodev", "noexec"])
    image.linux["readonlyPaths"] = ["/m"]

    line = [row for row in image.probe()["mountinfo"].splitlines() if row.split()[4] == "/m"][-1]

    assert {"ro", "nosuid", "nodev", "noexec"} <= set(line.split()[5].split(","))


def test_proc_sys_is_read_only_with_the_default_paths(container):
    out = container.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"], check=False)

    assert "Read-only file system" in out.stderr


@pytest.mark.davit_only
@pytest.mark.newkernel("one mount is shared with open_tree and move_mount")
def test_many_masked_directories_share_one_mount(image):
    """One superblock for each made starts slow on hosts with many CPUs."""
    names = [f"d{i}" for i in range(50)]
    for name in names:
        (image.rootfs / name).mkdir()
    image.linux["maskedPaths"] = [f"/{name}" for name in names]

    mounts = image.probe()["mountinfo"].splitlines()

    devices = {line.split()[2] for line in mounts if line.split()[4].lstrip("/") in names}
    assert len([line for line in mounts if line.split()[4].lstrip("/") in names]) == 50
    assert len(devices) == 1


def test_a_mask_cannot_be_taken_off_by_the_payload(image):
    image.linux["maskedPaths"] = ["/secret"]

    out = image.run(["sh", "-c", "umount /secret 2>&1; cat /secret"], check=False)

    assert "secret\n" not in out.stdout.replace("/secret", "")


def test_masks_hold_when_proc_is_not_mounted(image):
    image.spec["mounts"] = [m for m in image.spec["mounts"] if m["destination"] != "/proc"]
    image.linux["maskedPaths"] = ["/secret", "/proc/kcore"]

    out = image.run(["cat", "/secret"], check=False)

    if out.returncode == 0:
        assert out.stdout == ""
    else:
        assert out.stderr.strip()
    assert (image.rootfs / "secret").read_text() == "secret\n"
