"""Anthropic's Messages, as documented for version 2023-06-01: streaming and not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.agents.model.script import Refusal, TextPart, ThinkingPart
from tests.agents.model.wire import (
    Answer,
    Asked,
    Json,
    Refused,
    event,
    must,
    paired,
    pieces,
    seconds,
)

# https://docs.anthropic.com/en/api/errors
ERRORS = {
    "unauthorized": (401, "authentication_error"),
    "rate_limited": (429, "rate_limit_error"),
    "quota": (429, "rate_limit_error"),
    "overloaded": (529, "overloaded_error"),
    "broken": (500, "api_error"),
    "malformed": (400, "invalid_request_error"),
}


class Anthropic:
    name = "anthropic"

    def speaks(self, path: str) -> bool:
        return path.partition("?")[0] in {"/v1/messages", "/v1/messages/count_tokens"}

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")

    def read(self, path: str, headers: Mapping[str, str], body: Json) -> Asked:
        must(headers.get("anthropic-version") == "2023-06-01", "anthropic-version: missing")
        must(isinstance(body.get("model"), str), "model: Field required")
        counts_only = path.partition("?")[0].endswith("/count_tokens")
        must(counts_only or body.get("max_tokens", 0) > 0, "max_tokens: Field required")
        messages = body.get("messages") or []
        must(
            messages and messages[0].get("role") == "user", "messages: first must use the user role"
        )
        results: dict[str, str] = {}
        called: list[str] = []
        for message in messages:
            blocks = _blocks(message)
            must(
                message.get("role") in {"user", "assistant", "system"}, "messages: Unexpected role"
            )
            must(blocks, "messages: content must be non-empty")
            if message["role"] == "assistant":
                called = [block["id"] for block in blocks if block["type"] == "tool_use"]
            elif message["role"] == "user":
                found = {b["tool_use_id"]: _text(b) for b in blocks if b["type"] == "tool_result"}
                paired(called, found)
                results |= found
                called = []
        tools = {tool["name"]: _schema(tool) for tool in body.get("tools") or []}
        shape = ((body.get("output_config") or {}).get("format") or {}).get("schema")
        return Asked(
            model=body["model"],
            stream=bool(body.get("stream")),
            tools=tools,
            results=results,
            text="\n".join(_text(block) for block in _blocks(messages[-1])),
            counts_only=counts_only,
            shape=shape,
        )

    def whole(self, asked: Asked, answer: Answer) -> Json:
        content = [_opened(part) | _filled(part) for part in answer.parts]
        return {
            **_message(asked, answer),
            "content": content,
            "stop_reason": _reason(answer),
            "usage": _usage(answer),
        }

    def events(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        begun = _message(asked, answer)
        begun["usage"] = _usage(answer) | {"output_tokens": 1}
        yield _event("message_start", message=begun)
        yield _event("ping")
        for index, part in enumerate(answer.parts):
            yield _event("content_block_start", index=index, content_block=_opened(part))
            for delta in _deltas(part):
                yield _event("content_block_delta", index=index, delta=delta)
            yield _event("content_block_stop", index=index)
        ended = {"stop_reason": _reason(answer), "stop_sequence": None}
        yield _event("message_delta", delta=ended, usage=_usage(answer))
        yield _event("message_stop")

    def refused(self, refusal: Refusal, message: str, now: float) -> Refused:
        status, kind = ERRORS[refusal.kind]
        headers = {"request-id": "req_0001"}
        if refusal.kind == "quota" and refusal.retry_after is not None:
            # What a subscription says that is spent for its five hours.
            headers |= {
                "anthropic-ratelimit-unified-status": "rejected",
                "anthropic-ratelimit-unified-representative-claim": "five_hour",
                "anthropic-ratelimit-unified-reset": seconds(now + refusal.retry_after),
            }
        elif refusal.kind == "rate_limited" and refusal.retry_after is not None:
            until = datetime.fromtimestamp(now + refusal.retry_after, UTC)
            headers |= {
                "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": until.isoformat(timespec="seconds"),
            }
        if refusal.retry_after is not None:
            headers["retry-after"] = seconds(refusal.retry_after)
        error = {"type": kind, "message": message}
        return Refused(status, headers, {"type": "error", "error": error, "request_id": "req_0001"})


def _blocks(message: Json) -> list[Json]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def _text(block: Json) -> str:
    if block["type"] == "tool_result":
        content = block.get("content") or ""
        return content if isinstance(content, str) else "".join(map(_text, content))
    return str(block.get("text", ""))


def _schema(tool: Json) -> Json:
    must(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool.get("name", "")), "tools: name")
    if "input_schema" not in tool:
        must(tool.get("type"), f"tools: {tool['name']} has no input_schema")  # the vendor's own
        return {}
    schema: Json = tool["input_schema"]
    must(schema.get("type") == "object", f"tools: input_schema of {tool['name']}")
    return schema


def _message(asked: Asked, answer: Answer) -> Json:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _reason(answer: Answer) -> str:
    return "tool_use" if answer.calls else "end_turn"


def _usage(answer: Answer) -> Json:
    return {
        "input_tokens": answer.usage.input,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": answer.usage.cached,
        "output_tokens": answer.usage.output,
    }


def _opened(part: Any) -> Json:
    if isinstance(part, TextPart):
        return {"type": "text", "text": ""}
    if isinstance(part, ThinkingPart):
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {"type": "tool_use", "id": f"toolu_{part.id}", "name": part.name, "input": {}}


def _filled(part: Any) -> Json:
    if isinstance(part, TextPart):
        return {"text": part.text}
    if isinstance(part, ThinkingPart):
        return {"thinking": part.text, "signature": "c2lnbmVk"}
    return {"input": part.arguments}


def _deltas(part: Any) -> Iterator[Json]:
    if isinstance(part, TextPart):
        for piece in pieces(part.text):
            yield {"type": "text_delta", "text": piece}
    elif isinstance(part, ThinkingPart):
        for piece in pieces(part.text):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": "c2lnbmVk"}
    else:
        for piece in pieces(json.dumps(part.arguments)):
            yield {"type": "input_json_delta", "partial_json": piece}


def _event(kind: str, **data: Any) -> bytes:
    return event({"type": kind, **data}, kind)
