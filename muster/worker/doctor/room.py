"""Checks of what rooms are made of: bubblewrap, namespaces, cgroups, Landlock."""

import ctypes
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from muster.worker.doctor.finding import Check, Finding, Machine, ask
from muster.worker.doctor.room_level import room_level

BUBBLEWRAP = (0, 7)
"""The version since which temporary file systems have a size (`--size`)."""

LANDLOCK = 6
"""The version that keeps a program from abstract sockets."""

_NAMESPACES = {
    "kernel.unprivileged_userns_clone": ("0", "1", "switched off"),
    "user.max_user_namespaces": ("0", "15000", "limited to none"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0", "restricted by AppArmor"),
}
"""Each setting's value that is in the way, the one that is not, and what it does."""

_CONTROLLERS = ("memory", "pids")
_LANDLOCK_CREATE_RULESET = 444  # on every architecture
_LANDLOCK_VERSION = 1


def _bubblewrap(machine: Machine) -> Iterator[Finding]:
    if shutil.which("bwrap") is None:
        text = "not installed: an attempt sees all that its user can see"
        yield machine.lacks("bubblewrap", "warn", text, "bubblewrap")
    else:
        yield bubblewrap(ask(["bwrap", "--version"]).text)


def bubblewrap(said: str) -> Finding:
    """What its answer means: `bubblewrap 0.12.0`, or any other words."""
    version = re.match(r"bubblewrap (\d+)\.(\d+)", said)
    if version is None:
        return Finding("bubblewrap", "warn", f"it does not say its version: {said[:200]}")
    text = f"version {said.removeprefix('bubblewrap ')}"
    if (int(version[1]), int(version[2])) >= BUBBLEWRAP:
        return Finding("bubblewrap", "ok", text)
    needed = ".".join(map(str, BUBBLEWRAP))
    advice = f"install bubblewrap {needed} or newer, as later releases of the system have it"
    return Finding("bubblewrap", "warn", f"{text}: rooms need {needed} or newer", advice)


def _util_linux(machine: Machine) -> Iterator[Finding]:
    wanted = {"setpriv": "--reuid", "unshare": "--kill-child"}
    lacking = [
        program for program, option in wanted.items() if option not in ask([program, "--help"]).text
    ]
    if lacking:
        text = f"{' and '.join(lacking)} missing, or not those of util-linux"
        yield machine.lacks("util-linux", "warn", text, "util-linux")
    else:
        version = ask(["unshare", "--version"]).text.rpartition(" ")[2]
        yield Finding("util-linux", "ok", f"setpriv and unshare, version {version}")


def _namespaces(machine: Machine) -> Iterator[Finding]:
    wrong = [name for name in _NAMESPACES if _setting(machine, name) == _NAMESPACES[name][0]]
    if not wrong or (not machine.is_root and _can_unshare()):
        yield Finding("namespaces", "ok", "open to users without privileges")
        return
    words = " and ".join(_NAMESPACES[name][2] for name in wrong)
    for_whom = "agents' own sandboxes need them" if machine.is_root else "rooms need them"
    settings = " ".join(f"{name}={_NAMESPACES[name][1]}" for name in wrong)
    text = f"those of users are {words}; {for_whom}"
    advice, command = "keep what helps in /etc/sysctl.d", machine.as_root(f"sysctl -w {settings}")
    yield Finding("namespaces", "warn", text, advice, command)


def _setting(machine: Machine, name: str) -> str | None:
    try:
        return (machine.proc / "sys" / name.replace(".", "/")).read_text().strip()
    except OSError:  # a kernel without that setting
        return None


def _can_unshare() -> bool:
    """Whether bubblewrap may make a user's namespaces here: AppArmor may have a rule for it."""
    return ask(["bwrap", "--unshare-user", "--ro-bind", "/", "/", "true"]).ok


def _room(machine: Machine) -> Iterator[Finding]:
    room = room_level(machine)
    texts = {
        "full": "full: attempts are kept from the system and from each other",
        "processes": "processes: their processes are contained, what they see is not",
        "none": f"none: {'only a uid of their own' if machine.is_root else 'nothing'} contains "
        "attempts",
    }
    text = texts[room.level] + (f" ({'; '.join(room.lacks)})" if room.lacks else "")
    advice = "mend what is wrong above; a container has to allow namespaces"
    is_full = room.level == "full"
    yield Finding("room", "ok" if is_full else "warn", text, "" if is_full else advice)


def _cgroups(machine: Machine) -> Iterator[Finding]:
    groups = _own_groups(machine)
    unified = groups.get("")
    if unified and _may_write(unified) and _has_controllers(unified):
        text = "version 2, writable: the kernel limits an attempt's memory and processes"
        yield Finding("cgroups", "ok", text)
    elif all(name in groups and _may_write(groups[name]) for name in _CONTROLLERS):
        text = "version 1: the kernel limits an attempt's memory and processes"
        yield Finding("cgroups", "ok", text)
    else:
        user = "" if machine.is_root else "--user "
        command = f"systemd-run {user}--scope -p Delegate=yes python -m muster worker run"
        text = "none that may be written: the worker adds up memory and processes by itself"
        advice = "start the worker with a cgroup of its own"
        yield Finding("cgroups", "warn", text, advice, command)


def _own_groups(machine: Machine) -> dict[str, Path]:
    """This process's directory for each controller; version 2's is named by the empty string."""
    groups: dict[str, Path] = {}
    for line in (machine.proc / "self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        roots = [name for name in controllers.split(",") if name] or ["unified", "."]
        for root in roots:
            directory = machine.cgroups / root / path.lstrip("/")
            if directory.is_dir():
                groups.setdefault("" if not controllers else root, directory)
    return groups


def _may_write(group: Path) -> bool:
    return os.access(group, os.W_OK | os.X_OK) and os.access(group / "cgroup.procs", os.W_OK)


def _has_controllers(group: Path) -> bool:
    try:
        there = (group / "cgroup.controllers").read_text().split()
    except OSError:
        return False
    return set(_CONTROLLERS) <= set(there)


def _landlock(_machine: Machine) -> Iterator[Finding]:
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION)
    yield landlock(version, ctypes.get_errno())


def landlock(version: int, number: int) -> Finding:
    """What the kernel's answer means: a version, or below 0 an errno."""
    reach = "rooms with an open network can reach this machine's abstract sockets"
    if version >= LANDLOCK:
        return Finding("Landlock", "ok", f"version {version}")
    if version > 0:
        advice = "use Linux 6.12 or newer"
        return Finding("Landlock", "warn", f"version {version}: {reach}", advice)
    if number == errno.EOPNOTSUPP:
        advice = "add landlock to the kernel's parameter lsm="
        return Finding("Landlock", "warn", f"switched off: {reach}", advice)
    return Finding("Landlock", "warn", f"not there: {reach}", "use Linux 6.12 or newer")


CHECKS: tuple[tuple[str, Check], ...] = (
    ("bubblewrap", _bubblewrap),
    ("util-linux", _util_linux),
    ("namespaces", _namespaces),
    ("room", _room),
    ("cgroups", _cgroups),
    ("Landlock", _landlock),
)
