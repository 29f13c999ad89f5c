"""The server's loop: the client's lines, the runner's answers, and regular progress messages."""

from __future__ import annotations

import json
import os
import select
import socket
from time import monotonic
from typing import Any

from muster.worker.agents.mcp_server.jsonrpc import PARSE_ERROR, Id, RpcError, encode_message
from muster.worker.agents.mcp_server.session import McpSession

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterable

    from muster.worker.agents.mcp_server.jsonrpc import Json

SOCKET_VARIABLE = "MUSTER_ASKING"
"""The environment variable with the path of the runner's socket (`runner.tool_socket`)."""

_PROGRESS_INTERVAL_SECONDS = 10.0  # seconds between progress messages of a pending call
_MAX_LINE_BYTES = 1 << 20  # bytes of a line
_READ_BYTES = 64 << 10
_STDIN, _STDOUT = 0, 1


def main() -> None:
    """Serve the client on standard input and output until it disconnects."""
    McpServer(os.environ.get(SOCKET_VARIABLE, "")).serve()


class McpServer:
    def __init__(self, path: str) -> None:
        self._runner = RunnerCalls(path)
        self._session = McpSession(self._runner)
        self._buffer = b""
        self._is_skipping_line = False  # the rest of a line that is too long

    def serve(self) -> None:
        beat_at = monotonic() + _PROGRESS_INTERVAL_SECONDS
        while True:
            wait = max(0.0, beat_at - monotonic()) if self._runner.file_descriptors() else None
            ready, _, _ = select.select([_STDIN, *self._runner.file_descriptors()], [], [], wait)
            for request, answer in self._runner.read_answers(ready):
                _write_messages(self._session.finish_call(request, answer))
            if _STDIN in ready and not self._read_input():
                return
            if monotonic() >= beat_at:
                _write_messages(self._session.progress_notifications())
                beat_at = monotonic() + _PROGRESS_INTERVAL_SECONDS

    def _read_input(self) -> bool:
        """Read input; False at the client's end."""
        if not (received := os.read(_STDIN, _READ_BYTES)):
            return False
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        for line in lines:
            if self._is_skipping_line:
                self._is_skipping_line = False
            elif line.strip():
                _write_messages(self._session.handle_line(line))
        if len(self._buffer) > _MAX_LINE_BYTES or self._is_skipping_line:
            if not self._is_skipping_line:
                _write_messages([RpcError(PARSE_ERROR, "the line is too long").to_response()])
            self._buffer, self._is_skipping_line = b"", True
        return True


class RunnerCalls:
    """Each call has its own connection, which ends with it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._calls: dict[int, tuple[Id, socket.socket, bytearray]] = {}

    def file_descriptors(self) -> list[int]:
        return [*self._calls]

    def start_call(self, request: Id, call: dict[str, Any]) -> bool:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self._path)
            connection.sendall(json.dumps(call).encode() + b"\n")
        except (OSError, ValueError):
            connection.close()
            return False
        self._calls[connection.fileno()] = (request, connection, bytearray())
        return True

    def cancel_call(self, request: Id) -> None:
        for handle, (about, connection, _) in [*self._calls.items()]:
            if about == request:
                del self._calls[handle]
                connection.close()

    def read_answers(self, ready: Iterable[int]) -> list[tuple[Id, dict[str, Any] | None]]:
        """Return new answers; None for a call that gets no answer."""
        found = []
        for handle in ready:
            if handle in self._calls and (answer := self._receive_answer(handle)) is not _PENDING:
                request, connection, _ = self._calls.pop(handle)
                connection.close()
                found.append((request, answer))
        return found

    def _receive_answer(self, handle: int) -> dict[str, Any] | None:
        _, connection, heard = self._calls[handle]
        try:
            received = connection.recv(_READ_BYTES)
        except OSError:
            received = b""
        heard += received
        if b"\n" not in heard:
            return _PENDING if received else None
        try:
            answer = json.loads(bytes(heard.partition(b"\n")[0]))
        except ValueError:
            return None
        return answer if isinstance(answer, dict) else None


_PENDING: dict[str, Any] = {}


def _write_messages(messages: Iterable[Json]) -> None:
    for message in messages:
        rest = memoryview(encode_message(message))
        while rest:
            rest = rest[os.write(_STDOUT, rest) :]
