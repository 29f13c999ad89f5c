"""Transactions that wait for one another, as tests of races want them."""

import time

import sqlalchemy as sa

from app.extensions import db

_WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def await_lock_waiter(count: int = 1, seconds: float = 10) -> None:
    """Until so many of this database's transactions wait for a lock."""
    deadline = time.monotonic() + seconds
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.scalar(_WAITING) < count:
            assert time.monotonic() < deadline, "nobody waits for a lock"
            time.sleep(0.01)
