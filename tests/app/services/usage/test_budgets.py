"""Budgets: what is used is looked at, and at its end a person is asked."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptPhase
from app.domain.errors import InvalidFields
from app.domain.notification_rules import NotificationType
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Event, OutboxEntry
from app.services.clock import now
from app.services.counters import budgets as counts
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, tasks
from app.services.usage import budgets
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    make_held_attempt,
    make_live,
    state,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine
from tests.app.services.usage.budgets_world import at_work, is_stopped, report_usage

__all__ = ["actor", "create", "machine"]  # fixtures


def test_a_stage_is_stopped_when_the_budget_is_used_and_goes_on_by_the_answer(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_work(machine, create, tokens=5000)
    report_usage(machine, task, 3999)
    assert (machine.orders(), warnings_of(task)) == ([], [])
    report_usage(machine, task, 5000)
    assert machine.orders() == [(DesiredAction.SUSPEND, task.id, 0)]
    assert (machine.orders(), status(task)) == ([], TaskStatus.RUNNING)
    machine.hello(make_held_attempt(task))
    assert machine.orders() == [(DesiredAction.SUSPEND, task.id, 0)], "again on each connection"
    is_stopped(machine, task)
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.BUDGET)
    gate = gates.get_pending(actor, task.id)
    assert gate.prompt == (
        "Used up: the budget of the task: 5,000 of 5,000 tokens. Raise it by the same amount?"
    )
    assert gate.diff == {"filesChanged": 1, "insertions": 2, "deletions": 3, "href": None}
    gates.confirm_stage(actor, task.id, 0, "continue")
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]
    machine.report_on(task, frames.StageStarted(0, 1))
    report_usage(machine, task, 4000, run=1)
    assert machine.orders() == [], "as much once more"
    report_usage(machine, task, 5000, run=1)
    assert machine.orders() == [(DesiredAction.SUSPEND, task.id, 0)]


def test_stop_ends_the_task(actor: Developer, machine: FakeMachine, create: Create) -> None:
    task = at_work(machine, create, tokens=10)
    report_usage(machine, task, 10)
    is_stopped(machine, task)
    gates.confirm_stage(actor, task.id, 0, "stop")
    assert status(task) is TaskStatus.CANCELLED


def test_an_answer_may_say_how_much_more(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_work(machine, create, tokens=5000)
    report_usage(machine, task, 7000)
    is_stopped(machine, task)
    with pytest.raises(InvalidFields):
        gates.confirm_stage(actor, task.id, 0, "continue", budget={"minutes": 5})
    db.session.rollback()
    gates.confirm_stage(actor, task.id, 0, "continue", budget={"tokens": 100, "cost": None})
    machine.report_on(task, frames.StageStarted(0, 1))
    machine.orders()
    report_usage(machine, task, 99, run=1)
    assert machine.orders() == []
    report_usage(machine, task, 100, run=1)
    assert machine.orders() == [(DesiredAction.SUSPEND, task.id, 0)]
    confirmed = db.session.scalars(db.select(Event).where(Event.type == EventType.CONFIRMED)).one()
    assert confirmed.data["budget"] == {"tokens": 100}


@pytest.mark.parametrize("result", ["stop", "confirm"])
def test_more_is_granted_only_with_what_goes_on_past_a_budget(
    actor: Developer, machine: FakeMachine, create: Create, result: str
) -> None:
    if result == "confirm":
        task = create([{**DEVELOP, "confirm": True}], budget={"tokens": 5})
    else:
        task = at_work(machine, create, tokens=10)
        report_usage(machine, task, 10)
        is_stopped(machine, task)
    with pytest.raises(InvalidFields):
        gates.confirm_stage(actor, task.id, 0, result, budget={"tokens": 5})


def test_people_are_notified_once_when_it_is_nearly_used_up(
    machine: FakeMachine, create: Create
) -> None:
    task = at_work(machine, create, tokens=5000)
    for tokens in (4000, 4500):
        report_usage(machine, task, tokens)
    warning = "almost used up: the budget of the task: 4,000 of 5,000 tokens"
    assert warnings_of(task) == [warning]
    noted = db.select(OutboxEntry.kind).where(OutboxEntry.message == warning)
    assert list(db.session.scalars(noted)) == [NotificationType.BUDGET_LOW]


def test_a_stage_that_ends_by_itself_is_not_followed_by_another_before_the_answer(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_work(machine, create, DEVELOP, CHECK, tokens=10)
    report_usage(machine, task, 10)
    machine.orders()
    machine.report_checkpoint(task)
    machine.report_finished(task)
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.BUDGET)
    assert (make_live(task).phase, machine.row.slots_used) == (AttemptPhase.GATE, 0)
    gates.confirm_stage(actor, task.id, 1, "continue")
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert make_live(task).run == 0


def test_a_shell_stage_is_not_stopped_in_its_middle(machine: FakeMachine, create: Create) -> None:
    task = at_work(machine, create, CHECK, tokens=10)
    report_usage(machine, task, 10)
    assert machine.orders() == []


@pytest.mark.parametrize(("minutes", "is_over"), [(30, True), (60, False)])
def test_minutes_are_counted_while_it_works(
    machine: FakeMachine, create: Create, minutes: int, is_over: bool
) -> None:
    task = at_work(machine, create, minutes=minutes)
    later = now() + timedelta(minutes=40)
    assert budgets.sweep(later) == 1
    assert machine.orders() == ([(DesiredAction.SUSPEND, task.id, 0)] if is_over else [])


def test_minutes_are_not_counted_while_it_waits(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_work(machine, create, {**DEVELOP}, {**CHECK, "confirm": True}, minutes=30)
    began = now()
    ends = frames.StageFinished(stage_index=0, log_end=0, how="exit", code=0)
    machine.report_checkpoint(task)
    machine.apply([machine.report(task.id, 1, ends)], at=began + timedelta(minutes=10))
    [standing] = counts.statuses_of_task(task.id, began + timedelta(minutes=90))
    assert standing.used.minutes == pytest.approx(10, abs=0.1)
    gates.confirm_stage(actor, task.id, 1, "confirm")
    [standing] = counts.statuses_of_task(task.id, began + timedelta(minutes=95))
    assert standing.used.minutes == pytest.approx(10, abs=0.1), "assigned, but it does not run"


def test_minutes_are_not_counted_between_an_end_and_a_retry(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_work(machine, create, minutes=30)
    tasks.cancel(actor, task.id)
    tasks.retry(actor, task.id)
    [standing] = counts.statuses_of_task(task.id, now() + timedelta(minutes=90))
    assert standing.used.minutes == pytest.approx(0, abs=0.1)


def test_a_task_without_a_budget_is_asked_nothing(machine: FakeMachine, create: Create) -> None:
    task = at_work(machine, create)
    report_usage(machine, task, 10**9)
    assert (machine.orders(), task.budget) == ([], None)
