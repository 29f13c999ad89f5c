"""The real app server's conversations, as recorded by `tests/agents/record_codex.py`: the session
says the same, and understands each message."""

import json
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.agents.record_codex import DENIAL
from tests.muster.worker.agents.runner.codex.app_server import RECORDED, AppServer

PROMPT = "Repair the package, and run its tests."
SCENARIOS = sorted(path.stem for path in RECORDED.glob("*.jsonl"))
IDS = ("id", "threadId", "turnId", "expectedTurnId", "cwd")


def replay(scenario: str, monkeypatch: pytest.MonkeyPatch) -> AppServer:
    """Both sides as recorded; people do what they did when the next message needs that."""
    monkeypatch.setenv("CODEX_API_KEY", "sk-recorded")
    monkeypatch.setattr(os, "getcwd", lambda: "/workspace")  # as recorded
    server = AppServer(**_asked(scenario))
    is_denied = scenario == "denied"
    server.people.answer = DENIAL if is_denied else {"input": "Do something else."}
    count = 0
    for line in (RECORDED / f"{scenario}.jsonl").read_text().splitlines():
        event = json.loads(line)
        if "in" in event:
            server.send(event["in"])
            continue
        if count == len(server.sent):
            _ACTIONS[scenario](server)
        assert _comparable(server.sent[count]) == _comparable(event["out"])
        count += 1
    server.exit()
    assert count == len(server.sent)
    return server


def _asked(scenario: str) -> dict[str, Any]:
    asked = {"text": PROMPT, "model": None}
    is_denied = scenario == "denied"
    return asked | ({"sandbox": "read-only", "approvals": "untrusted"} if is_denied else {})


_ACTIONS: dict[str, Callable[[AppServer], None]] = {
    "next": lambda server: server.deliver(7, "Stop here.\n{}"),
    "now": lambda server: server.deliver(7, "Stop here.\n{}", now=True),
    "interrupted": lambda server: server.interrupt(),
}


def _comparable(message: dict[str, Any]) -> dict[str, Any]:
    params = message.get("params", {})
    known = {name: value for name, value in params.items() if name not in IDS}
    return {**message, "params": known}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_message_is_understood(scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    output = replay(scenario, monkeypatch).output
    assert '{"method"' not in output.plain
    assert '{"id"' not in output.plain
    assert output.facts["session"]


def test_a_repair_is_read_edited_tested_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    server = replay("repair", monkeypatch)
    output, kinds = server.output, Counter(server.output.kinds)
    assert (kinds["edit"], kinds["command"], kinds["message"]) == (1, 2, 3)
    assert "$ python3 -m unittest -v\n" in output.plain
    assert "\n-    return number + number + 1\n" in output.plain
    [usage] = output.facts["usage"]
    assert (usage["inputTokens"], usage["cachedTokens"], usage["outputTokens"]) == (5050, 3600, 180)
    assert output.facts["isOfSession"] is True
    assert output.facts.get("failure") is None
    assert server.session.status == 0


def test_a_thought_a_new_file_and_a_failed_command(monkeypatch: pytest.MonkeyPatch) -> None:
    output = replay("varied", monkeypatch).output
    assert output.of_kind("thought")["text"] == "I think first."
    assert output.of_kind("edit")["data"]["files"][0]["change"] == "add"
    assert output.of_kind("edit")["text"] == "+one\n+two"
    assert output.of_kind("command")["data"]["exitCode"] == 3


def test_what_people_deny_is_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    server = replay("denied", monkeypatch)
    output = server.output
    assert output.kinds.count("denied") == output.facts["denied"] == 1  # the command
    assert output.kinds.count("edit") == 1
    reason = next(n for n, each in enumerate(server.sent) if each.get("method") == "turn/steer")
    denial = server.sent.index({"id": 1, "result": {"decision": "decline"}})
    assert reason < denial, "the turn reads the reason before it can end"


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [
        ("unauthorized", "auth"),
        ("quota", "quota"),
        ("overloaded", "overloaded"),
        ("rate-limited", "rate_limit"),
    ],
)
def test_failures_are_told_apart(scenario: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = replay(scenario, monkeypatch)
    assert server.output.facts["failure"]["kind"] == kind
    assert {entry["data"]["failure"] for entry in server.output.entries} == {kind}
    assert server.session.status == 1
    if scenario == "quota":
        assert server.output.facts["failure"]["resetsAt"] > 1_700_000_000


def test_a_message_is_received_after_the_running_command(monkeypatch: pytest.MonkeyPatch) -> None:
    server = replay("next", monkeypatch)
    entries = [(entry["kind"], entry["data"].get("author")) for entry in server.output.entries]
    assert entries[:4] == [
        ("message", None),
        ("command", None),
        ("message", "Mei"),
        ("message", None),
    ]
    assert server.output.of_kind("command")["data"]["exitCode"] == 0
    assert server.people.log == [("handed", 7), ("receipt", 7)]


@pytest.mark.parametrize("scenario", ["now", "interrupted"])
def test_an_interrupt_ends_the_running_command(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = replay(scenario, monkeypatch)
    assert server.output.of_kind("command")["data"]["unfinished"] is True
    assert server.sent_of("thread/backgroundTerminals/terminate")
    assert server.session.status == 0
    assert server.output.facts.get("failure") is None
    asked = [question["question"] for question in server.people.asked]
    assert asked == (["Stopped by Mei. What now?"] if scenario == "interrupted" else [])
