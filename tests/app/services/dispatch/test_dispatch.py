"""Passes of the dispatcher: what they choose, what they cost, and that two of them do not clash."""

import multiprocessing
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app import bus
from app.domain.machine import MachineStatus
from app.domain.task import TaskStatus
from app.extensions import db, redis
from app.models import Attempt, Event, Machine, MachineHeartbeat, Task
from app.services import locks
from app.services.clock import now
from app.services.dispatch import candidates, dispatch
from app.services.dispatch import statements as dispatch_statements
from app.services.machines import machines
from muster.protocol import frames
from tests.app.services.statements import counted
from tests.factories import make_attempt, make_developer, make_gate, make_machine, make_project
from tests.factories import make_task as a_task

SLOTS = (1, 2, 5, 20, 60)


def make_tasks(count: int, **given: Any) -> list[int]:
    """Many queued tasks at once; their ids."""
    project, creator = make_project(), make_developer()
    moment = now()
    row = {
        "project_id": project.id,
        "description": "Make it work.",
        "status": TaskStatus.QUEUED,
        "created_by": creator.id,
        "agent_type": "claude",
        "pipeline": project.pipeline,
        "checkpoints": {},
        "created_at": moment,
        "updated_at": moment,
    }
    insert = sa.insert(Task).returning(Task.id)
    ids = list(db.session.scalars(insert, [row | given] * count))
    db.session.commit()
    return ids


def check_slots() -> None:
    """Every slot is held by an attempt, and none is held twice."""
    held = (
        sa.select(sa.func.count())
        .where(Attempt.machine_id == Machine.id, Attempt.holds_slot)
        .scalar_subquery()
    )
    rows = db.session.execute(sa.select(Machine.slots_used, Machine.slots_total, held)).all()
    for used, total, slots in rows:
        assert used == slots
        assert used <= total


def assigned_ids() -> list[int]:
    query = sa.select(Task.id).where(Task.status == TaskStatus.ASSIGNED).order_by(Task.id)
    return list(db.session.scalars(query))


# ---- two at once ---------------------------------------------------------------------------------


def check_five_hundred(prepared: list[Machine]) -> None:
    """After all passes: as many tasks as there are slots, each once, the oldest ones."""
    db.session.expire_all()
    check_slots()
    assert len(assigned_ids()) == sum(SLOTS)
    assert assigned_ids() == list(
        db.session.scalars(sa.select(Attempt.task_id).order_by("task_id"))
    )
    events = sa.select(Event.task_id, sa.func.count()).where(Event.type == "assigned")
    assert {count for _, count in db.session.execute(events.group_by(Event.task_id))} == {1}
    for machine, slots in zip(prepared, SLOTS, strict=True):
        assert machine.slots_used == slots
        assert machine.orders_version > 0
    assert dispatch.assign_queued() == 0


def prepare_five_hundred() -> list[Machine]:
    make_tasks(500)
    return [make_machine(slots_total=slots) for slots in SLOTS]


def test_dispatchers_in_many_threads_assign_each_task_once(committed_app: Flask) -> None:
    prepared = prepare_five_hundred()
    start = threading.Barrier(4)
    counts: list[int] = []

    def run() -> None:
        with committed_app.app_context():
            start.wait()
            counts.append(sum(dispatch.assign_queued() for _ in range(5)))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == sum(SLOTS)
    check_five_hundred(prepared)


def _dispatch_in_process(environment: dict[str, str], start: Any, counts: Any) -> None:
    from tests.conftest import make_app

    with make_app(environment).app_context():
        start.wait(60)
        counts.put(sum(dispatch.assign_queued() for _ in range(5)))


def test_dispatchers_in_two_processes_assign_each_task_once(
    committed_app: Flask, environment: dict[str, str]
) -> None:
    prepared = prepare_five_hundred()
    url = db.engine.url.render_as_string(hide_password=False)
    spawn = multiprocessing.get_context("spawn")
    start, counts = spawn.Barrier(2), spawn.Queue()
    arguments = ({**environment, "DATABASE_URL": url}, start, counts)
    children = [spawn.Process(target=_dispatch_in_process, args=arguments) for _ in range(2)]
    for child in children:
        child.start()
    found = [counts.get(timeout=60) for _ in children]
    for child in children:
        child.join(20)
        assert child.exitcode == 0
    assert sum(found) == sum(SLOTS)
    check_five_hundred(prepared)


