"""The shim: the small process that owns an attempt's terminal and outlives the daemon.

One loop, no threads. It imports only the standard library and siblings that do the same, all at its
start, so that it starts fast and isn't affected when packages are upgraded.
"""

import base64
import contextlib
import fcntl
import os
import selectors
import signal
import socket
import sys
from typing import Any

from muster.worker.clock import boot_seconds
from muster.worker.shim.attempt_run import AttemptRun
from muster.worker.shim.peer import Peer
from muster.worker.shim.pty_process import become_subreaper
from muster.worker.shim.shell import StageShell
from muster.worker.shim.wire import (
    Refusal,
    SocketAddress,
    create_listener,
    parse_command,
    state_fields,
)

ALREADY_RUNNING_STATUS = 3
"""Exit status: another shim is alive in this directory."""

_MAX_WAIT_SECONDS = 2.0  # maximum seconds between checks of the lease


class ShimServer:
    """Serves one attempt until it gets a quit request or nobody can need it any more."""

    def __init__(self, directory: str, listener: socket.socket, quota: int, idle: float) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._attempt = AttemptRun(
            directory,
            self._selector,
            self._notify_peers,
            self._notify_idle_peers,
            self._on_log_growth,
            quota,
        )
        self._shell = StageShell(directory, self._selector, lambda: self._attempt.run)
        self._peers: list[Peer] = []
        self._is_exiting = False
        self._idle_seconds = idle
        self._idle_since = boot_seconds()

    def serve(self) -> None:
        self._watch_children()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept_peer)
        while not self._is_finished():
            events = self._selector.select(self._select_timeout())
            # Before anything else: the last check of the clock may be long ago.
            self._attempt.fence(boot_seconds())
            for key, mask in events:
                key.data(mask)
            self._attempt.tick(boot_seconds())
            self._shell.tick(boot_seconds())

    def close_peers(self) -> None:
        self._shell.close()
        for peer in list(self._peers):
            peer.close()

    def _select_timeout(self) -> float:
        now = boot_seconds()
        due = min(self._attempt.wakes_at(), self._shell.wakes_at())
        return max(0.0, min(_MAX_WAIT_SECONDS, due - now))

    def _is_finished(self) -> bool:
        if self._attempt.is_running:
            if self._is_exiting:
                self._attempt.stop(grace=0)
            return False
        return self._is_exiting or self._is_idle(boot_seconds())

    def _is_idle(self, now: float) -> bool:
        """Whether it has been unused for long: everything to report is on disk."""
        if self._attempt.is_running or self._peers or self._attempt.has_lease(now):
            self._idle_since = now
        return now >= self._idle_since + self._idle_seconds

    def _watch_children(self) -> None:
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._request_exit)
        self._selector.register(woken, selectors.EVENT_READ, lambda _: self._on_signal(woken))

    def _on_signal(self, woken: int) -> None:
        os.read(woken, 4096)
        self._shell.on_child_exit()  # before the stage reaps what it doesn't know
        self._attempt.on_child_exit(boot_seconds())

    def _request_exit(self, *_: object) -> None:
        self._is_exiting = True

    def _accept_peer(self, _mask: int) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            peer = Peer(
                connection,
                self._selector,
                self._handle_request,
                self._state_message,
                self._peers.remove,
            )
            self._peers.append(peer)

    def _notify_peers(self, notice: dict[str, Any]) -> None:
        for peer in list(self._peers):
            peer.notify(notice)

    def _notify_idle_peers(self, notice: dict[str, Any]) -> None:
        for peer in list(self._peers):
            peer.notify_if_idle(notice)

    def _on_log_growth(self, end: int, data: bytes) -> None:
        for peer in list(self._peers):
            peer.on_log_growth(end, data)

    def _state_message(self) -> dict[str, Any]:
        return state_fields(self._attempt.state())

    def _handle_request(self, message: dict[str, Any]) -> dict[str, Any]:
        match message["do"]:
            case "begin":
                return {"begun": self._attempt.start_stage(parse_command(message["stage"]))}
            case "stop":
                self._attempt.stop(float(message["grace"]))
            case "lease":
                self._attempt.extend_lease(float(message["deadline"]))
            case "type":
                self._attempt.write_input(base64.b64decode(message["keys"]))
            case "resize":
                self._attempt.resize(int(message["cols"]), int(message["rows"]))
            case "answer":
                self._attempt.answer(int(message["number"]), dict(message["answer"]))
            case "message":
                text, author, when = message["text"], message["author"], message["when"]
                self._attempt.messages.accept(int(message["number"]), text, author, when)
            case "interrupt":
                number, author = int(message["number"]), message["author"]
                self._attempt.messages.interrupt(number, author)
            case "shell":
                return {"shell": self._shell.open()}
            case "state":
                return {"state": self._state_message()}
            case "quit":
                self._request_exit()
            case verb:
                raise Refusal("unknown", f"no such request: {verb}")
        return {}


def main(directory: str, quota: int, idle: float) -> None:
    """Become the shim of a directory; the caller's child exits as soon as it is reachable.

    Exits with ALREADY if another one is alive there.
    """
    os.umask(0o077)
    lock = _acquire_lock(directory)
    listener = create_listener(directory)
    if os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    become_subreaper()
    shim = ShimServer(directory, listener, quota, idle)
    shim.serve()
    with SocketAddress(directory) as address, contextlib.suppress(FileNotFoundError):
        os.unlink(address)
    # In this order, so that a successor can start once our exit is known.
    os.close(lock)
    shim.close_peers()


def _acquire_lock(directory: str) -> int:
    """Lock for life; the kernel releases it however this process exits."""
    lock = os.open(os.path.join(directory, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(ALREADY_RUNNING_STATUS)
    return lock
