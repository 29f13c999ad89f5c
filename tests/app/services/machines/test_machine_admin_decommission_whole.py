"""A decommission is one transaction, despite failures and concurrent work."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db, redis
from app.models import Attempt, Developer, Task
from app.services import locks
from app.services.dispatch import dispatcher
from app.services.machines import machine_admin
from tests.app.services.fake_machine import FakeMachine, make_driven, make_live
from tests.app.services.lock_waits import await_lock_waiter
from tests.app.services.statements import counted
from tests.factories import make_attempt, make_developer, make_gate, make_project, make_task

STAGE = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
PIPELINE = [STAGE, {**STAGE, "name": "check", "confirm": True}]
CHECKPOINT = {"0": {"ref": "refs/muster/1/1/0", "commit": "c0ffee"}}


@pytest.fixture
def machine(committed_app: Flask) -> FakeMachine:
    return make_driven(slots=4)


@pytest.fixture
def admin(committed_app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


# ---- failures ------------------------------------------------------------------------------------


class Broken(Exception):
    """What Postgres might say, or a process that is killed."""


def occupy(machine: FakeMachine) -> None:
    """One task that runs, one that was assigned, one at a gate."""
    project = make_project(pipeline=PIPELINE)
    for status in (TaskStatus.RUNNING, TaskStatus.ASSIGNED):
        make_attempt(make_task(project=project, status=status), machine.row)
    gate = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}
    asks = make_task(project=project, stage_index=1, checkpoints=CHECKPOINT, **gate)
    make_attempt(asks, machine.row, phase="gate", has_slot=False)
    make_gate(asks)
    db.session.commit()


def everything() -> dict[str, list[Any]]:
    """All rows of all tables."""
    with db.engine.connect() as connection:
        return {
            table.name: sorted(connection.scalars(sa.text(f"SELECT t::text FROM {table.name} t")))
            for table in db.metadata.sorted_tables
        }


@contextmanager
def breaking_at(number: int) -> Iterator[None]:
    """The statement of that number (from 1) fails after Postgres has carried it out."""
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise Broken

    sa.event.listen(sa.Engine, "after_cursor_execute", count)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", count)


def test_whichever_statement_fails_all_is_as_it_was(
    machine: FakeMachine, admin: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[Any] = []
    monkeypatch.setattr(redis.client, "publish", lambda _, machines: published.append(machines))
    occupy(machine)
    before = everything()
    number = 1
    while True:
        with counted(settings=True) as sent, breaking_at(number):
            try:
                machine_admin.decommission(admin, machine.machine_id, dead=True)
                break
            except Broken:
                db.session.rollback()
        assert everything() == before, sent
        assert published == [], sent
        number += 1
    assert number > 8, "reads, locks and writes"
    assert len(published) == 1
    changed = {table for table, rows in everything().items() if rows != before[table]}
    assert changed >= {"machines", "machine_heartbeats", "tasks", "attempts", "audit_entries"}


# ---- races ---------------------------------------------------------------------------------------


@pytest.fixture
def in_order(
    committed_app: Flask, machine: FakeMachine
) -> Iterator[Callable[..., list[Future[Any]]]]:
    """Runs these at once, each in a transaction of its own. All wait for the machine, which they
    get in this order.
    """

    def run(*acts: Callable[[], Any]) -> list[Future[Any]]:
        locks.lock_machine(machine.machine_id)
        running = []
        for number, act in enumerate(acts, 1):
            running.append(pool.submit(inside, act))
            await_lock_waiter(number)
        db.session.rollback()
        for future in running:
            future.result()
        return running

    def inside(act: Callable[[], Any]) -> Any:
        with committed_app.app_context():
            return act()

    with ThreadPoolExecutor(2) as pool:
        yield run


def retirement(admin: Developer, machine: FakeMachine) -> Callable[[], None]:
    admin_id = admin.id

    def retire() -> None:
        machine_admin.decommission(db.session.get_one(Developer, admin_id), machine.machine_id)

    return retire


def check_is_gone(machine: FakeMachine) -> None:
    """Nothing lives on it, and no slot is counted that nothing holds."""
    row = machine.row
    assert row.status is MachineStatus.DECOMMISSIONED
    found = list(db.session.scalars(db.select(Attempt).where(Attempt.machine_id == row.id)))
    assert all(attempt.ended_at for attempt in found)
    assert row.slots_used == sum(attempt.has_slot for attempt in found)


FIRST = pytest.mark.parametrize("first", ["decommission", "other"])


def ordered(first: str, decommission: Any, other: Any) -> list[Any]:
    return [decommission, other] if first == "decommission" else [other, decommission]


@FIRST
def test_a_result_counts_before_it_and_is_late_after_it(
    first: str, machine: FakeMachine, admin: Developer, in_order: Any
) -> None:
    task = make_task(status=TaskStatus.RUNNING, project=make_project(pipeline=[STAGE]))
    make_attempt(task, machine.row, phase="publish", pushed_commit="beef")  # it has announced that
    task_id = task.id

    def report() -> None:
        machine.report_published(db.session.get_one(Task, task_id))

    in_order(*ordered(first, retirement(admin, machine), report))
    check_is_gone(machine)
    db.session.refresh(task)
    if first == "other":
        assert (task.status, make_live(task).outcome) == ("completed", "published")
        return
    assert (task.status, make_live(task).outcome) == ("failed", "failed")
    assert task.failure is not None
    assert task.failure["code"] == "machine_decommissioned"


@FIRST
def test_a_task_is_handed_out_before_it_and_taken_back_or_not_at_all(
    first: str, machine: FakeMachine, admin: Developer, in_order: Any
) -> None:
    task = make_task(project=make_project(pipeline=[STAGE]))
    in_order(*ordered(first, retirement(admin, machine), dispatcher.assign_queued))
    check_is_gone(machine)
    db.session.refresh(task)
    assert (task.status, task.attempt) == ("queued", 0 if first == "decommission" else 1)
    make_driven()
    # What was handed out may run until its lease is over.
    assert dispatcher.assign_queued() == (1 if first == "decommission" else 0)


@FIRST
def test_a_stage_that_begins_is_failed_and_one_that_has_not_is_queued(
    first: str, machine: FakeMachine, admin: Developer, in_order: Any
) -> None:
    task = make_task(status=TaskStatus.ASSIGNED, project=make_project(pipeline=[STAGE]))
    make_attempt(task, machine.row, accepted_at=None, started_at=None)
    task_id = task.id

    def begin() -> None:
        machine.report_started(db.session.get_one(Task, task_id))

    in_order(*ordered(first, retirement(admin, machine), begin))
    check_is_gone(machine)
    db.session.refresh(task)
    assert task.status == ("queued" if first == "decommission" else "failed")
