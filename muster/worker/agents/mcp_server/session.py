"""A client's session: immediate responses, and pending calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeGuard

from muster.worker.agents.mcp_server import tools
from muster.worker.agents.mcp_server.jsonrpc import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Id,
    Json,
    Message,
    RpcError,
    make_notification,
    make_response,
    parse_message,
)

PROTOCOL_VERSIONS = ("2024-11-05", "2025-06-18", "2025-11-25")
"""Protocol versions, newest last. A client with 2025-03-26, which has batches, gets the previous
one.
"""


class Runner(Protocol):
    """The receiver of calls. A call is identified by the request's ID."""

    def start_call(self, request: Id, call: dict[str, Any]) -> bool:
        """False if there is no receiver; the answer comes through `McpSession.finish_call`."""

    def cancel_call(self, request: Id) -> None: ...


class McpSession:
    def __init__(self, narrator: Runner) -> None:
        self._runner = narrator
        self._calls: dict[Id, Id | None] = {}  # and the tokens for progress messages
        self._progress_count = 0

    def handle_line(self, line: bytes) -> Iterator[Json]:
        """Return the responses to a line from the client."""
        try:
            message = parse_message(line)
        except RpcError as error:
            yield error.to_response()
            return
        if message is None:
            return
        if message.id is None:
            self._handle_notification(message)
            return
        try:
            answer = self._handle_request(message, message.id)
        except RpcError as error:
            yield error.to_response(message.id)
        else:
            if answer is not None:
                yield make_response(message.id, answer)

    def finish_call(self, request: Id, answer: dict[str, Any] | None) -> Iterator[Json]:
        """Return the response when the runner has answered a call; None: the runner is gone."""
        if request in self._calls:
            del self._calls[request]
            result = tools.unreachable_result() if answer is None else tools.answer_result(answer)
            yield make_response(request, result.to_mcp())

    def progress_notifications(self) -> Iterator[Json]:
        """Return progress messages for pending calls of clients that asked for them, so they don't
        give up.
        """
        self._progress_count += 1
        for token in self._calls.values():
            if token is not None:
                params = {"progressToken": token, "progress": self._progress_count}
                yield make_notification("notifications/progress", params)

    def _handle_request(self, message: Message, request: Id) -> Json | None:
        """Return the response; None if it comes later. Raises RpcError."""
        if request in self._calls:
            raise RpcError(INVALID_REQUEST, "a request with that id is pending")
        match message.method:
            case "initialize":
                return _initialize_result(message.params)
            case "ping":
                return {}
            case "tools/list":
                if message.params.get("cursor") is not None:
                    raise RpcError(INVALID_PARAMS, "no such page")
                return {"tools": tools.TOOLS}
            case "tools/call":
                return self._call_tool(request, message.params)
        raise RpcError(METHOD_NOT_FOUND, f"no such method: {message.method[:100]}")

    def _call_tool(self, request: Id, params: Json) -> Json | None:
        try:
            call = tools.parse_call(params.get("name"), params.get("arguments"))
        except tools.UnknownTool as error:
            raise RpcError(INVALID_PARAMS, str(error)) from None
        except tools.BadArguments as error:
            # The model can fix it, so the tool reports it.
            return tools.ToolResult(str(error), is_error=True).to_mcp()
        if not self._runner.start_call(request, call):
            return tools.unreachable_result().to_mcp()
        self._calls[request] = _progress_token(params)
        return None

    def _handle_notification(self, message: Message) -> None:
        request = message.params.get("requestId")
        if message.method != "notifications/cancelled" or not _is_id(request):
            return
        if request in self._calls:
            del self._calls[request]  # it gets no answer any more
            self._runner.cancel_call(request)


def _initialize_result(params: Json) -> Json:
    asked = params.get("protocolVersion")
    if not isinstance(asked, str):
        raise RpcError(INVALID_PARAMS, "protocolVersion is missing")
    known = [version for version in PROTOCOL_VERSIONS if version <= asked]
    return {
        "protocolVersion": known[-1] if known else PROTOCOL_VERSIONS[-1],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "muster", "title": "Muster", "version": "1"},
        "instructions": tools.INSTRUCTIONS,
    }


def _progress_token(params: Json) -> Id | None:
    meta = params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    return token if _is_id(token) else None


def _is_id(value: object) -> TypeGuard[Id]:
    return isinstance(value, Id) and not isinstance(value, bool)
