"""Finding and killing process trees through /proc.

A pid may be anybody's by the time a signal is sent. So a process is a pid and the tick at which
it started, and it is signalled through a pidfd that was checked after it was opened.
Standard library only, for the shim imports this.
"""

import contextlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_POLL_SECONDS = 0.02  # seconds between two looks at what is still there
_KILL_TIMEOUT_SECONDS = 5.0  # seconds for which SIGKILL is repeated


class Process(NamedTuple):
    """One life of a pid; `started` in clock ticks since boot."""

    pid: int
    started: int
    parent: int
    group: int
    session: int
    state: str

    @property
    def is_alive(self) -> bool:
        """Neither a zombie nor dead."""
        return self.state not in "ZXx"


def find(pid: int) -> Process | None:
    """The process that has this pid now."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:  # gone, or not ours to see
        return None
    # The name, in parentheses, may itself hold parentheses and blanks.
    fields = stat[stat.rindex(b")") + 2 :].split()
    parent, group, session = map(int, fields[1:4])
    return Process(pid, int(fields[19]), parent, group, session, fields[0].decode())


def iterate_processes() -> Iterator[Process]:
    """All processes that this one may see."""
    for name in os.listdir("/proc"):
        if name.isdigit() and (process := find(int(name))):
            yield process


def descendants(root: int) -> list[Process]:
    """The living tree below a process. Complete below a subreaper, whatever the tree did."""
    children = defaultdict(list)
    for process in iterate_processes():
        children[process.parent].append(process)
    tree, parents = [], [root]
    while parents:
        found = children.pop(parents.pop(), [])
        tree += found
        parents += [process.pid for process in found]
    return [process for process in tree if process.is_alive]


def children(parent: int) -> list[Process]:
    """The living children of a process."""
    return [
        process for process in iterate_processes() if process.is_alive and process.parent == parent
    ]


def processes_in_group(group: int) -> list[Process]:
    return [
        process for process in iterate_processes() if process.is_alive and process.group == group
    ]


def find_by_environment(name: str, value: str) -> list[Process]:
    """The living processes that were started with `name=value` in their environment."""
    mark = os.fsencode(f"{name}={value}")
    return [p for p in iterate_processes() if p.is_alive and mark in _read_words(p, "environ")]


def find_by_arguments(*words: str, among: Iterable[Process] | None = None) -> list[Process]:
    """The living processes with all these words in their command lines; by default among all."""
    wanted = {os.fsencode(word) for word in words}
    those = iterate_processes() if among is None else among
    return [p for p in those if p.is_alive and wanted <= set(_read_words(p, "cmdline"))]


def find_by_path(directory: str) -> list[Process]:
    """The living processes that have the directory, or what is in it, in their command lines."""
    name = os.fsencode(directory)
    return [
        p
        for p in iterate_processes()
        if p.is_alive and any(name in word for word in _read_words(p, "cmdline"))
    ]


def send_signal(process: Process, number: int) -> bool:
    """Signals exactly this process; False when it is gone. Raises PermissionError."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        now = find(process.pid)
        if now is None or now.started != process.started:
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def terminate(those: list[Process]) -> None:
    """SIGTERM, and SIGCONT so that the stopped ones hear it."""
    signal_all(those, signal.SIGTERM)
    signal_all(those, signal.SIGCONT)


def kill(those: list[Process]) -> None:
    signal_all(those, signal.SIGKILL)


def kill_tree(root: Process) -> None:
    """SIGKILL for exactly this process and all below it. Raises PermissionError.

    For a subreaper, as a shim is: what is below it goes first, for nobody else can tell it from
    others. Waits for up to five seconds for what would not die.
    """
    # It must neither report how its children ended nor start anew what was asked of it.
    send_signal(root, signal.SIGSTOP)
    deadline = time.monotonic() + _KILL_TIMEOUT_SECONDS
    while (left := _living_descendants(root)) and time.monotonic() < deadline:
        kill(left)
        time.sleep(_POLL_SECONDS)
    send_signal(root, signal.SIGKILL)


def terminate_all(look: Callable[[], list[Process]], grace: float = 5.0) -> list[Process]:
    """TERM, after `grace` seconds KILL, for whatever `look` finds, until it finds nothing.

    Returns what would not die within five seconds more (none, as a rule).
    """
    terminate(look())
    left = _wait_until_gone(look, grace)
    deadline = time.monotonic() + _KILL_TIMEOUT_SECONDS
    while left and time.monotonic() < deadline:
        # Again and again, because what forks may have escaped the last look.
        kill(left)
        left = _wait_until_gone(look, _POLL_SECONDS)
    return left


def _living_descendants(root: Process) -> list[Process]:
    """The living tree below exactly this process."""
    tree = descendants(root.pid)
    now = find(root.pid)
    # It still has the number, so it had it when we looked, too.
    return tree if now is not None and now.started == root.started else []


def _wait_until_gone(look: Callable[[], list[Process]], limit: float) -> list[Process]:
    deadline = time.monotonic() + limit
    while (left := look()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return left


def signal_all(those: list[Process], number: int) -> None:
    """Signals each of them that is there still and ours to signal."""
    for process in those:
        # Not ours to signal (it became another user): who looks again will still find it.
        with contextlib.suppress(PermissionError):
            send_signal(process, number)


def _read_words(process: Process, name: str) -> list[bytes]:
    """What /proc has in such a file, `environ` or `cmdline`; none where we may not look."""
    with contextlib.suppress(OSError), open(f"/proc/{process.pid}/{name}", "rb") as file:
        return file.read().split(b"\0")
    return []
