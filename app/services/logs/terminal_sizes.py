"""The sizes of terminals, which recordings need.

Each stage's terminal starts with the size in the stage's order. Only a viewer can change it, while
the machine's terminal socket is open, which then reports the change.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select, text

from app.extensions import db
from app.models import TerminalSize


@dataclass(frozen=True)
class TerminalResize:
    """The terminal has this size from the byte `byte_offset` of its log on."""

    task_id: int
    attempt: int
    byte_offset: int
    cols: int
    rows: int


_STORE = text("""
    INSERT INTO terminal_sizes (task_id, attempt, byte_offset, cols, rows)
    SELECT r.task_id, r.attempt, r.byte_offset, r.cols, r.rows
    FROM jsonb_to_recordset(CAST(:sizes AS jsonb)) AS r(
        task_id bigint, attempt int, byte_offset bigint, cols int, rows int)
    JOIN attempts AS a ON a.task_id = r.task_id AND a.number = r.attempt
    ON CONFLICT (task_id, attempt, byte_offset)
    DO UPDATE SET cols = excluded.cols, rows = excluded.rows
""")


def store_sizes(sizes: Sequence[TerminalResize]) -> None:
    """Store the sizes, at most one per offset of an attempt. Commits."""
    db.session.execute(_STORE, {"sizes": json.dumps([asdict(size) for size in sizes])})
    db.session.commit()


def sizes_of_attempt(task_id: int, attempt: int) -> list[tuple[int, int, int]]:
    """Return the attempt's sizes as (offset, columns, rows), in order."""
    found = db.session.execute(
        select(TerminalSize.byte_offset, TerminalSize.cols, TerminalSize.rows)
        .where(TerminalSize.task_id == task_id, TerminalSize.attempt == attempt)
        .order_by(TerminalSize.byte_offset)
    )
    return [(row.byte_offset, row.cols, row.rows) for row in found]
