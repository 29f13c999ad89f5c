"""Whatever waits can say why, and what happens by itself."""

import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.sandbox import SandboxLevel
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db, redis
from app.models import Developer, MachineHeartbeat, Task
from app.services.dispatch import blockers, dispatcher, wait_reasons
from app.services.dispatch.wait_reasons import NextAction, Wait, WaitReason
from app.services.machines import machine_admin
from app.services.ops import heartbeats
from app.services.tasks import queries, tasks
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


def test_a_gate_waits_for_a_person_for_ever() -> None:
    task = make_task(**GATE)
    make_gate(task)
    assert wait_reasons.find_wait(task) == Wait(WaitReason.GATE, None, None)


def test_a_gate_that_expires_says_when_the_task_fails() -> None:
    task, end = make_task(**GATE), now() + timedelta(hours=1)
    make_gate(task, expires_at=end)
    assert wait_reasons.find_wait(task) == Wait(WaitReason.GATE, NextAction.FAIL, end)


def test_a_queued_task_whose_question_is_open_waits_for_its_answer() -> None:
    task = make_task()
    make_gate(task)
    assert wait_reasons.find_wait(task) == Wait(WaitReason.GATE, None, None)


def ended(task: Task, **given: Any) -> Any:
    about = {"ended_at": now(), "outcome": AttemptOutcome.CANCELLED}
    return make_attempt(task, make_machine(), **about, **given)


def test_a_successor_waits_until_its_predecessors_lease_is_over() -> None:
    task = make_task()
    attempt = ended(task)
    lease = db.session.get_one(MachineHeartbeat, attempt.machine_id).lease_until
    assert wait_reasons.find_wait(task) == Wait(WaitReason.PREDECESSOR, NextAction.DISPATCH, lease)


@pytest.mark.parametrize("age", [None, 16], ids=["none", "16 s old"])
def test_a_queued_task_waits_for_a_dispatcher_that_is_silent(age: int | None) -> None:
    redis.client.delete(heartbeats.DISPATCHER)
    if age is not None:
        redis.client.set(heartbeats.DISPATCHER, time.time() - age)
    waits = Wait(WaitReason.DISPATCHER, NextAction.DISPATCH, None)
    assert wait_reasons.find_wait(make_task()) == waits
    assert wait_reasons.find_wait(make_task(status=TaskStatus.COMPLETED)) is None


def test_a_predecessor_that_is_gone_is_not_waited_for() -> None:
    task = make_task()
    ended(task, has_slot=False)
    assert wait_reasons.find_wait(task) is None


def test_an_answered_task_waits_for_a_slot_on_its_machine() -> None:
    task = make_task(status=TaskStatus.ASSIGNED)
    make_attempt(task, make_machine(), has_slot=False, phase=AttemptPhase.RUN)
    assert wait_reasons.find_wait(task) == Wait(WaitReason.SLOT, NextAction.DISPATCH, None)


def test_a_task_of_a_silent_machine_is_queued_again_when_the_lease_is_over() -> None:
    task = make_task(status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.MACHINE_LOST)
    attempt = make_attempt(task, make_machine())
    lease = db.session.get_one(MachineHeartbeat, attempt.machine_id).lease_until
    assert wait_reasons.find_wait(task) == Wait(WaitReason.MACHINE, NextAction.REQUEUE, lease)


@pytest.mark.parametrize("max_attempts", [1, 2])
def test_a_task_of_a_silent_machine_fails_if_that_was_its_last_attempt(max_attempts: int) -> None:
    task = make_task(
        status=TaskStatus.SUSPENDED,
        suspend_reason=SuspendReason.MACHINE_LOST,
        project=make_project(max_attempts=max_attempts),
    )
    for _ in range(max_attempts - 1):
        lost = {"ended_at": now(), "outcome": AttemptOutcome.LOST, "has_slot": False}
        make_attempt(task, make_machine(), **lost)
    uncounted = make_attempt(task, make_machine(), uncounted=True)
    wait = wait_reasons.find_wait(task)
    assert wait is not None
    assert wait.next_action is NextAction.REQUEUE
    uncounted.uncounted = False
    db.session.commit()
    wait = wait_reasons.find_wait(task)
    assert wait is not None
    assert wait.next_action is NextAction.FAIL


