"""Child processes that exit when this process does, even if it is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from app.embedded import handles
from app.embedded.accounts import Account
from app.embedded.errors import EmbeddedError

LAUNCHER = Path(__file__).with_name("launch.py")
MAX_LOG_BYTES = 16 * 1024 * 1024
MAX_QUOTED_LINES = 8


@dataclass(frozen=True)
class Program:
    """A program to run, and how to stop it.

    `stop_signal` requests an orderly exit, for which the program gets `stop_seconds`;
    `death_signal` is sent when this process dies. The program inherits the descriptors `keep_open`,
    and reads `stdin`, which must be under 64 KiB. `may_end`: exiting with code 0 is no failure.
    """

    name: str
    argv: Sequence[str]
    log: Path
    cwd: Path
    env: Mapping[str, str]
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    inherited_descriptors: Sequence[int] = ()
    stdin: bytes = field(default=b"", repr=False)
    can_exit: bool = False


class Process:
    """A running (or exited) child, the leader of its own process group."""

    def __init__(self, program: Program, popen: subprocess.Popen[bytes], log_offset: int) -> None:
        self.program = program
        self.pid = popen.pid
        self._popen = popen
        self._log_offset = log_offset

    def poll(self) -> int | None:
        """Return the exit code (negative: the signal that ended it), or None while it runs.

        Once the child has exited, its group's other processes are killed.
        """
        if self._popen.returncode is None and self._has_exited():
            # Not reaped yet, so no other process can have its pid or its group's.
            self._signal_group(signal.SIGKILL)
            self._popen.wait()
        return self._popen.returncode

    def kill(self) -> None:
        """Send SIGKILL to the child alone, as in a crash; its group follows at the next poll."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the child, unless it has exited."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """Wait until the child exits. Returns its exit code, or None if it still runs after
        `seconds`.
        """
        wait_until(lambda: self.poll() is not None, seconds)
        return self.poll()

    def stop(self) -> None:
        """Ask the child to exit, wait, then kill its group. Returns when it has exited."""
        self.request_stop()
        self.finish_stop()

    def request_stop(self) -> None:
        """The first half of `stop`. To stop several children, request all stops, then finish
        all.
        """
        self.send_signal(self.program.stop_signal)

    def finish_stop(self) -> None:
        """The second half of `stop`: wait until the child exits, or kill its group."""
        if self.wait(self.program.stop_seconds) is None:
            self.kill_group()

    def kill_group(self) -> None:
        """Kill the group without asking."""
        self._signal_group(signal.SIGKILL)
        self.wait(seconds=30)

    def output(self) -> str:
        """Return the end of this child's output, from its log."""
        with self.program.log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_offset, end - 16384))
            return log.read().decode(errors="replace")

    def last_lines(self) -> str:
        """Return the last few lines of `output`, each indented, for quoting in an error."""
        return "\n".join(f"  {line}" for line in self.output().splitlines()[-MAX_QUOTED_LINES:])

    def _has_exited(self) -> bool:
        if sys.platform != "linux":  # macOS has waitid only since Python 3.13
            return self._popen.poll() is not None
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def _signal_group(self, number: signal.Signals) -> None:
        # PermissionError: only the zombie is left (macOS).
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def spawn(program: Program) -> Process:
    """Start a program that exits with this process; its output is appended to its log.

    Call it from the main thread: Linux ties a child to the *thread* that started it, so another
    thread's child would exit with that thread. Raises RuntimeError elsewhere.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(
            "spawn from the main thread: a child dies with the thread that started it"
        )
    with _open_log(program.log) as log, _stdin_pipe(program.stdin) as stdin:
        offset = log.tell()
        popen = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER), *_launch_arguments(program), *program.argv],
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=program.cwd,
            env=dict(program.env),
            pass_fds=program.inherited_descriptors,
            process_group=0,  # a Ctrl-C at the terminal is for us; we stop the rest in order
        )
        return Process(program, popen, offset)


def run_program(program: Program, seconds: float) -> str:
    """Run a program to completion and return its output.

    Raises EmbeddedError, quoting the log, when it fails or takes longer than `seconds`.
    """
    process = spawn(program)
    try:
        code = process.wait(seconds)
    finally:
        if process.poll() is None:
            process.kill_group()
    if code != 0:
        raise process_error(process, "didn't finish" if code is None else "failed")
    return process.output()


def process_error(process: Process, what: str, *, quote: bool = False) -> EmbeddedError:
    """Return an error `<name> <what>: <cause and remedy>`. It quotes the log's end if `quote` is
    set, or if no cause is known.
    """
    program, output = process.program, process.output()
    cause = next((words for sign, words in KNOWN_CAUSES if sign in output), None)
    message = f"{program.name} {what}: {cause or 'the reason is in its log'} ({program.log})"
    if quote or cause is None:
        message += f"\n{process.last_lines()}"
    return EmbeddedError(message.rstrip())


KNOWN_CAUSES = (
    ("No space left on device", "the disk is full; free some space and start again"),
    ("Disk quota exceeded", "the disk quota is used up; free some space and start again"),
    ("cannot run ", "its binary can't be run; reinstall the packages in requirements.txt"),
    (
        "Address already in use",
        "its port is in use; stop the program that uses it, or choose another port",
    ),
)


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.01) -> bool:
    """Wait until the condition holds, at most `seconds`. Returns whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def _launch_arguments(program: Program) -> list[str]:
    tie = "kernel" if sys.platform == "linux" else "watcher"
    account = program.account
    owner = "-" if account is None else f"{account.uid}:{account.gid}"
    return [str(os.getpid()), str(int(program.death_signal)), tie, owner]


@contextlib.contextmanager
def _open_log(path: Path) -> Iterator[BinaryIO]:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    with handles.open_directory(path.parent) as directory:
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            directory.rename(path.name, path.with_suffix(".log.1").name)
        descriptor = directory.open_file(path.name, flags, 0o666)
    with open(descriptor, "ab") as log:
        yield log


@contextlib.contextmanager
def _stdin_pipe(content: bytes) -> Iterator[int]:
    # Through a pipe, a password is neither shown by `ps` nor written to disk.
    reader, writer = os.pipe()
    try:
        os.write(writer, content)
        os.close(writer)
        yield reader
    finally:
        os.close(reader)
