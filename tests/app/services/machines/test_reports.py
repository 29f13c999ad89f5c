"""Reports count once, in order, from the machine's current connection; none blocks the next."""

from typing import Any

import pytest

from app.domain.attempt import AttemptOutcome
from app.domain.machine import MachineStatus
from app.domain.task import EventType as E
from app.extensions import db
from app.models import Developer, Event, Task, Workspace
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import reports
from app.services.machines.orders import DesiredAction
from app.services.machines.reports import SessionReplaced
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    log_frame,
    log_of,
    make_driven,
    make_live,
    warnings_of,
)
from tests.app.services.machines.conftest import STAGES
from tests.factories import make_project


def state_of(task: Task) -> tuple[Any, ...]:
    db.session.expire_all()
    attempt = make_live(task)
    return (task.status, task.stage_index, attempt.phase, attempt.stage_index, attempt.ended_at)


# ---- counted once --------------------------------------------------------------------------------


def test_a_repeated_report_counts_once_and_is_acked_again(machine: FakeMachine, task: Task) -> None:
    report = machine.report(task.id, 1, frames.Note(level="info", text="cloning 40 %"))
    first, second = machine.apply([report]), machine.apply([report, report])
    assert first.up_to == second.up_to == report.seq
    assert events_of(task).count(E.LOG) == 1


def test_a_new_journal_counts_from_one_again(machine: FakeMachine, task: Task) -> None:
    machine.journal_id, machine.seq = "another", 0
    assert machine.hello(*[]).acked_seq == 0
    task = again_running(machine, task)
    machine.report_on(task, frames.Note(level="info", text="from the new journal"))
    assert events_of(task)[-1] is E.LOG


def again_running(machine: FakeMachine, task: Task) -> Task:
    """The task's next attempt, for the hello above named none."""
    dispatcher.assign_queued()
    assert make_live(task).number == 2
    return task


def test_the_same_journal_goes_on_after_a_new_hello(machine: FakeMachine, task: Task) -> None:
    assert machine.hello().acked_seq == machine.seq == 2


def test_a_connection_that_was_replaced_writes_nothing(machine: FakeMachine, task: Task) -> None:
    older = machine.generation
    machine.row.generation += 1
    db.session.commit()
    before = state_of(task), events_of(task), machine.row.journal_seq
    report = machine.report(task.id, 1, frames.Failed("unknown", "no"))
    for batch in ([report], []):
        with pytest.raises(SessionReplaced):
            reports.apply_batch(machine.machine_id, older, batch, [log_frame(task, b"lost")], now())
    assert (state_of(task), events_of(task), machine.row.journal_seq) == before
    assert make_live(task).log_bytes == 0


# ---- senseless -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(frames.StageFinished(2, 0, "exit"), id="the end of a stage not begun"),
        pytest.param(frames.StageFinished(99, 0, "exit"), id="the end of a stage there is not"),
        pytest.param(frames.StageStarted(2), id="the start of a stage not ordered"),
        pytest.param(frames.StageStarted(99), id="the start of a stage there is not"),
        pytest.param(frames.Checkpoint(99, "refs/x", "c"), id="a checkpoint of no stage"),
        pytest.param(frames.StageStarted(0, run=1), id="the start of a run not ordered"),
        pytest.param(frames.StageFinished(0, 0, "exit", run=1), id="the end of a run not ordered"),
        pytest.param(
            frames.Checkpoint(0, "refs/x", "c", run=1), id="a checkpoint of a run not ordered"
        ),
        pytest.param(frames.Published("b", "c", frames.DiffStat()), id="an unordered publish"),
    ],
)
def test_a_senseless_report_is_a_warning_and_changes_nothing(
    machine: FakeMachine, task: Task, body: frames.Body
) -> None:
    before = state_of(task)
    outcome = machine.report_on(task, body, frames.Note(level="info", text="next"))
    assert outcome.up_to == machine.seq
    assert state_of(task) == before
    assert len(warnings_of(task)) == 1
    assert events_of(task)[-1] is E.LOG, "the one behind it counts"
    assert task.checkpoints == {}


def test_a_gate_that_opens_and_loses_its_workspace_in_one_batch_is_withdrawn(
    admin: Developer, machine: FakeMachine
) -> None:
    project = make_project(pipeline=[STAGES[0], {**STAGES[1], "confirm": True}])
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_on(task, frames.StageFinished(0, 0, "exit"), frames.Lost("a reboot"))
    assert gates.find_open_gate(task) is None
    assert dispatcher.assign_queued() == 1