def test_a_queued_task_knows_its_place_and_what_keeps_each_machine() -> None:
    full = make_machine(slots_total=0)
    first, second = make_task(), make_task()
    seen = queries.get(make_developer(role="admin"), second.id)
    queue = blockers.queue_info(seen)
    assert queue is not None
    assert queue["position"] == 2
    [blocker] = queue["blocked_by"]
    assert (blocker.machine_id, blocker.reason) == (str(full.id), "no_free_slot")
    assert wait_reasons.find_wait(first) is None


def test_a_task_for_a_machine_that_went_away_says_so_and_goes_nowhere_else() -> None:
    gone, other = make_machine(connected=False, status="offline"), make_machine()
    task = make_task(requested_machine_id=gone.id)
    reasons = block_reasons(make_developer(role="admin"), task)
    assert reasons == {str(gone.id): "offline", str(other.id): "not_requested"}
    assert dispatcher.assign_queued() == 0


def test_a_task_for_a_machine_that_was_decommissioned_says_so() -> None:
    gone, other = make_machine(), make_machine()
    make_machine(connected=False, status="decommissioned")  # nobody asked for this one
    task, admin = make_task(requested_machine_id=gone.id), make_developer(role="admin")
    machine_admin.decommission(admin, gone.id)
    assert block_reasons(admin, task) == {
        str(gone.id): "decommissioned",
        str(other.id): "not_requested",
    }
    assert dispatcher.assign_queued() == 0


def test_a_task_that_no_machine_has_capacity_for_says_so() -> None:
    bare, silent = make_machine(sandbox={"level": "none", "missing": ["x"]}), make_machine()
    project = make_project(min_sandbox=SandboxLevel.PROCESSES)
    reasons = block_reasons(make_developer(role="admin"), make_task(project=project))
    assert reasons == dict.fromkeys((str(bare.id), str(silent.id)), "sandbox_unavailable")


def test_a_task_whose_labels_no_machine_has_says_so() -> None:
    for project_fields, task_fields in (
        ({}, {"machine_selector": "gpu=true"}),
        ({"machine_selector": "gpu"}, {}),
        ({"protected": True}, {}),
    ):
        machine = make_machine(labels={"zone": "eu"})
        task = make_task(project=make_project(**project_fields), **task_fields)
        reasons = block_reasons(make_developer(role="admin"), task)
        assert reasons.pop(str(machine.id)) == "label_mismatch"
        assert set(reasons.values()) <= {"label_mismatch"}
        assert dispatcher.assign_queued() == 0


def test_a_task_for_a_machine_with_other_labels_says_so() -> None:
    requested, other = make_machine(), make_machine(labels={"gpu": "true"})
    task = make_task(requested_machine_id=requested.id, machine_selector="gpu=true")
    reasons = block_reasons(make_developer(role="admin"), task)
    assert reasons == {str(requested.id): "label_mismatch", str(other.id): "not_requested"}
    assert dispatcher.assign_queued() == 0


def test_a_retry_for_a_machine_that_was_decommissioned_says_that_it_waits_for_it() -> None:
    gone, admin = make_machine(), make_developer(role="admin")
    task = make_task(status=TaskStatus.FAILED, requested_machine_id=gone.id)
    machine_admin.decommission(admin, gone.id)
    assert tasks.retry(admin, task.id).status is TaskStatus.QUEUED
    assert block_reasons(admin, task) == {str(gone.id): "decommissioned"}


def block_reasons(person: Developer, task: Task) -> dict[str, str]:
    """Which machine is kept from the task by which rule, as that person sees it."""
    queue = blockers.queue_info(queries.get(person, task.id))
    assert queue is not None
    return {blocker.machine_id: blocker.reason for blocker in queue["blocked_by"]}


def test_what_goes_on_after_a_gate_waits_for_its_machine_while_that_is_away() -> None:
    machine = make_machine(connected=False)
    task = make_task(status=TaskStatus.ASSIGNED)
    make_attempt(task, machine)
    lease = db.session.get_one(MachineHeartbeat, machine.id).lease_until
    db.session.refresh(task, ["machine"])
    assert wait_reasons.find_wait(task) == Wait(WaitReason.MACHINE, NextAction.REQUEUE, lease)


def test_a_restored_task_waits_for_a_slot() -> None:
    task = make_task(status=TaskStatus.RUNNING)
    make_attempt(task, make_machine(), has_slot=False)
    assert wait_reasons.find_wait(task) == Wait(WaitReason.SLOT, NextAction.DISPATCH, None)
