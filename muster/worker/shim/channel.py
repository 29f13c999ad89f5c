"""The channel on which a stage's command reports to its shim, besides its output.

The command finds the number of an inherited socket in MUSTER_CHANNEL. It sends JSON objects, one
per line, and each gets one answer: `{"entry": {kind, title, text, data}}`, an action, gets `{"ok":
offset, "number": n}`, the log's offset of later output and the entry's number; `{"facts": {…}}`,
for the stage's exit, gets `{"ok": true}`; invalid messages get `{"error": text}`. A line of more
than 64 KiB ends the channel.

An entry with the `state` `running` can change: `{"update": {number, …}}` has its next state, and is
answered alike. After any other state it is final. Those that run at the end are then `stopped`.

`{"delta": {kind, offset, text}}` is more of the text that the command is writing: a message, a
thought, or the output of the running entry of the number `entry`. `offset` counts the characters
before it; 0 starts the next text, and only output may have gaps. It gets `{"ok": true}`, and is
shown to people but not stored.

`{"reply": {thread, text}}`, an answer in a review thread, is an entry of the transcript, too, and
answered like one; with an error if the stage's order doesn't name that thread.

`{"ask": {question, choices, timeout}}` is answered by `{"ok": number}`, or by an error while
another question is open; and when a person has answered, at any time, between other answers, by
`{"answer": {number, choice}}`, with `input` instead of `choice` if there were no choices. With
neither, nobody answered in time. `{"ask": null}` withdraws the question. With `interrupt`, the
number of an open interrupt, it asks what to do instead of the stopped step. `{"ask": {permission:
{tool, title, arguments, folder, diff, suggestion}}}` is a permission request, whose answer has
`permission`, and perhaps `comment`; without `permission`, it's denied. `{"denied": {}}` counts a
request that was denied without asking.

A command that takes people's messages gets them at any time, as `{"message": {number, text, author,
when}}`, and interrupts as `{"interrupt": {number, author}}`. It answers in steps: `{"handed":
{number}}` before the agent gets a message, `{"receipt": {number}}` when the agent has read it,
`{"ignored": {number}}` for an interrupt without an effect so far. `{"idle": {}}`, when the agent is
done, is answered with the number of messages and interrupts that are still due; with 0, no more
come.

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
_READ_BYTES = 8 << 10  # at once: whatever comes, the shim soon checks its clock again
_MAX_REST_BYTES = 1 << 20  # more than an exited stage can have left in it


class Channel:
    """The shim's end. It never blocks; a command that asks and doesn't read isn't served
    meanwhile."""

    def __init__(self, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """`answer` may raise anything: the message is then the answer. Raises OSError."""
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self.peer_fd = theirs.detach()
        """The command's end; `hand_over` closes our copy after the fork."""
        self._answer = answer
        self._buffer = b""
        self._unsent = b""
        self._is_closed = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def close_sandbox_fd(self) -> None:
        os.close(self.peer_fd)

    def serve(self) -> int:
        """Answer the received messages; return the events to wait for next, 0 at the end."""
        self._send()
        if not self._unsent:
            self._receive()
            self._send()
        if self._is_closed:
            with contextlib.suppress(OSError):  # no process should wait for an answer
                self._socket.shutdown(socket.SHUT_RDWR)
            return 0
        return selectors.EVENT_WRITE if self._unsent else selectors.EVENT_READ

    def queue_message(self, message: dict[str, Any]) -> None:
        """Queue an unsolicited message; `serve` sends it."""
        self._unsent += json.dumps(message).encode() + b"\n"

    def receive_rest(self) -> None:
        """Read the messages before the end; nobody is left to answer."""
        taken = 0
        while taken < _MAX_REST_BYTES and (received := self._receive()):
            taken += received

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> int:
        """Return the number of received bytes, at the end always 0."""
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
            # Whatever the message was, a stage must not die of it.
            answer = {"error": str(error) or repr(error)}
        return json.dumps(answer).encode() + b"\n"

    def _send(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""  # nobody reads; earlier messages may still be unread here


def _parse_message(line: bytes) -> dict[str, Any]:
    """Parse a message. Raises ValueError if it isn't an object, or has a number that isn't valid in
    all JSON."""
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
        raise ValueError("not an object")
    return message


def _parse_integer(text: str) -> float:
    return int(text) if len(text) <= 18 else _parse_number(text)


def _parse_number(text: str) -> float:
    if not isfinite(number := float(text)):
        raise ValueError("not a number")
    return number
