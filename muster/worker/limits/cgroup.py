"""Find where control groups can be created: below the daemon's own group.

Version 2 (<https://docs.kernel.org/admin-guide/cgroup-v2.html>): a group with limited children
can't have its own processes, so the daemon first moves into a leaf; and a subtree may have only one
writer, so systemd's groups are left alone unless the unit has `Delegate=yes`
(<https://systemd.io/CGROUP_DELEGATION>). Version 1 needs neither.
"""

import contextlib
import hashlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from muster.worker import processes

LEAF = "daemon"
"""The daemon's own group, next to those of its sandboxes. A unit with `DelegateSubgroup=daemon`
starts there: otherwise systemd couldn't restart it while a sandbox is alive."""

CONTROLLERS = frozenset({"memory", "pids"})

log = logging.getLogger(__name__)


class CgroupsUnavailable(Exception):
    """No control group is writable here; the message says why."""


class ControlGroups(NamedTuple):
    """The parent groups for those of sandboxes: one of version 2, or one per controller of version
    1."""

    version: int
    bases: tuple[Path, ...]
    prefix: str

    def paths_for_sandbox(self, name: str) -> list[str]:
        """Return the directories of a sandbox's groups."""
        return [str(base / f"{self.prefix}{name}") for base in self.bases]

    def remove(self, name: str) -> None:
        """Kill everything in the groups of a sandbox, and remove them."""
        for directory in self.paths_for_sandbox(name):
            with contextlib.suppress(OSError):  # it has none, or isn't gone yet
                _kill_group(Path(directory))
                os.rmdir(directory)

    def remove_attempt(self, attempt: str) -> None:
        """The same for all sandboxes of an attempt, by its name."""
        for base in self.bases:
            for left in base.glob(f"{self.prefix}{attempt}-*"):
                self.remove(left.name.removeprefix(self.prefix))

    def remove_stale(self, kept: Iterable[str]) -> None:
        """Remove empty groups of an earlier daemon's sandboxes, and kill what runs in those of
        attempts other than `kept`, by their names."""
        names = set(kept)
        for base in self.bases:
            for left in base.glob(f"{self.prefix}*"):
                with contextlib.suppress(OSError):  # in use, by a current attempt
                    if left.name.removeprefix(self.prefix).rpartition("-")[0] not in names:
                        _kill_group(left)
                    left.rmdir()

    def remove_empty(self) -> None:
        """Remove the empty groups."""
        for base in self.bases:
            for left in base.glob(f"{self.prefix}*"):
                with contextlib.suppress(OSError):
                    left.rmdir()

    def max_memory(self) -> int | None:
        """Return the memory limit for all groups below together; None: no limit."""
        for base in self.bases:
            for name in ("memory.max", "memory.limit_in_bytes"):
                with contextlib.suppress(OSError, ValueError):
                    return int((base / name).read_text())
        return None


class Mount(NamedTuple):
    """A mounted hierarchy: its root group, its directory, and its controllers, as in
    `/proc/self/cgroup`: version 2 has one empty name."""

    root: str
    point: Path
    controllers: frozenset[str]


def find_groups(
    home: Path, process: Path = Path("/proc/self"), systemd: bool | None = None
) -> ControlGroups:
    """Find where this daemon can create groups for a home's sandboxes. It may move the daemon to
    its own group, which must happen before it has children. Raises CgroupsUnavailable.
    """
    prefix = f"muster-{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}-"
    has_systemd = Path("/run/systemd/system").is_dir() if systemd is None else systemd
    try:
        own = _own_groups(process)
        if (group := own.get("")) and _read_words(group / "cgroup.controllers") >= CONTROLLERS:
            return ControlGroups(2, (_delegated_base(group, has_systemd),), prefix)
    except OSError as error:
        raise CgroupsUnavailable(f"can't write control groups: {error}") from error
    if not own.keys() >= CONTROLLERS:
        raise CgroupsUnavailable("no control groups for memory and processes are mounted here")
    bases = sorted({own[controller] for controller in CONTROLLERS})
    for base in bases:
        _require_writable(base)
    return ControlGroups(1, tuple(bases), prefix)


def _own_groups(process: Path) -> dict[str, Path]:
    """Return the directories of our own groups by controller; version 2's has an empty name."""
    groups = {}
    mounts = list(_parse_mounts((process / "mountinfo").read_text()))
    for line in (process / "cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        for mount in mounts:
            below = os.path.relpath(group, mount.root)
            if mount.controllers >= _split_names(controllers) and not below.startswith(".."):
                groups.update(dict.fromkeys(_split_names(controllers), mount.point / below))
    return groups


def _parse_mounts(mountinfo: str) -> Iterable[Mount]:
    """Return the mounts of control groups in `/proc/self/mountinfo` (proc_pid_mountinfo(5))."""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        root, point = before.split(" ")[3:5]
        if kind == "cgroup2":
            yield Mount(root, Path(point), _split_names(""))
        elif kind == "cgroup":
            yield Mount(root, Path(point), _split_names(options) - {"rw", "ro"})


def _delegated_base(own: Path, has_systemd: bool) -> Path:
    """Return the version 2 group below which sandboxes can have theirs. Raises OSError,
    CgroupsUnavailable."""
    base = own.parent if own.name == LEAF else own
    _require_writable(base)
    is_root = not (base / "cgroup.type").exists()
    if has_systemd and not is_root and not _is_delegated(base):
        raise CgroupsUnavailable(f"{base} belongs to systemd: the worker's unit needs Delegate=yes")
    if _read_words(base / "cgroup.subtree_control") >= CONTROLLERS:
        return base
    if own == base and not is_root:
        _move_to_leaf(base)
    enabled = " ".join(f"+{name}" for name in sorted(CONTROLLERS))
    (base / "cgroup.subtree_control").write_text(enabled)
    return base


def _move_to_leaf(base: Path) -> None:
    """Move our processes out of `base`. Raises CgroupsUnavailable if others are in it."""
    if others := _read_words(base / "cgroup.procs") - {str(os.getpid())}:
        raise CgroupsUnavailable(f"{len(others)} other processes are in {base}")
    (base / LEAF).mkdir(exist_ok=True)
    (base / LEAF / "cgroup.procs").write_text("0")


def _require_writable(base: Path) -> None:
    if not os.access(base, os.W_OK) or not os.access(base / "cgroup.procs", os.W_OK):
        raise CgroupsUnavailable(f"{base} isn't writable")


def _is_delegated(base: Path) -> bool:
    """Whether systemd has delegated the group, by its mark."""
    for name in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            return os.getxattr(base, name) == b"1"
    return False


def _kill_group(group: Path) -> None:
    """Kill everything in a group."""
    for name, value in (("pids.max", "0"), ("cgroup.kill", "1")):
        with contextlib.suppress(OSError):
            (group / name).write_text(value)
    processes.terminate_all(lambda: _living_processes(group), grace=0)


def _living_processes(group: Path) -> list[processes.Process]:
    found = [processes.find(int(pid)) for pid in _read_words(group / "cgroup.procs")]
    return [process for process in found if process and process.is_alive]


def _read_words(path: Path) -> frozenset[str]:
    return frozenset(path.read_text().split())


def _split_names(text: str) -> frozenset[str]:
    return frozenset(text.split(","))
