"""An enrolled machine that lies, in words of its own: as they come over the line."""

import uuid
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain import storage_limits
from app.domain.roles import SystemRole
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Attempt, Event, Machine, Task, Usage
from app.services import settings
from app.services.machines import enrollment
from app.services.tasks import tasks
from muster.protocol import frames
from muster.protocol.bounds import MAX_MESSAGE_CHARS
from tests.app.services.fake_machine import events_of, log_of, make_driven, make_live, warnings_of
from tests.attacks.misbehaving_machine import (
    MIB,
    MisbehavingMachine,
    audited_misbehavior,
    make_running_task,
    refused,
    stored_log_bytes,
)
from tests.factories import (
    make_developer,
    make_enrollment_token,
    make_machine,
)
from tests.rogues import mutations


@pytest.fixture
def admin(app: Flask) -> Any:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def misbehaving_machine(app: Flask) -> MisbehavingMachine:
    machine = MisbehavingMachine(make_machine().id)
    machine.hello()
    return machine


@pytest.fixture
def task(misbehaving_machine: MisbehavingMachine) -> Task:
    return make_running_task(misbehaving_machine)


# ---- slots ---------------------------------------------------------------------------------------


def test_a_machine_has_no_more_slots_than_it_may_give_itself(app: Flask) -> None:
    machine = MisbehavingMachine(make_machine(connected_at=None).id, slots=(1 << 31) - 1)
    machine.hello()
    assert machine.row.slots_total == 64
    assert audited_misbehavior() == [
        {
            "reason": "limit_exceeded",
            "about": "it requested 2147483647 slots; at most 64 are allowed",
        },
    ]
    assert refused() == {"limit_exceeded": 1}


def test_admins_say_how_many_slots_machines_may_give_themselves(admin: Any) -> None:
    settings.update(admin, {"maxSlots": 3})
    machine = MisbehavingMachine(make_machine(connected_at=None).id, slots=4)
    machine.hello()
    assert machine.row.slots_total == 3


def test_a_machine_that_enrolls_has_no_more_of_them_either(app: Flask) -> None:
    _, token = make_enrollment_token()
    given = enrollment.register(uuid.uuid4(), token, name="m", slots=1000)
    assert given.machine.machine.slots_total == 64


# ---- texts ---------------------------------------------------------------------------------------


def test_an_error_text_of_900_kb_stands_in_nobodys_lists(
    misbehaving_machine: MisbehavingMachine, task: Task
) -> None:
    misbehaving_machine.report_raw(
        {"kind": "failed", "code": "c" * 900, "message": "m" * 900_000}, task=task
    )
    db.session.refresh(task)
    assert task.status is TaskStatus.FAILED
    assert len((task.failure or {})["message"]) == MAX_MESSAGE_CHARS
    assert len((task.failure or {})["code"]) == 64
    longest = sa.select(sa.func.max(sa.func.length(Event.message))).where(Event.task_id == task.id)
    assert (db.session.scalar(longest) or 0) <= MAX_MESSAGE_CHARS + 100


# ---- logs ----------------------------------------------------------------------------------------


def test_of_64_mib_of_log_on_an_ended_task_4_are_kept(
    misbehaving_machine: MisbehavingMachine, task: Task, admin: Any
) -> None:
    tasks.cancel(admin, task.id)
    assert misbehaving_machine.flood_log(task, 64 * MIB) == 64 * MIB
    assert 3 * MIB < stored_log_bytes(task) <= storage_limits.MAX_LATE_BYTES
    [[start, end]] = make_live(task).log_gaps
    assert (start, end) == (stored_log_bytes(task), 64 * MIB)
    assert [entry["reason"] for entry in audited_misbehavior()] == ["limit_exceeded"]
    assert len([text for text in warnings_of(task) if "not kept" in text]) <= 1


def test_of_a_log_as_much_is_kept_as_the_setting_says(
    misbehaving_machine: MisbehavingMachine, task: Task, admin: Any
) -> None:
    settings.update(admin, {"maxLogMegabytes": 1})
    settings.value("maxLogMegabytes")
    misbehaving_machine.flood_log(task, 3 * MIB)
    assert MIB // 2 < stored_log_bytes(task) <= MIB
    misbehaving_machine.report_finished(task)
    assert make_live(task).stage_index == 1, "the task goes on"


