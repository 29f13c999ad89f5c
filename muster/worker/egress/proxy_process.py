"""The shim's side of its proxy: start it, read the hosts it refused, stop it."""

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
    """A proxy for one stage, a child of this process. It exits with the sandbox, or with us."""

    def __init__(
        self,
        allow: Sequence[str],
        *,
        uid: int = NOBODY_UID,
        known: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Start the proxy. `allow` is the stage's list, with `@agent` replaced by its hosts.

        It runs as `uid` if we are root, otherwise as we do. `known` has addresses of names, for
        tests. Standard error is ours. Raises ValueError for an invalid entry, and OSError.
        """
        Rules(allow)
        self._socket, theirs = socket.socketpair()
        room, into_room = socket.socketpair()
        self.sandbox_fd = room.detach()
        """The sandbox's end, for `sandbox_listener.listen_in_sandbox`: the sandbox's first process
        inherits it, and no other process. `close_sandbox_fd` closes ours."""
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
        """For a selector: readable when a host was refused, and when the proxy has exited."""
        return self._socket.fileno()

    def read_refused(self) -> list[str] | None:
        """Return the hosts refused since the last call, each once; None when the proxy has exited.

        They have the form of list entries: adding one to the list allows it.
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
        """Close our copy of the sandbox's end: call it after forking the sandbox's first
        process."""
        if self.sandbox_fd >= 0:
            os.close(self.sandbox_fd)
            self.sandbox_fd = -1

    def kill(self) -> None:
        """Kill and reap the proxy, unless already done; safe to repeat."""
        self.close_sandbox_fd()
        self._socket.close()
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            # An unreaped child keeps its pid, so this is no other process.
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
