"""Checks of the parts of sandboxes: bubblewrap, namespaces, cgroups, Landlock."""

import ctypes
import errno
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from muster.worker.doctor.finding import Check, Finding, Level, Machine, run_command
from muster.worker.doctor.sandbox_level import detect_sandboxes
from muster.worker.sandbox import bubblewrap
from muster.worker.sandbox.bubblewrap import Candidate
from muster.worker.sandbox.detection import PYTHON_ADVICE, try_sandbox
from muster.worker.sandbox.sandboxes import Sandboxes

MIN_BUBBLEWRAP_VERSION = (0, 7)
"""The first version with size limits for temporary file systems (`--size`)."""

ADVISORY = "GHSA-pxhw-h44j-8pfx"
SAFE_BUBBLEWRAP_VERSION = (0, 12)
"""The first version with a fix for ADVISORY: before it, a link could redirect a new mount point."""

MIN_LANDLOCK_VERSION = 6
"""The first version that separates abstract sockets."""

_NAMESPACES = {
    "kernel.unprivileged_userns_clone": ("0", "1", "switched off"),
    "user.max_user_namespaces": ("0", "15000", "limited to none"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0", "restricted by AppArmor"),
}
"""For each setting: a value that blocks, one that doesn't, and the effect of blocking."""

_CONTROLLERS = ("memory", "pids")
_LANDLOCK_CREATE_RULESET = 444  # on every architecture
_LANDLOCK_VERSION = 1


def _check_bubblewrap(machine: Machine) -> Iterator[Finding]:
    found = bubblewrap.candidates(machine.bwrap)
    if not found:
        text = "not installed: an attempt can see everything its user can"
        yield machine.missing_package("bubblewrap", "warn", text, "bubblewrap")
    rooms = replace(detect_sandboxes(machine), level="full")
    tried = [
        TriedBubblewrap(each, _bubblewrap_version(each), _bubblewrap_problem(rooms, each))
        for each in found
    ]
    yield from bubblewrap_findings(tried)


class TriedBubblewrap(NamedTuple):
    """A bubblewrap, the version that it prints (or its other output), and what blocked it."""

    candidate: Candidate
    version: str
    problem: str | None

    @property
    def number(self) -> tuple[int, int] | None:
        found = re.match(r"(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else None


def _bubblewrap_version(candidate: Candidate) -> str:
    return run_command([candidate.program, "--version"]).text.removeprefix("bubblewrap ")


def _bubblewrap_problem(rooms: Sandboxes, candidate: Candidate) -> str | None:
    try:
        return try_sandbox(replace(rooms, bwrap=candidate.program))
    except OSError as error:
        return str(error)


def bubblewrap_findings(tried: Sequence[TriedBubblewrap]) -> Iterator[Finding]:
    """Yield a finding for each: the first that works is used."""
    used = next((each for each in tried if each.problem is None), None)
    for each in tried:
        text = f"{each.candidate.origin} {each.candidate.program}, version {each.version[:100]}"
        if each.problem is not None:
            level: Level = "warn" if used is None else "ok"
            yield Finding(
                "bubblewrap", level, f"{text}: blocked: {each.problem}", _advice(each, used)
            )
        elif each is not used:
            yield Finding("bubblewrap", "ok", f"{text}: works, not needed")
        elif each.number is None or each.number >= SAFE_BUBBLEWRAP_VERSION:
            yield Finding("bubblewrap", "ok", f"{text}: used")
        else:
            text += ": used. Versions below 0.12 follow links when they create mount points"
            text += f" ({ADVISORY}); Muster creates none where an attempt can write"
            yield Finding("bubblewrap", "warn", text, "install 0.12 or newer when it is available")


def _advice(tried: TriedBubblewrap, used: TriedBubblewrap | None) -> str:
    if used is not None:
        return ""
    if tried.number is not None and tried.number < MIN_BUBBLEWRAP_VERSION:
        return (
            f"use version {'.'.join(map(str, MIN_BUBBLEWRAP_VERSION))} or newer, or the bundled one"
        )
    return bubblewrap.ADVICE


def _check_util_linux(machine: Machine) -> Iterator[Finding]:
    wanted = {"setpriv": "--reuid", "unshare": "--kill-child"}
    lacking = [
        program
        for program, option in wanted.items()
        if option not in run_command([program, "--help"]).text
    ]
    if lacking:
        text = f"{' and '.join(lacking)} missing, or not from util-linux"
        yield machine.missing_package("util-linux", "warn", text, "util-linux")
    else:
        version = run_command(["unshare", "--version"]).text.rpartition(" ")[2]
        yield Finding("util-linux", "ok", f"setpriv and unshare, version {version}")


def _check_namespaces(machine: Machine) -> Iterator[Finding]:
    wrong = [name for name in _NAMESPACES if _read_sysctl(machine, name) == _NAMESPACES[name][0]]
    if not wrong or (not machine.is_root and _can_unshare(machine)):
        yield Finding("namespaces", "ok", "available to unprivileged users")
        return
    words = " and ".join(_NAMESPACES[name][2] for name in wrong)
    for_whom = "agents' own sandboxes need them" if machine.is_root else "sandboxes need them"
    settings = " ".join(f"{name}={_NAMESPACES[name][1]}" for name in wrong)
    text = f"user namespaces are {words}; {for_whom}"
    advice, command = (
        "to make it permanent, add it to /etc/sysctl.d",
        machine.as_root(f"sysctl -w {settings}"),
    )
    yield Finding("namespaces", "warn", text, advice, command)


def _read_sysctl(machine: Machine, name: str) -> str | None:
    try:
        return (machine.proc / "sys" / name.replace(".", "/")).read_text().strip()
    except OSError:  # a kernel without that setting
        return None


def _can_unshare(machine: Machine) -> bool:
    """Whether bubblewrap can create user namespaces here: AppArmor may have a rule for it."""
    return any(
        run_command([each.program, "--unshare-user", "--ro-bind", "/", "/", "true"]).ok
        for each in bubblewrap.candidates(machine.bwrap)
    )


def _check_sandbox(machine: Machine) -> Iterator[Finding]:
    room = detect_sandboxes(machine)
    texts = {
        "full": "full: attempts are isolated from the system and from each other",
        "processes": "processes: their processes are contained, but not what they can read",
        "none": f"none: {'only its own uid' if machine.is_root else 'nothing'} contains an attempt",
    }
    text = texts[room.level] + (f" ({'; '.join(room.missing)})" if room.missing else "")
    advice = "fix the problems above; a container must allow namespaces"
    is_full = room.level == "full"
    yield Finding("sandbox", "ok" if is_full else "warn", text, "" if is_full else advice)


def _check_python(machine: Machine) -> Iterator[Finding]:
    rooms = detect_sandboxes(machine)
    if rooms.python_missing is None:
        text = f"attempts run {rooms.interpreter.program}"
        yield Finding("Python of attempts", "ok", text)
    else:
        why = rooms.python_missing.removesuffix(f"; {PYTHON_ADVICE}")
        yield Finding("Python of attempts", "fail", why, PYTHON_ADVICE)


def _check_cgroups(machine: Machine) -> Iterator[Finding]:
    groups = _own_cgroups(machine)
    unified = groups.get("")
    if unified and _is_writable(unified) and _has_controllers(unified):
        text = "version 2, writable: the kernel limits an attempt's memory and processes"
        yield Finding("cgroups", "ok", text)
    elif all(name in groups and _is_writable(groups[name]) for name in _CONTROLLERS):
        text = "version 1: the kernel limits an attempt's memory and processes"
        yield Finding("cgroups", "ok", text)
    else:
        user = "" if machine.is_root else "--user "
        command = f"systemd-run {user}--scope -p Delegate=yes python -m muster worker run"
        text = "none are writable: the worker itself tracks memory and processes"
        advice = "start the worker with its own cgroup"
        yield Finding("cgroups", "warn", text, advice, command)


def _own_cgroups(machine: Machine) -> dict[str, Path]:
    """Return this process's directory for each controller; version 2's has an empty name."""
    groups: dict[str, Path] = {}
    for line in (machine.proc / "self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        roots = [name for name in controllers.split(",") if name] or ["unified", "."]
        for root in roots:
            directory = machine.cgroups / root / path.lstrip("/")
            if directory.is_dir():
                groups.setdefault("" if not controllers else root, directory)
    return groups


def _is_writable(group: Path) -> bool:
    return os.access(group, os.W_OK | os.X_OK) and os.access(group / "cgroup.procs", os.W_OK)


def _has_controllers(group: Path) -> bool:
    try:
        there = (group / "cgroup.controllers").read_text().split()
    except OSError:
        return False
    return set(_CONTROLLERS) <= set(there)


def _check_landlock(_machine: Machine) -> Iterator[Finding]:
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION)
    yield landlock_finding(version, ctypes.get_errno())


def landlock_finding(version: int, number: int) -> Finding:
    """Return the finding for the kernel's response: a version, or below 0 an errno."""
    reach = "sandboxes with an open network can reach this machine's abstract sockets"
    if version >= MIN_LANDLOCK_VERSION:
        return Finding("Landlock", "ok", f"version {version}")
    if version > 0:
        advice = "use Linux 6.12 or newer"
        return Finding("Landlock", "warn", f"version {version}: {reach}", advice)
    if number == errno.EOPNOTSUPP:
        advice = "add landlock to the kernel parameter lsm="
        return Finding("Landlock", "warn", f"switched off: {reach}", advice)
    return Finding("Landlock", "warn", f"not available: {reach}", "use Linux 6.12 or newer")


CHECKS: tuple[tuple[str, Check], ...] = (
    ("bubblewrap", _check_bubblewrap),
    ("util-linux", _check_util_linux),
    ("namespaces", _check_namespaces),
    ("sandbox", _check_sandbox),
    ("Python of attempts", _check_python),
    ("cgroups", _check_cgroups),
    ("Landlock", _check_landlock),
)