def test_a_senseless_end_does_not_take_the_place_of_a_real_one(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, frames.StageFinished(stage_index=0, log_end=4, how="exit"))
    machine.report_on(task, frames.StageFinished(stage_index=2, log_end=0, how="exit"))
    machine.apply([], [log_frame(task, b"done")])
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


def test_drained_from_a_machine_that_is_no_longer_draining_is_acked(machine: FakeMachine) -> None:
    outcome = machine.apply([machine.report(0, 0, frames.Drained())])
    assert outcome.up_to == machine.seq
    assert machine.row.status is MachineStatus.ONLINE


def test_drained_from_a_draining_machine_is_its_word(machine: FakeMachine) -> None:
    machine.row.status = MachineStatus.DRAINING
    db.session.commit()
    machine.apply([machine.report(0, 0, frames.Drained())])
    assert machine.row.status is MachineStatus.DRAINED


def test_reports_of_unknown_tasks_are_acked_and_called_stale(machine: FakeMachine) -> None:
    outcome = machine.apply([machine.report(4711, 1, frames.StageStarted(0))])
    assert (outcome.up_to, outcome.stale) == (machine.seq, {(4711, 1)})


def test_a_live_attempt_whose_workspace_is_said_to_be_gone_is_still_ordered(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, frames.WorkspaceFacts(state="removed"))
    machine.observed.clear()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]


def test_events_are_kept_of_what_was_said(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, frames.Note(level="error", text="disk \0full"))
    message = db.session.scalar(
        db.select(Event.message).where(Event.task_id == task.id, Event.type == E.ERROR)
    )
    assert message == "disk \N{REPLACEMENT CHARACTER}full"


# ---- stale ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        frames.Accepted(),
        frames.StageStarted(0),
        frames.StageFinished(0, 0, "exit"),
        frames.Checkpoint(0, "refs/x", "c"),
        frames.Published("muster/1-1", "c", frames.DiffStat()),
        frames.Failed("unknown", "no"),
        frames.Lost("gone"),
    ],
    ids=lambda body: type(body).__name__,
)
def test_an_ended_attempts_reports_are_told_and_have_no_effect(
    admin: Developer, machine: FakeMachine, task: Task, body: frames.Body
) -> None:
    tasks.cancel(admin, task.id)
    before = state_of(task)
    outcome = machine.report_on(task, body)
    assert (task.id, 1) in outcome.stale
    assert outcome.up_to == machine.seq
    assert state_of(task) == before
    assert len(warnings_of(task)) == 1
    assert make_live(task).outcome is AttemptOutcome.CANCELLED


def test_an_ended_attempts_log_is_still_welcome(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    tasks.cancel(admin, task.id)
    machine.apply([], [log_frame(task, b"last words")])
    assert log_of(admin, task) == b"last words"


def test_a_machine_has_no_say_in_what_another_one_does(machine: FakeMachine, task: Task) -> None:
    other = make_driven()
    before = state_of(task), events_of(task)
    outcome = other.report_on(
        task, frames.Failed("unknown", "no"), frames.Stopped(), frames.LogLost(0, 9)
    )
    outcome_of_logs = other.apply([], [log_frame(task, b"forged")])
    assert (state_of(task), events_of(task)) == before
    assert outcome.stale == outcome_of_logs.stale == {(task.id, 1)}
    assert (make_live(task).log_bytes, make_live(task).has_slot) == (0, True)


# ---- workspaces ----------------------------------------------------------------------------------


def test_what_a_machine_says_of_its_workspace_is_kept(machine: FakeMachine, task: Task) -> None:
    diff = frames.DiffStat(files_changed=2)
    machine.report_on(task, frames.WorkspaceFacts(state="ready", path="/w/1", diff=diff))
    machine.report_on(task, frames.WorkspaceFacts(state="ready", path="/w/1", dirty=True))
    row = db.session.get_one(Workspace, (task.id, 1), populate_existing=True)
    assert (row.path, row.dirty) == ("/w/1", True)


def test_a_workspace_that_is_ready_or_removed_is_told_once(
    machine: FakeMachine, task: Task
) -> None:
    for state in ("preparing", "ready", "ready", "removed", "removed"):
        machine.report_on(task, frames.WorkspaceFacts(state=state))
    query = db.select(Event).where(Event.type == E.WORKSPACE).order_by(Event.number)
    found = [(e.data["state"], e.attempt, e.message) for e in db.session.scalars(query)]
    name = machine.row.name
    assert found == [
        ("ready", 1, f"workspace ready on {name}"),
        ("removed", 1, f"workspace removed from {name}"),
    ]


def test_a_workspace_that_never_was_is_not_told_to_be_removed(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, frames.WorkspaceFacts(state="removed"))
    assert E.WORKSPACE not in events_of(task)
