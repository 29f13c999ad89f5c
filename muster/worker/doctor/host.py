"""Checks of the host: git, the worker's home and its disk, and the service manager."""

import os
import pwd
import re
import shlex
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from muster.worker.doctor.finding import Check, Finding, Machine, run_command
from muster.worker.layout import Layout
from muster.worker.sandbox.uids import TooFewUids, require_enough
from muster.worker.server.credentials import CredentialStore, NotEnrolled

MIN_GIT_VERSION = (2, 32)  # the first with GIT_CONFIG_GLOBAL
MIN_FREE_BYTES = 1 << 30
MAX_USED_PERCENT = 90  # percent; the server drains a machine with a fuller disk (maxDiskPercent)

_NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "nfs", "nfs4", "smb3"}
)
_VOLATILE_FILE_SYSTEMS = frozenset({"ramfs", "tmpfs"})


def _check_git(machine: Machine) -> Iterator[Finding]:
    result = run_command(["git", "--version"])
    found = re.search(r"(\d+)\.(\d+)\S*", result.text)
    if not result.ok or not found:
        yield machine.missing_package("git", "fail", "not installed", "git")
        return
    is_old = (int(found[1]), int(found[2])) < MIN_GIT_VERSION
    advice = f"use {'.'.join(map(str, MIN_GIT_VERSION))} or newer" if is_old else ""
    yield Finding("git", "fail" if is_old else "ok", f"version {found[0]}", advice)


def _check_home(machine: Machine) -> Iterator[Finding]:
    home = machine.home
    there = _nearest_existing(home)
    if closed := _closed_parent(machine):
        text = f"{closed} is closed to other users: attempts can't reach {home}"
        command = shlex.join(["chmod", "o+x", str(closed)])
        yield Finding("home", "fail", text, "let other users enter, or use another --home", command)
    elif home.exists() and not home.is_dir():
        yield Finding("home", "fail", f"{home} isn't a directory", "use another --home")
    elif not os.access(there, os.W_OK | os.X_OK):
        made = machine.as_root(
            shlex.join(["install", "-d", "-m711", "-o", _user_name(), str(home)])
        )
        text = f"{home} {'is not writable' if home.exists() else 'cannot be created'}"
        yield Finding("home", "fail", text, "or run as the worker's own user", made)
    else:
        yield _check_file_system(machine, there)


def _check_file_system(machine: Machine, there: Path) -> Finding:
    mount, kind = _find_mount(machine, there)
    where = f"{machine.home}{'' if machine.home.exists() else ', not created yet'}, on {kind}"
    if os.statvfs(there).f_flag & os.ST_NOEXEC:
        text = f"{where}, where programs can't be executed"
        command = machine.as_root(shlex.join(["mount", "-o", "remount,exec", str(mount)]))
        return Finding("home", "fail", text, "allow it, or use another --home", command)
    if kind in _NETWORK_FILE_SYSTEMS:
        text = f"{where}: it is slow with locks and many small files"
        return Finding("home", "warn", text, "use a --home on a disk of this machine")
    if kind in _VOLATILE_FILE_SYSTEMS:
        text = f"{where}: everything is lost at the next boot"
        return Finding("home", "warn", text, "use a --home on a disk")
    return Finding("home", "ok", where)


def _check_disk(machine: Machine) -> Iterator[Finding]:
    there = _nearest_existing(machine.home)
    disk, files = shutil.disk_usage(there), os.statvfs(there)
    full = 100 * disk.used / ((disk.used + disk.free) or 1)
    text = f"{disk.free / 2**30:.1f} GiB free, {full:.0f} % used"
    if disk.free < MIN_FREE_BYTES:
        yield Finding("disk", "fail", text, "free some space, or use a --home on another disk")
    elif files.f_files and not files.f_favail:
        yield Finding("disk", "fail", f"{text}, but no inodes are left", "delete files")
    elif full > MAX_USED_PERCENT:
        advice = f"free some space: the server drains a machine above {MAX_USED_PERCENT} %"
        yield Finding("disk", "warn", text, advice)
    else:
        yield Finding("disk", "ok", text)


def _check_uids(machine: Machine) -> Iterator[Finding]:
    """Report too few user IDs on an enrolled machine; otherwise nothing."""
    try:
        slots = CredentialStore(Layout(machine.home).credentials).load().slots
        require_enough(machine.uids, slots)
    except TooFewUids as few:
        yield Finding("user ids", "fail", str(few), "give the worker a larger range")
    except (NotEnrolled, OSError):
        return


def _check_service(machine: Machine) -> Iterator[Finding]:
    """Check whether the user's service outlives their log-in; nothing if that doesn't matter."""
    if machine.is_root or not _has_login_shell() or not Path("/run/systemd/system").is_dir():
        return
    user = _user_name()
    if Path("/var/lib/systemd/linger", user).exists():
        yield Finding("service", "ok", f"systemd services of {user} keep running after logout")
    else:
        text = f"systemctl --user services of {user} stop at logout"
        yield Finding("service", "warn", text, command="loginctl enable-linger")


def _has_login_shell() -> bool:
    """Whether the user can log in: False for a system service's account."""
    try:
        shell = pwd.getpwuid(os.geteuid()).pw_shell
    except KeyError:
        return False
    return Path(shell).name not in ("nologin", "false")


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _nearest_existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _closed_parent(machine: Machine) -> Path | None:
    """Return a directory above the home that attempts with their own uids can't enter."""
    if not machine.is_root:
        return None
    above = [each for each in reversed(machine.home.parents) if each.exists()]
    return next((each for each in above if not each.stat().st_mode & stat.S_IXOTH), None)


def _find_mount(machine: Machine, path: Path) -> tuple[Path, str]:
    """Return the mount of a path, and its file system."""
    best, kind = Path("/"), "an unknown file system"
    real = path.resolve()
    for line in (machine.proc / "self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].encode().decode("unicode_escape"))
        if (point == real or point in real.parents) and len(point.parts) >= len(best.parts):
            best, kind = point, after.split()[0]
    return best, kind


CHECKS: tuple[tuple[str, Check], ...] = (
    ("git", _check_git),
    ("home", _check_home),
    ("disk", _check_disk),
    ("user ids", _check_uids),
)
SERVICE_CHECKS: tuple[tuple[str, Check], ...] = (("service", _check_service),)
