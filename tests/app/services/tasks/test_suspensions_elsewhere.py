"""Attempts that wait in the middle of a stage end as at a gate: their tasks go on elsewhere."""

import pytest

from app.domain.attempt import AttemptOutcome
from app.domain.scheduling import Reason
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import blockers, dispatcher, quota_failover, wait_reasons
from app.services.dispatch.wait_reasons import NextAction, WaitReason
from app.services.machines import drains, machine_admin
from app.services.machines.orders import DesiredAction
from app.services.tasks import suspensions, tasks
from app.services.tunnels import tunnels
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    make_driven,
    make_live,
    state,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine
from tests.app.services.tasks.suspensions_world import HOUR, is_stopped, partial_ref, running

__all__ = ["actor", "create", "machine"]  # fixtures


def at_work_again(task: Task) -> FakeMachine:
    """Another machine that has taken the task once its time has come."""
    other = make_driven()
    dispatcher.assign_queued()
    assert status(task) is TaskStatus.QUEUED, "its account is no other on another machine"
    db.session.execute(db.update(Task).values(resume_at=now() - HOUR))
    db.session.commit()
    dispatcher.assign_queued()
    assert (status(task), task.machine_id) == (TaskStatus.ASSIGNED, other.machine_id)
    return other


def test_a_lost_attempt_is_gone_on_with_elsewhere_from_the_middle_when_the_time_has_come(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create, DEVELOP, CHECK)
    ref = partial_ref(task)
    is_stopped(machine, task, resets_at=now() + HOUR)
    machine.hello()  # with nothing
    assert (status(task), make_live(task).outcome) == (TaskStatus.QUEUED, AttemptOutcome.LOST)
    wait = wait_reasons.find_wait(task)
    assert wait is not None
    assert (wait.reason, wait.next_action) == (WaitReason.QUOTA, NextAction.DISPATCH)
    drains.drain(actor, machine.machine_id)
    other = at_work_again(task)
    assert (make_live(task).resume_from, make_live(task).run) == (ref, 0)
    assert other.orders() == [(DesiredAction.RUN, task.id, 0)]


def test_a_stage_stopped_again_is_gone_on_with_from_the_later_middle(
    machine: FakeMachine, create: Create
) -> None:
    """It's at a ref of its own: the earlier one stays in case its report never arrives."""
    task = running(machine, create)
    is_stopped(machine, task, resets_at=now() + HOUR)
    forged = frames.Checkpoint(0, f"{partial_ref(task)}-cafe", "beef", partial=True)
    machine.report_on(task, forged)
    assert (task.partial or {})["commit"] == "c0ffee"
    suspensions.resume_due(now() + 2 * HOUR)
    machine.orders()
    later = f"{partial_ref(task)}-beef"
    machine.report_on(
        task,
        frames.StageStarted(0, 1),
        frames.Checkpoint(0, later, "beef", run=1, partial=True),
        frames.Suspended(0, make_live(task).log_bytes, "quota", "spent", None, 1),
    )
    assert task.partial == {"stageIndex": 0, "ref": later, "commit": "beef"}
    machine.hello()  # with nothing
    at_work_again(task)
    assert make_live(task).resume_from == later


