"""Which agents are here, and what they answer to `--version`."""

import errno
import os
import re
import threading
import time
from typing import NamedTuple

from muster.protocol.frames import Capability
from muster.worker.agents import probe
from muster.worker.agents.environment import search_path
from muster.worker.agents.probe import Probe

VERSION_LENGTH = 100

MISSING = frozenset({errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR})
"""What the system says of a program that it cannot run, and will not be able to run either."""

_NUMBERS = re.compile(r"\d+(?:\.\d+)+")
_ASK_AGAIN = 60.0  # seconds until a program that could not be started is tried again


class Binary(NamedTuple):
    """An agent's program. `changed` is another number when it is another file."""

    path: str
    changed: int


class Versions:
    """What agents answer to `--version`; each binary is asked once, in the background, again when
    it has changed, and now and then while it cannot be started."""

    def __init__(self, path: str | None = None, look: Probe = probe.HERE) -> None:
        """`look` finds the binaries and asks them: as an attempt would, where that is known."""
        self.path = search_path(path)
        self._look = look
        self._lock = threading.Lock()
        self._asked: dict[Binary, threading.Thread] = {}
        self._known: dict[Binary, str] = {}
        self._unstartable: dict[Binary, float] = {}  # when each was last tried

    def find(self, name: str) -> Binary | None:
        """The program of that name on the search path."""
        found = self._look.which(name, self.path)
        return Binary(found, _changed(found)) if found else None

    def of(self, binary: Binary) -> str | None:
        """The binary's version; None while it has not answered, and if it never does."""
        with self._lock:
            tried, now = self._unstartable.get(binary), time.monotonic()
            is_due = tried is not None and tried <= now - _ASK_AGAIN
            if is_due:
                self._unstartable[binary] = now
            if is_due or binary not in self._asked:
                asking = threading.Thread(
                    target=self._ask, args=(binary,), name=f"version-{binary.path}", daemon=True
                )
                self._asked[binary] = asking
                asking.start()
            return self._known.get(binary)

    def is_startable(self, binary: Binary) -> bool:
        """False once the system has said that it cannot start the binary."""
        with self._lock:
            return binary not in self._unstartable

    def wait(self, timeout: float = probe.PATIENCE) -> None:
        """Waits until all binaries that were asked have answered, or for `timeout` seconds each."""
        with self._lock:
            asking = list(self._asked.values())
        for thread in asking:
            thread.join(timeout)

    def _ask(self, binary: Binary) -> None:
        env = {"PATH": self.path, "HOME": "/nonexistent", "LANG": "C.UTF-8"}
        try:
            answer = self._look.run([binary.path, "--version"], env) or ""
        except OSError as error:
            if error.errno in MISSING:
                with self._lock:
                    self._unstartable[binary] = time.monotonic()
            return
        lines = answer.strip().splitlines()
        with self._lock:
            self._unstartable.pop(binary, None)
            if lines:
                self._known[binary] = lines[0][:VERSION_LENGTH]


def capability(agent: str, binary: Binary | None, versions: Versions) -> Capability:
    """What is told of an agent type whose program was looked for. Returns at once."""
    version = versions.of(binary) if binary else None
    if binary is None or not versions.is_startable(binary):
        return Capability(agent, healthy=False, reason="binary_missing")
    return Capability(agent, version)


def is_older(version: str, than: str) -> bool:
    """Whether what a program answered names a version before that one; False if none is named."""
    told = _NUMBERS.search(version)
    return told is not None and _numbers(told[0]) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _changed(binary: str) -> int:
    try:
        return os.stat(binary).st_mtime_ns
    except OSError:
        return 0
