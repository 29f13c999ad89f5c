"""The proxy: a process next to the shim that serves one stage's sandbox, and exits with it.

Its standard input is a socket to its parent (`proxy_process.py` is the other end): a line of JSON
comes in, then only the end; a line of JSON goes out for each refused host. The first byte comes
with the descriptor of a second socket, whose other end is in the sandbox: its first process sends
the listener over it (`sandbox_listener.py`). When either socket closes, the proxy exits.

A thread serves each connection, so the code reads from top to bottom, and a slow name lookup blocks
nobody else.
"""

import contextlib
import ctypes
import errno
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from typing import Any

from muster.worker.egress.client_connection import ClientConnection
from muster.worker.egress.dialer import Dialer
from muster.worker.egress.rules import Rules

MAX_CONNECTIONS = 256
"""Maximum concurrent connections, all from one sandbox. More wait until one ends."""

MAX_REPORTED_HOSTS = 100
"""Maximum reported hosts: unread reports fit in the socket's buffer, so reporting never blocks."""

_RETRY_DELAY_SECONDS = 0.05  # seconds
_STACK_BYTES = 512 << 10
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


class RefusalReporter:
    """Reports each refused host once."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._reported: set[str] = set()
        self._lock = threading.Lock()

    def report(self, host: str) -> None:
        with self._lock:
            if host in self._reported or len(self._reported) >= MAX_REPORTED_HOSTS:
                return
            self._reported.add(host)
            with contextlib.suppress(OSError):  # the parent is gone, and we exit
                self._parent.sendall(json.dumps({"refused": host}).encode() + b"\n")


def serve(listener: socket.socket, way_out: Dialer) -> None:
    """Serve all clients, until the listener is closed."""
    places = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def serve_client(client: socket.socket) -> None:
        try:
            ClientConnection(client, way_out).serve()
        finally:
            places.release()

    while True:
        places.acquire()
        try:
            client, _ = listener.accept()
            threading.Thread(target=serve_client, args=(client,), daemon=True).start()
        except OSError as error:
            if error.errno in (errno.EBADF, errno.EINVAL):
                return
            places.release()  # the client is gone again, or the machine lacks resources
            time.sleep(_RETRY_DELAY_SECONDS)
        except RuntimeError:  # no thread is available
            client.close()
            places.release()
            time.sleep(_RETRY_DELAY_SECONDS)


def main(parent_pid: int) -> None:
    """Become the proxy. Doesn't return."""
    parent = socket.socket(fileno=0)
    into_room = _receive_socket(parent)
    if into_room is None:
        sys.exit("the parent exited before it sent the sandbox's socket")
    wanted = _read_config(parent)
    _drop_privileges(wanted["uid"], parent_pid)
    way_out = Dialer(Rules(wanted["allow"]), RefusalReporter(parent).report, wanted["known"])
    if listener := _receive_listener(parent, into_room):
        threading.stack_size(_STACK_BYTES)
        threading.Thread(target=serve, args=(listener, way_out), daemon=True).start()
        _wait_for_close(parent, into_room)
    os._exit(0)  # whatever the threads are doing


def _read_config(parent: socket.socket) -> dict[str, Any]:
    line = b""
    while not line.endswith(b"\n"):
        received = parent.recv(64 << 10)
        if not received:
            sys.exit("the parent exited before it sent the rules")
        line += received
    wanted: dict[str, Any] = json.loads(line)
    return wanted


def _drop_privileges(uid: int | None, parent_pid: int) -> None:
    """Give up all rights, and make this process unreadable, because the sandbox sends us data."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = MAX_CONNECTIONS * 4
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(enough, most) if most >= 0 else enough, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if uid is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    libc = ctypes.CDLL(None, use_errno=True)
    # After the change of user, which clears the first option.
    for option, value in (
        (_PR_SET_PDEATHSIG, int(signal.SIGKILL)),
        (_PR_SET_DUMPABLE, 0),
        (_PR_SET_NO_NEW_PRIVS, 1),
    ):
        if libc.prctl(option, value, 0, 0, 0):
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    if os.getppid() != parent_pid:
        os._exit(0)


def _receive_listener(parent: socket.socket, room: socket.socket) -> socket.socket | None:
    """Return the sandbox's listener, once it is sent; None if no sender is left."""
    poll = select.poll()
    for each in (parent, room):
        poll.register(each, select.POLLIN)
    if parent.fileno() in dict(poll.poll()):
        return None
    return _receive_socket(room)


def _receive_socket(sender: socket.socket) -> socket.socket | None:
    """Return the socket that comes with a byte; None at the end of input."""
    _, handles, _, _ = socket.recv_fds(sender, 1, 1)
    return socket.socket(fileno=handles[0]) if handles else None


def _wait_for_close(parent: socket.socket, room: socket.socket) -> None:
    poll = select.poll()
    for each in (parent, room):
        poll.register(each, select.POLLIN)
    poll.poll()  # neither side sends more
