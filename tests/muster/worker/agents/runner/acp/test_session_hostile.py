"""Whatever an agent sends: each of its requests gets one response, and nothing ends its runner."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.agents.runner.acp.session import AcpSession
from muster.worker.agents.runner.output_parser import OutputParser
from tests.muster.worker.agents.runner.parsed_output import ParsedOutput
from tests.muster.worker.agents.runner.test_output_parser import (
    QUICK,
    json_values,
    places,
    replaced,
    require_harmless,
)

ASKED = {"text": "Do it.", "permissions": "edit", "session": None, "servers": []}
CALL = {
    "toolCallId": "c-1",
    "title": "Edit",
    "kind": "edit",
    "status": "pending",
    "content": [
        {"type": "content", "content": {"type": "text", "text": "said"}},
        {"type": "diff", "path": "/a", "oldText": "x", "newText": "y"},
    ],
    "locations": [{"path": "/a", "line": 1}],
    "rawInput": {"command": ["ls", "-l"]},
    "rawOutput": {"output": "o", "exit_code": 1},
}


def update(name: str, /, **what: Any) -> dict[str, Any]:
    content = {"sessionId": "s", "update": {"sessionUpdate": name, **what}}
    return {"jsonrpc": "2.0", "method": "session/update", "params": content}


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "r", "method": method, "params": params}


def answer(number: int, **result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "result": result}


YES = {"optionId": "y", "kind": "allow_once"}
SAID = {"type": "text", "text": "said"}
SHAPES: list[Any] = [
    answer(1, protocolVersion=1, agentCapabilities={"loadSession": True}, agentInfo={"name": "a"}),
    answer(2, sessionId="s"),
    answer(3, stopReason="end_turn", usage={"totalTokens": 3, "inputTokens": 1}),
    {"jsonrpc": "2.0", "id": 2, "error": {"code": -32000, "message": "no", "data": {"a": 1}}},
    update("agent_message_chunk", content=SAID),
    update("agent_thought_chunk", content={"type": "resource", "resource": {"uri": "x"}}),
    update("tool_call", **CALL),
    update("tool_call_update", **{**CALL, "status": "completed"}),
    update("plan", entries=[{"content": "one", "status": "pending"}]),
    update("usage_update", used=1, size=2, cost={"amount": 0.1, "currency": "USD"}),
    request("session/request_permission", toolCall=CALL, options=[YES]),
    request("fs/read_text_file", path="/etc/passwd", line=1, limit=2),
    request("fs/write_text_file", path="/etc/passwd", content="x"),
    request("terminal/create", command="true"),
]


@st.composite
def nearly_known(draw: st.DrawFn) -> Any:
    message = draw(st.sampled_from(SHAPES))
    way = draw(st.sampled_from(places(message)))
    return replaced(message, way, draw(json_values))


def spoken_with(*messages: Any) -> tuple[AcpSession, ParsedOutput]:
    conversation = AcpSession(ASKED)
    narration = OutputParser(conversation)
    lines = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    updates = [*narration.feed(lines), *narration.finish()]
    return conversation, ParsedOutput(updates)


@QUICK
@given(st.lists(st.sampled_from(SHAPES) | nearly_known() | json_values, max_size=8))
def test_messages_that_are_nearly_right_are_told_or_passed_on(messages: list[Any]) -> None:
    conversation, output = spoken_with(*messages)
    require_harmless(output)
    for line in conversation.outgoing:
        assert json.loads(line)["jsonrpc"] == "2.0"
    calls = [entry["data"]["call"] for entry in output.entries if "call" in entry["data"]]
    assert len(calls) == len(set(calls))


@QUICK
@given(
    method=st.text() | st.sampled_from(["fs/read_text_file", "session/request_permission"]),
    params=json_values,
    number=st.integers() | st.text(st.characters(codec="utf-8")),
)
def test_each_request_is_answered_once(method: str, params: Any, number: int | str) -> None:
    conversation, _ = spoken_with({"id": number, "method": method, "params": params})
    (answered,) = map(json.loads, conversation.outgoing[1:])
    assert answered["id"] == number
    assert ("result" in answered) != ("error" in answered)


@pytest.mark.parametrize("result", [None, 3, [], {}, {"protocolVersion": "1"}])
def test_a_greeting_without_sense_ends_the_conversation(result: Any) -> None:
    conversation, output = spoken_with({"id": 1, "result": result})
    assert conversation.status == 1
    assert output.facts["failure"]["kind"] == "unknown"


def test_an_answer_to_nothing_is_passed_on() -> None:
    conversation, output = spoken_with(
        {"id": 7, "result": {}}, {"id": 1.5, "error": {}}, {"id": []}
    )
    assert len(conversation.outgoing) == 1
    assert output.plain.count('"id"') == 3


def test_nothing_is_written_outside_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, other = tmp_path / "workspace", tmp_path / "workspace-2"
    at.mkdir()
    other.mkdir()
    (at / "link").symlink_to(other / "new")
    monkeypatch.chdir(at)
    wanted = [f"{other}/new", f"{at}/link", f"{at}/../workspace-2/new", "new", f"{at}", ""]
    asked = [request("fs/write_text_file", path=path, content="x") for path in wanted]
    conversation, _ = spoken_with(*asked)
    answers = [json.loads(line) for line in conversation.outgoing[1:]]
    assert [re.search("workspace", each["error"]["message"]) is not None for each in answers] == [
        True
    ] * len(wanted)
    assert list(other.iterdir()) == []
