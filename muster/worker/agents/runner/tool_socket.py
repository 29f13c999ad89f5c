"""Where the agent's tools reach its narrator (`agents.asking`): a unix socket in a directory of its
user's alone, which the environment names.

A connection is one call: a JSON object in a line, `{"ask": {question, choices}}` or `{"progress":
text}`, and an answer likewise: what `questions` answers, or `{"ok": true}`. Who hangs up asks no
more.
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

    from muster.worker.agents.runner.entries import Told
    from muster.worker.agents.runner.questions import Questions
else:
    import _socket as socket  # the rest of `socket` costs more than all of this

VARIABLE = "MUSTER_ASKING"
"""The environment's variable with the socket's path."""

_PLACE = "/tmp"
_MOST = 64  # calls at once
_LONGEST = 64 << 10  # bytes of a call
_READ = 64 << 10


class Callers:
    """No call makes the narrator wait."""

    def __init__(
        self,
        questions: Questions,
        tell: Callable[[Iterable[Told]], None],
        reply: Callable[[int, str], str | None],
    ) -> None:
        """`tell` takes what there is to tell of an agent's progress, and `reply` what it answers in
        a thread; that returns why it cannot, None where it has."""
        self._questions = questions
        self._tell, self._reply = tell, reply
        self._directory = ""
        self._listener: socket.socket | None = None
        self._calls: dict[int, _Call] = {}
        os.environ.pop(VARIABLE, None)

    def open(self) -> None:
        """Lets the agent that is started from now on know where we are, if we can be anywhere."""
        directory = f"{_PLACE}/muster-{os.urandom(8).hex()}"
        path = f"{directory}/asking"
        try:
            os.mkdir(directory, 0o700)
            self._directory = directory
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.setblocking(False)
            self._listener.bind(path)
            self._listener.listen(_MOST)
            os.environ[VARIABLE] = path
        except OSError:
            self.close()

    def close(self) -> None:
        for call in [*self._calls.values()]:
            self._end(call)
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

    def handles(self) -> list[int]:
        """What `serve` is to be called for when there is something to read."""
        listener = [self._listener.fileno()] if self._listener is not None else []
        return [*listener, *self._calls]

    def serve(self, ready: Iterable[int]) -> None:
        for handle in ready:
            if call := self._calls.get(handle):
                self._hear(call)
            elif self._listener is not None and handle == self._listener.fileno():
                self._admit(self._listener)

    def _admit(self, listener: socket.socket) -> None:
        try:
            handle, _ = listener._accept()  # type: ignore[attr-defined]
        except OSError:
            return
        connection = socket.socket(fileno=handle)
        connection.setblocking(False)
        if len(self._calls) >= _MOST:
            connection.close()
        else:
            self._calls[handle] = _Call(handle, connection)

    def _hear(self, call: _Call) -> None:
        try:
            received = call.connection.recv(_READ)
        except BlockingIOError:
            return  # its handle was another's a moment ago
        except OSError:
            received = b""
        call.heard += received
        if not received or len(call.heard) > _LONGEST:
            self._end(call)
        elif b"\n" in call.heard and not call.is_taken:
            call.is_taken = True
            self._take(call)

    def _take(self, call: _Call) -> None:
        try:
            said = json.loads(call.heard.partition(b"\n")[0])
        except (ValueError, RecursionError):
            said = None
        match said:
            case {"ask": {"question": str(text), "choices": list(choices)}}:
                if all(isinstance(each, str) for each in choices):
                    call.question = Question(text, choices, lambda answer: self._say(call, answer))
                    self._questions.ask(call.question)
                    return
            case {"progress": str(text)}:
                self._tell(updates.progress(text))
                self._say(call, {"ok": True})
                return
            case {"reply": {"thread": int(thread), "text": str(text)}}:
                why_not = self._reply(thread, text)
                if why_not is None:
                    self._tell(updates.replied(text))
                self._say(call, {"ok": True} if why_not is None else {"unsaid": why_not})
                return
        self._say(call, {"refused": "it is not understood"})

    def _say(self, call: _Call, answer: dict[str, Any]) -> None:
        call.question = None
        try:
            call.connection.send(json.dumps(answer).encode() + b"\n")  # it fits, or is not wanted
        except OSError:
            return  # whoever asked has gone
        finally:
            self._end(call)

    def _end(self, call: _Call) -> None:
        self._calls.pop(call.handle, None)
        if call.question is not None:
            self._questions.drop(call.question)
        call.connection.close()


class _Call:
    def __init__(self, handle: int, connection: socket.socket) -> None:
        self.handle, self.connection = handle, connection
        self.heard = b""
        self.is_taken = False
        self.question: Question | None = None
