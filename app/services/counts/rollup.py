"""Adding up what triggers have noted, in short transactions."""

from sqlalchemy import TextClause, select

from app.extensions import db
from app.postgres import advisory_locks
from app.postgres.advisory_locks import AdvisoryLock

BATCH = 10_000


def fold(lock: AdvisoryLock, statement: TextClause, **about: object) -> int:
    """Carry the statement out until less than a batch is left; how many rows it took in all.

    It takes a `batch` and answers how many rows it took. One folds under the advisory lock at a
    time. Commits.
    """
    total = 0
    while db.session.scalar(select(advisory_locks.try_to_take(lock))):
        folded = db.session.scalar(statement, {"batch": BATCH, **about}) or 0
        db.session.commit()
        total += folded
        if folded < BATCH:
            break
    db.session.rollback()
    return total
