"""Reports count once, in order, for whoever speaks for the machine; none blocks the next."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Event, Machine, Task, Workspace
from app.services.clock import now
from app.services.dispatch import dispatch
from app.services.logs import logs
from app.services.machines import reports
from app.services.machines.orders import Want
from app.services.machines.reports import Replaced
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.driven import (
    Driven,
    events_of,
    live,
    log_frame,
    log_of,
    make_driven,
    warnings_of,
)
from tests.app.services.statements import counted
from tests.factories import make_attempt, make_developer, make_gate, make_machine, make_project
from tests.factories import make_task as a_task

STAGES = [
    {"name": name, "command": "x", "kind": "shell", "timeout": 60} for name in ("a", "b", "c")
]


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def machine(app: Flask) -> Driven:
    return make_driven()


@pytest.fixture
def task(admin: Developer, machine: Driven) -> Task:
    """A task that runs its first stage on the machine."""
    project = make_project(pipeline=STAGES)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatch.assign_queued()
    machine.orders()
    machine.begins(task)
    return task


def state_of(task: Task) -> tuple[Any, ...]:
    db.session.expire_all()
    attempt = live(task)
    return (task.status, task.stage_index, attempt.phase, attempt.stage_index, attempt.ended_at)


# ---- counted once --------------------------------------------------------------------------------


def test_a_repeated_report_counts_once_and_is_acked_again(machine: Driven, task: Task) -> None:
    report = machine.report(task.id, 1, frames.Note(level="info", text="cloning 40 %"))
    first, second = machine.apply([report]), machine.apply([report, report])
    assert first.up_to == second.up_to == report.seq
    assert events_of(task).count(E.LOG) == 1


def test_a_new_journal_counts_from_one_again(machine: Driven, task: Task) -> None:
    machine.journal_id, machine.seq = "another", 0
    assert machine.hello(*[]).acked_seq == 0
    task = again_running(machine, task)
    machine.say(task, frames.Note(level="info", text="from the new journal"))
    assert events_of(task)[-1] is E.LOG


def again_running(machine: Driven, task: Task) -> Task:
    """The task's next attempt, for the hello above named none."""
    dispatch.assign_queued()
    assert live(task).number == 2
    return task


def test_the_same_journal_goes_on_after_a_new_hello(machine: Driven, task: Task) -> None:
    assert machine.hello().acked_seq == machine.seq == 2


def test_a_connection_that_was_replaced_writes_nothing(machine: Driven, task: Task) -> None:
    older = machine.generation
    machine.row.generation += 1
    db.session.commit()
    before = state_of(task), events_of(task), machine.row.journal_seq
    report = machine.report(task.id, 1, frames.Failed("unknown", "no"))
    for said in ([report], []):
        with pytest.raises(Replaced):
            reports.apply(machine.machine_id, older, said, [log_frame(task, b"lost")], now())
    assert (state_of(task), events_of(task), machine.row.journal_seq) == before
    assert live(task).log_bytes == 0


# ---- senseless -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(frames.StageFinished(2, 0, "exit"), id="the end of a stage not begun"),
        pytest.param(frames.StageFinished(99, 0, "exit"), id="the end of a stage there is not"),
        pytest.param(frames.StageStarted(2), id="the start of a stage not ordered"),
        pytest.param(frames.StageStarted(99), id="the start of a stage there is not"),
        pytest.param(frames.Checkpoint(99, "refs/x", "c"), id="a checkpoint of no stage"),
        pytest.param(frames.Published("b", "c", frames.DiffStat()), id="an unordered publish"),
    ],
)
def test_a_senseless_report_is_a_warning_and_changes_nothing(
    machine: Driven, task: Task, body: frames.Body
) -> None:
    before = state_of(task)
    outcome = machine.say(task, body, frames.Note(level="info", text="next"))
    assert outcome.up_to == machine.seq
    assert state_of(task) == before
    assert len(warnings_of(task)) == 1
    assert events_of(task)[-1] is E.LOG, "the one behind it counts"
    assert task.checkpoints == {}


def test_a_gate_that_opens_and_loses_its_workspace_in_one_batch_is_withdrawn(
    admin: Developer, machine: Driven
) -> None:
    project = make_project(pipeline=[STAGES[0], {**STAGES[1], "confirm": True}])
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatch.assign_queued()
    machine.begins(task)
    machine.say(task, frames.StageFinished(0, 0, "exit"), frames.Lost("a reboot"))
    assert gates.open_gate(task) is None
    assert dispatch.assign_queued() == 1


