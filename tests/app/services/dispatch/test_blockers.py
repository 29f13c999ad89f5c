"""Each machine that can't take a task says why, in numbers."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.domain.blocker import Blocker, Measure, MeasureKind
from app.domain.sandbox import SandboxLevel
from app.domain.scheduling import Reason
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Machine, MachineHeartbeat, Task
from app.services import settings
from app.services.dispatch import blockers, wait_reasons
from app.services.tasks import queries
from tests.app.services.statements import counted
from tests.factories import (
    make_attempt,
    make_developer,
    make_machine,
    make_minute,
    make_project,
    make_task,
)
from tests.factories.rows import now

MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("app")


def load(task: Task) -> Task:
    """Return the task as the API reads it."""
    return queries.get(make_developer(role="admin"), task.id)


def blockers_of(task: Task) -> dict[str, Blocker]:
    queue = blockers.queue_info(load(task))
    assert queue is not None
    return {blocker.machine_name: blocker for blocker in queue["blocked_by"]}


def overload(machine: Machine, minutes: list[float | None]) -> datetime:
    """Store samples of these CPU loads, the last of this minute; return when the first started."""
    last = now().replace(second=0, microsecond=0)
    start = last - (len(minutes) - 1) * MINUTE
    for number, percent in enumerate(minutes):
        make_minute(machine, at=start + number * MINUTE, cpu_percent=percent)
    return start


def last_seen(machine: Machine) -> datetime:
    return db.session.get_one(MachineHeartbeat, machine.id).received_at


def test_an_overloaded_machine_has_its_load_the_limit_and_since_when() -> None:
    settings.update(make_developer(role="admin"), {"maxLoadPercent": 85})
    machine = make_machine(name="local-1", metrics={"cpuPercent": 93.04})
    start = overload(machine, [99.0, 80.0, 91.0, 92.5, 93.0])
    blocker = blockers_of(make_task())["local-1"]
    assert blocker.reason is Reason.OVERLOADED
    assert blocker.measure == Measure(MeasureKind.CPU_PERCENT, 93.0, 85, "maxLoadPercent")
    assert blocker.since == start + 2 * MINUTE  # the first after the last below the limit


def test_a_machine_that_has_just_become_overloaded_is_so_since_its_heartbeat() -> None:
    machine = make_machine(name="local-1", metrics={"cpuPercent": 93.0})
    assert blockers_of(make_task())["local-1"].since == last_seen(machine)
    overload(machine, [99.0, None])  # its last sample has no load
    assert blockers_of(make_task())["local-1"].since == last_seen(machine)


def test_a_full_machine_has_its_slots() -> None:
    make_machine(name="local-1", slots_total=2, slots_used=2)
    blocker = blockers_of(make_task())["local-1"]
    assert blocker.measure == Measure(MeasureKind.SLOTS, 2, 2)


def test_an_absent_and_a_draining_machine_say_since_when() -> None:
    away = make_machine(name="away", connected=False, status="offline")
    start = now() - MINUTE
    make_machine(name="draining", status="draining", drain_started_at=start)
    found = blockers_of(make_task())
    assert found["away"].since == last_seen(away)
    assert found["draining"].since == start


def test_unmet_requirements_are_shown_beside_what_the_machine_has() -> None:
    make_machine(name="plain", labels={"zone": "eu", "gpu": "true"}, sandbox={"level": "none"})
    labelled = make_task(machine_selector="zone=us,gpu=true,ssd")
    blocker = blockers_of(labelled)["plain"]
    assert (blocker.required, blocker.actual) == ("zone=us,ssd", "zone=eu")
    boxed = make_task(project=make_project(min_sandbox=SandboxLevel.FULL))
    blocker = blockers_of(boxed)["plain"]
    assert (blocker.required, blocker.actual) == ("full", "none")
    protected = make_task(project=make_project(protected=True))
    blocker = blockers_of(protected)["plain"]
    assert (blocker.reason, blocker.required) == (Reason.LABEL_MISMATCH, None)


def test_an_unhealthy_agent_and_one_out_of_quota_say_until_when() -> None:
    until = now() + 5 * MINUTE
    sick = {"agentType": "claude", "healthy": False, "reason": "no_key"}
    sick["degradedUntil"] = until.isoformat()
    make_machine(name="sick", capabilities=[sick])
    spent = make_machine(name="spent", capabilities=[{"agentType": "claude"}])
    avoided = {str(spent.id): until.isoformat()}
    found = blockers_of(make_task(agent_type="claude", quota={"avoided": avoided}))
    assert (found["sick"].detail, found["sick"].until) == ("no_key", until)
    assert (found["spent"].reason, found["spent"].until) == (Reason.QUOTA_EXHAUSTED, until)


def test_more_machines_need_no_more_queries() -> None:
    task = load(make_task())
    sent = set()
    for _ in range(3):
        overload(make_machine(metrics={"cpuPercent": 95.0}), [95.0])
        with counted() as statements:
            blockers.queue_info(task)
        sent.add(len(statements))
    assert sent == {4}  # its position; the limit; the machines; since when


# ---- a task whose machine doesn't respond --------------------------------------------------------


def lose(machine: Machine, **fields: Any) -> Task:
    lost = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.MACHINE_LOST}
    task = make_task(**lost, **fields)
    make_attempt(task, machine)
    return task


def relocation_of(task: Task) -> blockers.Relocation | None:
    task = load(task)
    return blockers.find_relocation(task, wait_reasons.find_wait(task))


def test_a_lost_machines_task_says_when_it_moves_and_to_how_many_machines_it_can() -> None:
    lost = make_machine(connected=False, status="offline")
    full = make_machine(name="full", slots_total=0)
    make_machine()
    found = relocation_of(lose(lost))
    assert found is not None
    assert found.at == db.session.get_one(MachineHeartbeat, lost.id).lease_until
    assert found.machine_count == 1
    assert [(each.machine_id, each.reason) for each in found.blocked_by] == [
        (str(full.id), Reason.NO_FREE_SLOT)
    ]


def test_a_task_for_its_lost_machine_alone_can_go_nowhere_else() -> None:
    lost = make_machine(connected=False, status="offline")
    make_machine(name="other")
    found = relocation_of(lose(lost, requested_machine_id=lost.id))
    assert found is not None
    assert found.machine_count == 0
    assert [each.reason for each in found.blocked_by] == [Reason.NOT_REQUESTED]


def test_only_a_task_that_waits_for_its_machine_has_a_relocation() -> None:
    assert relocation_of(make_task()) is None
    task = make_task(status=TaskStatus.RUNNING)
    make_attempt(task, make_machine(id=uuid.uuid4()))
    assert relocation_of(task) is None
