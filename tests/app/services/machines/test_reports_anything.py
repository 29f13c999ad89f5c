"""Whatever a machine says, in whichever state its task is, leaves the rows sound."""

from typing import get_args

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Attempt, Gate, Machine, Task
from app.services.clock import now
from app.services.logs import transcripts
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, events_of, log_frame
from tests.app.services.machines.conftest import STAGES
from tests.factories import make_attempt, make_developer, make_gate, make_machine, make_project
from tests.factories import make_task as a_task

SMALL = st.integers(0, 4) | st.just((1 << 31) - 1)
BIG = st.integers(0, 20) | st.just((1 << 62) - 1)
INT = st.integers(-(1 << 31), (1 << 31) - 1)
# As the codec lets it through: any text without NUL and lone surrogates.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
DIFF = st.builds(frames.DiffStat, SMALL, SMALL, SMALL)
JSON = st.recursive(
    st.none() | st.booleans() | INT | TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXT, inside, max_size=3),
    max_leaves=5,
)
ENTRY = st.builds(
    frames.TranscriptEntry,
    BIG,
    st.sampled_from(get_args(frames.EntryKind)),
    TEXT | st.just("x" * 20_000),
    TEXT | st.just("\x1b" * 20_000),
    st.dictionaries(TEXT, JSON, max_size=2),
    BIG,
)
TOKENS = st.none() | st.just(0) | st.just(7) | st.just((1 << 40) - 1)
ITEM = st.builds(
    frames.UsageItem,
    st.none() | TEXT | st.just("x" * 3000),
    *[TOKENS] * 4,
    st.none() | st.just(0.0) | st.just(0.1) | st.just(1e6),
)
FAILURE = st.none() | st.builds(
    frames.AgentFailure, st.sampled_from(get_args(frames.AgentFailureKind)), TEXT
)
OBJECT = st.just("c0ffee" + "0" * 34)
FILE = st.builds(
    frames.ChangedFile,
    TEXT,
    st.sampled_from(get_args(frames.FileStatus)),
    st.none() | TEXT,
    *[st.sampled_from(get_args(frames.FileMode))] * 2,
    *[st.none() | OBJECT] * 2,
    *[SMALL] * 2,
    patch=st.none() | OBJECT,
)
REF = TEXT | st.just("its own")
HOW = st.sampled_from(["exit", "signal", "timeout", "stopped", "lease"])
BODY = st.one_of(
    st.builds(frames.Accepted),
    st.builds(frames.Note, st.sampled_from(["info", "warning", "error"]), TEXT),
    st.builds(frames.StageStarted, SMALL),
    st.builds(frames.StageFinished, SMALL, BIG, HOW, INT, SMALL, FAILURE, st.none() | SMALL),
    st.builds(
        frames.Suspended,
        SMALL,
        BIG,
        st.sampled_from(get_args(frames.SuspendedBy)),
        TEXT,
        st.none() | BIG,
        SMALL,
    ),
    st.builds(frames.Transcript, SMALL, BIG, st.lists(ENTRY, max_size=3), SMALL),
    st.builds(
        frames.Usage,
        st.integers(0, 3),
        st.sampled_from(["claude", "codex", "=x"]),
        st.lists(ITEM, max_size=4),
        SMALL,
    ),
    st.builds(frames.Checkpoint, SMALL, REF, TEXT, st.none() | DIFF, SMALL, st.booleans()),
    st.builds(
        frames.QuestionOpened,
        *(SMALL, SMALL, TEXT, st.lists(TEXT, max_size=2), st.none() | st.just(9.0)),
    ),
    st.builds(frames.QuestionWithdrawn, SMALL, SMALL, SMALL),
    st.builds(frames.Content, OBJECT, *[SMALL] * 3, st.binary(max_size=30)),
    st.builds(
        frames.Changes,
        SMALL,
        st.sampled_from(get_args(frames.DiffBase)),
        *[OBJECT] * 2,
        st.lists(FILE, max_size=3),
        *[SMALL] * 2,
        st.sampled_from(get_args(frames.OmissionReason)),
        SMALL,
        st.booleans(),
    ),
    st.builds(frames.Published, REF, TEXT, DIFF),
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


STATES = (
    *("assigned", "running", "asking", "at a gate", "out of sight", "publishing", "cancelled"),
    *("waiting for its agent's account", "with its budget used", "with little left"),
)


def put(state: str) -> tuple[FakeMachine, Task]:
    """A task of three stages, in that state, on a machine."""
    driven = FakeMachine(make_machine().id)
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
            make_attempt(task, row, phase=AttemptPhase.GATE, stage_index=1, has_slot=False)
            make_gate(task, stage_index=1, kind=GateKind.CONFIRM)
        case "asking":
            task.status, task.suspend_reason = TaskStatus.SUSPENDED, SuspendReason.QUESTION
            make_attempt(task, row, question={"number": 0, "gate": 1})
            make_gate(task, kind=GateKind.QUESTION, number=1)
        case "waiting for its agent's account":
            task.status, task.suspend_reason = TaskStatus.SUSPENDED, SuspendReason.QUOTA
            task.resume_at, task.quota = now(), {"seconds": 60.0, "guesses": 1}
            make_attempt(task, row, phase=AttemptPhase.GATE, mid_stage=True, has_slot=False)
        case "with its budget used":
            task.status, task.suspend_reason = TaskStatus.SUSPENDED, SuspendReason.BUDGET
            task.budget = {"tokens": 5}
            make_attempt(task, row, phase=AttemptPhase.GATE, mid_stage=True, has_slot=False)
            make_gate(task, kind=GateKind.BUDGET, number=1)
        case "with little left":
            task.status, task.budget = TaskStatus.RUNNING, {"tokens": 5, "minutes": 5, "cost": 1}
            make_attempt(task, row, run=2)
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
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    state=st.sampled_from(STATES),
    batches=st.lists(st.tuples(st.lists(BODY, max_size=4), st.lists(LOG, max_size=2)), max_size=4),
)
def test_whatever_a_machine_says_is_acked_and_leaves_the_rows_sound(
    app: Flask, state: str, batches: list[tuple[list[frames.Body], list[tuple[int, bytes]]]]
) -> None:
    machine, task = put(state)
    for bodies, pieces in batches:
        found = [log_frame(task, data, offset) for offset, data in pieces]
        own_bodies = [its_own(task, body) for body in bodies]
        outcome = machine.report_on(task, *own_bodies, attempt=1, logs=found)
        assert outcome.up_to == machine.seq
    check_sound(machine, task)
    found = transcripts.read_page(make_developer(role=SystemRole.ADMIN), task.id, limit=200).items
    attempt = db.session.get_one(Attempt, (task.id, 1))
    assert [entry.number for entry in found] == list(range(attempt.transcript_entries))


