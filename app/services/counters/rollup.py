"""Adding moves to counts, in short transactions."""

from sqlalchemy import TextClause, select

from app.extensions import db
from app.postgres import advisory_locks
from app.postgres.advisory_locks import AdvisoryLock

BATCH = 10_000


def roll_up(lock: AdvisoryLock, statement: TextClause, **about: object) -> int:
    """Execute the statement until less than a batch is left. Returns the total number of processed
    rows.

    The statement takes :batch, and returns how many rows it processed. `lock` lets one process do
    it at a time; others do nothing. Commits after each batch.
    """
    total = 0
    while db.session.scalar(select(advisory_locks.try_acquire(lock))):
        moved = db.session.scalar(statement, {"batch": BATCH, **about}) or 0
        db.session.commit()
        total += moved
        if moved < BATCH:
            break
    db.session.rollback()
    return total
