"""Counters of all machines: each end and each problem counts once, whatever wrote it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain import fleet_counters
from app.domain.fleet_counters import MISBEHAVIOR, FleetCounter
from app.domain.roles import SystemRole
from app.domain.task import EventType
from app.extensions import db
from app.models import Attempt, Event, FleetCount, FleetIncrement, Machine, MachineHeartbeat, Task
from app.services.clock import now
from app.services.counters import fleet as fleet_counts
from app.services.counters import gauges, rollup
from app.services.dispatch import dispatcher
from app.services.machines import heartbeats, liveness, reports
from app.services.machines.heartbeats import ReceivedHeartbeat
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven, make_held_attempt, make_live
from tests.app.services.statements import counted
from tests.factories import make_developer, make_machine, make_project, make_server_process

STAGE = {"name": "one", "command": "x", "kind": "shell", "timeout": 60}
WORKER = Path(__file__).parents[4] / "muster" / "worker"


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    return make_driven(slots=10)


@pytest.fixture
def running(machine: FakeMachine) -> Task:
    """A task whose only stage runs on the machine."""
    admin, project = make_developer(role=SystemRole.ADMIN), make_project(pipeline=[STAGE])
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.report_started(task)
    return task


def times(counter: FleetCounter) -> dict[str, int]:
    """As they are, folded or not."""
    before = fleet_counts.read_counters()[counter]
    fleet_counts.roll_up()
    after = fleet_counts.read_counters()[counter]
    assert before == after
    return {label: count.times for label, count in after.items()}


# ---- ends --------------------------------------------------------------------------------------


def publish(machine: FakeMachine, task: Task) -> None:
    machine.report_finished(task)
    machine.report_published(task)


def fail(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, frames.Failed(code="git", message="no"))


def cancel(machine: FakeMachine, task: Task) -> None:
    tasks.cancel(make_developer(role=SystemRole.ADMIN), task.id)


def lose(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, frames.Lost(reason="it is gone"))


def lose_uncounted(machine: FakeMachine, task: Task) -> None:
    make_live(task).uncounted = True
    lose(machine, task)


ENDS = {
    "published": publish,
    "failed": fail,
    "cancelled": cancel,
    "lost": lose,
    "uncounted": lose_uncounted,
}


@pytest.mark.parametrize("outcome", ENDS)
def test_an_attempts_end_counts_once_by_its_outcome(
    machine: FakeMachine, running: Task, outcome: str
) -> None:
    ENDS[outcome](machine, running)
    assert times(FleetCounter.ATTEMPTS_ENDED) == {outcome: 1}
    assert outcome in fleet_counters.OUTCOMES


def test_what_is_restored_has_been_lost_and_ends_once_more(
    machine: FakeMachine, running: Task
) -> None:
    make_server_process()
    running.project.max_attempts = 1
    db.session.commit()
    later = now() + timedelta(seconds=601)
    liveness.detect_silent(later)
    liveness.expire_leases(later)
    machine.hello(make_held_attempt(running, "waiting", ended_by="exit"))
    publish(machine, running)
    assert times(FleetCounter.ATTEMPTS_ENDED) == {"lost": 1, "published": 1}
    assert times(FleetCounter.TASK_FAILURES) == {"machine_lost": 1}
    assert times(FleetCounter.TASK_EVENTS) == {"machine_lost": 2, "restored": 1}


def test_what_is_rolled_back_does_not_count(machine: FakeMachine, running: Task) -> None:
    db.session.execute(sa.update(Attempt).values(outcome="lost", ended_at=now()))
    db.session.rollback()
    assert times(FleetCounter.ATTEMPTS_ENDED) == {}


def test_the_counts_outlive_the_rows(machine: FakeMachine, running: Task) -> None:
    fail(machine, running)
    db.session.execute(sa.delete(Task))
    db.session.commit()
    assert times(FleetCounter.ATTEMPTS_ENDED) == {"failed": 1}
    assert times(FleetCounter.TASK_FAILURES) == {"git": 1}


# ---- troubles ----------------------------------------------------------------------------------


def test_a_code_of_any_length_is_counted(machine: FakeMachine, running: Task) -> None:
    machine.report_on(running, frames.Failed(code="x" * 10_000, message="no"))
    assert times(FleetCounter.TASK_FAILURES) == {"x" * 40: 1}
    assert fleet_counters.code_label("x" * 40) == fleet_counters.OTHER


def test_every_code_that_the_worker_can_say_is_a_label() -> None:
    pattern = re.compile(r'(?:Failed|WorkspaceError|WorkRefused|report_failed)\(\s*"(\w+)"')
    found = {code for path in WORKER.rglob("*.py") for code in pattern.findall(path.read_text())}
    unstartable = {"binary_missing", "start_failed"}  # stage_command.failure_code
    limits = {f"{what}_exceeded" for what in ("memory", "processes", "disk")}
    assert found | unstartable | limits | {"sandbox_unavailable"} == fleet_counters.MACHINE_CODES


def test_a_lost_attempt_is_told_with_its_machine_and_the_reason(
    machine: FakeMachine, running: Task
) -> None:
    lose(machine, running)
    about = {"machineId": str(machine.machine_id)}
    found = {
        event.type: event.data
        for event in db.session.scalars(sa.select(Event).where(Event.task_id == running.id))
        if event.type in fleet_counters.COUNTED_EVENTS
    }
    assert found == {
        EventType.MACHINE_LOST: {**about, "uncounted": False},
        EventType.REQUEUED: {**about, "reason": "it is gone"},
    }
    assert times(FleetCounter.TASK_EVENTS) == {"machine_lost": 1, "requeued": 1}


def report_late(machine: FakeMachine, task: Task) -> None:
    machine.report_finished(task)


def report_another(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, frames.Accepted(), attempt=7)


def report_without_order(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, frames.StageStarted(stage_index=5))


def report_after_a_new_hello(machine: FakeMachine, task: Task) -> None:
    machine.generation -= 1
    with pytest.raises(reports.SessionReplaced):
        machine.report_on(task, frames.Accepted())


REFUSED: dict[str, Callable[[FakeMachine, Task], None]] = {
    "ended": lambda machine, task: (cancel(machine, task), report_late(machine, task))[1],
    "unknown": report_another,
    "unordered": report_without_order,
    "replaced": report_after_a_new_hello,
}


def test_every_reason_is_tried_here_or_where_machines_misbehave() -> None:
    assert {*REFUSED, *MISBEHAVIOR} == set(
        fleet_counters.Refusal
    )  # those: tests/attacks/test_machines


@pytest.mark.parametrize("reason", REFUSED)
def test_a_report_that_changes_nothing_counts_by_its_reason(
    machine: FakeMachine, running: Task, reason: str
) -> None:
    REFUSED[reason](machine, running)
    assert times(FleetCounter.REPORTS_REFUSED) == {reason: 1}


def test_reconnects_are_all_connections_but_the_first(app: Flask) -> None:
    make_machine()  # never connected
    first, second = make_driven(), make_driven()
    assert gauges.reconnects() == 0
    for machine in (first, first, second):
        machine.hello()
    assert gauges.reconnects() == 3


# ---- leases ------------------------------------------------------------------------------------


def at_work(left: float, lease: float, slots_used: int = 1) -> tuple[Machine, datetime]:
    """A machine whose lease has that part of it left at the moment."""
    machine, moment = make_machine(slots_used=slots_used), now()
    sign = db.session.get_one(MachineHeartbeat, machine.id)
    sign.lease_until = moment + timedelta(seconds=left * lease)
    sign.received_at = sign.lease_until - timedelta(seconds=lease)
    db.session.commit()
    forget()
    return machine, moment


def forget() -> None:
    """What making the rows has counted."""
    db.session.execute(sa.delete(FleetIncrement))
    db.session.commit()


@pytest.mark.parametrize(
    ("left", "bound", "part"),
    [(0.98, "1.0", 0.98), (0.5, "0.5", 0.5), (0.04, "0.05", 0.04), (-3, "0.0", 0), (1.2, None, 0)],
    ids=["as usual", "on a bound", "nearly over", "long over", "a lease that was longer"],
)
def test_a_heartbeat_counts_how_much_of_the_lease_was_left(
    app: Flask, left: float, bound: str | None, part: float
) -> None:
    machine, moment = at_work(left, app.config["LEASE_SECONDS"])
    heartbeats.write_heartbeats([ReceivedHeartbeat(machine.id, 0, 1, moment, None)])
    counts = fleet_counts.read_counters()[FleetCounter.LEASE_MARGINS]
    assert {label: count.times for label, count in counts.items()} == ({bound: 1} if bound else {})
    assert sum(count.amount for count in counts.values()) == pytest.approx(part, abs=1e-6)


def test_a_return_after_a_silence_counts_too(machine: FakeMachine, running: Task) -> None:
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id)
    machine.hello(
        make_held_attempt(running),
        at=sign.received_at + (sign.lease_until - sign.received_at) * 0.8,
    )
    assert times(FleetCounter.LEASE_MARGINS) == {"0.25": 1}


def test_a_machine_without_work_has_nothing_to_lose(app: Flask) -> None:
    machine, moment = at_work(0.5, app.config["LEASE_SECONDS"], slots_used=0)
    heartbeats.write_heartbeats([ReceivedHeartbeat(machine.id, 0, 1, moment, None)])
    assert fleet_counts.read_counters()[FleetCounter.LEASE_MARGINS] == {}


def test_a_hundred_heartbeats_are_one_statement_and_one_row_a_bound(app: Flask) -> None:
    lease, moment = app.config["LEASE_SECONDS"], now()
    busy = [at_work(left, lease)[0] for left in (*50 * (0.98,), *50 * (0.45,))]
    forget()
    with counted() as statements:
        heartbeats.write_heartbeats(
            [ReceivedHeartbeat(machine.id, 0, 1, moment, None) for machine in busy]
        )
    assert len([s for s in statements if "SAVEPOINT" not in s]) == 1, statements
    rows = db.session.execute(sa.select(FleetIncrement.label, FleetIncrement.times))
    assert sorted(map(tuple, rows)) == [("0.5", 50), ("1.0", 50)]


# ---- folding -----------------------------------------------------------------------------------


def test_folding_leaves_one_row_for_what_is_counted(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "BATCH", 3)
    for _ in range(2):
        for _ in range(5):
            fleet_counts.increment(FleetCounter.REPORTS_REFUSED, {"ended": 2})
        db.session.commit()
        assert fleet_counts.roll_up() == 5
    assert db.session.scalars(sa.select(FleetIncrement)).all() == []
    [row] = db.session.scalars(sa.select(FleetCount))
    assert (row.counter, row.label, row.times) == ("reports_refused", "ended", 20)
