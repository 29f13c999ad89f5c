"""One start of an attempt's tunnel, on a thread of its own.

It runs the command, reads where it can be reached, starts it again after a crash, and ends it: when
its time or the machine's lease is over, or when `close` is called. Whatever it has told, the last
word comes when nothing of it runs any more.
"""

import contextlib
import logging
import os
import select
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Literal

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import TunnelFacts
from muster.worker import processes
from muster.worker.clock import boot_seconds
from muster.worker.tunnels.command import TunnelCommand, TunnelImpossible
from muster.worker.tunnels.output_reader import Address, Login, OutputReader

CONNECT_LIMIT = 30.0  # seconds for the command to say where it can be reached
LOGIN_LIMIT = 900.0  # instead, once somebody has to log in: so long GitHub's codes are good
PAUSES = (2.0, 4.0, 8.0)  # seconds before it is started again after a crash
_GRACE = 5.0  # seconds between TERM and KILL
_ROOM_END = 5.0  # seconds for the end of what made a room, after all that was in there
_LEASE_LOOK = 1.0  # seconds between two looks whether the lease is over
_READ = 64 << 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Over(Exception):
    """The tunnel is to end, or has ended, for good."""

    state: Literal["closed", "expired", "failed"]
    why: str = ""


class _Crash(Exception):
    """The command ended although nobody wanted it to."""


class TunnelRun:
    """Starts at once, on a thread of its own. `say` takes what is to be reported."""

    def __init__(
        self,
        key: AttemptKey,
        number: int,
        ttl: float,
        command: Callable[[], TunnelCommand],
        say: Callable[[TunnelFacts], None],
        lease_is_over: Callable[[], bool],
    ) -> None:
        """`ttl` in seconds. `command` raises TunnelImpossible."""
        self.number = number
        self._key = key
        self._command = command
        self._say = say
        self._lease_is_over = lease_is_over
        self._expires_at = boot_seconds() + ttl
        self._restarts = 0
        self._told: TunnelFacts | None = None
        self._why: str | None = None  # it is to be closed
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._waking = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"tunnel-{key.name}", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether nothing of the tunnel runs, and that has been reported."""
        return self._over.is_set()

    def close(self, why: str = "") -> None:
        """Has the tunnel end; waits for nothing."""
        if self._why is None:
            self._why = why
        with self._waking:
            if not self.is_over:
                os.eventfd_write(self._wake, 1)

    def join(self, timeout: float) -> bool:
        """Waits until the tunnel is over; whether it is."""
        return self._over.wait(timeout)

    # The thread

    def _live(self) -> None:
        try:
            self._keep_open()
        except _Over as over:
            self._tell(over.state, error=over.why)
        except Exception as error:
            log.exception("the tunnel of task %d failed", self._key.task_id)
            self._tell("failed", error=f"{type(error).__name__}: {error}")
        finally:
            with self._waking:
                self._over.set()
                os.close(self._wake)

    def _keep_open(self) -> None:
        while True:
            try:
                self._run()
            except _Crash as crash:
                if self._restarts == len(PAUSES):
                    raise _Over("failed", str(crash)) from None
                pause = PAUSES[self._restarts]
                self._restarts += 1
                self._tell("starting", error=f"{crash}; started again in {pause:.0f} s")
                self._wait(boot_seconds() + pause)

    def _run(self) -> None:
        """Runs the command until it crashes or the tunnel is over; nothing of it runs then."""
        try:
            command = self._command()
            process = command.spawn()
        except (TunnelImpossible, OSError, ValueError) as error:
            raise _Over("failed", str(error)) from None
        with contextlib.ExitStack() as after:
            after.callback(self._end, command, process)
            self._tell("starting")
            self._read(process)

    def _end(self, command: TunnelCommand, process: "subprocess.Popen[bytes]") -> None:
        # The leader is reaped last: until then nobody else can have the group's number.
        if left := processes.end(lambda: command.living(process.pid), _GRACE):
            log.error(
                "%d processes of the tunnel of task %d would not die", len(left), self._key.task_id
            )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_ROOM_END)  # what makes the room ends when that is empty
        if process.poll() is None:
            process.kill()
        assert process.stdout is not None
        process.stdout.close()

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        reader, output = OutputReader(), process.stdout.fileno()
        listened = {output}
        os.set_blocking(output, False)
        limit = boot_seconds() + CONNECT_LIMIT
        death = os.pidfd_open(process.pid)
        try:
            while ready := self._wait(limit, death, *listened):
                heard, is_over = _whatever(output)
                for said in reader.feed(heard):
                    limit = self._take(said, limit)
                if is_over:
                    listened.clear()  # it would be ready for ever
                if death in ready:
                    # Whoever else has its output may keep that open.
                    raise self._verdict(process, reader.last)
        finally:
            os.close(death)
        why = f"not connected within {CONNECT_LIMIT:.0f} s"
        raise _Over("failed", "nobody logged in" if self._waits else _with(why, reader.last))

    def _take(self, said: Address | Login, limit: float) -> float:
        """Reports it; returns the moment until which the command has time to connect."""
        if isinstance(said, Address):
            self._tell("connected", url=said.url)
            return inf
        if limit == inf:
            return limit  # connected already
        text = f"log in at {said.url} with the code {said.code}"
        self._tell("starting", error=text, waits_for_login=True)
        return boot_seconds() + LOGIN_LIMIT

    @property
    def _waits(self) -> bool:
        return self._told is not None and self._told.waits_for_login

    def _verdict(self, process: "subprocess.Popen[bytes]", last: str) -> Exception:
        dead = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert dead is not None
        if dead.si_code != os.CLD_EXITED:
            return _Crash(_with(f"the tunnel command was ended by signal {dead.si_status}", last))
        if dead.si_status == 0 and self._told is not None and self._told.state == "connected":
            return _Over("closed", "it was turned off from the editor")
        return _Crash(_with(f"the tunnel command ended with exit code {dead.si_status}", last))

    def _wait(self, until: float, *handles: int) -> set[int]:
        """Those of the handles that are ready; none at that moment. Raises _Over."""
        poll = select.poll()
        for handle in (self._wake, *handles):
            poll.register(handle, select.POLLIN)
        while True:
            now = boot_seconds()
            if self._why is not None:
                raise _Over("closed", self._why)
            if now >= self._expires_at:
                raise _Over("expired", "its time is over")
            if self._lease_is_over():
                raise _Over("closed", "the machine has lost touch with the server")
            if now >= until:
                return set()
            wait = min(until - now, self._expires_at - now, _LEASE_LOOK)
            ready = {handle for handle, _ in poll.poll(max(1, wait * 1000))} - {self._wake}
            if ready:
                return ready

    def _tell(
        self,
        state: Literal["starting", "connected", "closed", "expired", "failed"],
        *,
        url: str = "",
        error: str = "",
        waits_for_login: bool = False,
    ) -> None:
        facts = TunnelFacts(self.number, state, url, error, self._restarts, waits_for_login)
        if facts != self._told:
            self._told = facts
            self._say(facts)


def _with(why: str, last: str) -> str:
    return f"{why}: {last[:500]}" if last else why


def _whatever(handle: int) -> tuple[bytes, bool]:
    """What can be read now, and whether nothing more will come; an end of line then."""
    pieces: list[bytes] = []
    piece = b"?"
    with contextlib.suppress(BlockingIOError):
        while len(pieces) < 16 and (piece := os.read(handle, _READ)):
            pieces.append(piece)
        if not piece:
            pieces.append(b"\n")
    return b"".join(pieces), not piece
