"""Whole lives of tasks, from creation to their end, as the machine's reports drive them."""

import signal

import pytest
from sqlalchemy import select

from app.domain import fleet_counters
from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.machine import MachineStatus
from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Event
from app.services.dispatch import dispatcher
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, queries
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    log_frame,
    log_of,
    make_live,
    status,
)
from tests.app.services.tasks.stages_world import (
    CHECK,
    DEVELOP,
    SHIP,
    Create,
    actor,
    at_the_gate,
    create,
    machine,
)

__all__ = ["actor", "create", "machine"]  # fixtures


GATED = [DEVELOP, CHECK, {**SHIP, "confirm": True}]


# ---- the long way --------------------------------------------------------------------------------


def test_a_task_goes_from_created_to_completed(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create(GATED)
    assert dispatcher.assign_queued() == 1
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]
    assert (status(task), machine.row.slots_used) == (TaskStatus.ASSIGNED, 1)
    machine.report_started(task)
    assert status(task) is TaskStatus.RUNNING
    machine.report_on(task, logs=[log_frame(task, b"working\n")])
    machine.report_checkpoint(task)
    machine.report_finished(task)
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    machine.report_started(task, 1)
    machine.report_checkpoint(task, 1)
    machine.report_finished(task, 1)
    # At the gate: no process, no slot, but the workspace.
    assert (status(task), machine.row.slots_used) == (TaskStatus.SUSPENDED, 0)
    assert machine.orders() == []
    pending = gates.get_pending(actor, task.id)
    assert (pending.stage_index, pending.stage_name) == (2, "ship")
    gates.confirm_stage(actor, task.id, 2, "confirm", "looks right")
    assert (status(task), machine.row.slots_used) == (TaskStatus.ASSIGNED, 1)
    assert machine.orders() == [(DesiredAction.RUN, task.id, 2)]
    machine.report_started(task, 2)
    machine.report_finished(task, 2)
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    machine.report_published(task)
    done = queries.get(actor, task.id)
    assert done.status is TaskStatus.COMPLETED
    assert done.result == {
        "commit": "beef",
        "pushed": True,
        "branch": f"muster/{task.id}",
        "filesChanged": 1,
        "insertions": 2,
        "deletions": 3,
    }
    assert (make_live(task).outcome, machine.row.slots_used) == (AttemptOutcome.PUBLISHED, 0)
    assert log_of(actor, task) == b"working\n"
    assert events_of(task) == [
        E.CREATED, E.ASSIGNED, E.STARTED, E.STAGE_STARTED, E.CHECKPOINT, E.STAGE_FINISHED,
        E.STAGE_STARTED, E.CHECKPOINT, E.STAGE_FINISHED, E.SUSPENDED, E.CONFIRMED, E.RESUMED,
        E.STAGE_STARTED, E.STAGE_FINISHED, E.PUBLISHED, E.COMPLETED,
    ]  # fmt: skip


