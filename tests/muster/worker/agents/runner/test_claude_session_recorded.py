"""The real claude's conversations, as recorded by `tests/agents/record_claude.py`: the session says
the same again, and understands each message."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agents.record_claude import COMMANDS
from tests.muster.worker.agents.runner.parsed_output import final_entries
from tests.muster.worker.agents.runner.steered import ClaudeTalk

RECORDED = Path(__file__).parents[4] / "agents" / "recorded" / "claude"


def replay(scenario: str) -> ClaudeTalk:
    talk, written = ClaudeTalk("Repair the package."), 0
    ids: dict[str, str] = {}  # recorded frame, ours
    for line in (RECORDED / f"{scenario}.jsonl").read_text().splitlines():
        match json.loads(line):
            case {"out": frame}:
                ours = talk.process.frames[written]
                ids[frame.get("uuid", "")] = ours.get("uuid", "")
                assert {**ours, "uuid": ""} == {**frame, "uuid": ""}
                written += 1
            case {"in": event}:
                talk.feed({**event, "uuid": ids.get(event.get("uuid"), "")})
            case {"people": mail}:
                talk.send(mail)
    assert written == len(talk.process.frames)
    return talk


def kinds(talk: ClaudeTalk) -> list[tuple[str, Any]]:
    return [(entry["kind"], entry["data"].get("author")) for entry in final_entries(talk.updates)]


@pytest.mark.parametrize("scenario", sorted(path.stem for path in RECORDED.glob("*.jsonl")))
def test_each_conversation_ends_well(scenario: str) -> None:
    talk = replay(scenario)
    assert talk.process.ended_with == 0
    assert not any((each.facts or {}).get("failure") for each in talk.updates)
    assert talk.handed == talk.receipts == ([4] if scenario in ("next", "now") else [])


def test_a_message_is_read_after_the_running_command() -> None:
    assert kinds(replay("next"))[:4] == [
        *(("message", None), ("command", None)),
        *(("message", "Ada"), ("message", None)),
    ]


def test_an_urgent_message_ends_the_running_command() -> None:
    talk = replay("now")
    (command,) = [entry for entry in final_entries(talk.updates) if entry["kind"] == "command"]
    assert "waited" not in command["text"]
    assert len(talk.controls) == 1


def test_one_command_is_allowed_and_another_denied_with_the_reason() -> None:
    talk = replay("denied")
    entries = final_entries(talk.updates)
    commands = [entry["data"]["command"] for entry in entries if entry["kind"] == "command"]
    assert commands == COMMANDS[:1]
    (denied,) = [entry for entry in entries if entry["kind"] == "denied"]
    assert "two" in json.dumps(denied)
    responses = [frame for frame in talk.process.frames if frame["type"] == "control_response"]
    assert "Use make." in json.dumps(responses[-1])


def test_an_interrupt_is_followed_by_a_question() -> None:
    talk = replay("interrupted")
    assert [each["interrupt"] for each in talk.shim.of_kind("ask")] == [1]
    assert "Do something else." in talk.texts[-1]
