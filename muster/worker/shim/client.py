"""The daemon's access to its shims: start one, reconnect to one, read a dead one's state."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from muster.worker import processes
from muster.worker.shim.link import SHIM_TIMEOUT_SECONDS, ShimGone, ShimLink, ShimRefused
from muster.worker.shim.pty_process import SHIM_VARIABLE
from muster.worker.shim.record import AttemptRecord
from muster.worker.shim.shim import ALREADY_RUNNING_STATUS
from muster.worker.shim.spool import QUOTA_BYTES, SpoolReader
from muster.worker.shim.wire import ShimState, SocketAddress, StageCommand, StageExit

__all__ = [
    "ShimGone",
    "ShimLink",
    "ShimRefused",
    "ShimState",
    "StageCommand",
    "StageExit",
    "attach",
    "find_busy_directories",
    "kill",
    "launch",
    "read_state",
    "reap",
]

IDLE_TIMEOUT_SECONDS = 600.0
"""Seconds until an unused shim without a stage or lease exits."""

_Kind = TypeVar("_Kind")

_SOURCES = Path(__file__).resolve().parents[3]
_ISOLATED = ("-I", "-S")
_SHIM_SCRIPT = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.shim.shim import main; "
    "main(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))"
)


def launch(
    directory: Path, *, quota: int = QUOTA_BYTES, idle: float = IDLE_TIMEOUT_SECONDS
) -> ShimLink:
    """Start the shim of an attempt's directory (0700, it exists), or find the living one.

    Raises OSError if it can't start (see `shim.log`), has died before we connect to it, or doesn't
    respond; ShimRefused if a living one rejects us.
    """
    command = [sys.executable, *_ISOLATED, "-X", "utf8", "-c", _SHIM_SCRIPT, str(_SOURCES)]
    command += [str(directory.resolve()), str(quota), str(idle)]
    deadline = monotonic() + SHIM_TIMEOUT_SECONDS
    while (status := _spawn(command, directory)) in (0, ALREADY_RUNNING_STATUS):
        if shim := attach(directory):
            return shim
        if status == 0:
            raise ChildProcessError(f"the shim in {directory} died at startup")
        if monotonic() > deadline:
            break
        sleep(0.02)  # one that is starting, or hasn't quite exited yet
    raise ChildProcessError(f"no shim in {directory}: exit status {status}")


def attach(directory: Path) -> ShimLink | None:
    """Return the living shim of a directory; None if there is none. Raises TimeoutError."""
    return connect(directory, ShimLink)


def connect(directory: Path, kind: Callable[[socket.socket], _Kind]) -> _Kind | None:
    """The same, with a connection of that kind."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SHIM_TIMEOUT_SECONDS)
    try:
        with SocketAddress(directory) as address:
            connection.connect(address)
        return kind(connection)
    except (FileNotFoundError, ConnectionError):
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise


def read_state(directory: Path) -> ShimState | None:
    """Return a dead shim's state; None if there never was one. Raises ValueError if damaged."""
    record = AttemptRecord.load(directory)
    if record is None:
        return None
    reader = SpoolReader(directory)
    log_end = reader.end_offset()
    reader.close()
    stage_index, run = record.latest_run or (None, 0)
    return ShimState(stage_index, False, record.stage_exits, log_end, record.began_at_ms, run=run)


def reap(directory: Path, grace: float = 5.0) -> list[processes.Process]:
    """End what a dead shim's stages left running: TERM, `grace` seconds, KILL.

    Returns processes that don't die.
    """
    return processes.terminate_all(
        lambda: processes.find_by_environment(SHIM_VARIABLE, str(directory.resolve())), grace
    )


def kill(directory: Path) -> None:
    """Kill a directory's shim, if one is alive, and everything that its stages run.

    For a shim that doesn't respond: it must not carry out old requests later. It can't report its
    pid either, so it is identified by its command line.
    """
    for shim in processes.find_by_arguments(*_ISOLATED, str(directory.resolve())):
        processes.kill_tree(shim)
        # A killed shim doesn't remove its socket.
        with suppress(OSError), SocketAddress(directory) as address:
            os.unlink(address)
    reap(directory, grace=0)


def find_busy_directories(attempts: Path) -> list[Path]:
    """Return the directories in this one whose shims have running processes, without asking
    them."""
    everyone = list(processes.iterate_processes())
    parents = {process.parent for process in everyone if process.is_alive}
    those = [process for process in everyone if process.pid in parents]
    shims = processes.find_by_arguments(*_ISOLATED, among=those)
    found = [
        (d, processes.find_by_arguments(str(d.resolve()), among=shims)) for d in attempts.iterdir()
    ]
    return [directory for directory, living in found if living]


def _spawn(command: list[str], directory: Path) -> int:
    """Run the process that becomes a shim: it exits once the shim, its child, is reachable.

    So nothing is left to reap, and no parent can take the shim along. Raises OSError.
    """
    with (directory / "shim.log").open("ab") as log:
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={},
                start_new_session=True,
                timeout=SHIM_TIMEOUT_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise TimeoutError("the shim doesn't start") from error
