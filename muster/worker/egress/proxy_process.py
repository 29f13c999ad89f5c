"""The shim's side of its proxy: start it, hear what it refused, end it."""

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

from muster.worker.egress.rules import Rules

NOBODY_UID = 65534

_SOURCE_ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
_ENTRY = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.egress.proxy import main; "
    "main(int(sys.argv[2]))"
)


class ProxyProcess:
    """A proxy for one stage, a child of this process. It ends with the room, or with us."""

    def __init__(
        self,
        allow: Sequence[str],
        *,
        uid: int = NOBODY_UID,
        known: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Starts it. `allow` is the stage's list, with `@agent` replaced by what it stands for.

        It runs as `uid` where we are root, else as we do. `known` are addresses of names, for
        tests. Standard error is ours. Raises ValueError for an entry that is none, and OSError.
        """
        Rules(allow)
        self._socket, theirs = socket.socketpair()
        room, into_room = socket.socketpair()
        self.sandbox_fd = room.detach()
        """The end that goes into the room, for `in_room.listen_in_room`: whoever forks its first
        process makes it an inherited handle of that one alone. `hand_over` closes ours."""
        self._received = b""
        options = {"allow": list(allow), "uid": uid, "known": known and dict(known)}
        self.pid = 0
        try:
            with theirs, into_room:
                self.pid = _spawn(theirs)
                socket.send_fds(self._socket, [b"\n"], [into_room.fileno()])
            self._socket.sendall(json.dumps(options).encode() + b"\n")
        except OSError:
            self.kill()
            raise
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """For a selector: readable when a host was refused, and when the proxy has ended."""
        return self._socket.fileno()

    def read_refused(self) -> list[str] | None:
        """The hosts that were refused since the last time, each once; None when it has ended.

        They are as an entry of a list would have them: to add one to the list allows it.
        """
        try:
            received = self._socket.recv(64 << 10)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not received:
            return None
        *lines, self._received = (self._received + received).split(b"\n")
        return [json.loads(line)["refused"] for line in lines]

    def close_sandbox_fd(self) -> None:
        """Closes our copy of the room's end: call it when the room's first process is forked."""
        if self.sandbox_fd >= 0:
            os.close(self.sandbox_fd)
            self.sandbox_fd = -1

    def kill(self) -> None:
        """Ends it by force and reaps it, if nobody has yet; harmless when repeated."""
        self.close_sandbox_fd()
        self._socket.close()
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            # A child that is not reaped keeps its number, so this is nobody else.
            if self.pid and os.waitpid(self.pid, os.WNOHANG)[0] == 0:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)


def _spawn(standard_input: socket.socket) -> int:
    command = [
        sys.executable,
        "-I",
        "-S",
        "-X",
        "utf8",
        "-c",
        _ENTRY,
        _SOURCE_ROOT,
        str(os.getpid()),
    ]
    return os.posix_spawn(
        command[0],
        command,
        {},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, standard_input.fileno(), 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        ],
        setsigmask=[],
    )
