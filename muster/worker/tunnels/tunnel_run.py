"""One start of an attempt's tunnel, on its own thread.

It runs the command, reads its address, restarts it after a crash, and ends it: when its time or the
machine's lease is over, or on `close`. Its last report comes when nothing of it runs any more.
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
from muster.worker.tunnels.output_reader import Address, LoginPrompt, OutputReader

CONNECT_TIMEOUT_SECONDS = 30.0  # seconds for the command to print its address
LOGIN_TIMEOUT_SECONDS = (
    900.0  # instead, once a user must log in: GitHub's codes are valid that long
)
RESTART_DELAYS_SECONDS = (2.0, 4.0, 8.0)  # seconds until it is restarted after a crash
_STOP_GRACE_SECONDS = 5.0  # seconds between TERM and KILL
_SANDBOX_EXIT_TIMEOUT_SECONDS = (
    5.0  # seconds for the sandbox's creator to exit after everything in it
)
_LEASE_POLL_SECONDS = 1.0  # seconds between checks of the lease
_READ_BYTES = 64 << 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _TunnelEnded(Exception):
    """The tunnel must end, or has ended, permanently."""

    state: Literal["closed", "expired", "failed"]
    reason: str = ""


class _Crash(Exception):
    """The command exited unexpectedly."""


class TunnelRun:
    """Starts at once, on its own thread. `say` sends reports."""

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
        self._report = say
        self._is_lease_expired = lease_is_over
        self._expires_at = boot_seconds() + ttl
        self._restarts = 0
        self._last_report: TunnelFacts | None = None
        self._close_reason: str | None = None  # it must close
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._wake_lock = threading.Lock()
        self._finished = threading.Event()
        self._thread = threading.Thread(
            target=self._run_thread, name=f"tunnel-{key.name}", daemon=True
        )
        self._thread.start()

    @property
    def is_finished(self) -> bool:
        """Whether nothing of the tunnel runs, and that has been reported."""
        return self._finished.is_set()

    def close(self, why: str = "") -> None:
        """Close the tunnel; doesn't block."""
        if self._close_reason is None:
            self._close_reason = why
        with self._wake_lock:
            if not self.is_finished:
                os.eventfd_write(self._wake, 1)

    def join(self, timeout: float) -> bool:
        """Wait until the tunnel has ended; return whether it has."""
        return self._finished.wait(timeout)

    # The thread

    def _run_thread(self) -> None:
        try:
            self._run_until_ended()
        except _TunnelEnded as over:
            self._report_state(over.state, error=over.reason)
        except Exception as error:
            log.exception("the tunnel of task %d failed", self._key.task_id)
            self._report_state("failed", error=f"{type(error).__name__}: {error}")
        finally:
            with self._wake_lock:
                self._finished.set()
                os.close(self._wake)

    def _run_until_ended(self) -> None:
        while True:
            try:
                self._run_command()
            except _Crash as crash:
                if self._restarts == len(RESTART_DELAYS_SECONDS):
                    raise _TunnelEnded("failed", str(crash)) from None
                pause = RESTART_DELAYS_SECONDS[self._restarts]
                self._restarts += 1
                self._report_state("starting", error=f"{crash}; restarting in {pause:.0f} s")
                self._wait(boot_seconds() + pause)

    def _run_command(self) -> None:
        """Run the command until it crashes or the tunnel ends; then nothing of it runs."""
        try:
            command = self._command()
            process = command.spawn()
        except (TunnelImpossible, OSError, ValueError) as error:
            raise _TunnelEnded("failed", str(error)) from None
        with contextlib.ExitStack() as after:
            after.callback(self._stop_command, command, process)
            self._report_state("starting")
            self._read_output(process)

    def _stop_command(self, command: TunnelCommand, process: "subprocess.Popen[bytes]") -> None:
        # The leader is reaped last: until then no other process can have the group's number.
        if left := processes.terminate_all(
            lambda: command.living_processes(process.pid), _STOP_GRACE_SECONDS
        ):
            log.error(
                "%d processes of the tunnel of task %d don't die", len(left), self._key.task_id
            )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(
                _SANDBOX_EXIT_TIMEOUT_SECONDS
            )  # the sandbox's creator exits when that is empty
        if process.poll() is None:
            process.kill()
        assert process.stdout is not None
        process.stdout.close()

    def _read_output(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        reader, output = OutputReader(), process.stdout.fileno()
        listened = {output}
        os.set_blocking(output, False)
        limit = boot_seconds() + CONNECT_TIMEOUT_SECONDS
        death = os.pidfd_open(process.pid)
        try:
            while ready := self._wait(limit, death, *listened):
                data, is_over = _read_available(output)
                for message in reader.feed(data):
                    limit = self._handle_output(message, limit)
                if is_over:
                    listened.clear()  # it would always be ready
                if death in ready:
                    # Other processes with its output may keep that open.
                    raise self._exit_error(process, reader.last_line)
        finally:
            os.close(death)
        why = f"not connected within {CONNECT_TIMEOUT_SECONDS:.0f} s"
        raise _TunnelEnded(
            "failed",
            "no user logged in"
            if self._is_waiting_for_login
            else _join_message(why, reader.last_line),
        )

    def _handle_output(self, message: Address | LoginPrompt, limit: float) -> float:
        """Report it; return the time until which the command may connect."""
        if isinstance(message, Address):
            self._report_state("connected", url=message.url)
            return inf
        if limit == inf:
            return limit  # already connected
        text = f"log in at {message.url} with the code {message.code}"
        self._report_state("starting", error=text, waits_for_login=True)
        return boot_seconds() + LOGIN_TIMEOUT_SECONDS

    @property
    def _is_waiting_for_login(self) -> bool:
        return self._last_report is not None and self._last_report.waits_for_login

    def _exit_error(self, process: "subprocess.Popen[bytes]", last: str) -> Exception:
        dead = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert dead is not None
        if dead.si_code != os.CLD_EXITED:
            return _Crash(
                _join_message(f"the tunnel command was killed by signal {dead.si_status}", last)
            )
        if (
            dead.si_status == 0
            and self._last_report is not None
            and self._last_report.state == "connected"
        ):
            return _TunnelEnded("closed", "it was turned off from the editor")
        return _Crash(_join_message(f"the tunnel command exited with code {dead.si_status}", last))

    def _wait(self, until: float, *handles: int) -> set[int]:
        """Return the ready descriptors; none at that time. Raises _TunnelEnded."""
        poll = select.poll()
        for handle in (self._wake, *handles):
            poll.register(handle, select.POLLIN)
        while True:
            now = boot_seconds()
            if self._close_reason is not None:
                raise _TunnelEnded("closed", self._close_reason)
            if now >= self._expires_at:
                raise _TunnelEnded("expired", "its time limit was reached")
            if self._is_lease_expired():
                raise _TunnelEnded("closed", "the machine has lost contact with the server")
            if now >= until:
                return set()
            wait = min(until - now, self._expires_at - now, _LEASE_POLL_SECONDS)
            ready = {handle for handle, _ in poll.poll(max(1, wait * 1000))} - {self._wake}
            if ready:
                return ready

    def _report_state(
        self,
        state: Literal["starting", "connected", "closed", "expired", "failed"],
        *,
        url: str = "",
        error: str = "",
        waits_for_login: bool = False,
    ) -> None:
        facts = TunnelFacts(self.number, state, url, error, self._restarts, waits_for_login)
        if facts != self._last_report:
            self._last_report = facts
            self._report(facts)


def _join_message(why: str, last: str) -> str:
    return f"{why}: {last[:500]}" if last else why


def _read_available(handle: int) -> tuple[bytes, bool]:
    """Return what can be read now, and whether nothing more will come; a newline then."""
    pieces: list[bytes] = []
    piece = b"?"
    with contextlib.suppress(BlockingIOError):
        while len(pieces) < 16 and (piece := os.read(handle, _READ_BYTES)):
            pieces.append(piece)
        if not piece:
            pieces.append(b"\n")
    return b"".join(pieces), not piece
