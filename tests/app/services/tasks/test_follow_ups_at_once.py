"""Of follow-ups at the same moment one begins, and the others wait in order."""

from functools import partial

from flask import Flask

from app.domain.follow_up import FollowUpState
from app.domain.roles import SystemRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.tasks import follow_ups, gates
from tests.app.services.fake_machine import events_of
from tests.app.services.tasks.follow_ups_world import states
from tests.app.services.tasks.stages_world import CHECK, DEVELOP
from tests.app.services.tasks.test_history import actor as developer_of
from tests.app.services.tasks.test_history import at_once
from tests.factories import make_developer, make_gate, make_task

QUEUED, STARTED = FollowUpState.QUEUED, FollowUpState.STARTED


def test_of_several_at_once_one_begins_and_the_others_are_queued_in_order(
    committed_app: Flask,
) -> None:
    admin_id = make_developer(role=SystemRole.ADMIN).id
    for _ in range(8):
        task = _done(developer_of(admin_id))
        words = [f"{number}." for number in range(4)]

        def follow_up(text: str, task_id: int = task.id) -> None:
            follow_ups.create(developer_of(admin_id), task_id, instruction=text)

        at_once(committed_app, *(partial(follow_up, text) for text in words))
        db.session.expire_all()
        found = states(task)
        assert sorted(row[0] for row in found) == words
        assert [row[1:] for row in found] == [(STARTED, 2)] + [(QUEUED, None)] * 3
        db.session.refresh(task)
        assert (task.round, task.follow_up, task.follow_ups_queued) == (2, 1, 3)


def test_a_follow_up_and_an_answer_at_once_have_one_winner(committed_app: Flask) -> None:
    admin_id, ends = make_developer(role=SystemRole.ADMIN).id, set()
    for _ in range(8):
        task = _done(developer_of(admin_id), status=TaskStatus.SUSPENDED)

        def follow_up(task_id: int = task.id) -> None:
            follow_ups.create(developer_of(admin_id), task_id, instruction="Not so.")

        def answer(task_id: int = task.id) -> None:
            gates.confirm_stage(developer_of(admin_id), task_id, 1, "confirm")

        at_once(committed_app, follow_up, answer)
        db.session.expire_all()
        kinds = events_of(task)
        outcome = (kinds.count(EventType.CONFIRMED), states(task)[0][1])
        assert outcome in {(0, STARTED), (1, QUEUED)}
        ends.add(outcome)
    assert ends  # either way


def _done(admin: Developer, status: TaskStatus = TaskStatus.COMPLETED) -> Task:
    """A task whose first stage has left a checkpoint: it is completed, or asks before the
    second."""
    about = {"stage_index": 1, "suspend_reason": SuspendReason.GATE}
    at_gate = status is TaskStatus.SUSPENDED
    task = make_task(
        creator=admin,
        pipeline=[DEVELOP, {**CHECK, "confirm": True}],
        status=status,
        checkpoints={"0": {"ref": "refs/muster/1/1/0", "commit": "c0ffee"}},
        **(about if at_gate else {}),
    )
    if at_gate:
        make_gate(task)
    return task
