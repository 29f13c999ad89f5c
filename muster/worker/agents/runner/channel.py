"""The runner's end of the channel to the shim: JSON objects, one per line, each answered in turn.

`{"entry": {…}}` is answered by `{"ok": <offset in the log>, "number": n}`: then the shim has it,
and its rendering starts at that offset. `{"update": {number, …}}`, the next state of that entry, is
answered alike. `{"delta": {…}}`, a part of a coming text, and `{"facts": {…}}` are answered by just
`{"ok": true}`, and a rejected message by `{"error": …}`. A broken channel is dropped without an
error: the agent continues, and so does its log.

`{"ask": {…}}` is answered by a number, and at any later time by `{"answer": {number, …}}`. People's
messages and interrupts come at any time, too: `{"message": {…}}`, `{"interrupt": {…}}` (`mailbox`).
"""

from __future__ import annotations

import json
import os

from muster.worker.agents.runner.entries import encode_json

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

DESCRIPTOR_VARIABLE = "MUSTER_CHANNEL"
"""The environment variable with the channel's descriptor number."""

MAX_MESSAGE_BYTES = 64 << 10  # bytes of a message
_MAX_ANSWER_BYTES = 2 << 20
_READ_BYTES = 64 << 10
_UNSOLICITED = ("answer", "message", "interrupt")


class RequestRefused(Exception):
    """The shim rejects the message; the error has the reason."""


class Channel:
    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self.unsolicited: list[dict[str, Any]] = []
        """Unsolicited messages from the shim; callers take them from here."""

    @classmethod
    def from_environment(cls) -> Channel:
        """Open the channel that the environment names, which the agent must not have."""
        number = os.environ.pop(DESCRIPTOR_VARIABLE, "")
        if not number.isdecimal():
            return cls(None)
        try:
            os.set_inheritable(int(number), False)
        except (OSError, OverflowError):
            return cls(None)
        return cls(int(number))

    @property
    def is_open(self) -> bool:
        return self._descriptor is not None

    def fileno(self) -> int:
        """Only valid while open."""
        assert self._descriptor is not None
        return self._descriptor

    def send(self, kind: str, content: dict[str, Any] | None) -> int | None:
        """Return the value of ok once the shim has the message; None if it doesn't have it."""
        try:
            return self.request(kind, content)
        except RequestRefused:
            return None

    def request(self, kind: str, content: dict[str, Any] | None) -> int:
        """Like `send`. Raises RequestRefused."""
        return int(self.exchange(kind, content)["ok"])

    def exchange(self, kind: str, content: dict[str, Any] | None) -> dict[str, Any]:
        """Return the complete answer. Raises RequestRefused."""
        line = encode_json({kind: content}) + b"\n"
        if self._descriptor is None or len(line) > MAX_MESSAGE_BYTES:
            raise RequestRefused("it is too long" if self.is_open else "there is no channel")
        try:
            self._write_line(line)
            answer = self._read_answer()
            if "error" not in answer:
                int(answer["ok"])
                return answer
        except (OSError, ValueError, LookupError, TypeError) as error:
            self.close()
            raise RequestRefused("the channel is broken") from error
        raise RequestRefused(str(answer["error"]))

    def receive(self) -> None:
        """Read unsolicited messages into `unsolicited`, once there is input."""
        try:
            self._read_bytes()
            while b"\n" in self._buffer:
                self.unsolicited.append(self._pop_line())
        except (OSError, ValueError):
            self.close()

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _write_line(self, line: bytes) -> None:
        assert self._descriptor is not None
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def _read_answer(self) -> dict[str, Any]:
        """Return the answer to the last message. Raises ValueError for an invalid one, and at the
        channel's end.
        """
        while True:
            while b"\n" not in self._buffer:
                self._read_bytes()
            if not _is_unsolicited(answer := self._pop_line()):
                self._queue_unsolicited()
                return answer
            self.unsolicited.append(answer)

    def _queue_unsolicited(self) -> None:
        """Queue unsolicited messages that were already read: nothing would wake us for them."""
        while b"\n" in self._buffer:
            before = self._buffer
            if not _is_unsolicited(message := self._pop_line()):
                self._buffer = before
                return
            self.unsolicited.append(message)

    def _read_bytes(self) -> None:
        assert self._descriptor is not None
        more = os.read(self._descriptor, _READ_BYTES)
        if not more or len(self._buffer) > _MAX_ANSWER_BYTES:
            raise ValueError("no answer")
        self._buffer += more

    def _pop_line(self) -> dict[str, Any]:
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError("not an object")
        return answer


def _is_unsolicited(message: dict[str, Any]) -> bool:
    return not message.keys().isdisjoint(_UNSOLICITED)
