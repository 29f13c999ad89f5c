"""Find the installed agents and run them with `--version`."""

import errno
import json
import logging
import os
import re
import threading
import time
from math import inf
from pathlib import Path
from typing import NamedTuple

from muster.protocol.frames import Capability
from muster.worker import atomic_write
from muster.worker.agents import probe
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import Adapter
from muster.worker.agents.environment import search_path
from muster.worker.agents.probe import Probe

MAX_VERSION_CHARS = 100

NOT_RUNNABLE_ERRNOS = frozenset({errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR})
"""System errors for a program that can never run."""

_NUMBERS = re.compile(r"\d+(?:\.\d+)+")
_RETRY_SECONDS = 60.0  # seconds until a program that hasn't responded is tried again

log = logging.getLogger(__name__)


class Binary(NamedTuple):
    """An agent's program. `changed` differs if it is a different file."""

    path: str
    mtime_ns: int


class Versions:
    """The agents' `--version` output; each binary runs once in the background, again after it has
    changed, and now and then while it doesn't respond.
    """

    def __init__(
        self,
        path: str | None = None,
        look: Probe = probe.DAEMON_PROBE,
        store: Path | None = None,
    ) -> None:
        """`look` finds the binaries and runs them: as an attempt would, if possible. `store` is the
        file that keeps versions: after a restart, the agents that still run take messages at once.
        """
        self.path = search_path(path)
        self._probe, self._store = look, store
        self._lock = threading.Lock()
        self._queries: dict[Binary, threading.Thread] = {}
        self._versions: dict[Binary, str] = _load_versions(store)
        self._failed_at: dict[Binary, float] = {}  # the time of each last try
        self._silent_at: dict[Binary, float] = {}  # the same, of those that didn't respond

    def find(self, name: str) -> Binary | None:
        """Return the program of that name on the search path."""
        found = self._probe.which(name, self.path)
        return Binary(found, _mtime_ns(found)) if found else None

    def get(self, binary: Binary) -> str | None:
        """Return the binary's version; None until it has responded, and if it never does."""
        with self._lock:
            tries, now = (self._failed_at, self._silent_at), time.monotonic()
            is_due = any(each.get(binary, inf) <= now - _RETRY_SECONDS for each in tries)
            for each in tries:
                if binary in each and is_due:
                    each[binary] = now
            if is_due or binary not in self._queries:
                asking = threading.Thread(
                    target=self._query, args=(binary,), name=f"version-{binary.path}", daemon=True
                )
                self._queries[binary] = asking
                asking.start()
            return self._versions.get(binary)

    def is_startable(self, binary: Binary) -> bool:
        """False once the system has refused to start the binary."""
        with self._lock:
            return binary not in self._failed_at

    def wait(self, timeout: float = probe.ANSWER_TIMEOUT_SECONDS) -> None:
        """Wait until all pending binaries have responded, or for `timeout` seconds each."""
        with self._lock:
            asking = list(self._queries.values())
        for thread in asking:
            thread.join(timeout)

    def _query(self, binary: Binary) -> None:
        env = {"PATH": self.path, "HOME": "/nonexistent", "LANG": "C.UTF-8"}
        try:
            answer = self._probe.run([binary.path, "--version"], env) or ""
        except OSError as error:
            can_run = error.errno not in NOT_RUNNABLE_ERRNOS
            with self._lock:
                (self._silent_at if can_run else self._failed_at)[binary] = time.monotonic()
            return
        lines = answer.strip().splitlines()
        with self._lock:
            self._failed_at.pop(binary, None)
            self._silent_at.pop(binary, None)
            if not lines:
                self._silent_at[binary] = time.monotonic()
            elif self._versions.get(binary) != lines[0][:MAX_VERSION_CHARS]:
                self._versions[binary] = lines[0][:MAX_VERSION_CHARS]
                self._save()

    def _save(self) -> None:
        """Of each program the latest version; the caller holds the lock."""
        if self._store is None:
            return
        rows = {binary.path: [binary.mtime_ns, text] for binary, text in self._versions.items()}
        try:
            atomic_write.replace_file(self._store, json.dumps(rows).encode())
        except OSError as error:
            log.warning("can't store the agents' versions: %s", error)


def _load_versions(store: Path | None) -> dict[Binary, str]:
    if store is None:
        return {}
    try:
        rows = json.loads(store.read_bytes())
        return {Binary(path, int(mtime)): str(text) for path, (mtime, text) in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # none yet, or damaged
        return {}


def make_capability(agent: str, binary: Binary | None, versions: Versions) -> Capability:
    """Return the capability to report for an agent type. Returns at once."""
    version = versions.get(binary) if binary else None
    if binary is None or not versions.is_startable(binary):
        return Capability(agent, healthy=False, reason="binary_missing")
    return Capability(agent, version)


def can_take_messages(adapter: Adapter | None, version: str | None) -> bool:
    """Whether that version of an agent takes people's messages; an unknown one doesn't."""
    if adapter is not None and adapter.format == ACP:
        return True
    if adapter is None or adapter.messages is None:
        return False
    oldest = adapter.messages.min_version
    is_known = version is not None and _NUMBERS.search(version) is not None
    return oldest is None or (is_known and not is_older(version or "", oldest))


def is_older(version: str, than: str) -> bool:
    """Whether the program's output names a version older than that one; False if it names none."""
    match = _NUMBERS.search(version)
    return match is not None and _version_numbers(match[0]) < _version_numbers(than)


def _version_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _mtime_ns(binary: str) -> int:
    try:
        return os.stat(binary).st_mtime_ns
    except OSError:
        return 0
