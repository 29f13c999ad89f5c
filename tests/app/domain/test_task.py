"""The task's arrows, drawn once more by hand (contract.md, section 3)."""

import pytest

from app.domain import task
from app.domain.errors import Conflict, IllegalTransition
from app.domain.task import SuspendReason, TaskEvent, TaskStatus

# Rows are events, columns the status before, cells the status after; a dot is a refusal.
ARROWS = """
                  queued     assigned   running    suspended  completed  failed     cancelled
    assign        assigned   .          .          .          .          .          .
    start         .          running    running    .          .          .          .
    ask           suspended  suspended  suspended  suspended  .          .          .
    open_question .          .          suspended  suspended  .          .          .
    limit         .          suspended  suspended  suspended  .          .          .
    spend         suspended  suspended  suspended  suspended  .          .          .
    continue      .          .          .          running    .          .          .
    resume        .          .          .          assigned   .          .          .
    requeue       .          queued     queued     queued     .          .          .
    lose          .          .          suspended  suspended  .          .          .
    reconnect     .          .          .          running    .          .          .
    complete      .          completed  completed  completed  .          .          .
    fail          failed     failed     failed     failed     .          .          .
    cancel        cancelled  cancelled  cancelled  cancelled  .          .          .
    retry         .          .          .          .          .          queued     queued
    follow_up     queued     .          .          queued     queued     queued     queued
    restore       .          .          .          .          .          running    .
"""


def _cells() -> list[tuple[str, str, str]]:
    head, *rows = (line.split() for line in ARROWS.strip().splitlines())
    return [
        (status, event, target)
        for event, *targets in rows
        for status, target in zip(head, targets, strict=True)
    ]


CELLS = _cells()
LEGAL = [cell for cell in CELLS if cell[2] != "."]
REFUSED = [(status, event) for status, event, target in CELLS if target == "."]


def test_the_table_has_every_status_and_every_event_once():
    assert len(CELLS) == len(TaskStatus) * len(TaskEvent)
    assert {(status, event) for status, event, _ in CELLS} == {
        (status.value, event.value) for status in TaskStatus for event in TaskEvent
    }


@pytest.mark.parametrize(
    ("status", "event", "target"), LEGAL, ids=[f"{s}-{e}-{t}" for s, e, t in LEGAL]
)
def test_an_event_leads_along_its_arrow(status: str, event: str, target: str):
    assert task.next_status(TaskStatus(status), TaskEvent(event)) is TaskStatus(target)


@pytest.mark.parametrize(("status", "event"), REFUSED, ids=[f"{s}-{e}" for s, e in REFUSED])
def test_an_event_without_an_arrow_is_refused_in_words(status: str, event: str):
    with pytest.raises(IllegalTransition) as refusal:
        task.next_status(TaskStatus(status), TaskEvent(event))
    assert isinstance(refusal.value, Conflict)
    assert str(refusal.value) == f"A task that is {status} cannot {event.replace('_', ' ')}."


def test_an_ended_task_is_left_only_by_a_new_round_or_a_restore():
    left = {TaskEvent(e) for s, e, t in LEGAL if s in task.ENDED and t not in task.ENDED}
    assert left == {TaskEvent.RETRY, TaskEvent.FOLLOW_UP, TaskEvent.RESTORE}


def test_every_live_status_has_a_way_to_every_end():
    ways = {(s, t) for s, _, t in LEGAL}
    for status in task.ON_MACHINE:
        assert {(status, end) for end in task.ENDED} <= ways


def test_only_queued_is_live_without_a_machine():
    assert frozenset(TaskStatus) == task.LIVE | task.ENDED
    assert not task.LIVE & task.ENDED
    assert {TaskStatus.QUEUED} == task.LIVE - task.ON_MACHINE


def test_the_contract_s_words_are_the_enums_words():
    assert " ".join(TaskStatus) == "queued assigned running suspended completed failed cancelled"
    assert " ".join(task.SuspendReason) == "gate machine_lost question budget quota"
    assert " ".join(task.EventType) == (
        "created assigned started stage_started stage_finished checkpoint suspended confirmed "
        "resumed published completed failed cancelled retried followed_up requeued machine_lost "
        "machine_back restored workspace tunnel egress_refused message interrupted shell "
        "reviewed commented resolved reopened log warning error"
    )
    assert set(task.FailureCode) >= {"machine_lost", "machine_decommissioned", "gate_expired"}


# What becomes of a task, by its status, what it loses, and how many losses count (of two that may);
# a dash: it stays as it is, and whatever else the row says.
LOSSES = """
    status     loss     lost  event
    running    contact  -     lose
    queued     contact  -     -
    assigned   contact  -     -
    suspended  contact  -     -
    question   contact  -     lose
    -          attempt  0     requeue
    -          attempt  1     requeue
    -          attempt  2     fail
    -          attempt  3     fail
    running    machine  -     fail
    queued     machine  -     requeue
    assigned   machine  -     requeue
    suspended  machine  -     requeue
    question   machine  -     fail
"""

# Suspended by a question of its agent's, which runs on; by anything else.
SUSPENDED = {"question": SuspendReason.QUESTION, "suspended": SuspendReason.GATE}


def _losses() -> list[tuple[str, str, int, str]]:
    rows = [line.split() for line in LOSSES.strip().splitlines()[1:]]
    return [
        (status, loss, lost, row[3])
        for status in sorted({*task.LIVE, *SUSPENDED})
        for loss in task.Loss
        for lost in range(4)
        for row in rows
        if row[0] in ("-", status) and row[1] == loss and row[2] in ("-", str(lost))
    ]


def test_every_loss_of_a_live_task_is_in_the_table_once():
    keys = [cell[:3] for cell in _losses()]
    assert len(keys) == len(set(keys)) == (len(task.LIVE) + 1) * len(task.Loss) * 4


@pytest.mark.parametrize(("cell", "loss", "lost", "event"), _losses())
def test_a_task_whose_machine_or_attempt_is_lost(cell: str, loss: str, lost: int, event: str):
    reason = SUSPENDED.get(cell)
    status = TaskStatus.SUSPENDED if reason else TaskStatus(cell)
    found = task.event_after_loss(status, reason, task.Loss(loss), lost=lost, limit=2)
    assert (found or "-") == event
    if found is not None and status in task.ON_MACHINE:
        task.next_status(status, found)  # there is such an arrow
