"""The least that a client of each protocol has to say, and where its answer has what."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

SCHEMA = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "description": {"type": "string"}},
    "required": ["command", "description"],
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Client:
    """`body` is a request of the main conversation, which offers the tool `bash`."""

    name: str
    path: str
    streaming: str
    header: Callable[[str], dict[str, str]]
    body: Json
    tools: str  # the member of the body that offers tools
    text: Callable[[Json], str]
    piece: Callable[[Json], str]  # the text that an event of a stream tells
    usage: Callable[[Json], Json]
    counted: Json  # how a usage of 10 input, 20 cached, 5 output, 2 reasoning tokens is told

    def ask(self, url: str, key: str, stream: bool = False, **changes: Any) -> httpx.Response:
        body = self.body | ({"stream": stream} if self.path == self.streaming else {}) | changes
        body = {name: value for name, value in body.items() if value is not None}
        path = self.streaming if stream else self.path
        return httpx.post(f"{url}{path}", json=body, headers=self.header(key), timeout=10)


def events(response: httpx.Response) -> list[Json]:
    """What a stream has told; OpenAI's chat ends its with a word that is no JSON."""
    lines = [line.removeprefix("data: ") for line in response.text.split("\n")]
    return [json.loads(line) for line in lines if line.startswith("{")]


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


ANTHROPIC = Client(
    "anthropic",
    "/v1/messages",
    "/v1/messages",
    lambda key: {"x-api-key": key, "anthropic-version": "2023-06-01"},
    {
        "model": "large",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Hello"}],
        "tools": [{"name": "bash", "input_schema": SCHEMA}],
    },
    "tools",
    lambda body: body["content"][0]["text"],
    lambda event: event.get("delta", {}).get("text", ""),
    lambda body: body["usage"],
    {
        "input_tokens": 10,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 20,
        "output_tokens": 5,
    },
)
RESPONSES = Client(
    "responses",
    "/v1/responses",
    "/v1/responses",
    _bearer,
    {
        "model": "large",
        "input": "Hello",
        "tools": [{"type": "function", "name": "bash", "parameters": SCHEMA}],
    },
    "tools",
    lambda body: body["output"][0]["content"][0]["text"],
    lambda event: event["delta"] if event["type"] == "response.output_text.delta" else "",
    lambda body: body["usage"],
    {
        "input_tokens": 30,
        "input_tokens_details": {"cached_tokens": 20},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 35,
    },
)
CHAT = Client(
    "chat",
    "/v1/chat/completions",
    "/v1/chat/completions",
    _bearer,
    {
        "model": "large",
        "messages": [{"role": "user", "content": "Hello"}],
        "tools": [{"type": "function", "function": {"name": "bash", "parameters": SCHEMA}}],
    },
    "tools",
    lambda body: body["choices"][0]["message"]["content"],
    lambda event: "".join(choice["delta"].get("content", "") for choice in event["choices"]),
    lambda body: body["usage"],
    {
        "prompt_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 20},
        "completion_tokens": 5,
        "completion_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 35,
    },
)
GEMINI = Client(
    "gemini",
    "/v1beta/models/large:generateContent",
    "/v1beta/models/large:streamGenerateContent?alt=sse",
    lambda key: {"x-goog-api-key": key},
    {
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
        "tools": [{"functionDeclarations": [{"name": "bash", "parametersJsonSchema": SCHEMA}]}],
    },
    "tools",
    lambda body: body["candidates"][0]["content"]["parts"][0]["text"],
    lambda event: "".join(
        part["text"]
        for part in event["candidates"][0]["content"]["parts"]
        if not part.get("thought")
    ),
    lambda body: body["usageMetadata"],
    {
        "promptTokenCount": 30,
        "cachedContentTokenCount": 20,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 2,
        "totalTokenCount": 35,
    },
)
CLIENTS = (ANTHROPIC, RESPONSES, CHAT, GEMINI)
