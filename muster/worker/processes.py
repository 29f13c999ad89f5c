"""Find and kill process trees through /proc.

By the time a signal is sent, a pid may belong to another process. So a process is identified by its
pid and start tick, and is signaled through a pidfd that is checked after opening. Standard library
only, because the shim imports this.
"""

import contextlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_POLL_SECONDS = 0.02  # seconds between checks of what still runs
_KILL_TIMEOUT_SECONDS = 5.0  # seconds for which SIGKILL is repeated
_READ_BYTES = 64 << 10


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
        """Whether it is neither a zombie nor dead."""
        return self.state not in "ZXx"


def find(pid: int) -> Process | None:
    """Return the process that has this pid now."""
    stat = _read(pid, "stat")
    if not stat:  # gone, or not visible to us
        return None
    # The name in parentheses can itself contain parentheses and spaces.
    fields = stat[stat.rindex(b")") + 2 :].split(maxsplit=20)
    parent, group, session = map(int, fields[1:4])
    return Process(pid, int(fields[19]), parent, group, session, fields[0].decode())


def cpu_ticks(process: Process) -> int:
    """Return the clock ticks of processor time that it and its ended children have used."""
    stat = _read(process.pid, "stat")
    # Fields 14 to 17 of proc_pid_stat(5); the list starts with the third.
    return sum(map(int, stat[stat.rindex(b")") + 2 :].split()[11:15])) if stat else 0


def iterate_processes() -> Iterator[Process]:
    """Iterate over all visible processes."""
    for pid in _list_pids():
        if process := find(pid):
            yield process


def descendants(root: int) -> list[Process]:
    """Return the living tree below a process. Complete below a subreaper, whatever the tree did."""
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
    """Return the living children of a process."""
    return [
        process for process in iterate_processes() if process.is_alive and process.parent == parent
    ]


def processes_in_group(group: int) -> list[Process]:
    return [
        process for process in iterate_processes() if process.is_alive and process.group == group
    ]


def find_by_environment(name: str, value: str) -> list[Process]:
    """Return the living processes that started with `name=value` in their environment."""
    mark = os.fsencode(f"{name}={value}")
    return _find_by_words("environ", lambda words: mark in words)


def find_by_arguments(*words: str, among: Iterable[Process] | None = None) -> list[Process]:
    """Return the living processes with all these words in their command lines; by default among
    all.
    """
    wanted = {os.fsencode(word) for word in words}
    if among is None:
        return _find_by_words("cmdline", wanted.issubset)
    return [p for p in among if p.is_alive and wanted.issubset(_read_words(p.pid, "cmdline"))]


def find_by_path(directory: str) -> list[Process]:
    """Return the living processes with the directory, or a path in it, in their command lines."""
    name = os.fsencode(directory)
    return _find_by_words("cmdline", lambda words: any(name in word for word in words))


def send_signal(process: Process, number: int) -> bool:
    """Signal exactly this process; False if it is gone. Raises PermissionError."""
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
    """Send SIGTERM, and SIGCONT so that stopped processes handle it."""
    signal_all(those, signal.SIGTERM)
    signal_all(those, signal.SIGCONT)


def kill(those: list[Process]) -> None:
    signal_all(those, signal.SIGKILL)


def kill_tree(root: Process) -> None:
    """Send SIGKILL to exactly this process and all below it. Raises PermissionError.

    For a subreaper, as a shim is: its descendants go first, because afterwards nothing identifies
    them. Waits up to five seconds for those that don't die.
    """
    # It must neither report how its children exited nor start its work again.
    send_signal(root, signal.SIGSTOP)
    deadline = time.monotonic() + _KILL_TIMEOUT_SECONDS
    while (left := _living_descendants(root)) and time.monotonic() < deadline:
        kill(left)
        time.sleep(_POLL_SECONDS)
    send_signal(root, signal.SIGKILL)


def terminate_all(look: Callable[[], list[Process]], grace: float = 5.0) -> list[Process]:
    """TERM, after `grace` seconds KILL, for all processes that `look` returns, until it returns
    none.

    Returns those that survive five more seconds (usually none).
    """
    left = look()
    terminate(left)
    if left:
        left = _wait_until_gone(look, grace)
    deadline = time.monotonic() + _KILL_TIMEOUT_SECONDS
    while left and time.monotonic() < deadline:
        # Repeated, because a forking process may have escaped the last search.
        kill(left)
        left = _wait_until_gone(look, _POLL_SECONDS)
    return left


def _living_descendants(root: Process) -> list[Process]:
    """Return the living tree below exactly this process."""
    tree = descendants(root.pid)
    now = find(root.pid)
    # It still has the pid, so it also had it during the search.
    return tree if now is not None and now.started == root.started else []


def _wait_until_gone(look: Callable[[], list[Process]], limit: float) -> list[Process]:
    deadline = time.monotonic() + limit
    while (left := look()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return left


def signal_all(those: list[Process], number: int) -> None:
    """Signal each process that still exists and that we may signal."""
    for process in those:
        # Not ours to signal (it changed its user): another search still finds it.
        with contextlib.suppress(PermissionError):
            send_signal(process, number)


def _find_by_words(name: str, matches: Callable[[list[bytes]], bool]) -> list[Process]:
    """Return the living processes whose words in such a file in /proc match.

    The file is read first, because few match, and again once its process is identified: by then
    another process may have the pid.
    """
    return [
        process
        for pid in _list_pids()
        if matches(_read_words(pid, name))
        and (process := find(pid))
        and process.is_alive
        and matches(_read_words(pid, name))
    ]


def _list_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _read_words(pid: int, name: str) -> list[bytes]:
    """Return the words of `environ` or `cmdline`; empty if we can't read them."""
    return _read(pid, name).split(b"\0")


def _read(pid: int, name: str) -> bytes:
    """Return such a file in /proc; empty if we can't read it. File objects would take twice as
    long."""
    try:
        handle = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
    except OSError:
        return b""
    try:
        return b"".join(iter(lambda: os.read(handle, _READ_BYTES), b""))
    except OSError:
        return b""
    finally:
        os.close(handle)
