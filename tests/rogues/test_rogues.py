"""Whatever a machine with good credentials says to a real server: others' tasks are as they were,
an honest machine beside it is served, no process grows much, and what is stored has an end.
"""

import json
import struct
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from app.domain import storage_limits
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Attempt, AuditEntry, LogChunk, Machine, Task
from app.services.tasks import tasks as tasks_service
from muster.protocol import codec, frames
from tests.app.control_channel.conftest import MakeMachine
from tests.app.control_channel.connection_world import RowOf, assign, wait_for
from tests.factories import make_developer
from tests.gunicorns import Gunicorn
from tests.rogues import mutations
from tests.rogues.rogue import GONE, Rogue, every_kind, shuffled, small_chunks
from tests.rogues.witness import Witness

OFTEN = 1_000
MIB = 1 << 20

NewRogue = Callable[[], tuple[Rogue, Task]]


@pytest.fixture
def new_rogue(new_machine: MakeMachine, witness: Witness) -> NewRogue:
    def make() -> tuple[Rogue, Task]:
        """A rogue that runs a task's first stage."""
        machine = new_machine()
        machine.connect()
        task = assign(machine)
        order = machine.wait_for(frames.RunStage)
        rogue = Rogue(machine, witness.has_heartbeat)
        for body in (frames.Accepted(), frames.StageStarted(0)):
            frame = rogue.report_frames(order.task_id, 1, msgspec.to_builtins(body))
            machine.socket.send(json.dumps(frame))
        rogue.wait_until_acked()
        return rogue, task

    return make


def database_size() -> int:
    db.session.rollback()
    return int(db.session.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)


def audited_reasons(rogue: Rogue) -> list[str]:
    """For what the audit log tells of it."""
    db.session.rollback()
    mine = AuditEntry.target_id == rogue.machine.machine_id
    query = sa.select(AuditEntry).where(mine, AuditEntry.action == "machine.misbehaved")
    return sorted(entry.changes["after"]["reason"] for entry in db.session.scalars(query))


# ---- every field ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.__name__)
def test_every_field_of_every_report_may_lie(
    kind: type[frames.ReportBody], witness: Witness, new_rogue: NewRogue
) -> None:
    rogue, task = new_rogue()
    honest = mutations.valid_fields(msgspec.inspect.type_info(kind))
    for body in [lie.frame for lie in mutations.mutations_of(kind)] or [honest]:
        for about, attempt in ((task.id, 1), (witness.task.id, 1), (task.id, 9), (1 << 40, 1)):
            rogue.send_frames([rogue.report_frames(about, attempt, body)])
    rogue.wait_until_acked()
    assert rogue.returns == 0, "a report may be refused, but its connection stays"
    assert len(audited_reasons(rogue)) <= 3


@pytest.mark.parametrize(
    "kind", [frames.Heartbeat, frames.TerminalClosed], ids=lambda kind: kind.__name__
)
def test_every_field_of_every_other_frame_may_lie(
    kind: type[frames.Frame], witness: Witness, new_rogue: NewRogue
) -> None:
    rogue, _ = new_rogue()
    for lie in mutations.mutations_of(kind):
        rogue.send_frames([lie.frame])
    rogue.wait_until_acked()


def test_every_field_of_a_hello_may_lie(
    witness: Witness, new_machine: MakeMachine, row_of: RowOf
) -> None:
    machine = new_machine()
    known = {"type": "hello", "workerJwt": machine.worker_jwt, "machineId": machine.machine_id}
    for lie in mutations.mutations_of(frames.Hello, **known, protocol=3):
        machine.dial()
        try:
            machine.socket.send(json.dumps(lie.frame))
            machine.socket.recv(timeout=10)
        except GONE:
            pass
    machine.connect()
    row = row_of(machine)
    assert row.slots_total <= 64
    assert len(json.dumps([row.capabilities, row.repositories, row.sandbox])) < 2 * MIB


@pytest.mark.parametrize("number", [0, (1 << 62) - 1, 1 << 62, (1 << 64) - 1])
def test_every_number_of_a_log_frame_may_lie(
    number: int, witness: Witness, new_rogue: NewRogue
) -> None:
    rogue, task = new_rogue()
    true = [1, task.id, 1, 0, 0, 0]
    limits = [0xFF, (1 << 64) - 1, (1 << 32) - 1, (1 << 16) - 1, (1 << 64) - 1, (1 << 64) - 1]
    for place, limit in enumerate(limits):
        head = [*true]
        head[place] = min(number, limit)
        for data in (b"", b"x", b"x" * codec.MAX_DATA_BYTES, b"x" * (codec.MAX_DATA_BYTES + 1)):
            rogue.send_frames([struct.pack(">BQIHQQ", *head) + data])
    rogue.send_frames([struct.pack(">BQIHQQ", 1, witness.task.id, 1, 0, 7, 0) + b"forged"])
    rogue.send_frames([b"", b"\x01", b"\x01" * 30])


