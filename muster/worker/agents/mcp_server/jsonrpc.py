"""JSON-RPC 2.0 as the Model Context Protocol has it: a message a line, no batches."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, NoReturn

PARSE, INVALID, NO_METHOD, BAD_PARAMS = -32700, -32600, -32601, -32602

Id = str | int
Json = dict[str, Any]


class RpcError(Exception):
    """What a request is answered with instead of a result."""

    def __init__(self, code: int, message: str, about: Id | None = None) -> None:
        super().__init__(message)
        self.code, self.about = code, about

    def answer(self, request: Id | None = None) -> Json:
        error = {"code": self.code, "message": str(self)}
        return {"jsonrpc": "2.0", "id": self.about if request is None else request, "error": error}


class Message(NamedTuple):
    """A request, or a notification: then `id` is None."""

    id: Id | None
    method: str
    params: Json


def result(request: Id, content: Json) -> Json:
    return {"jsonrpc": "2.0", "id": request, "result": content}


def notification(method: str, params: Json) -> Json:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def encoded(message: Json) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def read(line: bytes) -> Message | None:
    """What the line says; None for an answer, for we ask nothing. Raises RpcError."""
    try:
        said = json.loads(line.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RpcError(PARSE, f"no JSON: {error}") from None
    if not isinstance(said, dict):
        raise RpcError(INVALID, "a message is an object")
    request = said.get("id")
    has_id = isinstance(request, Id) and not isinstance(request, bool)
    about = request if has_id else None
    if said.get("jsonrpc") != "2.0":
        raise RpcError(INVALID, "jsonrpc is not 2.0", about)
    if "id" in said and not has_id:
        raise RpcError(INVALID, "an id is a string or an integer")
    if "method" not in said and ("result" in said or "error" in said):
        return None
    method, params = said.get("method"), said.get("params", {})
    if not isinstance(method, str):
        raise RpcError(INVALID, "a method is a string", about)
    if not isinstance(params, dict):
        raise RpcError(BAD_PARAMS, "params are an object", about)
    return Message(about, method, params)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
