"""Trying a release: its daemon runs as a child of the one before, until it has been heard.

One process stays: the one that was started. It ends its own daemon as for SIGTERM, so that what
runs goes on, tries the other, and becomes whichever of both it is to be. The child has one end of a
socket: it says there that the server has answered it, and ends with whoever has the other.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import NoReturn

import msgspec

from muster.worker.layout import Layout
from muster.worker.upgrades import choice, releases
from muster.worker.upgrades.choice import ReleaseChoice

CANARY_TIMEOUT_SECONDS = 60.0
"""Within which the server has to have answered a release that is tried."""

WATCHDOG_VARIABLE = "MUSTER_WORKER_WATCHDOG"
"""In the environment of one that is tried: its end of the socket."""

_READY = b"heard\n"
_STOP_GRACE_SECONDS = 20.0  # seconds for a daemon to leave what runs
_POLL_SECONDS = 0.1

log = logging.getLogger(__name__)


def worker_command(python: Path, arguments: Sequence[str]) -> list[str]:
    """What runs a worker of that environment with these arguments of `worker run`."""
    return [str(python), "-P", "-m", "muster", "worker", "run", *arguments]


def exec_worker(python: Path, arguments: Sequence[str]) -> NoReturn:
    """Runs that environment's worker in this process, whose number and place it keeps."""
    words = worker_command(python, arguments)
    logging.shutdown()
    os.execve(words[0], words, releases.clean_environment())


class Canary:
    """Tries the release that the choice says is being tried. `arguments` are those of `worker run`;
    `is_reachable` says whether the server could be reached by us."""

    def __init__(
        self,
        layout: Layout,
        arguments: Sequence[str],
        is_reachable: Callable[[], bool],
        stopped: threading.Event,
    ) -> None:
        """`stopped` is set where this process is to end."""
        self._layout, self._arguments = layout, list(arguments)
        self._is_reachable, self._stopped = is_reachable, stopped

    def run(self, begun: ReleaseChoice, seconds: float) -> Path | None:
        """Tries it, for so many seconds. Returns the interpreter of what is to run from here on;
        None where nothing is, for we were stopped, or decommissioned. Raises HomeInUse, OSError."""
        with choice.canary_lock(self._layout):
            python = releases.python_path(self._layout, begun.canary)
            log.info("trying release %s (%s)", begun.version, begun.canary)
            why = self._run_release(python, seconds)
            if not self._layout.credentials.exists():
                return None  # it was decommissioned, and has erased all that there was
            if self._stopped.is_set():
                self._save(msgspec.structs.replace(begun, canary="", version=""))
                return None
            if why is None:
                log.info("release %s is heard by the server; it stays", begun.version)
                kept = msgspec.structs.replace(
                    begun, release=begun.canary, canary="", version="", failed=None
                )
                self._save(kept)
                return python
            is_owed = not self._is_reachable()
            if is_owed:
                why += ", and the server cannot be reached by the one before either"
            log.error("release %s is given back: %s", begun.version, why)
            self._save(begun.with_failed(why, is_owed=is_owed))
            return Path(sys.executable)

    def _save(self, made: ReleaseChoice) -> None:
        """Where it cannot be, for a full disk say, the trial counts as interrupted. A choice that
        was removed meanwhile stays so: somebody has installed anew."""
        try:
            if self._layout.release_choice.exists():
                choice.save(self._layout, made)
        except OSError as error:
            log.error("what has become of the release cannot be noted: %s", error)

    def _run_release(self, python: Path, seconds: float) -> str | None:
        """Why it failed, in words; None where it did not."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            try:
                child = subprocess.Popen(
                    worker_command(python, self._arguments),
                    stdin=subprocess.DEVNULL,
                    env={**releases.clean_environment(), WATCHDOG_VARIABLE: str(theirs.fileno())},
                    pass_fds=(theirs.fileno(),),
                )
            except OSError as error:
                return str(error)
            theirs.close()
            try:
                return self._wait_until_ready(child, ours, seconds)
            finally:
                _stop_child(child)

    def _wait_until_ready(
        self, child: "subprocess.Popen[bytes]", ours: socket.socket, seconds: float
    ) -> str | None:
        until, output = monotonic() + seconds, b""
        ours.settimeout(_POLL_SECONDS)
        while not self._stopped.is_set():
            with suppress(TimeoutError, ConnectionError, subprocess.TimeoutExpired):
                more = ours.recv(64)
                output += more
                if not more:
                    child.wait(_POLL_SECONDS)
            if output.startswith(_READY):
                return None
            if child.poll() is not None:
                return f"it ended ({_exit_text(child.returncode)}) before the server answered it"
            if monotonic() > until:
                return f"the server did not answer it within {seconds:.0f} s"
        return "the worker was stopped"


def _stop_child(child: "subprocess.Popen[bytes]") -> None:
    """As for SIGTERM: what it has begun goes on, as what was there before does."""
    child.terminate()
    try:
        child.wait(_STOP_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _exit_text(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


class Watchdog:
    """The child's side: ends with whoever tries it."""

    def __init__(self, stop: Callable[[], None]) -> None:
        """`stop` is called, on a thread of its own, when nobody tries us any more."""
        handle = int(os.environ.pop(WATCHDOG_VARIABLE))
        self._socket = socket.socket(fileno=handle)
        self._socket.set_inheritable(False)
        self._socket.settimeout(None)
        self._stop = stop
        threading.Thread(target=self._watch_parent, name="watchdog", daemon=True).start()

    def notify_ready(self) -> None:
        """The server has answered."""
        with suppress(OSError):
            self._socket.sendall(_READY)

    def _watch_parent(self) -> None:
        with suppress(OSError), self._socket:
            self._socket.recv(1)
        self._stop()
