"""Passes of the dispatcher: what they choose, and what they cost."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app import wakeups
from app.domain.machine import MachineStatus
from app.domain.sandbox import SandboxLevel
from app.domain.task import TaskStatus
from app.extensions import db, redis
from app.models import MachineHeartbeat
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.dispatch import statements as dispatch_statements
from app.services.machines import sessions
from muster.protocol import frames
from tests.app.services.dispatch.dispatch_world import assigned_ids, check_slots, make_tasks
from tests.app.services.statements import counted
from tests.factories import make_attempt, make_gate, make_machine, make_project
from tests.factories import make_task as a_task

# ---- what is chosen ------------------------------------------------------------------------------


def test_tasks_that_no_machine_can_take_do_not_keep_others_waiting(app: Flask) -> None:
    make_tasks(dispatch_statements.BATCH + 50, agent_type="cursor", priority=5)
    (possible,) = make_tasks(1)
    make_machine()
    assert dispatcher.assign_queued() == 1
    assert assigned_ids() == [possible]


def test_tasks_for_a_full_machine_do_not_keep_others_waiting(app: Flask) -> None:
    full = make_machine(slots_total=1)
    make_machine(slots_total=1)
    make_tasks(dispatch_statements.BATCH + 50, requested_machine_id=full.id, priority=5)
    (other,) = make_tasks(1)
    assert dispatcher.assign_queued() == 2
    assert assigned_ids()[-1] == other


FULL, PROCESSES, BARE = ({"level": level, "missing": []} for level in ("full", "processes", "none"))


@pytest.mark.parametrize(
    ("demanded", "suitable"),
    [
        (SandboxLevel.FULL, [FULL]),
        (SandboxLevel.PROCESSES, [FULL, PROCESSES]),
        (SandboxLevel.NONE, [FULL, PROCESSES, BARE, None]),
        (None, [FULL, PROCESSES, BARE, None]),
    ],
)
@pytest.mark.parametrize("is_asked_for", [False, True])
def test_a_task_goes_only_where_a_slot_is_free(
    app: Flask, demanded: SandboxLevel | None, suitable: list[Any], is_asked_for: bool
) -> None:
    for room in (FULL, PROCESSES, BARE, None):
        machine = make_machine(sandbox=room)
        project = make_project(min_sandbox=demanded)
        asked = machine.id if is_asked_for else None
        task = a_task(project=project, requested_machine_id=asked)
        assert dispatcher.assign_queued() == (room in suitable)
        task.status, machine.status = TaskStatus.CANCELLED, MachineStatus.DECOMMISSIONED
        db.session.commit()


def test_tasks_without_a_free_slot_do_not_keep_others_waiting(app: Flask) -> None:
    demanding = make_project(min_sandbox=SandboxLevel.FULL)
    make_tasks(dispatch_statements.BATCH + 50, project_id=demanding.id, priority=5)
    (possible,) = make_tasks(1)
    make_machine(sandbox=PROCESSES)
    assert dispatcher.assign_queued() == 1
    assert assigned_ids() == [possible]


def test_a_machine_of_another_agent_lends_no_capacity(app: Flask) -> None:
    make_machine(sandbox=FULL, capabilities=[{"agentType": "codex", "healthy": True}])
    make_machine(sandbox=BARE)
    a_task(project=make_project(min_sandbox=SandboxLevel.FULL))
    assert dispatcher.assign_queued() == 0


# ---- labels, and protected projects --------------------------------------------------------------


@pytest.mark.parametrize("is_asked_for", [False, True])
@pytest.mark.parametrize(
    ("projects", "its", "machine", "takes"),
    [
        ("gpu=true", None, {"labels": {"gpu": "true"}}, True),
        ("gpu=true", None, {}, False),
        (None, "gpu=true", {"labels": {"gpu": "true"}}, True),
        (None, "gpu=true", {"labels": {"gpu": "false"}}, False),
        ("gpu", "zone!=eu", {"labels": {"gpu": "a", "zone": "us"}}, True),
        ("gpu", "zone!=eu", {"labels": {"gpu": "a", "zone": "eu"}}, False),
        ("gpu", "zone!=eu", {"labels": {"zone": "us"}}, False),
        # What admins say counts before what the machine says of itself.
        ("gpu=true", None, {"labels": {"gpu": "false"}, "admin_labels": {"gpu": "true"}}, True),
        ("gpu=true", None, {"labels": {"gpu": "true"}, "admin_labels": {"gpu": "false"}}, False),
    ],
)
def test_a_task_goes_only_where_the_labels_meet_its_selectors(
    app: Flask,
    projects: str | None,
    its: str | None,
    machine: dict[str, Any],
    takes: bool,
    is_asked_for: bool,
) -> None:
    only = make_machine(**machine)
    asked = only.id if is_asked_for else None
    project = make_project(machine_selector=projects)
    a_task(project=project, machine_selector=its, requested_machine_id=asked)
    assert dispatcher.assign_queued() == takes


@pytest.mark.parametrize("is_asked_for", [False, True])
def test_a_protected_projects_task_goes_to_named_machines_alone(
    app: Flask, is_asked_for: bool
) -> None:
    other, named = make_machine(labels={"gpu": "true"}), make_machine()
    project = make_project(protected=True)
    asked = other.id if is_asked_for else None
    task = a_task(project=project, requested_machine_id=asked)
    assert dispatcher.assign_queued() == 0
    project.protected_machines = [str(named.id)]
    db.session.commit()
    assert dispatcher.assign_queued() == (not is_asked_for)
    assert task.machine_id == (None if is_asked_for else named.id)


def test_labels_and_names_count_together_with_sandboxes_and_agents(app: Flask) -> None:
    labelled, named = {"labels": {"gpu": "true"}}, make_machine()
    make_machine(**labelled, sandbox=BARE)
    make_machine(**labelled, sandbox=FULL, capabilities=[{"agentType": "codex", "healthy": True}])
    full = make_machine(sandbox=FULL)
    project = make_project(
        min_sandbox=SandboxLevel.FULL,
        machine_selector="gpu=true",
        protected=True,
        protected_machines=[str(named.id), str(full.id)],
    )
    task = a_task(project=project)
    assert dispatcher.assign_queued() == 0
    full.labels = {"gpu": "true"}
    db.session.commit()
    assert dispatcher.assign_queued() == 1
    assert task.machine_id == full.id


@pytest.mark.parametrize("projects", [{"machine_selector": "gpu=true"}, {"protected": True}])
def test_tasks_that_find_no_such_machine_do_not_keep_others_waiting(
    app: Flask, projects: dict[str, Any]
) -> None:
    demanding = make_project(**projects)
    make_tasks(dispatch_statements.BATCH + 50, project_id=demanding.id, priority=5)
    make_tasks(dispatch_statements.BATCH + 50, machine_selector="rack=7", priority=5)
    (possible,) = make_tasks(1)
    make_machine()
    assert dispatcher.assign_queued() == 1
    assert assigned_ids() == [possible]


def test_a_queue_longer_than_a_batch_is_assigned_in_one_go(app: Flask) -> None:
    make_machine(slots_total=1000)
    tasks = make_tasks(2 * dispatch_statements.BATCH + 1)
    assert dispatcher.assign_queued() == len(tasks)
    check_slots()


def test_priority_comes_before_age(app: Flask) -> None:
    make_machine(slots_total=2)
    make_tasks(3)
    urgent = make_tasks(1, priority=1)
    dispatcher.assign_queued()
    assert urgent[0] in assigned_ids()


def test_a_task_whose_gate_is_open_is_not_dispatched(app: Flask) -> None:
    make_machine()
    task = a_task()
    gate = make_gate(task)
    assert dispatcher.assign_queued() == 0
    gate.answered_at = now()
    db.session.commit()
    assert dispatcher.assign_queued() == 1


def test_no_successor_starts_before_its_predecessors_machine_confirmed_or_its_lease_is_over(
    app: Flask,
) -> None:
    away, _ = make_machine(connected=False, status=MachineStatus.OFFLINE), make_machine()
    task = a_task()
    make_attempt(task, away, ended_at=now(), outcome="lost")
    assert dispatcher.assign_queued() == 0
    sign = db.session.get_one(MachineHeartbeat, away.id)
    sign.lease_until = now() - timedelta(milliseconds=1)
    db.session.commit()
    assert dispatcher.assign_queued() == 1


@pytest.mark.parametrize(
    "until", ["next week", "2026-01-01", "2026-01-01T00:00:00", ""], ids=lambda u: u or "empty"
)
def test_a_machine_that_says_nonsense_of_its_health_stops_nobodys_dispatch(
    app: Flask, until: str
) -> None:
    capability = frames.Capability(agent_type="claude", healthy=False, degraded_until=until)
    make_machine(capabilities=sessions.capability_rows([capability]))
    make_machine()
    make_tasks(1)
    assert dispatcher.assign_queued() == 1


def test_a_machines_timestamp_is_stored_in_utc() -> None:
    until = "2030-01-01T01:30:00.5+02:00"
    capability = frames.Capability(agent_type="claude", healthy=False, degraded_until=until)
    [row] = sessions.capability_rows([capability])
    assert row["degradedUntil"] == "2029-12-31T23:30:00.500Z"


# ---- what it costs -------------------------------------------------------------------------------


def cost_of_a_pass(tasks: int, machine_count: int, more: int = 0) -> Any:
    for _ in range(machine_count):
        make_machine(slots_total=100)
    make_tasks(tasks)
    with counted() as statements:
        assert dispatcher.assign_queued() == tasks + more
    return statements


@pytest.mark.parametrize("tasks", [1, 100])
def test_a_pass_costs_the_same_for_one_task_and_for_a_hundred(
    committed_app: Flask, tasks: int
) -> None:
    statements = cost_of_a_pass(tasks, machine_count=1)
    assert len(statements) <= 9, statements


def test_selectors_and_protection_cost_a_pass_no_statement(committed_app: Flask) -> None:
    machine = make_machine(slots_total=200, labels={"gpu": "true"})
    protected = make_project(protected=True, protected_machines=[str(machine.id)])
    make_tasks(2, project_id=protected.id)
    make_tasks(2, machine_selector="gpu=true")
    statements = cost_of_a_pass(100, machine_count=0, more=4)
    assert len(statements) <= 9, statements


def test_a_pass_costs_one_claim_for_each_machine_more(committed_app: Flask) -> None:
    statements = cost_of_a_pass(100, machine_count=5)
    assert len(statements) <= 13, statements


def test_a_pass_over_an_empty_queue_costs_little(committed_app: Flask) -> None:
    make_machine()
    with counted() as statements:
        dispatcher.assign_queued()
    assert len(statements) <= 4, statements


def test_where_nobody_waits_a_pass_reads_no_machine(app: Flask) -> None:
    make_machine()
    assert db.session.execute(dispatch_statements.ACQUIRE_LOCK).all() == []
    make_tasks(1)
    assert len(db.session.execute(dispatch_statements.ACQUIRE_LOCK).all()) == 1
    assert dispatcher.assign_queued() == 1


def test_a_thousand_calls_send_few_jobs(app: Flask) -> None:
    for _ in range(1000):
        wakeups.wake_dispatch()
        db.session.commit()
    assert redis.client.llen("dispatch") <= 2
