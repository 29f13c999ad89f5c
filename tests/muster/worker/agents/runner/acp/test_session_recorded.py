"""The real agents' conversations, as recorded by `tests/agents/record_acp.py`: the session says the
same again, and understands each message."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from muster.worker.agents.runner.acp.session import AcpSession
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.output_parser import OutputParser
from tests.agents.record_acp import ASKED, COMMAND_LINES
from tests.muster.worker.agents.runner.fake_people import FakePeople
from tests.muster.worker.agents.runner.parsed_output import ParsedOutput

RECORDED = Path(__file__).parents[5] / "agents" / "recorded" / "acp"
SCENARIOS = sorted(path.stem for path in RECORDED.glob("*.jsonl"))


class Replay:
    """Both sides as recorded; people do what they did, when they did."""

    def __init__(self, scenario: str) -> None:
        self.people = FakePeople()
        self.session = AcpSession(ASKED, self.people.questions, self.people.mailbox)
        parser, updates = OutputParser(self.session), list[Update]()
        self._sent: list[dict[str, Any]] = []
        self._settle()
        count = 0
        for line in (RECORDED / f"{scenario}.jsonl").read_text().splitlines():
            match json.loads(line):
                case {"in": event}:
                    updates += parser.feed(json.dumps(event).encode() + b"\n")
                case {"people": what}:
                    self.people.act(what)
                case {"out": message}:
                    assert self._sent[count] == message
                    count += 1
            self._settle()
        assert count == len(self._sent)
        self.output = ParsedOutput([*updates, *self.people.updates, *parser.finish()])

    def _settle(self) -> None:
        for _ in range(2):
            self.people.process_answers()
            self.session._turns.process_due()
        self._sent += map(json.loads, self.session.outgoing)
        self.session.outgoing.clear()

    @property
    def prompts(self) -> list[str]:
        asked = [each["params"] for each in self._sent if each.get("method") == "session/prompt"]
        return ["\n".join(part["text"] for part in params["prompt"]) for params in asked]


@pytest.fixture(params=SCENARIOS)
def replay(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Replay:
    monkeypatch.setattr(os, "getcwd", lambda: "/workspace")  # as recorded
    return Replay(request.param)


def test_each_message_is_understood_and_the_session_ends_well(replay: Replay) -> None:
    assert '{"jsonrpc"' not in replay.output.plain
    assert (replay.session.status, replay.output.facts.get("failure")) == (0, None)


def test_people_allow_one_action_and_deny_another_with_a_reason(replay: Replay) -> None:
    wanted = [each["permission"]["arguments"] for each in replay.people.asked[:3]]
    assert wanted == COMMAND_LINES
    assert replay.output.facts["denied"] == 1
    assert any(each.endswith("was denied. Use make.") for each in replay.prompts)


def test_a_message_is_read_with_the_next_prompt(replay: Replay) -> None:
    assert replay.prompts[1] == "Message from Mei:\n\n/clear\n{}"
    assert replay.people.log == [("handed", 7), ("receipt", 7)]


def test_an_interrupt_is_followed_by_a_question_and_its_answer(replay: Replay) -> None:
    assert replay.people.asked[3]["interrupt"] == 1
    assert "Do something else." in replay.prompts[-1]
