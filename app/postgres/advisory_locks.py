"""Advisory locks: numbers that PostgreSQL lets one transaction lock at a time.

All of ours stand here; what they guard is in no row that could be locked instead. The numbers are
any, so long as they differ. They stay what they are: while a server of this version and one of
another run side by side, both must mean the same.
"""

from enum import IntEnum, unique
from typing import Any

from sqlalchemy import Function, func


@unique
class AdvisoryLock(IntEnum):
    """A number, and what may be done by one transaction at a time."""

    MIGRATE = 0x6D75737465720001
    """Alembic's migrations: two `flask db upgrade` at once are done one after the other."""

    DISPATCH = 0x6D757374
    """A pass of the dispatcher, from its look at the machines to its commit."""

    EXPAND_OUTBOX = 0x6D75736F
    """From the outbox to notifications: a task's events are expanded in their order."""

    ROLL_UP_TASK_COUNTS = 0x6D757363
    """Adding `task_status_changes` up into `task_counts`."""

    ROLL_UP_FLEET_COUNTS = 0x6D757366
    """Adding `fleet_increments` up into `fleet_counts`."""


def acquire(lock: AdvisoryLock) -> Function[Any]:
    """The SQL call that waits for the lock, which is held until the transaction ends."""
    return func.pg_advisory_xact_lock(lock.value)


def try_acquire(lock: AdvisoryLock) -> Function[Any]:
    """The SQL call that says whether the transaction holds the lock now; it does not wait."""
    return func.pg_try_advisory_xact_lock(lock.value)
