"""A list tells why each of its tasks waits, and what may be done; of many as quickly as of few."""

import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask

from app.api.pagination import paginate_by_cursor
from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.scheduling import Reason
from app.domain.task import SuspendReason, TaskStatus
from app.domain.task_actions import TaskAction
from app.extensions import redis
from app.models import Developer, Project, Task
from app.services import clock
from app.services.dispatch import list_summaries, wait_reasons
from app.services.dispatch.list_summaries import Block, TaskSummary
from app.services.ops import heartbeats
from app.services.tasks import queries
from tests.factories import (
    make_attempt,
    make_developer,
    make_gate,
    make_machine,
    make_project,
    make_task,
)
from tests.factories.rows import now

GATE = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}


@pytest.fixture(autouse=True)
def _dispatcher(app: Flask) -> None:
    redis.client.set(heartbeats.DISPATCHER, time.time())


def list_summaries_of(actor: Developer, **filters: object) -> dict[int, TaskSummary]:
    rows = paginate_by_cursor(queries.listing(actor, **filters), Task.id)["items"]  # type: ignore[arg-type]
    return list_summaries.summarize_tasks(actor, rows)


def make_each_kind(project: Project, creator: Developer) -> list[Task]:
    """Tasks that wait for all that there is to wait for, and some that do not."""
    about = {"project": project, "creator": creator}
    asking = make_task(**about, **GATE)
    make_gate(asking, expires_at=now() + timedelta(hours=1))
    asked_before = make_task(**about, round=2)
    make_gate(asked_before, round=1)
    held = make_task(**about)
    make_attempt(held, make_machine(), ended_at=now(), outcome=AttemptOutcome.CANCELLED)
    lost = make_task(
        **about, status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.MACHINE_LOST
    )
    make_attempt(lost, make_machine())
    machine = make_machine()
    answered = make_task(**about, status=TaskStatus.ASSIGNED)
    make_attempt(answered, machine, phase=AttemptPhase.RUN, has_slot=False)
    gone = make_task(**about, status=TaskStatus.RUNNING)
    make_attempt(gone, make_machine(connected=False))
    later = now() + timedelta(minutes=5)
    spent = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.QUOTA}
    quota = make_task(**about, resume_at=later, **spent)
    done = make_task(**about, status=TaskStatus.COMPLETED)
    return [asking, asked_before, held, lost, answered, gone, quota, done, make_task(**about)]


def test_a_list_says_of_each_task_what_is_said_of_it_alone() -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    made = make_each_kind(make_project(), admin)
    found = list_summaries_of(admin)
    alone = {task.id: wait_reasons.find_wait(queries.get(admin, task.id)) for task in made}
    assert {task.id: found[task.id].wait for task in made} == alone
    assert len({wait.reason for wait in alone.values() if wait}) == 5


def test_an_open_question_is_told_and_one_of_an_earlier_round_is_not() -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    asking, before, *_ = make_each_kind(make_project(), admin)
    found = list_summaries_of(admin)
    gate = found[asking.id].gate
    assert gate is not None
    assert gate.kind is GateKind.CONFIRM
    assert found[before.id].gate is None


def test_a_queued_task_has_its_position_and_what_keeps_the_machines() -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    busy = [make_machine(slots_total=1, slots_used=1) for _ in range(4)]
    away = make_machine(connected=False)
    first, second = make_task(), make_task()
    urgent = make_task(priority=1, machine_selector="gpu=true")
    asks = make_task(requested_machine_id=busy[0].id)
    found = list_summaries_of(admin)
    assert [found[t.id].position for t in (urgent, first, second, asks)] == [1, 2, 3, 4]
    full = found[first.id].blocked_by
    assert [(block.reason, block.count) for block in full] == [
        (Reason.OFFLINE, 1),
        (Reason.NO_FREE_SLOT, 4),
    ]
    assert full[0].machines == [away.name]
    assert len(full[1].machines) == list_summaries.MAX_NAMED_MACHINES
    assert {block.reason: block.count for block in found[urgent.id].blocked_by} == {
        Reason.OFFLINE: 1,
        Reason.LABEL_MISMATCH: 4,
    }
    assert found[asks.id].blocked_by == [Block(Reason.NO_FREE_SLOT, 1, [busy[0].name])]


def test_a_position_is_counted_so_far_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_summaries, "MAX_POSITION", 1)
    admin = make_developer(role=SystemRole.ADMIN)
    first, second = make_task(), make_task()
    found = list_summaries_of(admin)
    assert (found[first.id].position, found[second.id].position) == (1, None)


ALL = [TaskAction.ANSWER, TaskAction.CANCEL]


@pytest.mark.parametrize(
    ("who", "asking", "failed"),
    [
        ("creator", ALL, [TaskAction.RETRY]),
        ("maintainer", ALL, [TaskAction.RETRY]),
        ("admin", ALL, [TaskAction.RETRY]),
        ("member", [TaskAction.ANSWER], []),
        ("lead", [TaskAction.CANCEL], []),
    ],
)
def test_a_list_says_what_one_may_do(
    who: str, asking: Sequence[TaskAction], failed: Sequence[TaskAction]
) -> None:
    roles = {"lead": SystemRole.LEAD, "admin": SystemRole.ADMIN}
    person = make_developer(role=roles.get(who, SystemRole.DEVELOPER))
    creator = person if who == "creator" else make_developer()
    project = make_project(
        members=[person] if who in ("creator", "member") else [],
        maintainers=[person] if who == "maintainer" else [],
    )
    asks = make_task(project=project, creator=creator, **GATE)
    make_gate(asks)
    ended = make_task(project=project, creator=creator, status=TaskStatus.FAILED)
    found = list_summaries_of(person)
    assert (found[asks.id].allowed_actions, found[ended.id].allowed_actions) == (asking, failed)


def test_in_a_deleted_project_nothing_can_be_done_but_to_cancel() -> None:
    admin, project = make_developer(role=SystemRole.ADMIN), make_project()
    asks = make_task(project=project, **GATE)
    make_gate(asks)
    ended = make_task(project=project, status=TaskStatus.FAILED)
    project.deleted_at = clock.now()
    found = list_summaries_of(admin)
    assert (found[asks.id].allowed_actions, found[ended.id].allowed_actions) == (
        [TaskAction.CANCEL],
        [],
    )


def test_those_that_need_me_have_a_question_that_i_may_answer() -> None:
    member, lead = make_developer(), make_developer(role=SystemRole.LEAD)
    mine, other = make_project(members=[member]), make_project()
    asks, elsewhere, answered = (
        make_task(project=mine, **GATE),
        make_task(project=other, **GATE),
        make_task(project=mine, round=2),
    )
    make_gate(asks)
    make_gate(elsewhere)
    make_gate(answered, round=1)
    make_task(project=mine)
    assert list(list_summaries_of(member, needs_me=True)) == [asks.id]
    assert list(list_summaries_of(lead, needs_me=True)) == []
    everything = list_summaries_of(make_developer(role=SystemRole.ADMIN), needs_me=True)
    assert list(everything) == [elsewhere.id, asks.id]
    assert list(list_summaries_of(member, needs_me=True, q="no such text")) == []
