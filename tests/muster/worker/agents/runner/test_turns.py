import json
from typing import Any

import pytest

from muster.worker.agents.runner import turns
from muster.worker.agents.runner.acp.session import AcpSession
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.mailbox import Message
from muster.worker.agents.runner.output_parser import OutputParser
from tests.muster.worker.agents.runner.fake_people import FakePeople
from tests.muster.worker.agents.runner.parsed_output import ParsedOutput

ASKED = {"text": "Do it.", "permissions": "edit", "session": None, "servers": []}
REFUSED = {"code": -32603, "message": "function response parts are missing"}
CALL = {"toolCallId": "c-1", "title": "Edit", "kind": "edit", "status": "pending"}
YES = {"optionId": "y", "name": "Yes", "kind": "allow_once"}


class Agent:
    """An agent that says what the test wants; `sent` has the session's messages."""

    def __init__(self) -> None:
        self.people = FakePeople()
        self.session = AcpSession(ASKED, self.people.questions, self.people.mailbox)
        self.sent: list[dict[str, Any]] = []
        self._parser = OutputParser(self.session)
        self._updates: list[Update] = []
        self.settle()

    @property
    def output(self) -> ParsedOutput:
        return ParsedOutput(self._updates)

    @property
    def prompts(self) -> list[list[str]]:
        asked = [each["params"] for each in self.sent if each.get("method") == "session/prompt"]
        return [[part["text"] for part in params["prompt"]] for params in asked]

    @property
    def cancels(self) -> int:
        return sum(each.get("method") == "session/cancel" for each in self.sent)

    def settle(self) -> None:
        self.people.process_answers()
        self.session._turns.process_due()
        self.people.process_answers()
        self.sent += map(json.loads, self.session.outgoing)
        self.session.outgoing.clear()

    def send(self, **message: Any) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        self._updates += self._parser.feed(line)
        self.settle()

    def respond(self, **response: Any) -> None:
        """Respond to our last request: with `result` or `error`."""
        number = [each["id"] for each in self.sent if "method" in each and "id" in each][-1]
        self.send(id=number, **response)

    def write(self, text: str) -> None:
        content = {"type": "text", "text": text}
        update = {"sessionUpdate": "agent_message_chunk", "content": content}
        self.send(method="session/update", params={"sessionId": "s", "update": update})

    def deliver(self, number: int, text: str = "Stop here.", *, now: bool = False) -> None:
        self.people.recipient.deliver(Message(number, text, "Mei", is_urgent=now))
        self.settle()

    def interrupt(self) -> None:
        self.people.recipient.interrupt(3, "Mei")
        self.settle()


def started() -> Agent:
    agent = Agent()
    agent.respond(result={"protocolVersion": 1, "agentInfo": {"name": "a"}})
    agent.respond(result={"sessionId": "s"})
    return agent


def test_a_message_waits_for_the_end_of_the_turn_and_is_read_when_the_next_has_an_effect() -> None:
    agent = started()
    agent.deliver(7)
    agent.deliver(8, "And test.")
    assert (agent.people.log, agent.cancels) == ([], 0)
    agent.respond(result={"stopReason": "end_turn"})
    assert agent.prompts[1] == [
        "Message from Mei:\n\nStop here.",
        "Message from Mei:\n\nAnd test.",
    ]
    assert agent.people.log == [("handed", 7), ("handed", 8)]
    agent.write("I stop.")
    assert agent.people.log[2:] == [("receipt", 7), ("receipt", 8)]
    agent.respond(result={"stopReason": "end_turn"})
    assert agent.session.status == 0
    assert [entry["data"].get("number") for entry in agent.output.entries] == [7, 8, None]


def test_a_prompt_that_is_refused_is_no_receipt() -> None:
    agent = started()
    agent.deliver(7)
    agent.respond(result={"stopReason": "end_turn"})
    agent.respond(error={"code": 1, "message": "no"})
    assert agent.people.log == [("handed", 7)]
    assert agent.session.status == 1


def test_the_session_ends_only_when_no_message_is_on_its_way() -> None:
    agent = started()
    agent.people.waiting = 1
    agent.respond(result={"stopReason": "end_turn"})
    assert agent.session.status is None
    agent.people.waiting = 0
    agent.deliver(7)
    assert len(agent.prompts) == 2


def test_an_urgent_message_cancels_the_turn() -> None:
    agent = started()
    agent.deliver(7, now=True)
    assert (agent.cancels, len(agent.prompts)) == (1, 1)
    agent.respond(result={"stopReason": "cancelled"})
    assert len(agent.prompts) == 2
    assert agent.output.facts.get("failure") is None


def test_an_interrupt_asks_what_to_do_and_gives_the_answer() -> None:
    agent = started()
    agent.people.answer = {"input": "Use b."}
    agent.interrupt()
    agent.respond(result={"stopReason": "cancelled"})
    assert agent.people.asked[0]["interrupt"] == 3
    assert agent.prompts[1] == ["You were stopped by a person, who writes:\n\nUse b."]


def test_an_interrupt_denies_what_the_agent_waits_for() -> None:
    agent = started()
    params = {"sessionId": "s", "toolCall": {**CALL, "kind": "execute"}, "options": [YES]}
    agent.send(id="r", method="session/request_permission", params=params)
    agent.interrupt()
    assert {"outcome": {"outcome": "cancelled"}} in [each.get("result") for each in agent.sent]


def test_a_turn_that_the_agent_itself_cancels_has_failed() -> None:
    agent = started()
    agent.respond(result={"stopReason": "cancelled"})
    assert agent.session.status == 1


def test_an_ignored_interrupt_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(turns, "monotonic", lambda: now[0])
    agent = started()
    agent.interrupt()
    assert agent.session.wakes_at == 110.0
    now[0] = 110.0
    agent.settle()
    assert agent.people.log == [("ignored", 3)]
    agent.respond(result={"stopReason": "end_turn"})
    assert len(agent.people.asked) == 1


def test_a_session_that_cannot_continue_after_an_interrupt_is_replaced_once() -> None:
    agent = started()
    agent.deliver(7, now=True)
    agent.respond(result={"stopReason": "cancelled"})
    agent.respond(error=REFUSED)
    assert agent.sent[-1]["method"] == "session/new"
    agent.respond(result={"sessionId": "s-2"})
    task, message = agent.prompts[2]
    assert task.startswith("You were stopped in the middle")
    assert task.endswith("Do it.")
    assert message == "Message from Mei:\n\nStop here."
    agent.write("I stop.")
    assert agent.people.log == [("handed", 7), ("receipt", 7)]
    agent.respond(error=REFUSED)
    assert agent.session.status == 1


def test_a_limit_after_an_interrupt_is_told() -> None:
    agent = started()
    agent.deliver(7, now=True)
    agent.respond(result={"stopReason": "cancelled"})
    agent.respond(error={"code": 1, "message": "status 429: too many requests"})
    assert agent.output.facts["failure"]["kind"] == "rate_limit"
    assert agent.session.status == 1
