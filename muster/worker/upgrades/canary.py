"""Run a release as a canary: its daemon is a child of the previous one, until the server has
answered it.

One process stays: the original one. It stops its own daemon as on SIGTERM, so that attempts
continue, starts the other, and becomes the one that will run. The child has one end of a socket: it
reports there that the server has answered it, and exits when the other end closes.
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
"""Seconds for the server to answer a canary."""

WATCHDOG_VARIABLE = "MUSTER_WORKER_WATCHDOG"
"""A canary's environment variable with its end of the socket."""

_READY = b"heard\n"
_STOP_GRACE_SECONDS = 20.0  # seconds for a daemon to exit
_POLL_SECONDS = 0.1

log = logging.getLogger(__name__)


def worker_command(python: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a worker of that environment with these arguments of `worker
    run`."""
    return [str(python), "-P", "-m", "muster", "worker", "run", *arguments]


def exec_worker(python: Path, arguments: Sequence[str]) -> NoReturn:
    """Become that environment's worker in this process, with the same pid and place."""
    words = worker_command(python, arguments)
    logging.shutdown()
    os.execve(words[0], words, releases.clean_environment())


class Canary:
    """Runs the canary of the release choice. `arguments` are those of `worker run`; `is_reachable`
    returns whether we could reach the server."""

    def __init__(
        self,
        layout: Layout,
        arguments: Sequence[str],
        is_reachable: Callable[[], bool],
        stopped: threading.Event,
    ) -> None:
        """`stopped` is set when this process must exit."""
        self._layout, self._arguments = layout, list(arguments)
        self._is_reachable, self._stopped = is_reachable, stopped

    def run(self, begun: ReleaseChoice, seconds: float) -> Path | None:
        """Run the canary for that many seconds. Returns the interpreter to run from here on; None
        if we were stopped, or decommissioned. Raises HomeInUse, OSError."""
        with choice.canary_lock(self._layout):
            python = releases.python_path(self._layout, begun.canary)
            log.info("starting release %s as a canary (%s)", begun.version, begun.canary)
            why = self._run_release(python, seconds)
            if not self._layout.credentials.exists():
                return None  # it was decommissioned, and has deleted everything
            if self._stopped.is_set():
                self._save(msgspec.structs.replace(begun, canary="", version=""))
                return None
            if why is None:
                log.info("the server has answered release %s; keeping it", begun.version)
                kept = msgspec.structs.replace(
                    begun, release=begun.canary, canary="", version="", failed=None
                )
                self._save(kept)
                return python
            is_owed = not self._is_reachable()
            if is_owed:
                why += ", and the previous release can't reach the server either"
            log.error("rolling back release %s: %s", begun.version, why)
            self._save(begun.with_failed(why, is_owed=is_owed))
            return Path(sys.executable)

    def _save(self, made: ReleaseChoice) -> None:
        """If it can't be saved, for example on a full disk, the canary counts as interrupted. A
        choice that was removed meanwhile stays removed: the worker was reinstalled."""
        try:
            if self._layout.release_choice.exists():
                choice.save(self._layout, made)
        except OSError as error:
            log.error("can't save the canary's result: %s", error)

    def _run_release(self, python: Path, seconds: float) -> str | None:
        """Run the release; return why it failed, None if it didn't."""
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
                return f"it exited ({_exit_text(child.returncode)}) before the server answered it"
            if monotonic() > until:
                return f"the server didn't answer it within {seconds:.0f} s"
        return "the worker was stopped"


def _stop_child(child: "subprocess.Popen[bytes]") -> None:
    """Like SIGTERM: attempts, new and old, continue."""
    child.terminate()
    try:
        child.wait(_STOP_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _exit_text(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


class Watchdog:
    """The child's side: exits with the process that runs the canary."""

    def __init__(self, stop: Callable[[], None]) -> None:
        """`stop` is called, on its own thread, when that process is gone."""
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
