"""An agent's requests: some wait, what is allowed for the task isn't asked again, and only a clear
yes allows anything.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from muster.worker.agents.runner.channel import RequestRefused
from muster.worker.agents.runner.permissions import (
    MAX_WAITING,
    Decision,
    PermissionRequests,
    describe_call,
)
from muster.worker.agents.runner.questions import QuestionQueue
from muster.worker.agents.runner.tool_calls import ToolCall
from muster.worker.limits.limits import Breach
from muster.worker.masking.masker import Masker
from muster.worker.shim.entries import parse_question
from muster.worker.shim.permission_requests import MAX_PER_STAGE, PermissionCounter
from muster.worker.shim.questions import ShimQuestions


class ShimChannel:
    """The shim's questions, without a socket."""

    is_open = True

    def __init__(self) -> None:
        self.unsolicited: list[dict[str, Any]] = []
        self.breaches: list[Breach] = []
        self._counter = PermissionCounter(self.breaches.append)
        self._questions = ShimQuestions(1, lambda _: None, lambda _: None, lambda _: None)
        self.asked: list[Any] = []

    def request(self, kind: str, content: dict[str, Any] | None) -> int:
        try:
            if kind == "denied":
                return self._counter.add()
            if content is None:
                return self._questions.ask({}, None, 0.0)
            request = parse_question(content, Masker([]))
            self._counter.add()
            number = self._questions.ask({"stage": 0, "run": 0}, request, 0.0)
        except ValueError as error:
            raise RequestRefused(str(error)) from error
        self.asked.append(request)
        return number

    def send(self, kind: str, content: dict[str, Any] | None) -> int | None:
        try:
            return self.request(kind, content)
        except RequestRefused:
            return None

    def answer(self, **fields: Any) -> None:
        latest = self._questions.latest
        assert latest is not None
        assert self._questions.answer(latest.number)
        self.unsolicited.append({"answer": {"number": latest.number, **fields}})


class Asked:
    def __init__(self) -> None:
        self.channel = ShimChannel()
        self.shown: list[Any] = []
        self.queue = QuestionQueue(self.channel, self.shown.extend)  # type: ignore[arg-type]
        self.requests = PermissionRequests(self.queue)
        self.decisions: list[Decision] = []

    def ask(self, command: str = "ls", suggestion: str | None = None) -> Any:
        call = ToolCall("1", "Bash", {"command": command}, command=command)
        return self.requests.ask(describe_call(call, suggestion), self.decisions.append)

    def answer(self, **fields: Any) -> None:
        self.channel.answer(**fields)
        self.queue.process_answers()


def test_a_request_has_what_people_need_to_decide() -> None:
    call = ToolCall("1", "Edit", {"path": "a"}, files=[("a.py", "update")], diff="-a\n+b")
    made = describe_call(call)
    assert made["tool"] == "Edit"
    assert (made["title"], made["diff"]) == ("a.py", "-a\n+b")
    assert made["folder"].startswith("/")
    assert describe_call(ToolCall("1", "Bash", {}, command="ls -l"))["arguments"] == "ls -l"


@pytest.mark.parametrize(
    ("answer", "is_allowed", "reason"),
    [
        ({"permission": "allow_once"}, True, ""),
        ({"permission": "allow_for_task", "comment": "fine"}, True, "fine"),
        ({"permission": "deny", "comment": "Use make."}, False, "Use make."),
        ({"permission": "deny"}, False, ""),
        ({}, False, "Nobody has answered in time."),
        ({"permission": "yes"}, False, "Nobody has answered in time."),
        ({"choice": "allow_once"}, False, "Nobody has answered in time."),
        ({"permission": True}, False, "Nobody has answered in time."),
    ],
)
def test_only_a_clear_yes_allows(answer: dict[str, Any], is_allowed: bool, reason: str) -> None:
    at = Asked()
    at.ask()
    at.answer(**answer)
    (decision,) = at.decisions
    assert (decision.is_allowed, decision.reason) == (is_allowed, reason)


def test_what_is_allowed_for_the_task_is_not_asked_again() -> None:
    at = Asked()
    at.ask("npm test")
    at.answer(permission="allow_for_task")
    assert at.ask("npm test") is None
    assert [each.is_allowed for each in at.decisions] == [True, True]
    at.ask("npm test; rm -rf /")
    assert len(at.channel.asked) == 2


def test_a_suggestion_covers_what_it_says() -> None:
    at = Asked()
    at.ask("npm test a", "Bash(npm test:*)")
    at.answer(permission="allow_for_task")
    assert at.ask("npm test b", "Bash(npm test:*)") is None
    at.ask("npm test b")
    assert len(at.channel.asked) == 2, "the same without the suggestion is another action"


def test_a_cancelled_request_is_withdrawn_and_the_next_one_asked() -> None:
    at = Asked()
    question = at.ask("a")
    at.ask("b")
    at.requests.cancel(question)
    assert [each.permission["arguments"] for each in at.channel.asked] == ["a", "b"]
    at.answer(permission="allow_once")
    assert [each.is_allowed for each in at.decisions] == [True]


def test_of_10_000_requests_20_wait_and_the_200_th_is_the_last() -> None:
    """Some come in floods, some are answered meanwhile, some are cancelled."""
    for seed in range(20):
        dice, at, questions = random.Random(seed), Asked(), []
        count = most = 0
        while count < 10_000:
            for _ in range(dice.choice((1, 3, 50, 500))):
                count += 1
                questions.append(at.ask(f"echo {count}"))
                most = max(most, at.queue.count_waiting())
            latest = at.channel._questions.latest
            if latest is not None and latest.is_open and dice.random() < 0.7:
                at.answer(permission=dice.choice(("allow_once", "deny", "?")))
            elif questions[-1] is not None and dice.random() < 0.5:
                at.requests.cancel(questions[-1])
        assert most <= MAX_WAITING
        assert {breach.code for breach in at.channel.breaches} == {"asks_too_much"}
        assert len(at.channel.asked) <= MAX_PER_STAGE
        allowed = sum(decision.is_allowed for decision in at.decisions)
        assert allowed <= len(at.channel.asked), "each yes answers one question"
