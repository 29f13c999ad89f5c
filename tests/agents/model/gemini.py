"""Gemini's generateContent, streaming and not, and countTokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.agents.model.script import Refusal, TextPart, ThinkingPart
from tests.agents.model.wire import Answer, Asked, Json, Refused, event, must, pieces, seconds

PATH = re.compile(
    r"/v1beta/models/(?P<model>[^:/]+)"
    r":(?P<act>generateContent|streamGenerateContent|countTokens)(?:\?(?P<query>.*))?"
)
# https://ai.google.dev/gemini-api/docs/troubleshooting
ERRORS = {
    "unauthorized": (400, "INVALID_ARGUMENT"),
    "rate_limited": (429, "RESOURCE_EXHAUSTED"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
    "overloaded": (503, "UNAVAILABLE"),
    "broken": (500, "INTERNAL"),
    "malformed": (400, "INVALID_ARGUMENT"),
}
LIMITS = {"rate_limited": "PerMinute", "quota": "PerDay"}


class Gemini:
    name = "gemini"

    def speaks(self, path: str) -> bool:
        return PATH.fullmatch(path) is not None

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-goog-api-key", "")

    def read(self, path: str, headers: Mapping[str, str], body: Json) -> Asked:
        asked = PATH.fullmatch(path)
        assert asked is not None
        stream = asked["act"] == "streamGenerateContent"
        must(not stream or "alt=sse" in (asked["query"] or ""), "only alt=sse is streamed here")
        contents = body.get("contents") or []
        must(contents, "contents is not specified")
        results: dict[str, str] = {}
        called: list[str] = []
        for content in contents:
            must(content.get("role") in {"user", "model"}, "Please use a valid role: user, model.")
            must(content.get("parts"), "contents.parts must not be empty")
            answers = [p["functionResponse"] for p in content["parts"] if "functionResponse" in p]
            must(
                len(answers) == len(called),
                "the number of function response parts equals the number of function call parts",
            )
            must([answer["name"] for answer in answers] == called, "function responses: names")
            results |= {answer.get("id", answer["name"]): _output(answer) for answer in answers}
            calls = [p["functionCall"] for p in content["parts"] if "functionCall" in p]
            called = [call["name"] for call in calls]
        tools = {
            function["name"]: function.get("parametersJsonSchema") or function.get("parameters", {})
            for tool in body.get("tools") or []
            for function in tool.get("functionDeclarations", [])
        }
        return Asked(
            model=asked["model"],
            stream=stream,
            tools=tools,
            results=results,
            text="".join(part.get("text", "") for part in contents[-1]["parts"]),
            counts_only=asked["act"] == "countTokens",
            shape=(body.get("generationConfig") or {}).get("responseJsonSchema")
            or (body.get("generationConfig") or {}).get("responseSchema"),
        )

    def whole(self, asked: Asked, answer: Answer) -> Json:
        return _chunk(asked, answer, [_part(part) for part in answer.parts], last=True)

    def events(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        for part in answer.parts:
            if isinstance(part, TextPart):
                for piece in pieces(part.text):
                    yield event(_chunk(asked, answer, [{"text": piece}]))
            else:
                yield event(_chunk(asked, answer, [_part(part)]))
        yield event(_chunk(asked, answer, [{"text": ""}], last=True))

    def refused(self, refusal: Refusal, message: str, now: float) -> Refused:
        status, word = ERRORS[refusal.kind]
        details: list[Json] = []
        if refusal.kind == "unauthorized":
            details.append({"@type": _type("ErrorInfo"), "reason": "API_KEY_INVALID"})
        if refusal.kind in LIMITS:
            quota = f"GenerateRequests{LIMITS[refusal.kind]}PerProjectPerModel"
            violation = {"quotaMetric": "generate_requests", "quotaId": quota, "quotaValue": "5"}
            details.append({"@type": _type("QuotaFailure"), "violations": [violation]})
        if refusal.retry_after is not None:
            delay = f"{seconds(refusal.retry_after)}s"
            details.append({"@type": _type("RetryInfo"), "retryDelay": delay})
        error = {"code": status, "message": message, "status": word, "details": details}
        return Refused(status, {}, {"error": error})


def _type(name: str) -> str:
    return f"type.googleapis.com/google.rpc.{name}"


def _output(answer: Json) -> str:
    given = answer.get("response") or {}
    return str(given.get("output", given.get("error", given)))


def _part(part: Any) -> Json:
    if isinstance(part, TextPart):
        return {"text": part.text}
    if isinstance(part, ThinkingPart):
        return {"text": part.text, "thought": True}
    return {"functionCall": {"name": part.name, "args": part.arguments}}


def _chunk(asked: Asked, answer: Answer, parts: list[Json], last: bool = False) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
    chunk: Json = {"candidates": [candidate], "modelVersion": asked.model, "responseId": answer.id}
    if last:
        candidate["finishReason"] = "STOP"
        usage = answer.usage
        given = usage.input + usage.cached
        chunk["usageMetadata"] = {
            "promptTokenCount": given,
            "cachedContentTokenCount": usage.cached,
            # Here thoughts are no part of what was said.
            "candidatesTokenCount": usage.output - usage.reasoning,
            "thoughtsTokenCount": usage.reasoning,
            "totalTokenCount": given + usage.output,
        }
    return chunk
