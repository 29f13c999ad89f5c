"""OpenAI's Responses: streaming and not, with functions and tools that take plain text.

A tool of a namespace is `NAMESPACE.NAME` here. Those that codex does not offer at once, as MCP
servers' are, it has the model search for: https://developers.openai.com/api/docs/guides/tools-tool-search
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.agents.model import openai
from tests.agents.model.script import Refusal, TextPart, ThinkingPart
from tests.agents.model.wire import Answer, Asked, Json, Refused, event, must, paired, pieces

SEARCH = "tool_search"
OUTPUTS = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "tool_search_call": "tool_search_output",
}


class Responses:
    name = "responses"

    def speaks(self, path: str) -> bool:
        return path.partition("?")[0] == "/v1/responses"

    def key(self, headers: Mapping[str, str]) -> str:
        return openai.key(headers)

    def read(self, path: str, headers: Mapping[str, str], body: Json) -> Asked:
        must(isinstance(body.get("model"), str), "you must provide a model parameter")
        given = body.get("input")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        must(items, "Missing required parameter: 'input'")
        called = [item["call_id"] for item in items if item.get("type") in OUTPUTS]
        outputs = [item for item in items if item.get("type") in OUTPUTS.values()]
        paired(called, [item["call_id"] for item in outputs])
        found = [tool for item in outputs for tool in item.get("tools", ())]
        tools = dict(_flat([*(body.get("tools") or []), *found]))
        last = items[-1]
        return Asked(
            model=body["model"],
            stream=bool(body.get("stream")),
            tools={name: tool.get("parameters") or {} for name, tool in tools.items()},
            free=frozenset(name for name, tool in tools.items() if tool["type"] == "custom"),
            results={
                item["call_id"]: _text(item["output"]) for item in outputs if "output" in item
            },
            text=_text(last.get("content", last.get("output"))),
            shape=((body.get("text") or {}).get("format") or {}).get("schema"),
        )

    def whole(self, asked: Asked, answer: Answer) -> Json:
        items = [_item(part, answer, at) for at, part in enumerate(answer.parts)]
        return _response(asked, answer, "completed") | {"output": items, "usage": _usage(answer)}

    def events(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        number = iter(range(1_000_000))

        def next_event(kind: str, **data: Any) -> bytes:
            return event({"type": kind, "sequence_number": next(number), **data}, kind)

        yield next_event("response.created", response=_response(asked, answer, "in_progress"))
        yield next_event("response.in_progress", response=_response(asked, answer, "in_progress"))
        for index, part in enumerate(answer.parts):
            item = _item(part, answer, index)
            begun = item | {"status": "in_progress"} | _EMPTY.get(item["type"], {})
            yield next_event("response.output_item.added", output_index=index, item=begun)
            for kind, data in _deltas(part):
                yield next_event(kind, item_id=item["id"], output_index=index, **data)
            yield next_event("response.output_item.done", output_index=index, item=item)
        yield next_event("response.completed", response=self.whole(asked, answer))

    def refused(self, refusal: Refusal, message: str, now: float) -> Refused:
        return openai.refused(refusal, message, now)


def _flat(tools: list[Json], within: str = "") -> Iterator[tuple[str, Json]]:
    """The tools that a call can name; those of the vendor's own (web search) are none of them."""
    for tool in tools:
        must(tool.get("type"), "tools: type")
        if tool["type"] == "namespace":
            yield from _flat(tool["tools"], f"{tool['name']}.")
        elif tool["type"] == SEARCH:
            yield SEARCH, tool
        elif tool["type"] in {"function", "custom"}:
            must(tool.get("name"), "tools: name")
            yield f"{within}{tool['name']}", tool


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return content if isinstance(content, str) else ""


def _response(asked: Asked, answer: Answer, status: str) -> Json:
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "model": asked.model,
        "output": [],
        "usage": None,
        "error": None,
    }


def _usage(answer: Answer) -> Json:
    usage = answer.usage
    given = usage.input + usage.cached
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": given + usage.output,
    }


_EMPTY: dict[str, Json] = {
    "message": {"content": []},
    "reasoning": {"summary": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
}


def _item(part: Any, answer: Answer, index: int) -> Json:
    mark = f"{answer.id}_{index}"
    if isinstance(part, TextPart):
        content = [{"type": "output_text", "text": part.text, "annotations": []}]
        head = {"type": "message", "id": f"msg_{mark}", "role": "assistant"}
        return head | {"status": "completed", "content": content}
    if isinstance(part, ThinkingPart):
        summary = [{"type": "summary_text", "text": part.text}]
        return {"type": "reasoning", "id": f"rs_{mark}", "summary": summary}
    call: Json = {"call_id": f"call_{part.id}", "status": "completed"}
    if part.name == SEARCH:
        call |= {"execution": "client", "arguments": part.arguments}
        return {"type": "tool_search_call", "id": f"tsc_{mark}"} | call
    namespace, _, call["name"] = part.name.rpartition(".")
    call |= {"namespace": namespace} if namespace else {}
    if isinstance(part.arguments, str):
        return {"type": "custom_tool_call", "id": f"ctc_{mark}", "input": part.arguments} | call
    arguments = json.dumps(part.arguments)
    return {"type": "function_call", "id": f"fc_{mark}", "arguments": arguments} | call


def _deltas(part: Any) -> Iterator[tuple[str, Json]]:
    if isinstance(part, TextPart):
        empty = {"type": "output_text", "text": "", "annotations": []}
        place = {"content_index": 0}
        yield "response.content_part.added", place | {"part": empty}
        for piece in pieces(part.text):
            yield "response.output_text.delta", place | {"delta": piece}
        yield "response.output_text.done", place | {"text": part.text}
        yield "response.content_part.done", place | {"part": empty | {"text": part.text}}
    elif isinstance(part, ThinkingPart):
        place, empty = {"summary_index": 0}, {"type": "summary_text", "text": ""}
        yield "response.reasoning_summary_part.added", place | {"part": empty}
        for piece in pieces(part.text):
            yield "response.reasoning_summary_text.delta", place | {"delta": piece}
        yield "response.reasoning_summary_text.done", place | {"text": part.text}
        yield "response.reasoning_summary_part.done", place | {"part": empty | {"text": part.text}}
    elif part.name == SEARCH:
        return
    elif isinstance(part.arguments, str):
        for piece in pieces(part.arguments):
            yield "response.custom_tool_call_input.delta", {"delta": piece}
        yield "response.custom_tool_call_input.done", {"input": part.arguments}
    else:
        text = json.dumps(part.arguments)
        for piece in pieces(text):
            yield "response.function_call_arguments.delta", {"delta": piece}
        yield "response.function_call_arguments.done", {"arguments": text}
