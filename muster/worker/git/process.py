"""A git process: its output is read until it exits, and it is stopped if it must not continue."""

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Protocol

from muster.worker import processes
from muster.worker.limits.disk_program import DiskLossWatch
from muster.worker.limits.sandbox_watch import find_breach
from muster.worker.sandbox.sandbox import ANNOUNCEMENT, Sandbox

ProgressHandler = Callable[[str, int], None]
"""Called with git's name for the phase (`Receiving objects`) and its percentage."""

ChunkHandler = Callable[[bytes], bool]
"""Called with each chunk of git's output; returns False to stop."""

PROGRESS_PATTERN = re.compile(rb"(?:remote: )?([A-Z][A-Za-z ]+):\s+(\d{1,3})% ")

MAX_STDOUT_BYTES = 64 << 20
"""Maximum bytes of output. A process that writes more, such as an agent's hook, is stopped."""
MAX_STDERR_BYTES = 64 * 1024

_CHECK_INTERVAL_SECONDS = 0.5  # seconds between checks of a sandbox's limits
_TICK_SECONDS = 0.05
_MAX_FINAL_READS = 2_000  # of 64 KiB each: a process with an open pipe may write forever
_GRACE_SECONDS = 2.0


class CancelFlag(Protocol):
    """Set when it is time to stop: for example a `threading.Event`."""

    def is_set(self) -> bool: ...


class LimitExceeded(Exception):
    """A limit on use or output was exceeded; the message says which."""


class ReadingStopped(Exception):
    """The reader of the output wants no more."""


class Stalled(Exception):
    """No output for too long."""


class GitProcess:
    """Reads both outputs of a git process until it exits, and stops it if it must not continue."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        on_progress: ProgressHandler | None,
        room: Sandbox | None,
        take: ChunkHandler | None = None,
        *,
        announcements: int = 0,
    ) -> None:
        """git's output is stored in `stdout`, unless `take` reads it. `announcements` is the number
        of sandboxes that announce themselves (`Sandbox.command`)."""
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._announcements = announcements  # the remaining ones
        self._process = process
        self._on_progress = on_progress
        self._sandbox = room
        self._on_chunk = take
        self._has_sandbox = room is not None and room.level != "none"
        self._disk = _watch_disk(room, process.pid) if room else None
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
        """Return the exit status. Raises TimeoutError, InterruptedError when cancelled,
        LimitExceeded, ReadingStopped, and Stalled if it writes nothing, including progress, before
        its first output."""
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
        """A frozen machine makes no progress either: each wait counts as one check at most."""
        now = time.monotonic()
        self._silent_seconds += min(now - self._waited_at, _CHECK_INTERVAL_SECONDS)
        self._waited_at = now
        return not self.stdout and self._silent_seconds > seconds

    def _require_within_limits(self) -> None:
        """Raise LimitExceeded if programs that a workspace has git run exceed an attempt's
        limits."""
        if self._sandbox is None or self._disk is None or time.monotonic() < self._check_at:
            return
        self._check_at = time.monotonic() + _CHECK_INTERVAL_SECONDS
        breach = None
        with suppress(OSError):  # nothing can be started just now
            breach = self._disk.poll(time.monotonic())
        if breach is None and not self._sandbox.groups:  # otherwise the kernel enforces the others
            breach = find_breach(processes.descendants(self._process.pid), self._sandbox.limits)
        if breach is not None:
            raise LimitExceeded(f"{breach.code}: {breach.message}")

    def close(self) -> None:
        if self._process.poll() is None or self._selector.get_map():
            self._kill()
        if self._disk is not None:
            self._disk.close()
        self._selector.close()
        for stream in self._streams():
            stream.close()

    def _has_ended(self) -> bool:
        if not self._selector.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_TICK_SECONDS)
            return self._process.returncode is not None
        # A grandchild may keep the pipes open after git has exited.
        if self._read_available(_TICK_SECONDS) or self._process.poll() is None:
            return False
        for _ in range(_MAX_FINAL_READS):  # output between the check and the exit
            if not self._read_available(0):
                break
        return True

    def _read_available(self, seconds: float) -> bool:
        """Read output for at most that many seconds; return whether there was any."""
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
        """Remove the announcements from git's output."""
        while self._announcements and ANNOUNCEMENT in self.stderr:
            self._announcements -= 1
            self.stderr = self.stderr.replace(ANNOUNCEMENT, b"", 1)

    def _report_progress(self, data: bytes) -> None:
        if self._on_progress is not None and (found := PROGRESS_PATTERN.findall(data)):
            phase, percent = found[-1]
            self._on_progress(phase.decode(), int(percent))

    def _kill(self) -> None:
        if self._has_sandbox:
            # Through its first process: the sandbox's creator exits when that and everything else
            # is gone.
            processes.signal_all(processes.children(self._process.pid), signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)
        # TERM first, so that git can remove its lock files.
        for sent in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, sent)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)


def _watch_disk(room: Sandbox, root: int) -> DiskLossWatch:
    directories = [str(room.host_workspace), str(room.host_home)]
    return DiskLossWatch(directories, room.limits.disk, time.monotonic(), root)
