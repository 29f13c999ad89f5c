"""Our side of JSON-RPC 2.0 with an agent: one object per line."""

from __future__ import annotations

from muster.worker.agents.runner.entries import encode_json

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.entries import Update

    ResponseHandler = Callable[[dict[str, Any]], list[Update]]

METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32601, -32602, -32603


class Requests:
    """Our requests that have no response yet. `outgoing` has all messages to send; each starts with
    the `head`.
    """

    def __init__(self, **head: str) -> None:
        self._head = head
        self.outgoing: list[bytes] = []
        self._handlers: dict[int, ResponseHandler] = {}
        self._count = 0

    def send(self, method: str, then: ResponseHandler, **params: Any) -> None:
        self._count += 1
        self._handlers[self._count] = then
        self.queue(id=self._count, method=method, params=params)

    def pop_handler(self, number: Any) -> ResponseHandler | None:
        """Return the handler of the response to one of our requests."""
        if isinstance(number, bool) or not isinstance(number, int):
            return None
        return self._handlers.pop(number, None)

    def queue(self, **content: Any) -> None:
        """The serializer escapes line ends: no text can start a message of its own."""
        self.outgoing.append(encode_json({**self._head, **content}) + b"\n")