def test_a_senseless_end_does_not_take_the_place_of_a_real_one(machine: Driven, task: Task) -> None:
    machine.say(task, frames.StageFinished(stage_index=0, log_end=4, how="exit"))
    machine.say(task, frames.StageFinished(stage_index=2, log_end=0, how="exit"))
    machine.apply([], [log_frame(task, b"done")])
    assert machine.orders() == [(Want.RUN, task.id, 1)]


def test_drained_from_a_machine_that_is_no_longer_draining_is_acked(machine: Driven) -> None:
    outcome = machine.apply([machine.report(0, 0, frames.Drained())])
    assert outcome.up_to == machine.seq
    assert machine.row.status is MachineStatus.ONLINE


def test_drained_from_a_draining_machine_is_its_word(machine: Driven) -> None:
    machine.row.status = MachineStatus.DRAINING
    db.session.commit()
    machine.apply([machine.report(0, 0, frames.Drained())])
    assert machine.row.status is MachineStatus.DRAINED


def test_reports_of_unknown_tasks_are_acked_and_called_stale(machine: Driven) -> None:
    outcome = machine.apply([machine.report(4711, 1, frames.StageStarted(0))])
    assert (outcome.up_to, outcome.stale) == (machine.seq, {(4711, 1)})


def test_a_live_attempt_whose_workspace_is_said_to_be_gone_is_still_ordered(
    machine: Driven, task: Task
) -> None:
    machine.say(task, frames.WorkspaceFacts(state="removed"))
    machine.observed.clear()
    assert machine.orders() == [(Want.RUN, task.id, 0)]


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
    admin: Developer, machine: Driven, task: Task, body: frames.Body
) -> None:
    tasks.cancel(admin, task.id)
    before = state_of(task)
    outcome = machine.say(task, body)
    assert (task.id, 1) in outcome.stale
    assert outcome.up_to == machine.seq
    assert state_of(task) == before
    assert len(warnings_of(task)) == 1
    assert live(task).outcome is AttemptOutcome.CANCELLED


def test_an_ended_attempts_log_is_still_welcome(
    admin: Developer, machine: Driven, task: Task
) -> None:
    tasks.cancel(admin, task.id)
    machine.apply([], [log_frame(task, b"last words")])
    assert log_of(admin, task) == b"last words"


def test_a_machine_has_no_say_in_what_another_one_does(machine: Driven, task: Task) -> None:
    other = make_driven()
    before = state_of(task), events_of(task)
    outcome = other.say(
        task, frames.Failed("unknown", "no"), frames.Stopped(), frames.LogLost(0, 9)
    )
    outcome_of_logs = other.apply([], [log_frame(task, b"forged")])
    assert (state_of(task), events_of(task)) == before
    assert outcome.stale == outcome_of_logs.stale == {(task.id, 1)}
    assert (live(task).log_bytes, live(task).holds_slot) == (0, True)


# ---- logs ----------------------------------------------------------------------------------------


def test_a_hole_in_the_log_is_answered_with_what_is_missing(machine: Driven, task: Task) -> None:
    outcome = machine.apply([], [log_frame(task, b"0123"), log_frame(task, b"89", 8)])
    key = (task.id, 1)
    assert (outcome.logs, outcome.gaps) == ({key: 4}, {key: 4})


PRINTED = b"one\ntwo, and three\n\nfour \xc3\xa9\n" * 3
WINDOWS = st.tuples(st.integers(0, 1), st.integers(0, len(PRINTED) - 1), st.integers(1, 40))


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(st.lists(WINDOWS, min_size=1, max_size=5), max_size=6))
def test_logs_are_the_sent_bytes_however_often_and_in_which_parts_they_come(
    admin: Developer, batches: list[list[tuple[int, int, int]]]
) -> None:
    """Of two attempts at once, each part any run of the text, also too early, twice, or across."""
    machine = make_driven(slots=2)
    two = [a_task(status=TaskStatus.RUNNING) for _ in range(2)]
    for task in two:
        make_attempt(task, machine.row)
    ids = [task.id for task in two]
    ends = [0, 0]
    for batch in batches:
        missing: dict[int, int] = {}
        for which, start, length in batch:
            if start > ends[which]:
                missing.setdefault(which, ends[which])
            elif which not in missing:  # what comes behind a hole is not looked at
                ends[which] = max(ends[which], min(start + length, len(PRINTED)))
        parts = [frames.Log(ids[i], 1, 0, at, 0, PRINTED[at : at + n]) for i, at, n in batch]
        outcome = machine.apply([], parts)
        assert outcome.logs == {(ids[i], 1): ends[i] for i in {i for i, _, _ in batch}}
        assert outcome.gaps == {(ids[i], 1): end for i, end in missing.items()}
    for task_id, end in zip(ids, ends, strict=True):
        attempt = db.session.get_one(Attempt, (task_id, 1))
        assert (attempt.log_bytes, attempt.log_lines) == (end, PRINTED[:end].count(b"\n"))
        raw = logs.raw(admin, task_id)
        assert b"".join(raw.read(0, raw.size)) == PRINTED[:end]