def test_even_without_the_dispatchers_lock_no_task_is_assigned_twice(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The advisory lock saves work; what keeps rows right is that they are locked and judged."""
    anybody = dispatch_statements.CANDIDATES.add_columns(sa.true().label("has_lock"))
    monkeypatch.setattr(dispatch_statements, "TAKE_LOCK", anybody)
    tasks, machine = make_tasks(150), make_machine(slots_total=1000)
    start = threading.Barrier(4)
    counts: list[int] = []

    def run() -> None:
        with committed_app.app_context():
            start.wait()
            counts.append(dispatch.assign_queued())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 4, "one of them has failed"
    dispatch.assign_queued()
    db.session.refresh(machine)
    assert (assigned_ids(), machine.slots_used) == (tasks, len(tasks))
    check_slots()


def test_where_nobody_waits_a_pass_reads_no_machine(app: Flask) -> None:
    make_machine()
    assert db.session.execute(dispatch_statements.TAKE_LOCK).all() == []
    make_tasks(1)
    assert len(db.session.execute(dispatch_statements.TAKE_LOCK).all()) == 1
    assert dispatch.assign_queued() == 1


def test_an_old_snapshot_overfills_no_machine(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_machine(slots_total=1)
    old = candidates.all_of_them()
    make_tasks(1)
    dispatch.assign_queued()
    make_tasks(1)
    monkeypatch.setattr(dispatch, "_take_lock", lambda: old)
    assert dispatch.assign_queued() == 0
    check_slots()


def test_a_pass_that_comes_while_another_works_waits_and_sees_what_came_meanwhile(
    committed_app: Flask,
) -> None:
    make_tasks(1)
    make_machine()
    counts: list[int] = []

    def run() -> None:
        with committed_app.app_context():
            counts.append(dispatch.assign_queued())

    late = threading.Thread(target=run)
    with db.engine.connect() as other:
        other.execute(dispatch_statements.WAIT_FOR_LOCK)
        late.start()
        wait_until_blocked()
        make_tasks(1)
    late.join(20)
    assert counts == [2]


def test_a_pass_gives_up_behind_another_that_does_not_end_and_beat_comes_again(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    briefly = sa.text("SET LOCAL lock_timeout = '50ms'")
    monkeypatch.setattr(dispatch_statements, "WAIT_BRIEFLY", briefly)
    make_tasks(1)
    make_machine()
    with db.engine.connect() as other:
        other.execute(dispatch_statements.WAIT_FOR_LOCK)
        assert dispatch.assign_queued() == 0
    assert dispatch.assign_queued() == 1
    assert db.session.scalar(sa.text("SHOW lock_timeout")) == "0"


def test_a_thousand_calls_send_few_jobs(app: Flask) -> None:
    for _ in range(1000):
        bus.wake_dispatch()
        db.session.commit()
    assert redis.client.llen("dispatch") <= 2


def test_a_task_that_is_locked_is_left_for_the_next_pass(committed_app: Flask) -> None:
    (task_id,) = make_tasks(1)
    machine = make_machine()
    with db.engine.connect() as other:
        other.execute(sa.select(Task.id).where(Task.id == task_id).with_for_update())
        assert dispatch.assign_queued() == 0
    db.session.refresh(machine)
    assert machine.slots_used == 0
    assert dispatch.assign_queued() == 1


def test_locks_are_taken_in_the_houses_order(committed_app: Flask) -> None:
    """Whoever holds a machine may wait for a task that the pass has put elsewhere already."""
    tasks = make_tasks(4)
    last = max((make_machine(slots_total=2) for _ in range(2)), key=lambda m: m.id)
    waiting = threading.Event()
    done: list[str] = []

    def reports_of_the_last_machine() -> None:
        with committed_app.app_context():
            locks.machine(last.id)
            waiting.set()
            wait_until_blocked()
            locks.tasks(tasks)
            db.session.commit()
            done.append("reports")

    thread = threading.Thread(target=reports_of_the_last_machine)
    thread.start()
    waiting.wait(10)
    assert dispatch.assign_queued() == 4
    thread.join(20)
    assert done == ["reports"]


def wait_until_blocked() -> None:
    """Until some transaction waits for a lock."""
    query = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with db.engine.connect() as watch:
        for _ in range(400):
            if watch.scalar(query):
                return
            watch.scalar(sa.text("SELECT pg_sleep(0.02)"))
    raise AssertionError("nobody waits")


# ---- what is chosen ------------------------------------------------------------------------------


def test_tasks_that_no_machine_can_take_do_not_keep_others_waiting(app: Flask) -> None:
    make_tasks(dispatch_statements.BATCH + 50, agent_type="cursor", priority=5)
    (possible,) = make_tasks(1)
    make_machine()
    assert dispatch.assign_queued() == 1
    assert assigned_ids() == [possible]


def test_tasks_for_a_full_machine_do_not_keep_others_waiting(app: Flask) -> None:
    full = make_machine(slots_total=1)
    make_machine(slots_total=1)
    make_tasks(dispatch_statements.BATCH + 50, requested_machine_id=full.id, priority=5)
    (other,) = make_tasks(1)
    assert dispatch.assign_queued() == 2
    assert assigned_ids()[-1] == other


def test_a_queue_longer_than_a_batch_is_assigned_in_one_go(app: Flask) -> None:
    make_machine(slots_total=1000)
    tasks = make_tasks(2 * dispatch_statements.BATCH + 1)
    assert dispatch.assign_queued() == len(tasks)
    check_slots()


def test_priority_comes_before_age(app: Flask) -> None:
    make_machine(slots_total=2)
    make_tasks(3)
    urgent = make_tasks(1, priority=1)
    dispatch.assign_queued()
    assert urgent[0] in assigned_ids()


def test_a_task_whose_gate_is_open_is_not_dispatched(app: Flask) -> None:
    make_machine()
    task = a_task()
    gate = make_gate(task)
    assert dispatch.assign_queued() == 0
    gate.answered_at = now()
    db.session.commit()
    assert dispatch.assign_queued() == 1


def test_no_successor_starts_before_its_predecessors_machine_confirmed_or_its_lease_is_over(
    app: Flask,
) -> None:
    away, _ = make_machine(connected=False, status=MachineStatus.OFFLINE), make_machine()
    task = a_task()
    make_attempt(task, away, ended_at=now(), outcome="lost")
    assert dispatch.assign_queued() == 0
    sign = db.session.get_one(MachineHeartbeat, away.id)
    sign.lease_until = now() - timedelta(milliseconds=1)
    db.session.commit()
    assert dispatch.assign_queued() == 1


@pytest.mark.parametrize(
    "until", ["next week", "2026-01-01", "2026-01-01T00:00:00", ""], ids=lambda u: u or "empty"
)
def test_a_machine_that_says_nonsense_of_its_health_stops_nobodys_dispatch(
    app: Flask, until: str
) -> None:
    said = frames.Capability(agent_type="claude", healthy=False, degraded_until=until)
    make_machine(capabilities=machines.capability_rows([said]))
    make_machine()
    make_tasks(1)
    assert dispatch.assign_queued() == 1


def test_a_machines_moment_is_kept_in_utc() -> None:
    until = "2030-01-01T01:30:00.5+02:00"
    said = frames.Capability(agent_type="claude", healthy=False, degraded_until=until)
    [row] = machines.capability_rows([said])
    assert row["degradedUntil"] == "2029-12-31T23:30:00.500Z"


# ---- what it costs -------------------------------------------------------------------------------


def cost_of_a_pass(tasks: int, machine_count: int) -> Any:
    for _ in range(machine_count):
        make_machine(slots_total=100)
    make_tasks(tasks)
    with counted() as statements:
        assert dispatch.assign_queued() == tasks
    return statements


@pytest.mark.parametrize("tasks", [1, 100])
def test_a_pass_costs_the_same_for_one_task_and_for_a_hundred(
    committed_app: Flask, tasks: int
) -> None:
    statements = cost_of_a_pass(tasks, machine_count=1)
    assert len(statements) <= 9, statements


def test_a_pass_costs_one_claim_for_each_machine_more(committed_app: Flask) -> None:
    statements = cost_of_a_pass(100, machine_count=5)
    assert len(statements) <= 13, statements


def test_a_pass_over_an_empty_queue_costs_little(committed_app: Flask) -> None:
    make_machine()
    with counted() as statements:
        dispatch.assign_queued()
    assert len(statements) <= 4, statements