def test_a_stages_end_waits_for_its_log(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    outcome = machine.report_on(task, frames.StageFinished(stage_index=0, log_end=12, how="exit"))
    assert outcome.up_to == machine.seq, "it is acked at once"
    assert machine.orders() == []
    machine.apply([], [log_frame(task, b"all ")])
    assert machine.orders() == []
    assert E.STAGE_FINISHED not in events_of(task)
    machine.apply([], [log_frame(task, b"the rest", 4)])
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert log_of(actor, task) == b"all the rest"


def test_a_task_says_why_its_agent_failed(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    why = frames.AgentFailure("overloaded", "Come back later.")
    machine.report_on(task, frames.StageFinished(0, 0, "exit", 1, failure=why))
    failure = queries.get(actor, task.id).failure
    assert failure is not None
    assert failure["code"] == "agent_overloaded"
    assert failure["message"].endswith("exit code 1: Come back later.")


def test_a_stages_end_takes_effect_when_the_missing_log_is_declared_lost(
    machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.report_on(task, frames.StageFinished(stage_index=0, log_end=12, how="exit"))
    machine.report_on(task, frames.LogLost(start=0, end=12))
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


def test_a_stages_end_and_its_log_may_come_in_one_batch(
    machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_on(
        task,
        frames.Accepted(),
        frames.StageStarted(stage_index=0),
        frames.StageFinished(stage_index=0, log_end=4, how="exit"),
        logs=[log_frame(task, b"done")],
    )
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


@pytest.mark.parametrize(
    ("denied", "data", "warnings"),
    [
        pytest.param(None, {}, [], id="nobody knows"),
        pytest.param(0, {"denied": 0}, [], id="nothing"),
        pytest.param(
            1,
            {"denied": 1},
            ["in stage “develop” the agent was denied a tool call"],
            id="one call",
        ),
        pytest.param(
            3,
            {"denied": 3},
            ["in stage “develop” the agent was denied 3 tool calls"],
            id="some calls",
        ),
    ],
)
def test_what_an_agent_was_denied_is_told(
    machine: FakeMachine,
    create: Create,
    denied: int | None,
    data: dict[str, int],
    warnings: list[str],
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.report_on(task, frames.StageFinished(0, 0, "exit", denied=denied))
    events = db.session.scalars(select(Event).where(Event.task_id == task.id)).all()
    (end,) = [event for event in events if event.type is E.STAGE_FINISHED]
    assert end.data == {"how": "exit", "code": 0} | data
    assert [event.message for event in events if event.type is E.WARNING] == warnings
    assert all(event.data == data for event in events if event.type is E.WARNING)


def test_the_phase_follows_the_pipeline(machine: FakeMachine, create: Create) -> None:
    task = at_the_gate(machine, create)
    assert (make_live(task).phase, make_live(task).stage_index) == (AttemptPhase.GATE, 1)


# ---- ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "code", "failure"),
    [
        pytest.param("exit", 3, "stage_failed", id="exit code"),
        pytest.param("signal", signal.SIGKILL, "stage_failed", id="signal"),
        pytest.param("timeout", 0, "stage_timeout", id="timeout"),
    ],
)
def test_a_stage_that_does_not_succeed_fails_the_task(
    machine: FakeMachine, create: Create, how: str, code: int, failure: str
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_finished(task, how=how, code=code)
    assert status(task) is TaskStatus.FAILED
    assert task.failure is not None
    assert (task.failure["code"], task.failure["stageIndex"]) == (failure, 0)
    assert machine.row.slots_used == 0
    assert machine.orders() == []


def test_a_machine_that_cannot_go_on_fails_the_task_in_its_own_words(
    machine: FakeMachine, create: Create
) -> None:
    task = create()
    dispatcher.assign_queued()
    words = "fatal: repository 'https://git.example.org/x.git/' not found"
    machine.report_on(task, frames.Accepted(), frames.Failed("repository_unreachable", words))
    assert status(task) is TaskStatus.FAILED
    assert task.failure == {"code": "repository_unreachable", "message": words, "stageIndex": 0}
    assert machine.row.slots_used == 0


@pytest.mark.parametrize(
    "code",
    [
        "memory_exceeded",
        "processes_exceeded",
        "disk_exceeded",
        "sandbox_unavailable",
    ],
)
def test_what_hits_a_limit_ends_its_task_and_leaves_the_machine_in_service(
    machine: FakeMachine, create: Create, code: str
) -> None:
    task, after = create(), create()
    dispatcher.assign_queued()
    before = machine.row.capabilities
    machine.report_started(task)
    machine.report_on(task, frames.Failed(code, "more than 4 GiB"))
    assert status(task) is TaskStatus.FAILED
    assert task.failure == {"code": code, "message": "more than 4 GiB", "stageIndex": 0}
    assert (machine.row.status, machine.row.capabilities) == (MachineStatus.ONLINE, before)
    assert (DesiredAction.RUN, after.id, 0) in machine.orders()
    assert fleet_counters.code_label(code) == code


def test_a_stage_that_the_machine_fenced_is_lost_and_not_failed(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    """Its lease was over because it could not reach us: that may cost the stage, not the task."""
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.report_started(task, 1)
    machine.report_finished(task, 1, how="lease")
    assert (status(task), task.stage_index) == (TaskStatus.QUEUED, 1)
    assert make_live(task).outcome is AttemptOutcome.LOST
    assert machine.row.slots_used == 0
