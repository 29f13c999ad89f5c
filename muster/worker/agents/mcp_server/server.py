"""The server's loop: lines of its client's, answers of the narrator's, and a beat now and then."""

from __future__ import annotations

import json
import os
import select
import socket
from time import monotonic
from typing import Any

from muster.worker.agents.mcp_server.jsonrpc import PARSE, Id, RpcError, encoded
from muster.worker.agents.mcp_server.session import Session

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterable

    from muster.worker.agents.mcp_server.jsonrpc import Json

VARIABLE = "MUSTER_ASKING"
"""The environment's variable with the path of the narrator's socket (`narrator.callers`)."""

_BEAT = 10.0  # seconds between two signs that a call is still under way
_LONGEST = 1 << 20  # bytes of a line
_READ = 64 << 10
_IN, _OUT = 0, 1


def main() -> None:
    """Serves the client on standard input and output until it hangs up."""
    Server(os.environ.get(VARIABLE, "")).serve()


class Server:
    def __init__(self, path: str) -> None:
        self._narrator = NarratorCalls(path)
        self._session = Session(self._narrator)
        self._heard = b""
        self._skips = False  # the rest of a line that is too long

    def serve(self) -> None:
        beat_at = monotonic() + _BEAT
        while True:
            wait = max(0.0, beat_at - monotonic()) if self._narrator.handles() else None
            ready, _, _ = select.select([_IN, *self._narrator.handles()], [], [], wait)
            for request, answer in self._narrator.answers(ready):
                _say(self._session.answered(request, answer))
            if _IN in ready and not self._hear():
                return
            if monotonic() >= beat_at:
                _say(self._session.beat())
                beat_at = monotonic() + _BEAT

    def _hear(self) -> bool:
        """False at the client's end."""
        if not (received := os.read(_IN, _READ)):
            return False
        *lines, self._heard = (self._heard + received).split(b"\n")
        for line in lines:
            if self._skips:
                self._skips = False
            elif line.strip():
                _say(self._session.hear(line))
        if len(self._heard) > _LONGEST or self._skips:
            if not self._skips:
                _say([RpcError(PARSE, "the line is too long").answer()])
            self._heard, self._skips = b"", True
        return True


class NarratorCalls:
    """Each call is a connection of its own, which ends with it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._calls: dict[int, tuple[Id, socket.socket, bytearray]] = {}

    def handles(self) -> list[int]:
        return [*self._calls]

    def begin(self, request: Id, call: dict[str, Any]) -> bool:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self._path)
            connection.sendall(json.dumps(call).encode() + b"\n")
        except (OSError, ValueError):
            connection.close()
            return False
        self._calls[connection.fileno()] = (request, connection, bytearray())
        return True

    def cancel(self, request: Id) -> None:
        for handle, (about, connection, _) in [*self._calls.items()]:
            if about == request:
                del self._calls[handle]
                connection.close()

    def answers(self, ready: Iterable[int]) -> list[tuple[Id, dict[str, Any] | None]]:
        """What has come; None for a call that will have no answer."""
        found = []
        for handle in ready:
            if handle in self._calls and (answer := self._take(handle)) is not _NOT_YET:
                request, connection, _ = self._calls.pop(handle)
                connection.close()
                found.append((request, answer))
        return found

    def _take(self, handle: int) -> dict[str, Any] | None:
        _, connection, heard = self._calls[handle]
        try:
            received = connection.recv(_READ)
        except OSError:
            received = b""
        heard += received
        if b"\n" not in heard:
            return _NOT_YET if received else None
        try:
            answer = json.loads(bytes(heard.partition(b"\n")[0]))
        except ValueError:
            return None
        return answer if isinstance(answer, dict) else None


_NOT_YET: dict[str, Any] = {}


def _say(messages: Iterable[Json]) -> None:
    for message in messages:
        rest = memoryview(encoded(message))
        while rest:
            rest = rest[os.write(_OUT, rest) :]
