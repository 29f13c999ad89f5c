"""OpenAI's Chat Completions: streaming and not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.agents.model import openai
from tests.agents.model.script import Refusal, TextPart
from tests.agents.model.wire import Answer, Asked, Json, Refused, event, must, paired, pieces

ROLES = {"system", "developer", "user", "assistant", "tool"}


class Chat:
    name = "chat"

    def speaks(self, path: str) -> bool:
        return path.partition("?")[0] == "/v1/chat/completions"

    def key(self, headers: Mapping[str, str]) -> str:
        return openai.key(headers)

    def read(self, path: str, headers: Mapping[str, str], body: Json) -> Asked:
        must(isinstance(body.get("model"), str), "you must provide a model parameter")
        messages = body.get("messages")
        must(messages, "Missing required parameter: 'messages'.")
        tools = {}
        for tool in body.get("tools") or []:
            must(tool.get("type") == "function", "tools: type")
            function = tool["function"]
            tools[function["name"]] = function.get("parameters") or {}
        results = _results(messages)
        return Asked(
            model=body["model"],
            stream=bool(body.get("stream")),
            tools=tools,
            # aider's library; the others that speak this protocol have ones of their own.
            in_words=headers.get("user-agent", "").startswith("OpenAI/Python"),
            results=results,
            text=_text(messages[-1].get("content")),
            shape=((body.get("response_format") or {}).get("json_schema") or {}).get("schema"),
        )

    def whole(self, asked: Asked, answer: Answer) -> Json:
        calls = [_call(call) for call in answer.calls]
        message: Json = {"role": "assistant", "content": answer.text or None}
        message |= {"tool_calls": calls} if calls else {}
        choice = {"index": 0, "message": message, "finish_reason": _reason(answer)}
        head = _head(asked, answer) | {"object": "chat.completion"}
        return head | {"choices": [choice], "usage": _usage(answer)}

    def events(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        def chunk(delta: Json, reason: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            return event(_head(asked, answer) | {"choices": [choice]})

        yield chunk({"role": "assistant", "content": ""})
        count = 0
        for part in answer.parts:
            if isinstance(part, TextPart):
                for piece in pieces(part.text):
                    yield chunk({"content": piece})
            elif part in answer.calls:
                begun = _call(part)
                arguments = begun["function"].pop("arguments")
                begun["function"]["arguments"] = ""
                yield chunk({"tool_calls": [{"index": count, **begun}]})
                for piece in pieces(arguments):
                    function = {"arguments": piece}
                    yield chunk({"tool_calls": [{"index": count, "function": function}]})
                count += 1
            else:
                # Not OpenAI's own: what those who speak its protocol send thoughts as.
                for piece in pieces(part.text):
                    yield chunk({"reasoning_content": piece})
        yield chunk({}, _reason(answer))
        yield event(_head(asked, answer) | {"choices": [], "usage": _usage(answer)})
        yield b"data: [DONE]\n\n"

    def refused(self, refusal: Refusal, message: str, now: float) -> Refused:
        return openai.refused(refusal, message, now)


def _results(messages: list[Json]) -> dict[str, str]:
    """Of all tools; each call has its result before the conversation goes on."""
    results: dict[str, str] = {}
    open_calls: list[str] = []
    for message in [*messages, {"role": "user"}]:
        must(message.get("role") in ROLES, "messages: role")
        if message["role"] == "tool":
            must(message.get("tool_call_id") in open_calls, "messages: a result without its call")
            open_calls.remove(message["tool_call_id"])
            results[message["tool_call_id"]] = _text(message.get("content"))
        else:
            paired(open_calls, [])
            open_calls = [call["id"] for call in message.get("tool_calls") or []]
    return results


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return content or ""


def _call(call: Any) -> Json:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": f"call_{call.id}", "type": "function", "function": function}


def _head(asked: Asked, answer: Answer) -> Json:
    head = {"id": f"chatcmpl-{answer.id}", "object": "chat.completion.chunk"}
    return head | {"created": 1_700_000_000, "model": asked.model}


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "stop"


def _usage(answer: Answer) -> Json:
    usage = answer.usage
    given = usage.input + usage.cached
    return {
        "prompt_tokens": given,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens": usage.output,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": given + usage.output,
    }