# ---- again and again, and in any order -----------------------------------------------------------


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.__name__)
def test_what_is_said_a_thousand_times_is_stored_within_bounds(
    kind: type[frames.ReportBody], witness: Witness, new_rogue: NewRogue
) -> None:
    rogue, task = new_rogue()
    before = database_size()
    body = mutations.valid_fields(msgspec.inspect.type_info(kind))
    for number in range(OFTEN):
        frame = rogue.report_frames(task.id, 1, body)
        rogue.send_frames([frame, frame] if number % 10 == 0 else [frame])
    rogue.wait_until_acked()
    assert database_size() - before < 32 * MIB
    db.session.rollback()
    assert db.session.get_one(Task, task.id, populate_existing=True).events < OFTEN + 100


@pytest.mark.parametrize("seed", range(4))
def test_what_is_said_in_any_order_leaves_the_rows_sound(
    seed: int, witness: Witness, new_rogue: NewRogue, row_of: RowOf
) -> None:
    rogue, task = new_rogue()
    bodies = [mutations.valid_fields(msgspec.inspect.type_info(kind)) for kind in every_kind()]
    bodies += [body | {"stageIndex": 1} for body in bodies if "stageIndex" in body]
    for body in shuffled(bodies, seed, OFTEN):
        rogue.send_frames([rogue.report_frames(task.id, 1, body)])
    rogue.wait_until_acked()
    db.session.rollback()
    attempt = db.session.get_one(Attempt, (task.id, 1), populate_existing=True)
    assert row_of(rogue.machine).slots_used == int(attempt.has_slot)


def test_numbers_of_reports_may_jump_about(witness: Witness, new_rogue: NewRogue) -> None:
    rogue, task = new_rogue()
    for seq in (5, 3, 1 << 40, 4, (1 << 62) - 1, 6, 0):
        note = {"kind": "note", "level": "info", "text": str(seq)}
        rogue.send_frames(
            [{"type": "report", "seq": seq, "taskId": task.id, "attempt": 1, "body": note}]
        )
    wait_for(lambda: _journal(rogue) == (1 << 62) - 1)


def _journal(rogue: Rogue) -> int:
    db.session.rollback()
    row = db.session.get_one(Machine, rogue.machine.machine_id, populate_existing=True)
    return row.journal_seq


# ---- floods --------------------------------------------------------------------------------------


def test_of_64_mib_of_log_on_an_ended_task_4_are_stored(
    witness: Witness, new_rogue: NewRogue
) -> None:
    rogue, task = new_rogue()
    db.session.rollback()
    tasks_service.cancel(make_developer(role=SystemRole.ADMIN), task.id)
    machine = rogue.machine
    for start in range(0, 64 * MIB, MIB):
        for at in range(start, start + MIB, codec.MAX_DATA_BYTES):
            machine.socket.send(
                codec.encode_log(frames.Log(task.id, 1, 0, at, 0, b"x" * codec.MAX_DATA_BYTES))
            )
        machine.wait_until_stored(frames.LogAck(task.id, 1, 0), start + MIB)
    db.session.rollback()
    size = sa.select(sa.func.sum(sa.func.length(LogChunk.data)))
    assert (
        db.session.scalar(size.where(LogChunk.task_id == task.id)) <= storage_limits.MAX_LATE_BYTES
    )
    assert audited_reasons(rogue) == ["limit_exceeded"]


def test_a_flood_of_small_frames_holds_nobody_up(
    witness: Witness, new_rogue: NewRogue, server: Gunicorn
) -> None:
    """Heartbeats with facts, of which each is a statement and wakes the dispatcher."""
    rogue, _ = new_rogue()
    beats: list[dict[str, Any]] = [
        {"type": "heartbeat", "number": n, "repositories": [f"https://h/{n}"]} for n in range(2_000)
    ]
    for start in range(0, len(beats), 100):
        rogue.send_frames(beats[start : start + 100])
        witness.has_heartbeat()
    wait_for(lambda: "machine_throttled" in server.log)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"\x81\xff" + struct.pack(">Q", 1 << 40), id="a frame of a terabyte"),
        pytest.param(b"\x01\xfe" + struct.pack(">H", 60_000), id="a message without an end"),
    ],
)
def test_a_message_of_any_size_costs_no_memory(
    head: bytes, witness: Witness, new_rogue: NewRogue
) -> None:
    rogue, _ = new_rogue()
    mask = bytes(4)
    if head[0] & 0x80:
        small_chunks(rogue, head + mask + b"x" * (300 * MIB))
    else:
        part = mask + b"x" * 60_000
        small_chunks(rogue, head + part + (b"\x00\xfe" + struct.pack(">H", 60_000) + part) * 5_000)
    rogue.connect()


def test_frames_as_large_as_may_be_wait_where_they_come_from(
    witness: Witness, new_rogue: NewRogue
) -> None:
    rogue, task = new_rogue()
    note = {"kind": "note", "level": "info", "text": "é" * 150_000}
    rogue.send_frames([rogue.report_frames(task.id, 1, note) for _ in range(200)])
    rogue.wait_until_acked()


def test_who_comes_again_and_again_holds_nobody_up(
    witness: Witness, new_machine: MakeMachine
) -> None:
    machine = new_machine()
    for number in range(300):
        machine.connect()
        if number % 50 == 0:
            witness.has_heartbeat()
