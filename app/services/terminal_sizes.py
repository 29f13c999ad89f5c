"""How large terminals were, which their recordings need.

Each stage's terminal begins with the size that it was ordered with, and has another only because
somebody who looks gave it that: the machine's socket is there then, and says so.
"""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.extensions import db
from app.models import TerminalSize


def note(task_id: int, attempt: int, offset: int, cols: int, rows: int) -> None:
    """The terminal has that size from the byte at `offset` on. Commits."""
    size = insert(TerminalSize).values(
        task_id=task_id, attempt=attempt, byte_offset=offset, cols=cols, rows=rows
    )
    latest = {"cols": size.excluded.cols, "rows": size.excluded.rows}
    db.session.execute(size.on_conflict_do_update(index_elements=_KEY, set_=latest))
    db.session.commit()


_KEY = [TerminalSize.task_id, TerminalSize.attempt, TerminalSize.byte_offset]


def of_attempt(task_id: int, attempt: int) -> list[tuple[int, int, int]]:
    """Offset, columns and rows of each, in order."""
    found = db.session.execute(
        select(TerminalSize.byte_offset, TerminalSize.cols, TerminalSize.rows)
        .where(TerminalSize.task_id == task_id, TerminalSize.attempt == attempt)
        .order_by(TerminalSize.byte_offset)
    )
    return [(row.byte_offset, row.cols, row.rows) for row in found]
