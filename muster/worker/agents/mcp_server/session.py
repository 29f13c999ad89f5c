"""A client's session: what is answered at once, and the calls that take their time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeGuard

from muster.worker.agents.mcp_server import tools
from muster.worker.agents.mcp_server.jsonrpc import (
    BAD_PARAMS,
    INVALID,
    NO_METHOD,
    Id,
    Json,
    Message,
    RpcError,
    notification,
    read,
    result,
)

VERSIONS = ("2024-11-05", "2025-06-18", "2025-11-25")
"""Of the protocol, the newest last. 2025-03-26 has batches, and is answered by the one before."""


class Narrator(Protocol):
    """Where calls go. A call is known by the request's id."""

    def begin(self, request: Id, call: dict[str, Any]) -> bool:
        """False where nobody is there; its answer comes by `Session.answered`."""

    def cancel(self, request: Id) -> None: ...


class Session:
    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator
        self._calls: dict[Id, Id | None] = {}  # and the tokens by which progress is told
        self._beats = 0

    def hear(self, line: bytes) -> Iterator[Json]:
        """What is said to a line of the client's."""
        try:
            message = read(line)
        except RpcError as error:
            yield error.answer()
            return
        if message is None:
            return
        if message.id is None:
            self._note(message)
            return
        try:
            answer = self._answer(message, message.id)
        except RpcError as error:
            yield error.answer(message.id)
        else:
            if answer is not None:
                yield result(message.id, answer)

    def answered(self, request: Id, answer: dict[str, Any] | None) -> Iterator[Json]:
        """What is said when the narrator has answered a call; None: it has gone."""
        if request in self._calls:
            del self._calls[request]
            said = tools.unreachable() if answer is None else tools.said(answer)
            yield result(request, said.result())

    def beat(self) -> Iterator[Json]:
        """Says that calls are still under way, to a client that wants to be told, lest it give
        up."""
        self._beats += 1
        for token in self._calls.values():
            if token is not None:
                said = {"progressToken": token, "progress": self._beats}
                yield notification("notifications/progress", said)

    def _answer(self, message: Message, request: Id) -> Json | None:
        """None: later. Raises RpcError."""
        if request in self._calls:
            raise RpcError(INVALID, "a request of that id is under way")
        match message.method:
            case "initialize":
                return _initialized(message.params)
            case "ping":
                return {}
            case "tools/list":
                if message.params.get("cursor") is not None:
                    raise RpcError(BAD_PARAMS, "there is no such page")
                return {"tools": tools.OFFERED}
            case "tools/call":
                return self._call(request, message.params)
        raise RpcError(NO_METHOD, f"no such method: {message.method[:100]}")

    def _call(self, request: Id, params: Json) -> Json | None:
        try:
            call = tools.call(params.get("name"), params.get("arguments"))
        except tools.UnknownTool as error:
            raise RpcError(BAD_PARAMS, str(error)) from None
        except tools.BadArguments as error:
            # The model can mend it: so it is the tool that says so.
            return tools.Said(str(error), is_error=True).result()
        if not self._narrator.begin(request, call):
            return tools.unreachable().result()
        self._calls[request] = _token(params)
        return None

    def _note(self, message: Message) -> None:
        request = message.params.get("requestId")
        if message.method != "notifications/cancelled" or not _is_id(request):
            return
        if request in self._calls:
            del self._calls[request]  # it is not answered any more
            self._narrator.cancel(request)


def _initialized(params: Json) -> Json:
    asked = params.get("protocolVersion")
    if not isinstance(asked, str):
        raise RpcError(BAD_PARAMS, "protocolVersion is missing")
    known = [version for version in VERSIONS if version <= asked]
    return {
        "protocolVersion": known[-1] if known else VERSIONS[-1],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "muster", "title": "Muster", "version": "1"},
        "instructions": tools.INSTRUCTIONS,
    }


def _token(params: Json) -> Id | None:
    meta = params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    return token if _is_id(token) else None


def _is_id(value: object) -> TypeGuard[Id]:
    return isinstance(value, Id) and not isinstance(value, bool)
