"""A git process: what it writes is read until it ends, and it is ended if it may not go on."""

import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Protocol

from muster.worker import processes
from muster.worker.limits.limits import disk_breach
from muster.worker.limits.sandbox_watch import find_breach
from muster.worker.sandbox.sandbox import ANNOUNCEMENT, Sandbox

ProgressHandler = Callable[[str, int], None]
"""Called with the phase in git's words (`Receiving objects`) and its percentage."""

ChunkHandler = Callable[[bytes], bool]
"""Called with each piece of what git writes, as it comes; False if that is enough."""

PROGRESS_PATTERN = re.compile(rb"(?:remote: )?([A-Z][A-Za-z ]+):\s+(\d{1,3})% ")

MAX_STDOUT_BYTES = 64 << 20
"""Bytes; whoever writes more, as what an agent set up might, is ended."""
MAX_STDERR_BYTES = 64 * 1024

_CHECK_INTERVAL_SECONDS = 0.5  # seconds between two looks at what a room uses
_TICK_SECONDS = 0.05
_MAX_FINAL_READS = 2_000  # of 64 KiB each: whoever holds a pipe open may write without end
_GRACE_SECONDS = 2.0


class CancelFlag(Protocol):
    """Set when it is time to stop: a `threading.Event`, say."""

    def is_set(self) -> bool: ...


class LimitExceeded(Exception):
    """More is used, or written, than may be; says what."""


class ReadingStopped(Exception):
    """Whoever takes what is written wants no more of it."""


class Stalled(Exception):
    """Nothing was written for too long."""


class GitProcess:
    """Reads both outputs of a git process until it ends, and ends it if it may not go on."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        on_progress: ProgressHandler | None,
        room: Sandbox | None,
        take: ChunkHandler | None = None,
        *,
        announcements: int = 0,
    ) -> None:
        """What git writes is kept in `stdout`, unless somebody is there to `take` it. So many
        `announcements` come of sandboxes that are made (`Room.command`)."""
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._announcements = announcements  # that are still to come
        self._process = process
        self._on_progress = on_progress
        self._sandbox = room
        self._on_chunk = take
        self._has_sandbox = room is not None and room.level != "none"
        self._initial_free_bytes = _free_bytes(room, otherwise=0) if room else 0
        self._check_at = time.monotonic() + _CHECK_INTERVAL_SECONDS
        self._silent_seconds, self._waited_at = 0.0, time.monotonic()
        self._selector = selectors.DefaultSelector()
        for stream in self._streams():
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ)

    @property
    def is_in_sandbox(self) -> bool:
        """Whether all sandboxes have announced themselves."""
        return not self._announcements

    def wait(
        self, deadline: float, cancelled: CancelFlag | None, stall_seconds: float | None = None
    ) -> int | None:
        """The exit status. Raises TimeoutError, InterruptedError when cancelled, LimitExceeded,
        Enough, and Stalled where it writes nothing, its progress included, before its first
        output."""
        while not self._has_ended():
            if cancelled is not None and cancelled.is_set():
                raise InterruptedError
            if time.monotonic() > deadline:
                raise TimeoutError
            if stall_seconds is not None and self._has_stalled(stall_seconds):
                raise Stalled
            self._require_within_limits()
        return self._process.returncode

    def _has_stalled(self, seconds: float) -> bool:
        """A machine that is frozen makes no progress either: a wait counts as one look at most."""
        now = time.monotonic()
        self._silent_seconds += min(now - self._waited_at, _CHECK_INTERVAL_SECONDS)
        self._waited_at = now
        return not self.stdout and self._silent_seconds > seconds

    def _require_within_limits(self) -> None:
        """What a workspace has git run is held to an attempt's limits, too. Raises
        LimitExceeded."""
        if self._sandbox is None or time.monotonic() < self._check_at:
            return
        self._check_at = time.monotonic() + _CHECK_INTERVAL_SECONDS
        # Whoever else writes there counts, too: it would take more than an attempt may have at all.
        lost, breach = (
            self._initial_free_bytes
            - _free_bytes(self._sandbox, otherwise=self._initial_free_bytes),
            None,
        )
        if lost > self._sandbox.limits.disk:
            breach = disk_breach(self._sandbox.limits.disk, lost)
        elif not self._sandbox.groups:  # else the kernel holds it to the others
            breach = find_breach(processes.descendants(self._process.pid), self._sandbox.limits)
        if breach is not None:
            raise LimitExceeded(f"{breach.code}: {breach.message}")

    def close(self) -> None:
        if self._process.poll() is None or self._selector.get_map():
            self._kill()
        self._selector.close()
        for stream in self._streams():
            stream.close()

    def _has_ended(self) -> bool:
        if not self._selector.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_TICK_SECONDS)
            return self._process.returncode is not None
        # A grandchild may keep the pipes open after git has ended.
        if self._read_available(_TICK_SECONDS) or self._process.poll() is None:
            return False
        for _ in range(_MAX_FINAL_READS):  # what it wrote after the look, and before it ended
            if not self._read_available(0):
                break
        return True

    def _read_available(self, seconds: float) -> bool:
        """Reads what has come after at most so many seconds; whether anything has."""
        events = self._selector.select(seconds)
        for key, _ in events:
            self._read(key.fd)
        return bool(events)

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        return self._process.stdout, self._process.stderr

    def _read(self, descriptor: int) -> None:
        data = os.read(descriptor, 65_536)
        self._silent_seconds = 0.0
        if not data:
            self._selector.unregister(descriptor)
        elif descriptor == self._streams()[0].fileno():
            self._store_output(data)
        else:
            self.stderr = (self.stderr + data)[-MAX_STDERR_BYTES:]
            self._remove_announcements()
            self._report_progress(data)

    def _store_output(self, data: bytes) -> None:
        if self._on_chunk is not None:
            if not self._on_chunk(data):
                raise ReadingStopped
            return
        self.stdout += data
        if len(self.stdout) > MAX_STDOUT_BYTES:
            raise LimitExceeded(f"it wrote more than {MAX_STDOUT_BYTES >> 20} MiB")

    def _remove_announcements(self) -> None:
        """Takes it out of what git says."""
        while self._announcements and ANNOUNCEMENT in self.stderr:
            self._announcements -= 1
            self.stderr = self.stderr.replace(ANNOUNCEMENT, b"", 1)

    def _report_progress(self, data: bytes) -> None:
        if self._on_progress is not None and (found := PROGRESS_PATTERN.findall(data)):
            phase, percent = found[-1]
            self._on_progress(phase.decode(), int(percent))

    def _kill(self) -> None:
        if self._has_sandbox:
            # By its first process: what makes the room ends when that and all else is gone.
            processes.signal_all(processes.children(self._process.pid), signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)
        # TERM first: git removes its lock files when it gets the chance.
        for sent in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, sent)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)


def _free_bytes(room: Sandbox, *, otherwise: int) -> int:
    """Bytes that the disk of the room's workspace has left, if there still is one."""
    with suppress(OSError):
        return shutil.disk_usage(room.host_workspace).free
    return otherwise