def its_own(task: Task, body: frames.Body) -> frames.Body:
    """With the ref, or the branch, of the attempt where it is to be its own."""
    match body:
        case frames.Checkpoint(ref="its own"):
            middle = "-partial" if body.partial else ""
            return replace(body, ref=f"refs/muster/{task.id}/1/{body.stage_index}{middle}")
        case frames.Published(branch="its own"):
            return replace(body, branch=f"muster/{task.id}-1")
    return body


def check_sound(machine: FakeMachine, task: Task) -> None:
    db.session.expire_all()
    attempt = db.session.get_one(Attempt, (task.id, 1))
    assert machine.row.slots_used == int(attempt.has_slot)
    assert 0 <= task.stage_index < len(STAGES)
    assert 0 <= attempt.stage_index < len(STAGES)
    assert set(task.checkpoints) <= {"0", "1", "2"}
    on_machine = (TaskStatus.ASSIGNED, TaskStatus.RUNNING, TaskStatus.SUSPENDED)
    assert (task.status in on_machine) == (attempt.ended_at is None)
    waits = task.suspend_reason if task.status is TaskStatus.SUSPENDED else None
    assert (waits is SuspendReason.QUOTA) <= (task.resume_at is not None)
    if attempt.ended_at is None:
        assert not (attempt.has_slot and attempt.phase is AttemptPhase.GATE)
        asks = waits in (SuspendReason.GATE, SuspendReason.QUESTION, SuspendReason.BUDGET)
        if waits is not SuspendReason.MACHINE_LOST:  # then nobody knows whether it still asks
            assert len(open_gates(task)) == int(asks)
    events_of(task)
    machine.orders()


def open_gates(task: Task) -> list[Gate]:
    query = db.select(Gate).where(Gate.task_id == task.id, Gate.answered_at.is_(None))
    return list(db.session.scalars(query))