def test_a_drain_hands_over_what_is_pushed_and_keeps_what_is_not(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    pushed, kept = running(machine, create), running(machine, create)
    is_stopped(machine, pushed, resets_at=now() + HOUR)
    is_stopped(machine, kept, resets_at=now() + HOUR, checkpoint=False)
    drains.drain(actor, machine.machine_id)
    assert status(pushed) is TaskStatus.QUEUED
    assert state(kept) == (TaskStatus.SUSPENDED, SuspendReason.QUOTA)
    suspensions.resume_due(now() + 2 * HOUR)
    assert (status(kept), make_live(kept).run) == (TaskStatus.ASSIGNED, 1)


def test_a_decommissioned_machines_task_is_queued_again_from_the_middle(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    ref = partial_ref(task)
    is_stopped(machine, task, resets_at=now() + HOUR)
    machine_admin.decommission(actor, machine.machine_id, dead=True)
    at_work_again(task)
    assert make_live(task).resume_from == ref


def test_a_cancelled_task_is_over_and_its_retry_begins_its_stage_anew(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task, resets_at=now() + HOUR)
    tasks.cancel(actor, task.id)
    assert suspensions.resume_due(now() + 2 * HOUR) == 0
    assert (status(task), task.partial, task.resume_at) == (TaskStatus.CANCELLED, None, None)
    tasks.retry(actor, task.id)
    dispatcher.assign_queued()
    assert (status(task), make_live(task).resume_from) == (TaskStatus.ASSIGNED, None)
    assert task.quota is None


def test_the_work_of_the_middle_is_renewed_where_a_tunnel_has_changed_it(
    machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create, DEVELOP, CHECK)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.report_on(task, frames.StageStarted(1))
    is_stopped(machine, task, stage=1)
    machine.report_on(task, frames.Checkpoint(1, partial_ref(task, 1), "beef", partial=True))
    db.session.refresh(task)
    assert task.partial == {"stageIndex": 1, "ref": partial_ref(task, 1), "commit": "beef"}
    machine.report_on(task, frames.Checkpoint(0, "refs/muster/1/1/0", "dead"))
    db.session.refresh(task)
    assert task.checkpoints["0"]["commit"] == "c0ffee"
    assert len(warnings_of(task)) == 1


def test_a_later_loss_goes_on_from_the_middle_of_an_earlier_run(
    machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    ref = partial_ref(task)
    is_stopped(machine, task)
    suspensions.resume_due(now() + HOUR)
    machine.orders()
    machine.report_on(task, frames.StageStarted(0, 1), frames.Lost("rebooted"))
    dispatcher.assign_queued()
    assert (status(task), task.attempt, make_live(task).resume_from) == (
        TaskStatus.ASSIGNED,
        2,
        ref,
    )


def test_another_machine_takes_it_at_once_where_the_project_lets_it(
    machine: FakeMachine, create: Create
) -> None:
    task, at = running(machine, create), now() + HOUR
    ref = partial_ref(task)
    task.project.quota_failover = True
    other = make_driven()
    is_stopped(machine, task, resets_at=at)
    quota_failover.move_waiting_tasks(now())
    assert (status(task), make_live(task).outcome) == (
        TaskStatus.QUEUED,
        AttemptOutcome.HANDED_OVER,
    )
    queue = blockers.queue_info(task)
    assert queue is not None
    [blocker] = queue["blocked_by"]
    assert blocker.machine_id == str(machine.machine_id)
    assert blocker.reason is Reason.QUOTA_EXHAUSTED
    assert blocker.until == at.replace(microsecond=at.microsecond // 1000 * 1000)
    dispatcher.assign_queued()
    assert (status(task), task.machine_id) == (TaskStatus.ASSIGNED, other.machine_id)
    assert make_live(task).resume_from == ref
    other.orders()
    other.report_started(task)
    is_stopped(other, task, resets_at=at)
    quota_failover.move_waiting_tasks(now())
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.QUOTA), "the first is spent, too"
    assert task.quota is not None
    assert round(task.quota["seconds"], -1) == HOUR.total_seconds(), "it has waited for one alone"


@pytest.mark.parametrize(
    "why",
    [
        *("it has one of its own", "nothing is pushed", "all are full"),
        *("its project does not let it", "its work is being changed"),
    ],
)
def test_it_waits_for_its_own_machine_where_no_other_can_go_on(
    actor: Developer, machine: FakeMachine, create: Create, why: str
) -> None:
    asked = machine.machine_id if why == "it has one of its own" else None
    task = create([DEVELOP], machine_id=asked)
    task.project.quota_failover = why != "its project does not let it"
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    other = make_driven(slots=1)
    if why == "all are full":
        other.row.slots_used = 1
        db.session.commit()
    machine.report_on(task, frames.WorkspaceFacts("ready", path="/w"))
    is_stopped(machine, task, checkpoint=why != "nothing is pushed")
    if why == "its work is being changed":
        tunnels.start(actor, task.id)
        machine.report_on(task, frames.TunnelFacts(1, "connected", url="https://tunnel.example"))
    quota_failover.move_waiting_tasks(now())
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.QUOTA)


def test_what_is_pushed_of_no_run_waits_for_its_own_machines_next_slot(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task, checkpoint=False)
    machine.row.slots_used = machine.row.slots_total
    db.session.commit()
    suspensions.resume_due(now() + HOUR)
    assert (make_live(task).run, make_live(task).has_slot) == (1, False)
    drains.drain(actor, machine.machine_id)
    dispatcher.assign_queued()
    assert (status(task), make_live(task).outcome) == (TaskStatus.ASSIGNED, None)


def test_what_an_earlier_attempt_has_pushed_is_not_what_a_later_one_has_done(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task)
    machine.hello()  # with nothing
    db.session.execute(db.update(Task).values(resume_at=None))
    db.session.commit()
    dispatcher.assign_queued()
    machine.report_started(task)
    assert (task.attempt, make_live(task).resume_from) == (2, f"refs/muster/{task.id}/1/0-partial")
    is_stopped(machine, task, checkpoint=False)
    drains.drain(actor, machine.machine_id)
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.QUOTA)
