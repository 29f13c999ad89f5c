"""What each vendor's protocol asks of a conversation, and where it tells of limits."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.agents.model.clients import ANTHROPIC, CHAT, GEMINI, RESPONSES, Client, Json
from tests.agents.model.script import Refusal, call, turn
from tests.agents.model.server import Model


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with Model() as model:
        yield model


def message_with(role: str, *blocks: Any, **more: Any) -> Json:
    return {"role": role, "content": list(blocks), **more}


USER = {"role": "user", "content": "Hello"}
USE = {"type": "tool_use", "id": "toolu_1", "name": "bash", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}
ITEM = {"type": "function_call", "call_id": "call_1", "name": "bash", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "done"}
CALLS = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function"}]}
STREAMED = {"role": "tool", "tool_call_id": "call_1", "content": "done"}
CONTENT = {"role": "user", "parts": [{"text": "Hello"}]}
CALLED = {"role": "model", "parts": [{"functionCall": {"id": "1", "name": "bash", "args": {}}}]}
ANSWER = {"id": "1", "name": "bash", "response": {"output": "done"}}
ANSWERED = {"role": "user", "parts": [{"functionResponse": ANSWER}]}

CONVERSATIONS: dict[str, tuple[Client, Json]] = {
    "anthropic": (
        ANTHROPIC,
        {"messages": [USER, message_with("assistant", USE), message_with("user", RESULT)]},
    ),
    "responses": (RESPONSES, {"input": [USER, ITEM, OUTPUT]}),
    "chat": (CHAT, {"messages": [USER, CALLS, STREAMED]}),
    "gemini": (GEMINI, {"contents": [CONTENT, CALLED, ANSWERED]}),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_what_a_tool_has_answered_is_kept(name: str, model: Model) -> None:
    client, changes = CONVERSATIONS[name]
    play = model.play(turn("One."))
    assert client.ask(model.url, play.key, **changes).status_code == 200
    assert play.results == ["done"]


REFUSED: dict[str, tuple[Client, Json]] = {
    "anthropic: no model": (ANTHROPIC, {"model": None}),
    "anthropic: no limit of tokens": (ANTHROPIC, {"max_tokens": None}),
    "anthropic: nothing said": (ANTHROPIC, {"messages": []}),
    "anthropic: the assistant first": (ANTHROPIC, {"messages": [message_with("assistant", USE)]}),
    "anthropic: a message of nothing": (ANTHROPIC, {"messages": [USER, message_with("assistant")]}),
    "anthropic: a call without its result": (
        ANTHROPIC,
        {"messages": [USER, message_with("assistant", USE), USER]},
    ),
    "anthropic: a result without its call": (
        ANTHROPIC,
        {"messages": [message_with("user", RESULT)]},
    ),
    "anthropic: a tool of no shape": (ANTHROPIC, {"tools": [{"name": "bash"}]}),
    "anthropic: a tool of a wrong name": (
        ANTHROPIC,
        {"tools": [{"name": "a tool", "input_schema": {"type": "object"}}]},
    ),
    "responses: no model": (RESPONSES, {"model": None}),
    "responses: nothing said": (RESPONSES, {"input": []}),
    "responses: a call without its result": (RESPONSES, {"input": [USER, ITEM]}),
    "responses: a result without its call": (RESPONSES, {"input": [USER, OUTPUT]}),
    "chat: no model": (CHAT, {"model": None}),
    "chat: nothing said": (CHAT, {"messages": []}),
    "chat: a role of nobody's": (CHAT, {"messages": [{"role": "model", "content": "Hello"}]}),
    "chat: a call without its result": (CHAT, {"messages": [USER, CALLS, USER]}),
    "chat: a call without any": (CHAT, {"messages": [USER, CALLS]}),
    "chat: a result without its call": (CHAT, {"messages": [USER, STREAMED]}),
    "gemini: nothing said": (GEMINI, {"contents": []}),
    "gemini: a role of nobody's": (GEMINI, {"contents": [CONTENT | {"role": "assistant"}]}),
    "gemini: a message of nothing": (GEMINI, {"contents": [CONTENT | {"parts": []}]}),
    "gemini: a call without its result": (GEMINI, {"contents": [CONTENT, CALLED, CONTENT]}),
    "gemini: a result without its call": (GEMINI, {"contents": [CONTENT, ANSWERED]}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_vendor_would_refuse_is_a_problem(name: str) -> None:
    client, changes = REFUSED[name]
    with Model() as model:
        play = model.play(turn("One."))
        assert client.ask(model.url, play.key, **changes).status_code == 400
        assert (play.left, len(model.problems)) == (1, 1)


ASK = {
    "type": "namespace",
    "name": "mcp__muster",
    "tools": [{"type": "function", "name": "ask_human", "parameters": {"type": "object"}}],
}


def test_a_tool_of_a_namespace_is_called_by_both_names(model: Model) -> None:
    play = model.play(turn(call("ask_human", question="Which?")))
    (item,) = RESPONSES.ask(model.url, play.key, tools=[ASK]).json()["output"]
    assert (item["type"], item["namespace"], item["name"]) == (
        "function_call",
        "mcp__muster",
        "ask_human",
    )


def test_a_tool_that_is_not_offered_at_once_is_searched_for_before_its_turn(model: Model) -> None:
    play = model.play(turn(call("ask_human", question="Which?")))
    offer: Json = {"tools": [{"type": "tool_search", "execution": "client"}]}
    (search,) = RESPONSES.ask(model.url, play.key, **offer).json()["output"]
    assert (search["type"], search["arguments"]) == ("tool_search_call", {"query": "ask_human"})
    assert play.left == 1
    found = {"type": "tool_search_output", "call_id": search["call_id"], "tools": [ASK]}
    offer["input"] = [USER, search, found]
    (item,) = RESPONSES.ask(model.url, play.key, **offer).json()["output"]
    assert (item["type"], item["name"], play.left) == ("function_call", "ask_human", 0)


def refused(client: Client, refusal: Refusal, model: Model) -> httpx.Response:
    return client.ask(model.url, model.play(refusal).key)


def test_anthropic_tells_of_a_limit_in_headers(model: Model) -> None:
    response = refused(ANTHROPIC, Refusal("rate_limited", 20), model)
    assert response.headers["retry-after"] == "20"
    assert response.headers["anthropic-ratelimit-requests-reset"].endswith("+00:00")
    assert response.json()["error"]["type"] == "rate_limit_error"


def test_a_limit_that_lasts_tells_how_long_still(model: Model) -> None:
    assert (
        refused(ANTHROPIC, Refusal("rate_limited", last=0.5), model).headers["retry-after"] == "1"
    )
    play = model.play(Refusal("rate_limited", last=20))
    delays = [ANTHROPIC.ask(model.url, play.key).headers["retry-after"] for _ in range(2)]
    assert {*delays} <= {"18", "19", "20"}


def test_anthropic_tells_when_a_subscription_goes_on(model: Model) -> None:
    response = refused(ANTHROPIC, Refusal("quota", 3600), model)
    reset = int(response.headers["anthropic-ratelimit-unified-reset"])
    assert reset - time.time() == pytest.approx(3600, abs=5)
    assert response.headers["anthropic-ratelimit-unified-status"] == "rejected"


@pytest.mark.parametrize("client", [RESPONSES, CHAT], ids=lambda client: client.name)
def test_openai_tells_of_a_limit_in_headers_and_words(client: Client, model: Model) -> None:
    response = refused(client, Refusal("rate_limited", 20), model)
    assert response.headers["retry-after"] == "20"
    assert response.json()["error"]["code"] == "rate_limit_exceeded"
    assert response.json()["error"]["message"].endswith("Please try again in 20s.")


def test_openai_tells_when_a_subscription_goes_on(model: Model) -> None:
    response = refused(RESPONSES, Refusal("quota", 3600), model)
    assert response.json()["error"]["type"] == "usage_limit_reached"
    assert response.json()["error"]["resets_at"] - time.time() == pytest.approx(3600, abs=5)


def test_gemini_tells_of_a_limit_in_details(model: Model) -> None:
    error = refused(GEMINI, Refusal("rate_limited", 20), model).json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    assert error["details"][0]["violations"][0]["quotaId"] == (
        "GenerateRequestsPerMinutePerProjectPerModel"
    )
    assert error["details"][1]["retryDelay"] == "20s"


def test_tokens_are_counted_without_a_turn(model: Model) -> None:
    play = model.play(turn("One."))
    for client, path in (
        (ANTHROPIC, "/v1/messages/count_tokens"),
        (GEMINI, "/v1beta/models/large:countTokens"),
    ):
        body = {name: value for name, value in client.body.items() if name != "max_tokens"}
        counts = httpx.post(f"{model.url}{path}", json=body, headers=client.header(play.key)).json()
        assert counts["input_tokens"] == counts["totalTokens"] == len(json.dumps(body)) // 4
    assert (play.left, [seen.kind for seen in play.seen]) == (1, ["count", "count"])


def test_an_answer_has_the_shape_that_is_wanted(model: Model) -> None:
    shape = {"type": "object", "properties": {"title": {"type": "string"}}}
    changes: Json = {"tools": None, "generationConfig": {"responseJsonSchema": shape}}
    answer = GEMINI.ask(model.url, model.play().key, **changes).json()
    assert json.loads(GEMINI.text(answer)) == {"title": "Repair the package"}