def test_a_log_in_pieces_of_one_byte_is_kept_only_as_far_as_it_costs(
    misbehaving_machine: MisbehavingMachine, task: Task, admin: Any
) -> None:
    settings.update(admin, {"maxLogMegabytes": 1})
    settings.value("maxLogMegabytes")
    attempt = make_live(task)
    attempt.stored_bytes = MIB - 1000
    db.session.commit()
    for at in range(10):
        misbehaving_machine.apply([], [frames.Log(task.id, 1, 0, at, 0, b"x")])
    assert stored_log_bytes(task) == 1000 // 289


def test_a_log_has_so_many_gaps_and_no_more(
    misbehaving_machine: MisbehavingMachine, task: Task
) -> None:
    attempt, most = make_live(task), storage_limits.MAX_GAPS
    attempt.log_gaps = [[2 * n, 2 * n + 1] for n in range(most - 2)]
    attempt.log_bytes = start = 2 * most - 5
    db.session.commit()
    for at in range(start, start + 20, 2):
        misbehaving_machine.apply([], [frames.Log(task.id, 1, 0, at, 0, b"x")])
        misbehaving_machine.report_raw(
            {"kind": "log-lost", "start": at + 1, "end": at + 2}, task=task
        )
    assert (len(make_live(task).log_gaps), make_live(task).log_gaps[-1]) == (
        most,
        [start + 3, start + 20],
    )
    assert stored_log_bytes(task) == 2


def test_a_forgotten_attempt_takes_nothing_more(
    misbehaving_machine: MisbehavingMachine, task: Task, admin: Any
) -> None:
    tasks.cancel(admin, task.id)
    misbehaving_machine.report_on(task, frames.Stopped(), frames.WorkspaceFacts("removed"))
    before = events_of(task)
    note = frames.Note("info", "late")
    outcome = misbehaving_machine.report_on(
        task, note, logs=[frames.Log(task.id, 1, 0, 0, 0, b"late")]
    )
    assert outcome.stale == {(task.id, 1)}
    assert (events_of(task), stored_log_bytes(task)) == (before, 0)


# ---- refs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ref",
    ["refs/heads/main", "refs/muster/{id}/1/1", "refs/muster/{id}/2/0", "refs/muster/{id}/1/0x"],
)
def test_a_checkpoint_lies_where_the_server_says_and_nowhere_else(
    misbehaving_machine: MisbehavingMachine, task: Task, ref: str
) -> None:
    base = {"commit": mutations.COMMIT, "tree": mutations.COMMIT}
    body = {"kind": "checkpoint", "stageIndex": 0, "commit": mutations.COMMIT, "follows": base}
    misbehaving_machine.report_raw({**body, "ref": ref.format(id=task.id)}, task=task)
    db.session.refresh(task)
    assert task.checkpoints == {}
    assert [entry["reason"] for entry in audited_misbehavior()] == ["forged"]
    misbehaving_machine.report_raw({**body, "ref": f"refs/muster/{task.id}/1/0"}, task=task)
    db.session.refresh(task)
    assert task.checkpoints["0"]["ref"] == f"refs/muster/{task.id}/1/0"


def test_no_other_branch_is_published(misbehaving_machine: MisbehavingMachine, task: Task) -> None:
    for stage in range(3):
        misbehaving_machine.report_on(
            task, frames.StageStarted(stage), frames.StageFinished(stage, 0, "exit")
        )
    made = frames.Revision(mutations.COMMIT, mutations.COMMIT)
    misbehaving_machine.report_on(task, frames.PublishPreview(0, made.commit, made.tree, made))
    body = {"kind": "published", "commit": made.commit, "tree": made.tree, "diff": {}}
    misbehaving_machine.report_raw({**body, "branch": "main"}, task=task)
    db.session.refresh(task)
    assert (task.status, task.result) == (TaskStatus.RUNNING, None)
    misbehaving_machine.report_raw({**body, "branch": f"muster/{task.id}-1"}, task=task)
    db.session.refresh(task)
    assert task.status is TaskStatus.COMPLETED


# ---- too many ------------------------------------------------------------------------------------


def test_a_task_that_has_been_told_too_much_of_still_comes_to_its_end(
    misbehaving_machine: MisbehavingMachine, task: Task
) -> None:
    task.events = storage_limits.MAX_EVENTS  # as if it had been told so much
    db.session.commit()
    misbehaving_machine.report_on(task, *[frames.Note("info", "x")] * 500)
    db.session.refresh(task)
    assert task.events == storage_limits.MAX_EVENTS + 1, "the warning"
    for stage in range(3):
        misbehaving_machine.report_on(task, frames.StageFinished(stage, 0, "exit"))
    misbehaving_machine.report_published(task)
    db.session.refresh(task)
    assert task.status is TaskStatus.COMPLETED


