"""One connection to a shim, on the shim's side. It never makes the shim wait."""

import base64
import contextlib
import selectors
import socket
from collections.abc import Callable
from typing import Any

from muster.worker.shim.wire import SUPPORTED_VERSIONS, Refusal, Unpacker, pack_message

_PAUSE_READING_BYTES = 64 << 10  # unread bytes of a peer, above which its requests must wait
_MAX_UNREAD_BYTES = 4 << 20  # unread bytes of a peer, above which it is dropped

_SHORT_CHUNK_BYTES = 4 << 10  # bytes that are sent along with the log's end

_MAX_OFFSET = 1 << 63  # an offset beyond every log

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Peer:
    """Reads requests and writes their answers, with the shim's notices in between."""

    def __init__(
        self,
        connection: socket.socket,
        selector: selectors.BaseSelector,
        answer: Handler,
        greet: Callable[[], dict[str, Any]],
        forget: Callable[["Peer"], None],
    ) -> None:
        """`answer` may raise Refusal; `greet` returns the state for the hello."""
        connection.setblocking(False)
        self._connection = connection
        self._selector = selector
        self._answer = answer
        self._get_state = greet
        self._on_close = forget
        self._unpacker = Unpacker()
        self._outgoing = bytearray()
        self._is_greeted = False
        self._is_listening = False
        self._known_end = 0  # a listening peer's known end of the log
        self._chunks_left = 0  # how many more chunks it gets with their bytes
        self._log_end = 0
        self._is_closing = False
        self._wanted = selectors.EVENT_READ
        selector.register(connection, self._wanted, self._on_event)

    def notify(self, notice: dict[str, Any]) -> None:
        """Send a notice, if the peer has said hello."""
        if (
            self._is_greeted
            and not self._is_closing
            and not (self._is_listening and "log" in notice)
        ):
            self._send(notice)

    def notify_if_idle(self, notice: dict[str, Any]) -> None:
        """Send a notice that may be lost, unless the peer is behind."""
        if not self._outgoing:
            self.notify(notice)

    def on_log_growth(self, end: int, data: bytes = b"") -> None:
        """Tell a listening peer that the log now ends at `end`; not again until it listens again,
        so that a flood costs no more notices than its reader has turns.

        `data` are the new bytes: a peer that accepts short chunks gets them along, and needn't read
        them.
        """
        self._log_end = end
        if not self._is_listening or self._known_end >= end:
            return
        is_next = 0 < len(data) <= _SHORT_CHUNK_BYTES and self._known_end == end - len(data)
        if is_next and self._chunks_left and not self._outgoing:
            self._chunks_left -= 1
            self._known_end = end
            self._send({"log": end, "bytes": base64.b64encode(data).decode()})
        else:
            self._known_end = _MAX_OFFSET
            self._send({"log": end})

    def close(self) -> None:
        if self._connection.fileno() >= 0:
            self._selector.unregister(self._connection)
            self._connection.close()
            self._on_close(self)

    def _on_event(self, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self._flush()
        if mask & selectors.EVENT_READ and self._connection.fileno() >= 0:
            self._receive()

    def _receive(self) -> None:
        try:
            received = self._connection.recv(64 << 10)
            messages = self._unpacker.feed(received)
        except BlockingIOError:
            return
        except (OSError, ValueError):
            self.close()
            return
        if not received:
            self.close()
        for message in messages:
            if self._is_greeted and message.get("do") == "listen":
                self._start_listening(message)
            elif not self._is_closing:
                self._send(
                    self._answer_request(message)
                    if self._is_greeted
                    else self._answer_hello(message)
                )

    def _start_listening(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            self._known_end = int(message["beyond"])
            self._chunks_left = int(message["pieces"])
            self._is_listening = True
            self.on_log_growth(self._log_end)

    def _answer_hello(self, message: dict[str, Any]) -> dict[str, Any]:
        offered = message.get("hello")
        common = [
            version
            for version in SUPPORTED_VERSIONS
            if isinstance(offered, list) and version in offered
        ]
        if not common:
            self._is_closing = True
            return {"error": "version", "message": f"supported versions: {SUPPORTED_VERSIONS}"}
        self._is_greeted = True
        return {"hello": max(common), "state": self._get_state()}

    def _answer_request(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            result = self._answer(message)
        except Refusal as refusal:
            result = {"error": refusal.code, "message": str(refusal)}
        except Exception as error:
            # Whatever the request was, a stage must not die of it.
            result = {"error": "senseless", "message": repr(error)}
        return {"id": message.get("id"), **result}

    def _send(self, message: dict[str, Any]) -> None:
        if self._connection.fileno() < 0:
            return
        is_waiting = bool(self._outgoing)
        self._outgoing += pack_message(message)
        if not is_waiting:
            self._flush()
        elif len(self._outgoing) > _MAX_UNREAD_BYTES:
            self.close()
        else:
            self._update_events()

    def _flush(self) -> None:
        try:
            del self._outgoing[: self._connection.send(self._outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        self._update_events()

    def _update_events(self) -> None:
        if self._is_closing and not self._outgoing:
            self.close()
            return
        wanted = selectors.EVENT_WRITE if self._outgoing else selectors.EVENT_READ
        if 0 < len(self._outgoing) <= _PAUSE_READING_BYTES:
            wanted |= selectors.EVENT_READ
        if wanted != self._wanted:
            self._wanted = wanted
            self._selector.modify(self._connection, wanted, self._on_event)
