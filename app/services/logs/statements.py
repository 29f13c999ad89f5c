"""The SQL that stores log bytes which simply continue their logs: one statement, which commits.

For each running agent the server executes it several times a second, and little else.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import text

from app import bus
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


class Kept(NamedTuple):
    """The result of `keep`. `ends` has the new lengths of the logs that were stored; the other two
    are the machine's.
    """

    ends: dict[AttemptKey, int]
    journal_seq: int
    orders_version: int


# Under the machine's lock, as all writes about its attempts. A run is stored only if it begins
# where its log ends, and if no reported end of a stage waits for its bytes.
_KEEP = text(f"""
    WITH machine AS (
        SELECT id, journal_seq, orders_version FROM machines
        WHERE id = :machine AND generation = :generation FOR NO KEY UPDATE
    ), run AS (
        SELECT * FROM unnest(
            CAST(:task_ids AS bigint[]), CAST(:attempts AS integer[]), CAST(:offsets AS bigint[]),
            CAST(:lines AS integer[]), CAST(CAST(:marks AS text[]) AS jsonb[]),
            CAST(:data AS bytea[])
        ) AS r(task_id, attempt, byte_offset, lines, marks, data)
    ), grown AS (
        UPDATE attempts AS a
        SET log_bytes = a.log_bytes + length(run.data), log_lines = a.log_lines + run.lines
        FROM run, machine
        WHERE a.task_id = run.task_id AND a.number = run.attempt AND a.machine_id = machine.id
          AND a.log_bytes = run.byte_offset AND a.pending_end IS NULL
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
    {transactions.say("coalesce((SELECT text FROM said)::text, 'null')")}
""").execution_options(prepared="log_keep", commits=transactions.SAID)


def keep(machine_id: uuid.UUID, generation: int, runs: dict[AttemptKey, LogRun]) -> Kept | None:
    """Store the runs that begin where their logs end, and commit; readers are woken. No run may be
    empty.

    Returns None, and stores nothing, if a newer connection of the machine has replaced this one.
    """
    keys: Sequence[AttemptKey] = sorted(runs)
    found = [runs[key] for key in keys]
    asked = {
        "machine": machine_id,
        "generation": generation,
        "task_ids": [task_id for task_id, _ in keys],
        "attempts": [attempt for _, attempt in keys],
        "offsets": [run.offset for run in found],
        "lines": [run.data.count(b"\n") for run in found],
        "marks": [json.dumps(run.marks) for run in found],
        "data": [bytes(run.data) for run in found],
    }
    said = json.loads(db.session.connection().execute(_KEEP, asked).scalar_one())
    journal_seq, orders_version, ends = said or (0, 0, None)
    kept = {AttemptKey(task_id, attempt): end for task_id, attempt, end in ends or ()}
    bus.tell_news(task_id for task_id, _ in kept)
    db.session.commit()
    db.session.expire_all()  # rows in the session are outdated
    if said is None:
        return None
    return Kept(kept, journal_seq, orders_version)