def test_log_bytes_for_which_a_stages_end_waits_end_the_stage(machine: Driven, task: Task) -> None:
    machine.say(task, frames.StageFinished(stage_index=0, log_end=4, how="exit"))
    machine.apply([], [log_frame(task, b"do")])
    assert machine.orders() == []
    machine.apply([], [log_frame(task, b"ne", 2)])
    assert machine.orders() == [(Want.RUN, task.id, 1)]


def test_a_range_declared_lost_in_the_same_batch_leaves_no_hole(
    admin: Developer, machine: Driven, task: Task
) -> None:
    behind = log_frame(task, b"89", 8)
    outcome = machine.say(task, frames.LogLost(0, 8), logs=[behind])
    if outcome.gaps:  # logs are stored before reports: it is asked for again, and taken then
        outcome = machine.apply([], [behind])
    assert outcome.logs == {(task.id, 1): 10}
    assert log_of(admin, task) == b"89"


def test_what_a_machine_says_of_its_workspace_is_kept(machine: Driven, task: Task) -> None:
    diff = frames.DiffStat(files_changed=2)
    machine.say(task, frames.WorkspaceFacts(state="ready", path="/w/1", diff=diff))
    machine.say(task, frames.WorkspaceFacts(state="ready", path="/w/1", dirty=True))
    row = db.session.get_one(Workspace, (task.id, 1), populate_existing=True)
    assert (row.path, row.dirty) == ("/w/1", True)


def test_a_workspace_that_is_ready_or_removed_is_told_once(machine: Driven, task: Task) -> None:
    for state in ("preparing", "ready", "ready", "removed", "removed"):
        machine.say(task, frames.WorkspaceFacts(state=state))
    query = db.select(Event).where(Event.type == E.WORKSPACE).order_by(Event.number)
    found = [(e.data["state"], e.attempt, e.message) for e in db.session.scalars(query)]
    name = machine.row.name
    assert found == [
        ("ready", 1, f"workspace ready on {name}"),
        ("removed", 1, f"workspace removed from {name}"),
    ]


def test_a_workspace_that_never_was_is_not_told_to_be_removed(machine: Driven, task: Task) -> None:
    machine.say(task, frames.WorkspaceFacts(state="removed"))
    assert E.WORKSPACE not in events_of(task)


def test_telling_of_a_workspace_costs_its_event_and_nothing_else(
    machine: Driven, task: Task
) -> None:
    machine.say(task, frames.WorkspaceFacts(state="preparing"))
    sent = []
    for _ in ("told", "known"):
        with counted() as statements:
            machine.say(task, frames.WorkspaceFacts(state="ready"))
        sent.append([line for line in statements if not line.startswith("SELECT machines")])
    told, known = sent
    ours = [line for line in told if "task_events" in line or "UPDATE tasks" in line]
    assert len(told) - len(ours) == len(known)
    assert not [line for line in known if "task_events" in line]


# ---- anything at all -----------------------------------------------------------------------------

SMALL = st.integers(0, 4) | st.just((1 << 31) - 1)
BIG = st.integers(0, 20) | st.just((1 << 62) - 1)
INT = st.integers(-(1 << 31), (1 << 31) - 1)
# As the codec lets it through: any text without NUL and lone surrogates.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
DIFF = st.builds(frames.DiffStat, SMALL, SMALL, SMALL)
HOW = st.sampled_from(["exit", "signal", "timeout", "stopped", "lease"])
BODY = st.one_of(
    st.builds(frames.Accepted),
    st.builds(frames.Note, st.sampled_from(["info", "warning", "error"]), TEXT),
    st.builds(frames.StageStarted, SMALL),
    st.builds(frames.StageFinished, SMALL, BIG, HOW, INT),
    st.builds(frames.Checkpoint, SMALL, TEXT, TEXT),
    st.builds(frames.Published, TEXT, TEXT, DIFF),
    st.builds(
        frames.WorkspaceFacts,
        st.sampled_from(["preparing", "ready", "removed"]),
        TEXT, TEXT, TEXT, TEXT, st.booleans(), DIFF | st.none(), BIG,
    ),
    st.builds(frames.Stopped),
    st.builds(frames.Lost, TEXT),
    st.builds(frames.Failed, TEXT, TEXT),
    st.builds(frames.LogLost, BIG, BIG),
    st.builds(frames.Drained),
)  # fmt: skip
LOG = st.tuples(BIG, st.binary(max_size=30))


