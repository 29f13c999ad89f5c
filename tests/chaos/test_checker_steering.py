"""The checker of chaos runs: what is planted between people and a working agent is caught."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.chaos import sample_history, sample_steering
from tests.chaos.checker import check
from tests.chaos.history import AuditSeen, History
from tests.chaos.planted_violations import change_run
from tests.chaos.sample_steering import RUN, TASK


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = sample_history.history(tmp_path)
    sample_steering.add(history)
    history.audited.append(AuditSeen("task.message_sent", "ann", TASK))
    return history


def _set_state(history: History, state: str) -> None:
    rows = [row | {"state": state} for row in history.messages[TASK].messages]
    history.messages[TASK] = msgspec.structs.replace(history.messages[TASK], messages=rows)


def a_message_that_two_of_its_runs_read(history: History) -> None:
    change_run(history, RUN - 1, read=("m7",))


def a_message_that_its_agent_read_twice(history: History) -> None:
    change_run(history, RUN, read=("m7", "m7"))


def a_receipt_that_was_lost(history: History) -> None:
    _set_state(history, "unconfirmed")


def a_message_that_was_returned_after_its_receipt(history: History) -> None:
    _set_state(history, "returned")


def a_delivery_that_its_agent_did_not_see(history: History) -> None:
    change_run(history, RUN, read=(), receipts=())


def a_frame_that_claude_does_not_know(history: History) -> None:
    change_run(history, RUN, malformed=("ValueError()",))


def an_action_that_nobody_allowed(history: History) -> None:
    change_run(history, RUN, acted=("p1", "p2"))


def an_action_that_was_done_twice(history: History) -> None:
    change_run(history, RUN, acted=("p1", "p1"))


def an_answer_that_was_heard_twice(history: History) -> None:
    change_run(history, RUN, decided=(("p1", None), ("p2", "a9"), ("p1", None)))


def a_denial_that_was_heard_as_a_yes(history: History) -> None:
    change_run(history, RUN, decided=(("p1", None), ("p2", None)))


def an_answer_that_was_heard_by_another_request(history: History) -> None:
    change_run(history, RUN, decided=(("p1", "a9"), ("p2", "a9")), acted=())


def an_answer_that_was_not_heard(history: History) -> None:
    change_run(history, RUN, decided=(("p2", "a9"),), acted=())


def an_interrupt_of_which_nobody_knows(history: History) -> None:
    by: dict[str, Any] = {"by": 1, "createdBy": {"name": "ann"}}
    _add_event(history, {"type": "interrupted", "message": "ann interrupted the agent", "data": by})
    history.audited.append(AuditSeen("task.interrupted", "ann", TASK))


def _add_event(history: History, event: dict[str, Any]) -> None:
    events = history.tasks[TASK].events
    events.insert(10, {**events[9], **event})
    for number, each in enumerate(events, start=1):
        each["id"] = number


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (a_message_that_two_of_its_runs_read, "message read twice"),
        (a_message_that_its_agent_read_twice, "message read twice"),
        (a_receipt_that_was_lost, "message confirmed and not delivered"),
        (a_message_that_was_returned_after_its_receipt, "message read that was not delivered"),
        (a_delivery_that_its_agent_did_not_see, "message delivered to nobody"),
        (a_frame_that_claude_does_not_know, "frame malformed"),
        (an_action_that_nobody_allowed, "acted without permission"),
        (an_action_that_was_done_twice, "permission acted twice"),
        (an_answer_that_was_heard_twice, "permission decided twice"),
        (a_denial_that_was_heard_as_a_yes, "allowed by nobody"),
        (an_answer_that_was_heard_by_another_request, "wrong decision heard"),
        (an_answer_that_was_not_heard, "decision not heard"),
        (an_interrupt_of_which_nobody_knows, "acts"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_planted_violation_is_caught(
    history: History, plant: Callable[[History], None], rule: str
) -> None:
    plant(history)
    assert rule in {violation.rule for violation in check(history)}


def a_request_that_an_interrupt_ended(history: History) -> None:
    """Its answer was on its way."""
    change_run(history, RUN, decided=(("p2", "a9"),), acted=(), cancelled=("p1",))


def a_denial_that_the_runner_gave(history: History) -> None:
    change_run(history, RUN, asked=("p1", "p2", "p3"))
    refused = "Nobody has answered in time."
    change_run(history, RUN, decided=(("p1", None), ("p2", "a9"), ("p3", refused)))


@pytest.mark.parametrize(
    "allow",
    [lambda _: None, a_request_that_an_interrupt_ended, a_denial_that_the_runner_gave],
    ids=["as it should be", "interrupted", "denied by the runner"],
)
def test_what_is_allowed_is_no_violation(
    history: History, allow: Callable[[History], None]
) -> None:
    allow(history)
    assert check(history) == []
