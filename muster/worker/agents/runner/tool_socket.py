"""The connection of the agent's tools to its runner (`agents.mcp_server`): a unix socket in a
directory that only its user can enter; the environment has its path.

A connection is one call: a JSON object in a line, `{"ask": {question, choices}}` or `{"progress":
text}`, and an answer in a line: that of `questions`, or `{"ok": true}`. Disconnecting withdraws the
question.
"""

from __future__ import annotations

import json
import os

from muster.worker.agents.runner import updates
from muster.worker.agents.runner.questions import Question

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from typing import Any

    from muster.worker.agents.runner.entries import Update
    from muster.worker.agents.runner.questions import QuestionQueue
else:
    import _socket as socket  # importing all of `socket` costs more than everything here

SOCKET_VARIABLE = "MUSTER_ASKING"
"""The environment variable with the socket's path."""

_BASE_DIRECTORY = "/tmp"
_MAX_CALLS = 64  # concurrent calls
_MAX_CALL_BYTES = 64 << 10  # bytes of a call
_READ_BYTES = 64 << 10


class ToolSocket:
    """No call makes the runner wait."""

    def __init__(
        self,
        questions: QuestionQueue,
        tell: Callable[[Iterable[Update]], None],
        reply: Callable[[int, str], str | None],
    ) -> None:
        """`tell` publishes updates about an agent's progress; `reply` posts its reply in a thread
        and returns why it can't, None if it did.
        """
        self._questions = questions
        self._publish, self._reply = tell, reply
        self._directory = ""
        self._listener: socket.socket | None = None
        self._calls: dict[int, _Call] = {}
        os.environ.pop(SOCKET_VARIABLE, None)

    def open(self) -> None:
        """Open the socket, if possible, for an agent that starts later."""
        directory = f"{_BASE_DIRECTORY}/muster-{os.urandom(8).hex()}"
        path = f"{directory}/asking"
        try:
            os.mkdir(directory, 0o700)
            self._directory = directory
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.setblocking(False)
            self._listener.bind(path)
            self._listener.listen(_MAX_CALLS)
            os.environ[SOCKET_VARIABLE] = path
        except OSError:
            self.close()

    def close(self) -> None:
        for call in [*self._calls.values()]:
            self._close_call(call)
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if not self._directory:
            return
        for remove, path in (os.unlink, f"{self._directory}/asking"), (os.rmdir, self._directory):
            try:
                remove(path)
            except OSError:
                continue  # it is gone

    def file_descriptors(self) -> list[int]:
        """Return the descriptors whose input `serve` handles."""
        listener = [self._listener.fileno()] if self._listener is not None else []
        return [*listener, *self._calls]

    def serve(self, ready: Iterable[int]) -> None:
        for handle in ready:
            if call := self._calls.get(handle):
                self._read_call(call)
            elif self._listener is not None and handle == self._listener.fileno():
                self._accept(self._listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            handle, _ = listener._accept()  # type: ignore[attr-defined]
        except OSError:
            return
        connection = socket.socket(fileno=handle)
        connection.setblocking(False)
        if len(self._calls) >= _MAX_CALLS:
            connection.close()
        else:
            self._calls[handle] = _Call(handle, connection)

    def _read_call(self, call: _Call) -> None:
        try:
            received = call.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return  # its descriptor was just reused
        except OSError:
            received = b""
        call.buffer += received
        if not received or len(call.buffer) > _MAX_CALL_BYTES:
            self._close_call(call)
        elif b"\n" in call.buffer and not call.is_dispatched:
            call.is_dispatched = True
            self._dispatch_call(call)

    def _dispatch_call(self, call: _Call) -> None:
        try:
            request = json.loads(call.buffer.partition(b"\n")[0])
        except (ValueError, RecursionError):
            request = None
        match request:
            case {"ask": {"question": str(text), "choices": list(choices)}}:
                if all(isinstance(each, str) for each in choices):
                    call.question = Question(
                        text, choices, lambda answer: self._respond(call, answer)
                    )
                    self._questions.ask(call.question)
                    return
            case {"progress": str(text)}:
                self._publish(updates.progress(text))
                self._respond(call, {"ok": True})
                return
            case {"reply": {"thread": int(thread), "text": str(text)}}:
                why_not = self._reply(thread, text)
                if why_not is None:
                    self._publish(updates.thread_reply(text))
                self._respond(call, {"ok": True} if why_not is None else {"unsaid": why_not})
                return
        self._respond(call, {"refused": "invalid request"})

    def _respond(self, call: _Call, answer: dict[str, Any]) -> None:
        call.question = None
        try:
            call.connection.send(json.dumps(answer).encode() + b"\n")  # it fits, or isn't wanted
        except OSError:
            return  # the caller is gone
        finally:
            self._close_call(call)

    def _close_call(self, call: _Call) -> None:
        self._calls.pop(call.handle, None)
        if call.question is not None:
            self._questions.cancel(call.question)
        call.connection.close()


class _Call:
    def __init__(self, handle: int, connection: socket.socket) -> None:
        self.handle, self.connection = handle, connection
        self.buffer = b""
        self.is_dispatched = False
        self.question: Question | None = None
