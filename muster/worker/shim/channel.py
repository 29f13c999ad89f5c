"""How a stage's command tells its shim what it does, besides what it prints.

The command finds the number of an inherited socket in MUSTER_CHANNEL. It says JSON objects, a line
each, and each is answered by one: `{"entry": {kind, title, text, data}}`, a thing that it did, by
`{"ok": offset}`, where the log shows what is printed from now on; `{"facts": {…}}`, what is to be
known at the stage's end, by `{"ok": true}`; what is not understood by `{"error": words}`. A line of
more than 64 KiB ends the channel.

`{"reply": {thread, text}}`, an answer in a review's thread, is an entry of the transcript, too, and
answered as one; by an error where the stage's order does not name that thread.

`{"ask": {question, choices, timeout}}` is answered by `{"ok": number}`, or by an error while
another question is open; and when a person has answered, at any moment, between the answers to what
else is said, by `{"answer": {number, choice}}`, with `input` in the place of `choice` where there
were no choices. With neither nobody has come; with `refused` it says why nobody was asked.
`{"ask": null}` says that no answer is waited for any more.

Standard library only.
"""

import contextlib
import json
import os
import selectors
import socket
from collections.abc import Callable
from math import isfinite
from typing import Any

DESCRIPTOR_VARIABLE = "MUSTER_CHANNEL"

_MAX_LINE_BYTES = 64 << 10  # bytes of a line
_READ_BYTES = 8 << 10  # at once: whatever comes, the shim soon looks at its clock again
_MAX_REST_BYTES = 1 << 20  # more than a dead stage can have left in it


class Channel:
    """The shim's end. It never waits; whoever asks and does not listen is not heard meanwhile."""

    def __init__(self, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """`answer` may raise anything: the words are the answer then. Raises OSError."""
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self.peer_fd = theirs.detach()
        """The command's end; `hand_over` closes ours of it, once that has been forked."""
        self._answer = answer
        self._buffer = b""
        self._unsent = b""
        self._is_closed = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def close_sandbox_fd(self) -> None:
        os.close(self.peer_fd)

    def serve(self) -> int:
        """Answers what has come; the events it waits for next, 0 when it is over."""
        self._send()
        if not self._unsent:
            self._receive()
            self._send()
        if self._is_closed:
            with contextlib.suppress(OSError):  # nobody is to wait for an answer
                self._socket.shutdown(socket.SHUT_RDWR)
            return 0
        return selectors.EVENT_WRITE if self._unsent else selectors.EVENT_READ

    def queue_message(self, message: dict[str, Any]) -> None:
        """Says something unasked; `serve` sends it."""
        self._unsent += json.dumps(message).encode() + b"\n"

    def receive_rest(self) -> None:
        """Takes what was said before the end; nobody is there to be answered."""
        taken = 0
        while taken < _MAX_REST_BYTES and (received := self._receive()):
            taken += received

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> int:
        """How many bytes have come, now and for good 0 after the last."""
        if self._is_closed:
            return 0
        try:
            received = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return 0
        except OSError:
            received = b""
        *lines, self._buffer = lines_and_rest = (self._buffer + received).split(b"\n")
        self._is_closed = not received or max(map(len, lines_and_rest)) > _MAX_LINE_BYTES
        self._unsent += b"".join(map(self._respond, lines))
        return len(received)

    def _respond(self, line: bytes) -> bytes:
        try:
            answer = self._answer(_parse_message(line))
        except Exception as error:
            # Whatever was said: a stage must not die of it.
            answer = {"error": str(error) or repr(error)}
        return json.dumps(answer).encode() + b"\n"

    def _send(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""  # nobody listens; what was said before may still be to be read


def _parse_message(line: bytes) -> dict[str, Any]:
    """Raises ValueError for what is no object, or holds a number that not every JSON can."""
    try:
        message = json.loads(
            line.decode(),
            parse_int=_parse_integer,
            parse_float=_parse_number,
            parse_constant=_parse_number,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("no object")
    return message


def _parse_integer(text: str) -> float:
    return int(text) if len(text) <= 18 else _parse_number(text)


def _parse_number(text: str) -> float:
    if not isfinite(number := float(text)):
        raise ValueError("no number")
    return number
