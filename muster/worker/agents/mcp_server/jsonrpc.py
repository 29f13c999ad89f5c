"""JSON-RPC 2.0 as used by the Model Context Protocol: one message per line, no batches."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, NoReturn

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602

Id = str | int
Json = dict[str, Any]


class RpcError(Exception):
    """A request's error response."""

    def __init__(self, code: int, message: str, about: Id | None = None) -> None:
        super().__init__(message)
        self.code, self.request_id = code, about

    def to_response(self, request: Id | None = None) -> Json:
        error = {"code": self.code, "message": str(self)}
        return {
            "jsonrpc": "2.0",
            "id": self.request_id if request is None else request,
            "error": error,
        }


class Message(NamedTuple):
    """A request; or a notification, whose `id` is None."""

    id: Id | None
    method: str
    params: Json


def make_response(request: Id, content: Json) -> Json:
    return {"jsonrpc": "2.0", "id": request, "result": content}


def make_notification(method: str, params: Json) -> Json:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def encode_message(message: Json) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def parse_message(line: bytes) -> Message | None:
    """Parse a line; None for a response, because we send no requests. Raises RpcError."""
    try:
        message = json.loads(line.decode(), parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, f"invalid JSON: {error}") from None
    if not isinstance(message, dict):
        raise RpcError(INVALID_REQUEST, "a message must be an object")
    request = message.get("id")
    has_id = isinstance(request, Id) and not isinstance(request, bool)
    about = request if has_id else None
    if message.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, "jsonrpc must be 2.0", about)
    if "id" in message and not has_id:
        raise RpcError(INVALID_REQUEST, "an id must be a string or an integer")
    if "method" not in message and ("result" in message or "error" in message):
        return None
    method, params = message.get("method"), message.get("params", {})
    if not isinstance(method, str):
        raise RpcError(INVALID_REQUEST, "a method must be a string", about)
    if not isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, "params must be an object", about)
    return Message(about, method, params)


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} isn't a number")
