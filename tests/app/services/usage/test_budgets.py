"""Budgets: what is used is looked at, and at its end a person is asked."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptPhase
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Task
from app.services.clock import now
from app.services.dispatch import dispatch
from app.services.machines.orders import Want
from app.services.tasks import gates
from app.services.usage import budgets
from muster.protocol import frames
from tests.app.services.driven import Driven, held, live, state, status, warnings_of
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine"]  # fixtures

DIFF = frames.DiffStat(1, 2, 3)


def at_work(machine: Driven, create: Create, *pipeline: dict[str, object], **budget: int) -> Task:
    task = create(list(pipeline) or [DEVELOP], budget=budget)
    dispatch.assign_queued()
    machine.orders()
    machine.begins(task)
    return task


def uses(machine: Driven, task: Task, tokens: int, stage: int = 0, run: int = 0) -> None:
    items = [frames.UsageItem("opus", input_tokens=tokens - 1, output_tokens=1)]
    machine.say(task, frames.Usage(stage, "claude", items, run))
    db.session.refresh(task)


def is_stopped(machine: Driven, task: Task, run: int = 0) -> None:
    ref = f"refs/muster/{task.id}/1/0-partial"
    made = frames.Checkpoint(0, ref, "c0ffee", DIFF, run, partial=True)
    machine.say(task, made, frames.Suspended(0, 0, "budget", run=run))


def test_a_stage_is_stopped_when_the_budget_is_used_and_goes_on_by_the_answer(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = at_work(machine, create, tokens=5000)
    uses(machine, task, 3999)
    assert (machine.orders(), warnings_of(task)) == ([], [])
    uses(machine, task, 5000)
    assert machine.orders() == [(Want.SUSPEND, task.id, 0)]
    assert (machine.orders(), status(task)) == ([], TaskStatus.RUNNING)
    machine.hello(held(task))
    assert machine.orders() == [(Want.SUSPEND, task.id, 0)], "again on each connection"
    is_stopped(machine, task)
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.BUDGET)
    gate = gates.pending(actor, task.id)
    assert gate.prompt == (
        "The task's budget is used: 5,000 of 5,000 tokens. Go on with as much once more?"
    )
    assert gate.diff == {"filesChanged": 1, "insertions": 2, "deletions": 3}
    gates.confirm(actor, task.id, 0, "continue")
    assert machine.orders() == [(Want.RUN, task.id, 0)]
    machine.say(task, frames.StageStarted(0, 1))
    uses(machine, task, 4000, run=1)
    assert machine.orders() == [], "as much once more"
    uses(machine, task, 5000, run=1)
    assert machine.orders() == [(Want.SUSPEND, task.id, 0)]


def test_people_are_told_once_when_most_of_it_is_used(machine: Driven, create: Create) -> None:
    task = at_work(machine, create, tokens=5000)
    for tokens in (4000, 4500):
        uses(machine, task, tokens)
    assert warnings_of(task) == ["most of its budget is used: 4,000 of 5,000 tokens"]


def test_a_stage_that_ends_by_itself_is_not_followed_by_another_before_the_answer(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = at_work(machine, create, DEVELOP, CHECK, tokens=10)
    uses(machine, task, 10)
    machine.orders()
    machine.checkpoints(task)
    machine.finishes(task)
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.BUDGET)
    assert (live(task).phase, machine.row.slots_used) == (AttemptPhase.GATE, 0)
    gates.confirm(actor, task.id, 1, "continue")
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert live(task).run == 0


def test_a_shell_stage_is_not_stopped_in_its_middle(machine: Driven, create: Create) -> None:
    task = at_work(machine, create, CHECK, tokens=10)
    uses(machine, task, 10)
    assert machine.orders() == []


@pytest.mark.parametrize(("minutes", "is_over"), [(30, True), (60, False)])
def test_minutes_are_counted_while_it_works(
    machine: Driven, create: Create, minutes: int, is_over: bool
) -> None:
    task = at_work(machine, create, minutes=minutes)
    past = now() - timedelta(minutes=40)
    began = db.update(Event).where(Event.task_id == task.id).values(created_at=past)
    db.session.execute(began)
    db.session.commit()
    assert budgets.sweep(now()) == 1
    assert machine.orders() == ([(Want.SUSPEND, task.id, 0)] if is_over else [])


def test_a_task_without_a_budget_is_asked_nothing(machine: Driven, create: Create) -> None:
    task = at_work(machine, create)
    uses(machine, task, 10**9)
    assert (machine.orders(), task.budget) == ([], None)
