"""The protocol in detail, whatever the client sends."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.agents.mcp_server import tools
from muster.worker.agents.mcp_server.session import PROTOCOL_VERSIONS, McpSession


class Calls:
    """A runner that records its calls."""

    def __init__(self, is_there: bool = True) -> None:
        self.is_there = is_there
        self.begun: dict[str | int, dict[str, Any]] = {}
        self.cancelled: list[str | int] = []

    def start_call(self, request: str | int, call: dict[str, Any]) -> bool:
        self.begun[request] = call
        return self.is_there

    def cancel_call(self, request: str | int) -> None:
        self.cancelled.append(request)


def responses_to(line: object, session: McpSession | None = None) -> list[dict[str, Any]]:
    data = line if isinstance(line, bytes) else json.dumps(line).encode()
    return [*(session or McpSession(Calls())).handle_line(data)]


def request(method: str, about: object = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": about, "method": method, "params": params}


ASK = request("tools/call", name="ask_human", arguments={"question": "Which?"})


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        *((version, version) for version in PROTOCOL_VERSIONS),
        ("2025-03-26", "2024-11-05"),
        ("2024-10-07", PROTOCOL_VERSIONS[-1]),
        ("2099-01-01", PROTOCOL_VERSIONS[-1]),
        ("", PROTOCOL_VERSIONS[-1]),
    ],
)
def test_the_version_is_the_clients_or_one_that_it_may_know(asked: str, spoken: str) -> None:
    (answer,) = responses_to(request("initialize", protocolVersion=asked, capabilities={}))
    assert answer["result"]["protocolVersion"] == spoken


@pytest.mark.parametrize(
    ("line", "code", "about"),
    [
        (b"{", -32700, None),
        (b"\xff", -32700, None),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": NaN}}', -32700, None),
        (b"[" * 100_000, -32700, None),
        ([request("ping")], -32600, None),
        ("ping", -32600, None),
        ({"id": 1, "method": "ping"}, -32600, 1),
        ({"jsonrpc": "1.0", "id": "a", "method": "ping"}, -32600, "a"),
        ({"jsonrpc": "2.0", "id": None, "method": "ping"}, -32600, None),
        ({"jsonrpc": "2.0", "id": True, "method": "ping"}, -32600, None),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}, -32600, None),
        ({"jsonrpc": "2.0", "id": 1, "method": 7}, -32600, 1),
        ({"jsonrpc": "2.0", "id": 1}, -32600, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, -32602, 1),
        (request("resources/list"), -32601, 1),
        (request("server/discover"), -32601, 1),
        (request("initialize"), -32602, 1),
        (request("tools/list", cursor="2"), -32602, 1),
        (request("tools/call"), -32602, 1),
        (request("tools/call", name=["ask_human"]), -32602, 1),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_is_wrong_is_answered_by_its_code(line: object, code: int, about: object) -> None:
    (answer,) = responses_to(line)
    assert (answer["error"]["code"], answer["id"]) == (code, about)


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "no/such"},
        {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "nothing"}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": []}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}},
    ],
    ids=lambda message: json.dumps(message)[:70],
)
def test_notifications_and_answers_are_not_answered(message: dict[str, Any]) -> None:
    assert responses_to(message) == []


def test_a_call_is_answered_once_when_the_runner_has_answered() -> None:
    calls = Calls()
    session = McpSession(calls)
    assert responses_to(ASK, session) == []
    assert calls.begun == {1: {"ask": {"question": "Which?", "choices": []}}}
    (refused,) = responses_to(request("ping"), session)
    assert refused["error"]["code"] == -32600, "its number is taken"
    (answer,) = session.finish_call(1, {"input": "This."})
    assert answer["result"]["content"] == [{"type": "text", "text": "This."}]
    assert [*session.finish_call(1, {"input": "That."})] == []


def test_a_call_that_is_cancelled_is_not_answered() -> None:
    calls = Calls()
    session = McpSession(calls)
    responses_to(ASK, session)
    cancelled = {"method": "notifications/cancelled", "params": {"requestId": 1}}
    assert responses_to({"jsonrpc": "2.0", **cancelled}, session) == []
    assert calls.cancelled == [1]
    assert [*session.finish_call(1, {"input": "Late."})] == []
    assert [*session.progress_notifications()] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
METHODS = ["initialize", "ping", "tools/list", "tools/call", "notifications/cancelled"]
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | JSON,
        "id": st.integers() | st.text(max_size=4) | JSON,
        "method": st.sampled_from(METHODS) | JSON,
        "params": st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["ask_human", "progress"]) | JSON,
                "arguments": st.fixed_dictionaries(
                    {}, optional={"question": JSON, "choices": JSON, "text": JSON}
                )
                | JSON,
                "requestId": JSON,
                "protocolVersion": JSON,
                "_meta": st.fixed_dictionaries({}, optional={"progressToken": JSON}) | JSON,
            },
        )
        | JSON,
    },
)


@given(
    line=st.binary(max_size=60) | (MESSAGE | JSON).map(lambda message: json.dumps(message).encode())
)
def test_any_input_is_answered_by_no_more_than_one_message(line: bytes) -> None:
    calls = Calls()
    session = McpSession(calls)
    answers = responses_to(line, session)
    assert len(answers) <= 1
    for answer in answers:
        assert answer["jsonrpc"] == "2.0"
        assert ("result" in answer) != ("error" in answer)
        json.dumps(answer)
    if calls.begun:
        assert not answers
        assert len([*session.finish_call(next(iter(calls.begun)), {})]) == 1


@given(st.dictionaries(st.sampled_from(["choice", "input", "ok", "refused", "number"]), JSON))
def test_whatever_the_runner_answers_becomes_text(answer: dict[str, Any]) -> None:
    assert isinstance(tools.answer_result(answer).text, str)
    assert (
        tools.answer_result(answer).text or answer.get("choice") == "" or answer.get("input") == ""
    )


def test_a_reply_goes_into_a_thread_and_says_what_came_of_it() -> None:
    session = McpSession(calls := Calls())
    given = {"id": 5, "text": "Done."}
    call = request("tools/call", name="reply_comment", arguments=given)
    assert responses_to(call, session) == []
    assert calls.begun == {1: {"reply": {"thread": 5, "text": "Done."}}}
    (answer,) = session.finish_call(1, {"unsaid": "there is no such thread"})
    assert (
        answer["result"] == tools.ToolResult("Not posted: there is no such thread.", True).to_mcp()
    )
    assert tools.answer_result({"ok": True}) == tools.ToolResult("Sent.")


@pytest.mark.parametrize(
    "given", [{}, {"id": 5}, {"text": "x"}, {"id": "5", "text": "x"}, {"id": 0, "text": "x"}]
)
def test_the_model_learns_that_a_reply_lacks_thread_or_text(given: dict[str, Any]) -> None:
    (answer,) = responses_to(request("tools/call", name="reply_comment", arguments=given))
    assert answer["result"]["isError"]
