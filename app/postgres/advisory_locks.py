"""Advisory locks: numbers that PostgreSQL lets one transaction lock at a time.

All of ours are here; no row exists that could be locked instead. The numbers are arbitrary but
distinct, and never change: servers of two versions may run side by side.
"""

from enum import IntEnum, unique
from typing import Any

from sqlalchemy import Function, func


@unique
class AdvisoryLock(IntEnum):
    """A number, and what only one transaction may do at a time."""

    MIGRATE = 0x6D75737465720001
    """Alembic's migrations: concurrent `flask db upgrade` runs take turns."""

    DISPATCH = 0x6D757374
    """A dispatcher pass, from reading the machines to the commit."""

    EXPAND_OUTBOX = 0x6D75736F
    """Creating notifications from the outbox: a task's events are expanded in order."""

    ROLL_UP_TASK_COUNTS = 0x6D757363
    """Summing `task_status_changes` into `task_counts`."""

    ROLL_UP_FLEET_COUNTS = 0x6D757366
    """Summing `fleet_increments` into `fleet_counts`."""


def acquire(lock: AdvisoryLock) -> Function[Any]:
    """Return the SQL call that waits for the lock, held until the transaction ends."""
    return func.pg_advisory_xact_lock(lock.value)


def try_acquire(lock: AdvisoryLock) -> Function[Any]:
    """Return the SQL call that tries to lock without waiting and returns whether it's held."""
    return func.pg_try_advisory_xact_lock(lock.value)
