"""The SQL that appends log bytes to logs and entries to transcripts: one committing statement each.

For each running agent the server executes them several times per second, and little else.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from app import wakeups
from app.domain import storage_limits
from app.domain.transcript import MAX_RUNNING as _MAX_RUNNING
from app.extensions import db
from app.postgres import transactions
from muster.protocol.attempt_key import AttemptKey


@dataclass
class LogRun:
    """Consecutive bytes of an attempt's log, from `offset` on; `marks` are as in `LogChunk`."""

    offset: int
    data: bytearray = field(default_factory=bytearray)
    marks: list[list[int]] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.offset + len(self.data)

    @property
    def cost(self) -> int:
        return storage_limits.storage_cost(len(self.data), len(self.marks))


class AppendResult(NamedTuple):
    """The result of `append_logs`. `ends` has the new lengths of the stored logs; the other two
    are the machine's.
    """

    ends: dict[AttemptKey, int]
    journal_seq: int
    orders_version: int


# For an attempt whose workspace or log was deleted, nothing is stored; otherwise as much as the
# limit allows.
_HAS_SPACE = """
    a.forgotten_at IS NULL AND a.log_expired_at IS NULL
    AND a.stored_bytes + %s <= coalesce(a.max_stored_bytes, CAST(:most AS bigint))
"""

# Under the machine's lock, like all writes about its attempts. A run is stored only if it starts
# where its log ends, the limit allows it, and no reported end of a stage waits for its bytes.
_APPEND_LOGS = text(f"""
    WITH machine AS (
        SELECT id, journal_seq, orders_version FROM machines
        WHERE id = :machine AND generation = :generation FOR NO KEY UPDATE
    ), run AS (
        SELECT * FROM unnest(
            CAST(:task_ids AS bigint[]), CAST(:attempts AS integer[]), CAST(:offsets AS bigint[]),
            CAST(:lines AS integer[]), CAST(CAST(:marks AS text[]) AS jsonb[]),
            CAST(:data AS bytea[]), CAST(:costs AS bigint[])
        ) AS r(task_id, attempt, byte_offset, lines, marks, data, cost)
    ), grown AS (
        UPDATE attempts AS a
        SET log_bytes = a.log_bytes + length(run.data), log_lines = a.log_lines + run.lines,
            active_at = :now,
            stored_bytes = a.stored_bytes + run.cost
        FROM run, machine
        WHERE a.task_id = run.task_id AND a.number = run.attempt AND a.machine_id = machine.id
          AND a.log_bytes = run.byte_offset AND a.pending_exit IS NULL
          AND jsonb_array_length(a.log_gaps) < {storage_limits.MAX_GAPS}
          AND {_HAS_SPACE % "run.cost"}
        RETURNING run.*, a.log_bytes AS log_end, a.log_lines - run.lines AS first_line
    ), kept AS (
        INSERT INTO log_chunks (task_id, attempt, byte_offset, size, first_line, lines, marks, data)
        SELECT task_id, attempt, byte_offset, length(data), first_line, lines, marks, data
        FROM grown
    ), said AS (
        SELECT jsonb_build_array(journal_seq, orders_version, (
            SELECT jsonb_agg(jsonb_build_array(task_id, attempt, log_end)) FROM grown
        )) AS text FROM machine
    )
    {transactions.returning_text("coalesce((SELECT text FROM said)::text, 'null')")}
""").execution_options(prepared="log_append", commits=transactions.RETURNING_TEXT)


def append_logs(
    machine_id: uuid.UUID,
    generation: int,
    runs: dict[AttemptKey, LogRun],
    most: int,
    now: datetime,
) -> AppendResult | None:
    """Store the runs that start where their logs end, and commit; readers are woken. No run may be
    empty.

    For a live attempt, `most` bytes are stored in total. Returns None, and stores nothing, if a
    newer connection of the machine has replaced this one.
    """
    keys: Sequence[AttemptKey] = sorted(runs)
    found = [runs[key] for key in keys]
    parameters = {
        "machine": machine_id,
        "generation": generation,
        "task_ids": [task_id for task_id, _ in keys],
        "attempts": [attempt for _, attempt in keys],
        "offsets": [run.offset for run in found],
        "lines": [run.data.count(b"\n") for run in found],
        "marks": [json.dumps(run.marks) for run in found],
        "data": [bytes(run.data) for run in found],
        "costs": [run.cost for run in found],
        "most": most,
        "now": now,
    }
    result = json.loads(db.session.connection().execute(_APPEND_LOGS, parameters).scalar_one())
    journal_seq, orders_version, ends = result or (0, 0, None)
    stored_ends = {AttemptKey(task_id, attempt): end for task_id, attempt, end in ends or ()}
    wakeups.publish_task_changes(task_id for task_id, _ in stored_ends)
    db.session.commit()
    db.session.expire_all()  # rows in the session are outdated
    if result is None:
        return None
    return AppendResult(stored_ends, journal_seq, orders_version)


