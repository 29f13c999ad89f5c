"""The narrator's end of the channel to the shim: JSON objects, one a line, each answered in turn.

`{"entry": {…}}` goes out and `{"ok": <offset in the log>}` comes back: then the shim has it, and
what is rendered next stands from that offset on. To `{"facts": {…}}` it says just `{"ok": true}`,
and `{"error": …}` to what it does not take. A channel that breaks is none any more, and nobody is
told: the agent goes on, and so does its log.

`{"ask": {…}}` is answered by a number, and at any later moment by `{"answer": {number, …}}`.
"""

from __future__ import annotations

import json
import os

from muster.worker.agents.runner.entries import encoded

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "MUSTER_CHANNEL"
"""The environment's variable with the number of the channel's descriptor."""

LONGEST = 64 << 10  # bytes of a message
_LONGEST_ANSWER = 2 << 20
_READ = 64 << 10


class Refused(Exception):
    """The shim does not take what it was told; says why."""


class Channel:
    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._heard = b""
        self.came: list[dict[str, Any]] = []
        """What the shim has said unasked, for whoever takes it from here."""

    @classmethod
    def inherited(cls) -> Channel:
        """The one that the environment names, which the agent shall not have."""
        number = os.environ.pop(VARIABLE, "")
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
        """Only of one that is open."""
        assert self._descriptor is not None
        return self._descriptor

    def tell(self, kind: str, content: dict[str, Any] | None) -> int | None:
        """What is ok, when the shim has this. None if it has not."""
        try:
            return self.require(kind, content)
        except Refused:
            return None

    def require(self, kind: str, content: dict[str, Any] | None) -> int:
        """Likewise. Raises Refused."""
        line = encoded({kind: content}) + b"\n"
        if self._descriptor is None or len(line) > LONGEST:
            raise Refused("it is too long" if self.is_open else "there is no channel")
        try:
            self._send(line)
            answer = self._answer()
            if "error" not in answer:
                return int(answer["ok"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            self.close()
            raise Refused("the channel is broken") from error
        raise Refused(str(answer["error"]))

    def receive(self) -> None:
        """Takes what has come unasked into `came`, once there is something to read."""
        try:
            self._read()
            while b"\n" in self._heard:
                self.came.append(self._line())
        except (OSError, ValueError):
            self.close()

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _send(self, line: bytes) -> None:
        assert self._descriptor is not None
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def _answer(self) -> dict[str, Any]:
        """To what was said last. Raises ValueError for what is none, and at the channel's end."""
        while True:
            while b"\n" not in self._heard:
                self._read()
            if "answer" not in (answer := self._line()):
                self._set_aside()
                return answer
            self.came.append(answer)

    def _set_aside(self) -> None:
        """Takes what was said unasked and has been read already: nothing would wake us for it."""
        while b"\n" in self._heard:
            before = self._heard
            if "answer" not in (message := self._line()):
                self._heard = before
                return
            self.came.append(message)

    def _read(self) -> None:
        assert self._descriptor is not None
        more = os.read(self._descriptor, _READ)
        if not more or len(self._heard) > _LONGEST_ANSWER:
            raise ValueError("no answer")
        self._heard += more

    def _line(self) -> dict[str, Any]:
        line, _, self._heard = self._heard.partition(b"\n")
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError("no object")
        return answer
