"""Budgets of a calendar month: of all tasks of a project, or of a developer."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.domain.budget import month_start
from app.domain.errors import DomainError
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Project, RunInterval, Task
from app.services import locks
from app.services.clock import now
from app.services.counters import budgets as counts
from app.services.dispatch import dispatcher
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, tasks
from app.services.usage import budgets
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    make_driven,
    make_live,
    state,
    warnings_of,
)
from tests.app.services.statements import counted
from tests.app.services.tasks.stages_world import DEVELOP, actor, machine
from tests.app.services.usage.budgets_world import is_stopped, report_usage
from tests.factories import (
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_task,
    make_usage,
)

__all__ = ["actor", "machine"]  # fixtures


@pytest.fixture
def project(app: Flask) -> Project:
    return make_project(pipeline=[DEVELOP], budget={"tokens": 5000})


def new(actor: Developer, project: Project) -> Task:
    return tasks.create(actor, project_key=project.key, description="Do it.")


def make_started_task(actor: Developer, project: Project, machine: FakeMachine) -> Task:
    task = new(actor, project)
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def used_by_others(project: Project, tokens: int, **given: object) -> None:
    task = make_task(project=project, status=TaskStatus.COMPLETED)
    make_attempt(task, make_machine(status=MachineStatus.OFFLINE))
    make_usage(task, input_tokens=tokens, **given)


def test_all_that_works_is_stopped_when_the_project_s_month_is_used(
    actor: Developer, project: Project, machine: FakeMachine
) -> None:
    one, other = (make_started_task(actor, project, machine) for _ in range(2))
    report_usage(machine, one, 3000)
    assert machine.orders() == []
    report_usage(machine, other, 2000)
    assert machine.orders() == [(DesiredAction.SUSPEND, other.id, 0)]
    assert budgets.sweep(now()) == 1, "the other one says nothing"
    assert machine.orders() == [(DesiredAction.SUSPEND, one.id, 0)]
    assert budgets.sweep(now()) == 0
    is_stopped(machine, one)
    gate = gates.get_pending(actor, one.id)
    assert f"the budget of the project {project.key} for {now():%Y-%m}: 5,000 of" in gate.prompt
    assert gate.budgets == [
        {
            "of": "project",
            "name": project.key,
            "month": f"{now():%Y-%m}",
            "budget": {"tokens": 5000},
            "used": {"minutes": pytest.approx(0, abs=1), "tokens": 5000, "cost": None},
        }
    ]
    gates.confirm_stage(actor, one.id, 0, "continue", budget={"tokens": 100})
    report_usage(machine, one, 3099)
    assert machine.orders() == [(DesiredAction.RUN, one.id, 0)], "it has used 3,000 of its own"
    report_usage(machine, one, 3100)
    assert machine.orders() == [(DesiredAction.SUSPEND, one.id, 0)]
    assert state(other)[0] is TaskStatus.RUNNING


def test_a_task_that_would_begin_in_a_spent_month_asks_first(
    actor: Developer, project: Project, machine: FakeMachine
) -> None:
    used_by_others(project, 5000)
    task, free = new(actor, project), new(actor, make_project(pipeline=[DEVELOP]))
    assert dispatcher.assign_queued() == 1
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.BUDGET)
    assert (task.attempt, state(free)[0]) == (0, TaskStatus.ASSIGNED)
    assert dispatcher.assign_queued() == 0
    gates.confirm_stage(actor, task.id, 0, "continue")
    assert dispatcher.assign_queued() == 1
    assert make_live(task).stage_index == 0
    machine.orders()
    machine.report_started(task)
    report_usage(machine, task, 4999)
    assert machine.orders() == []
    report_usage(machine, task, 5000)
    assert machine.orders() == [(DesiredAction.SUSPEND, task.id, 0)]


def test_a_task_of_which_only_the_push_is_left_is_asked_nothing(
    actor: Developer, project: Project, machine: FakeMachine
) -> None:
    used_by_others(project, 5000)
    task = new(actor, project)
    task.stage_index = 1
    db.session.commit()
    assert dispatcher.assign_queued() == 1


def test_what_was_used_in_another_month_or_project_is_not_counted(
    actor: Developer, project: Project, machine: FakeMachine
) -> None:
    used_by_others(project, 5000, day=month_start(now()) - timedelta(days=1))
    used_by_others(make_project(), 5000)
    assert state(make_started_task(actor, project, machine)) == (TaskStatus.RUNNING, None)


def test_a_developer_s_month_is_of_what_they_create_in_any_project(
    actor: Developer, machine: FakeMachine
) -> None:
    one, other = (
        make_started_task(actor, make_project(pipeline=[DEVELOP]), machine) for _ in range(2)
    )
    actor.budget = {"tokens": 100}
    db.session.commit()
    report_usage(machine, one, 60)
    report_usage(machine, other, 40)
    assert machine.orders() == [(DesiredAction.SUSPEND, other.id, 0)]
    is_stopped(machine, other)
    assert f"the budget of {actor.name} for" in gates.get_pending(actor, other.id).prompt
    assert budgets.developer_budget(actor, now()) == {
        "month": f"{now():%Y-%m}",
        "budget": {"tokens": 100},
        "used": {"minutes": pytest.approx(0, abs=1), "tokens": 100, "cost": None},
    }


def test_people_are_told_once_a_month_whichever_task_comes_there(
    actor: Developer, project: Project, machine: FakeMachine
) -> None:
    one, other = (make_started_task(actor, project, machine) for _ in range(2))
    report_usage(machine, one, 4000)
    report_usage(machine, other, 100)
    report_usage(machine, one, 4100)
    budgets.sweep(now())
    [warning] = warnings_of(one)
    assert warning.startswith(f"almost used up: the budget of the project {project.key} for")
    assert warnings_of(other) == []
    next_month = (month_start(now()) + timedelta(days=40)).replace(day=2)
    project.budget = {"minutes": 1}
    db.session.commit()
    budgets.sweep(datetime.combine(next_month, datetime.min.time(), UTC))
    assert make_live(one).suspends


def test_who_looked_before_people_were_told_does_not_tell_them_again(
    actor: Developer, project: Project, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (make_started_task(actor, project, machine) for _ in range(2))
    report_usage(machine, one, 4000)
    [status] = counts.statuses_of_task(other.id, now())
    monkeypatch.setattr(
        budgets.counts, "statuses_of_task", lambda *_: [replace(status, is_notified=False)]
    )
    budgets.check_budgets(locks.lock_task(other.id))
    assert (len(warnings_of(one)), warnings_of(other)) == (1, [])


def test_minutes_of_a_month_are_those_after_its_begin(app: Flask, project: Project) -> None:
    begin = datetime.combine(month_start(now()), datetime.min.time(), UTC)
    while (creator := make_developer(budget={"minutes": 5})).id == project.id:
        pass  # one number would find the tasks of both
    task = make_task(project=project, creator=creator, status=TaskStatus.RUNNING)
    task.running_since = begin - timedelta(hours=1)
    whose = {"task_id": task.id, "project_id": project.id, "developer_id": task.created_by}
    for ends in (-20, 20):  # the one before, the other around the begin
        span = {
            "started_at": begin + timedelta(minutes=ends - 30),
            "ended_at": begin + timedelta(minutes=ends),
        }
        db.session.add(RunInterval(**whose, **span))
    db.session.flush()
    found = counts.statuses_of_task(task.id, begin + timedelta(minutes=60))
    assert [standing.owner for standing in found] == ["project", "developer"]
    assert [standing.used.minutes for standing in found] == [pytest.approx(20 + 60)] * 2
    assert found[0].by_task.minutes == pytest.approx(30 + 30 + 120)


def test_a_report_of_usage_costs_one_statement_for_all_budgets(
    actor: Developer, project: Project, machine: FakeMachine
) -> None:
    task = make_started_task(actor, project, machine)
    other = make_started_task(actor, make_project(pipeline=[DEVELOP]), machine)
    sent = []
    for each, tokens in ((task, 1), (other, 1), (task, 10), (other, 10)):
        with counted() as statements:
            report_usage(machine, each, tokens)
        sent.append(statements)
    del sent[:2]  # what was new to the session
    assert len(sent[0]) == len(sent[1])
    assert len([line for line in sent[0] if "AS developer_id, t.usage" in line]) == 1


# ---- races -----------------------------------------------------------------------------------


def at_once(app: Flask, *acts: object) -> Counter[str]:
    """What became of these acts, begun at the same moment over connections of their own."""
    start = threading.Barrier(len(acts))
    outcomes: list[str] = []

    def act(each: object) -> None:
        with app.app_context():
            start.wait()
            try:
                outcomes.append(str(each()))  # type: ignore[operator]
            except DomainError as error:
                outcomes.append(type(error).__name__)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=act, args=(each,)) for each in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)


def test_of_simultaneous_answers_one_grants_and_a_gate_is_asked_once(committed_app: Flask) -> None:
    actor = make_developer(role=SystemRole.ADMIN)
    machine = make_driven()
    project = make_project(pipeline=[DEVELOP], budget={"tokens": 10})
    used_by_others(project, 10)
    task = new(actor, project)
    ids = (actor.id, task.id)
    db.session.commit()
    at_once(committed_app, *[dispatcher.assign_queued] * 3)
    db.session.expire_all()
    assert events_of(task).count(EventType.SUSPENDED) == 1

    def answer() -> str:
        who = db.session.get_one(Developer, ids[0])
        db.session.commit()
        gates.confirm_stage(who, ids[1], 0, "continue")
        return "won"

    assert at_once(committed_app, *[answer] * 4) == {"won": 1, "AlreadyAnswered": 3}
    db.session.expire_all()
    assert (task.grants, task.allowed) == (1, {f"project {now():%Y-%m}": {"tokens": 10}})
    assert machine.row.slots_used == 0


def test_of_simultaneous_crossings_one_tells(committed_app: Flask) -> None:
    actor = make_developer(role=SystemRole.ADMIN)
    project = make_project(pipeline=[DEVELOP], budget={"tokens": 10})
    machines = [make_driven() for _ in range(3)]
    found = []
    for each in machines:
        task = tasks.create(
            actor, project_key=project.key, description="Do it.", machine_id=each.machine_id
        )
        dispatcher.assign_queued()
        each.orders()
        each.report_started(task)
        found.append(task.id)
    used_by_others(project, 9)
    db.session.commit()
    at_once(committed_app, *[lambda: budgets.sweep(now())] * 3)
    query = db.select(Event.task_id).where(Event.type == EventType.WARNING)
    assert len(list(db.session.scalars(query.where(Event.task_id.in_(found))))) == 1