@dataclass(frozen=True)
class EntryChunk:
    """A run of an attempt's transcript, as in `TranscriptChunk`; `running` are those of its entries
    that run, as in `Attempt.running_entries`.
    """

    first: int
    count: int
    stage_index: int
    run: int
    first_ms: int
    last_ms: int
    data: bytes
    running: list[list[str | int]] = field(default_factory=list)

    @property
    def cost(self) -> int:
        return storage_limits.storage_cost(len(self.data))


# Under the machine's lock, too. Chunks are stored, and their reports counted, only if the reports
# are the journal's next ones and the entries the transcript's.
_APPEND_ENTRIES = text(f"""
    WITH machine AS (
        SELECT id, orders_version FROM machines
        WHERE id = :machine AND generation = :generation AND journal_seq = :known_seq
        FOR NO KEY UPDATE
    ), grown AS (
        UPDATE attempts AS a SET transcript_entries = a.transcript_entries + :entries,
            stored_bytes = a.stored_bytes + :cost, active_at = :now,
            running_entries = CASE
                WHEN a.ended_at IS NULL AND jsonb_array_length(a.running_entries) < {_MAX_RUNNING}
                THEN a.running_entries || CAST(:running AS jsonb) ELSE a.running_entries END
        FROM machine
        WHERE a.task_id = :task_id AND a.number = :attempt AND a.machine_id = machine.id
          AND a.transcript_entries = :first AND {_HAS_SPACE % "CAST(:cost AS bigint)"}
        RETURNING a.task_id, a.number, machine.id AS machine_id, machine.orders_version
    ), counted AS (
        UPDATE machines AS m SET journal_seq = :up_to FROM grown WHERE m.id = grown.machine_id
    ), kept AS (
        INSERT INTO transcript_chunks (
            task_id, attempt, first, count, stage_index, run, size, first_ms, last_ms, data
        )
        SELECT grown.task_id, grown.number, c.first, c.count, c.stage_index, c.run, length(c.data),
               c.first_ms, c.last_ms, c.data
        FROM grown, unnest(
            CAST(:firsts AS bigint[]), CAST(:counts AS integer[]),
            CAST(:stage_indexes AS integer[]), CAST(:runs AS integer[]),
            CAST(:first_ms AS bigint[]), CAST(:last_ms AS bigint[]), CAST(:data AS bytea[])
        ) AS c(first, count, stage_index, run, first_ms, last_ms, data)
    )
    {transactions.returning_text("coalesce((SELECT orders_version FROM grown)::text, '')")}
""").execution_options(prepared="transcript_append", commits=transactions.RETURNING_TEXT)


def append_entries(
    machine_id: uuid.UUID,
    generation: int,
    seqs: tuple[int, int],
    key: AttemptKey,
    chunks: Sequence[EntryChunk],
    most: int,
    now: datetime,
) -> int | None:
    """Store consecutive chunks of one attempt, count their reports, the first and the last of which
    are `seqs`, and commit.

    Readers are woken. `most` as in `append_logs`. Returns the machine's orders_version; or None,
    having stored nothing, if they aren't the next ones.
    """
    parameters = {
        "machine": machine_id,
        "generation": generation,
        "known_seq": seqs[0] - 1,
        "up_to": seqs[1],
        "task_id": key.task_id,
        "attempt": key.attempt,
        "first": chunks[0].first,
        "entries": sum(chunk.count for chunk in chunks),
        "firsts": [chunk.first for chunk in chunks],
        "counts": [chunk.count for chunk in chunks],
        "stage_indexes": [chunk.stage_index for chunk in chunks],
        "runs": [chunk.run for chunk in chunks],
        "first_ms": [chunk.first_ms for chunk in chunks],
        "last_ms": [chunk.last_ms for chunk in chunks],
        "data": [chunk.data for chunk in chunks],
        "cost": sum(chunk.cost for chunk in chunks),
        "most": most,
        "now": now,
        "running": json.dumps([row for chunk in chunks for row in chunk.running][:_MAX_RUNNING]),
    }
    orders_version = db.session.connection().execute(_APPEND_ENTRIES, parameters).scalar_one()
    if orders_version:
        wakeups.publish_task_changes([key.task_id])
        if any(chunk.running for chunk in chunks):
            wakeups.publish_activity(key.task_id)
    db.session.commit()
    db.session.expire_all()  # rows in the session are outdated
    return int(orders_version) if orders_version else None