def put(state: str) -> tuple[Driven, Task]:
    """A task of three stages, in that state, on a machine."""
    driven = Driven(make_machine().id)
    task = a_task(pipeline=STAGES, project=make_project(pipeline=STAGES))
    row = db.session.get_one(Machine, driven.machine_id)
    match state:
        case "assigned":
            task.status = TaskStatus.ASSIGNED
            make_attempt(task, row, accepted_at=None, started_at=None)
        case "running":
            task.status = TaskStatus.RUNNING
            make_attempt(task, row)
        case "at a gate":
            task.status, task.suspend_reason = TaskStatus.SUSPENDED, SuspendReason.GATE
            make_attempt(task, row, phase=AttemptPhase.GATE, stage_index=1, holds_slot=False)
            make_gate(task, stage_index=1, kind=GateKind.CONFIRM)
        case "out of sight":
            task.status, task.suspend_reason = TaskStatus.SUSPENDED, SuspendReason.MACHINE_LOST
            make_attempt(task, row)
        case "publishing":
            task.status = TaskStatus.RUNNING
            make_attempt(task, row, phase=AttemptPhase.PUBLISH, stage_index=2)
        case "cancelled":
            task.status = TaskStatus.CANCELLED
            make_attempt(task, row, ended_at=now(), outcome=AttemptOutcome.CANCELLED)
    db.session.commit()
    return driven, task


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    state=st.sampled_from(
        ["assigned", "running", "at a gate", "out of sight", "publishing", "cancelled"]
    ),
    batches=st.lists(st.tuples(st.lists(BODY, max_size=4), st.lists(LOG, max_size=2)), max_size=4),
)
def test_whatever_a_machine_says_is_acked_and_leaves_the_rows_sound(
    app: Flask, state: str, batches: list[tuple[list[frames.Body], list[tuple[int, bytes]]]]
) -> None:
    machine, task = put(state)
    for bodies, pieces in batches:
        found = [log_frame(task, data, offset) for offset, data in pieces]
        outcome = machine.say(task, *bodies, attempt=1, logs=found)
        assert outcome.up_to == machine.seq
    check_sound(machine, task)


def check_sound(machine: Driven, task: Task) -> None:
    db.session.expire_all()
    attempt = db.session.get_one(Attempt, (task.id, 1))
    assert machine.row.slots_used == int(attempt.holds_slot)
    assert 0 <= task.stage_index < len(STAGES)
    assert 0 <= attempt.stage_index < len(STAGES)
    assert set(task.checkpoints) <= {"0", "1", "2"}
    on_machine = (TaskStatus.ASSIGNED, TaskStatus.RUNNING, TaskStatus.SUSPENDED)
    assert (task.status in on_machine) == (attempt.ended_at is None)
    events_of(task)
    machine.orders()


# ---- what it costs -------------------------------------------------------------------------------


def test_a_batch_costs_the_same_for_one_report_and_for_many(machine: Driven, task: Task) -> None:
    for count in (1, 30):
        notes = [frames.Note(level="info", text=str(n)) for n in range(count)]
        with counted() as statements:
            machine.say(task, *notes)
        assert len(in_batch(statements)) <= 6, statements


def test_log_bytes_that_go_on_cost_one_statement(machine: Driven, task: Task) -> None:
    frames_of_log = [log_frame(task, b"x" * 1000, n * 1000) for n in range(60)]
    with counted() as statements:
        machine.apply([], frames_of_log)
    assert len(in_batch(statements)) == 1, statements


def test_other_log_bytes_lock_the_machine_alone(machine: Driven, task: Task) -> None:
    again = log_frame(task, b"3456789", 3)
    machine.apply([], [log_frame(task, b"01234")])
    with counted() as statements:
        machine.apply([], [again])
    assert len(in_batch(statements)) <= 5, statements
    assert not any("FROM tasks" in statement for statement in statements), statements


def test_the_first_reports_of_a_stage_cost_little(admin: Developer, machine: Driven) -> None:
    project = make_project(pipeline=STAGES)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatch.assign_queued()
    db.session.refresh(task)
    with counted() as statements:
        machine.say(task, frames.Accepted(), frames.StageStarted(stage_index=0))
    assert len(in_batch(statements)) <= 7, statements


def in_batch(statements: list[str]) -> list[str]:
    """Without the savepoints that stand for BEGIN and COMMIT in a test's one transaction."""
    return [s for s in statements if not s.startswith(("SAVEPOINT", "RELEASE"))]


def test_events_are_kept_of_what_was_said(machine: Driven, task: Task) -> None:
    machine.say(task, frames.Note(level="error", text="disk \0full"))
    message = db.session.scalar(
        db.select(Event.message).where(Event.task_id == task.id, Event.type == E.ERROR)
    )
    assert message == "disk \N{REPLACEMENT CHARACTER}full"