def test_what_an_agent_wants_known_of_its_progress_counts_as_well(
    misbehaving_machine: MisbehavingMachine, task: Task
) -> None:
    task.events = storage_limits.MAX_EVENTS - 5
    db.session.commit()
    entry = {"atMs": 0, "kind": "message", "text": "x", "data": {"progress": True}}
    body = {"kind": "transcript", "stageIndex": 0, "first": 0, "entries": [entry] * 400}
    misbehaving_machine.report_raw(body, task=task)
    db.session.refresh(task)
    assert task.events == storage_limits.MAX_EVENTS


def test_usage_of_so_many_runs_is_kept_and_no_more(
    misbehaving_machine: MisbehavingMachine, task: Task
) -> None:
    items = [{"model": "m", "inputTokens": 1}]
    runs = [
        {"kind": "usage", "stageIndex": 0, "agent": "a", "items": items, "run": n}
        for n in (0, storage_limits.MAX_RUNS - 1, storage_limits.MAX_RUNS, (1 << 31) - 1)
    ]
    misbehaving_machine.report_raw(*runs, task=task)
    found = db.session.scalars(sa.select(Usage.run).where(Usage.task_id == task.id))
    assert set(found) == {0, storage_limits.MAX_RUNS - 1}


def test_only_so_many_questions_are_asked_of_people(
    misbehaving_machine: MisbehavingMachine, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.tasks.questions.MAX_QUESTIONS", 3)
    bodies = [{"kind": "asked", "stageIndex": 0, "number": n, "question": "?"} for n in range(10)]
    misbehaving_machine.report_raw(*bodies, task=task)
    suspensions = events_of(task).count(EventType.SUSPENDED)
    assert (suspensions, refused()) == (3, {"limit_exceeded": 7})


# ---- told once -----------------------------------------------------------------------------------


def test_a_machine_that_misbehaves_is_told_of_once(
    misbehaving_machine: MisbehavingMachine, task: Task
) -> None:
    for _ in range(3):
        outcome = misbehaving_machine.report_raw(*[{"kind": "melted"}] * 50, task=task)
        assert outcome.up_to == misbehaving_machine.seq, "none blocks those behind it"
    assert [entry["reason"] for entry in audited_misbehavior()] == ["malformed"]
    assert len(warnings_of(task)) == 1
    assert refused() == {"malformed": 150}


# ---- every field ---------------------------------------------------------------------------------


def rows_of(task: Task) -> tuple[Any, ...]:
    """All that is stored of the task, but for its machine's."""
    db.session.expire_all()
    found = db.session.get_one(Task, task.id), db.session.get_one(Attempt, (task.id, 1))
    columns = [{c.key: getattr(row, c.key) for c in sa.inspect(type(row)).columns} for row in found]
    return (*columns, events_of(task), stored_log_bytes(task))


@pytest.mark.parametrize("kind", mutations.BODIES, ids=lambda kind: kind.__name__)
def test_every_field_of_every_report_may_lie(
    admin: Any, misbehaving_machine: MisbehavingMachine, task: Task, kind: type[frames.ReportBody]
) -> None:
    honest = make_driven()
    other = make_running_task(honest)
    honest.apply([], [frames.Log(other.id, 1, 0, 0, 0, b"honest")])
    before = rows_of(other)
    bodies = [lie.frame for lie in mutations.mutations_of(kind)] or [
        mutations.valid_fields(msgspec.inspect.type_info(kind))
    ]
    for start in range(0, len(bodies), 64):
        batch = bodies[start : start + 64]
        for about, attempt in ((task, 1), (other, 1), (task, 7), (Task(id=1 << 40), 1)):
            outcome = misbehaving_machine.report_raw(*batch, task=about, attempt=attempt)
            assert outcome.up_to == misbehaving_machine.seq
    assert rows_of(other) == before
    assert log_of(admin, other) == b"honest"
    honest.report_finished(other)
    assert make_live(other).stage_index == 1
    assert len(audited_misbehavior()) <= 3
    machine = db.session.get_one(Machine, misbehaving_machine.machine_id, populate_existing=True)
    assert machine.slots_used in (0, 1)
