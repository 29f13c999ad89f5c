"""The checker of chaos runs: what is planted in messages to agents is caught."""

import copy
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.chaos import sample_history, sample_messages
from tests.chaos.checker import check
from tests.chaos.history import History
from tests.chaos.planted_violations import change_run
from tests.chaos.sample_messages import TASK


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = sample_history.history(tmp_path)
    sample_messages.add(history)
    return history


def _set_state(history: History, number: int, state: str) -> None:
    kept = history.messages[TASK]
    rows = copy.deepcopy(kept.messages)
    rows[number - 1]["state"] = state
    history.messages[TASK] = msgspec.structs.replace(kept, messages=rows)


def a_message_that_one_attempt_read_twice(history: History) -> None:
    change_run(history, 1, read=("m1", "m1"))


def a_message_that_was_returned_and_read(history: History) -> None:
    change_run(history, 1, read=("m1", "m2"))


def a_message_that_waits_for_ever(history: History) -> None:
    _set_state(history, 2, "waiting")


def a_message_lost(history: History) -> None:
    kept = history.messages[TASK]
    history.messages[TASK] = msgspec.structs.replace(kept, messages=kept.messages[:1])


def a_message_of_another_task(history: History) -> None:
    change_run(history, 2, read=("m1",))


def a_message_that_nobody_sent(history: History) -> None:
    history.review_requests.pop()


def a_message_that_the_audit_log_does_not_tell(history: History) -> None:
    history.audited.pop()


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (a_message_that_one_attempt_read_twice, "message read twice"),
        (a_message_that_was_returned_and_read, "message read that was not delivered"),
        (a_message_that_waits_for_ever, "message waits for ever"),
        (a_message_lost, "message lost"),
        (a_message_of_another_task, "message of another task"),
        (a_message_that_nobody_sent, "message from nowhere"),
        (a_message_that_the_audit_log_does_not_tell, "audit"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_planted_violation_is_caught(
    history: History, plant: Callable[[History], None], rule: str
) -> None:
    plant(history)
    assert rule in {violation.rule for violation in check(history)}


def test_a_message_that_a_successor_reads_again_is_no_violation(history: History) -> None:
    assert check(history) == []


def test_a_message_that_nobody_read_was_not_delivered(history: History) -> None:
    sample_messages_of_two(history)
    assert "message delivered to nobody" in {each.rule for each in check(history)}


def sample_messages_of_two(history: History) -> None:
    """Task 2 has one attempt, and a message that is said to be delivered."""
    row = history.messages[TASK].messages[0]
    history.messages[2] = msgspec.structs.replace(
        history.messages[TASK], task_id=2, messages=[row | {"id": 9, "text": "Heed message m9."}]
    )
