"""Requested terminals. Orders to machines to open them follow from these rows.

Every write raises `orders_version` of the machines that must connect, in the same statement.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text

from app import wakeups
from app.extensions import db
from app.models import Attempt

REQUEST_LIFETIME = timedelta(seconds=60)
# How long a machine has to connect before it's asked again.
DIAL_TIMEOUT = timedelta(seconds=5)

_BUMP_ORDERS_VERSION = """
    UPDATE machines SET orders_version = orders_version + 1
    WHERE id IN (SELECT a.machine_id FROM attempts AS a
                 JOIN wanted AS w ON w.task_id = a.task_id AND w.attempt = a.number
                 WHERE w.requested_at = :now)
    RETURNING id
"""
_REQUEST = text(f"""
    WITH wanted AS (
        INSERT INTO terminals AS t (task_id, attempt, wanted_until, dial_requests, requested_at)
        VALUES (:task, :attempt, :until, 1, :now)
        ON CONFLICT (task_id, attempt) DO UPDATE SET
            wanted_until = greatest(t.wanted_until, excluded.wanted_until),
            dial_requests = t.dial_requests
                + CASE WHEN t.wanted_until < :now THEN 1 ELSE 0 END,
            requested_at = CASE WHEN t.wanted_until < :now THEN :now ELSE t.requested_at END
        RETURNING t.task_id, t.attempt, t.requested_at
    ) {_BUMP_ORDERS_VERSION}
""")
_RENEW = text(f"""
    WITH wanted AS (
        UPDATE terminals AS t SET
            wanted_until = greatest(t.wanted_until, :until),
            dial_requests = t.dial_requests
                + CASE WHEN s.absent OR t.wanted_until < :now THEN 1 ELSE 0 END,
            requested_at = CASE WHEN s.absent OR t.wanted_until < :now THEN :now
                ELSE t.requested_at END
        FROM (SELECT * FROM jsonb_to_recordset(CAST(:watched AS jsonb))
              AS r(task_id bigint, attempt int, absent boolean)) AS s
        WHERE t.task_id = s.task_id AND t.attempt = s.attempt
          AND (NOT s.absent OR t.requested_at < :patience)
        RETURNING t.task_id, t.attempt, t.requested_at
    ) {_BUMP_ORDERS_VERSION}
""")
_CANCEL = text("""
    UPDATE terminals SET wanted_until = :now
    WHERE task_id = :task AND attempt = :attempt AND wanted_until > :now
""")


class WatchedTerminal(NamedTuple):
    """An attempt whose terminal has viewers. `absent`: the machine's socket isn't open."""

    task_id: int
    attempt: int
    absent: bool


def request_open(attempt: Attempt, now: datetime) -> None:
    """Record that someone will soon open the attempt's terminal. The machine is woken if it must
    connect. The caller commits.
    """
    result = db.session.execute(
        _REQUEST,
        {
            "task": attempt.task_id,
            "attempt": attempt.number,
            "until": now + REQUEST_LIFETIME,
            "now": now,
        },
    )
    wakeups.wake_machines(row.id for row in result.all())


def renew(watched: Sequence[WatchedTerminal], now: datetime) -> None:
    """Record that these terminals have viewers, and ask machines without a socket again.
    Commits.
    """
    _renew(watched, now, now - DIAL_TIMEOUT)


def handle_socket_closed(machine_id: uuid.UUID, task_id: int, number: int, now: datetime) -> None:
    """Handle a machine's report that its socket has closed: ask it again while there are viewers.

    Not twice within a second, because a socket that closed immediately would do so again. Commits.
    """
    wanted = text("""
        SELECT 1 FROM terminals AS t JOIN attempts AS a
            ON a.task_id = t.task_id AND a.number = t.attempt
        WHERE t.task_id = :task AND t.attempt = :attempt AND t.wanted_until > :now
          AND a.machine_id = :machine
    """)
    given = {"task": task_id, "attempt": number, "now": now, "machine": machine_id}
    if db.session.execute(wanted, given).first():
        _renew([WatchedTerminal(task_id, number, absent=True)], now, now - timedelta(seconds=1))
    db.session.commit()


def cancel(task_id: int, number: int, now: datetime) -> None:
    """Record that the terminal has no more viewers. Commits."""
    db.session.execute(_CANCEL, {"task": task_id, "attempt": number, "now": now})
    db.session.commit()


def _renew(watched: Sequence[WatchedTerminal], now: datetime, patience: datetime) -> None:
    rows = json.dumps([w._asdict() for w in sorted(watched)])
    given: dict[str, Any] = {
        "watched": rows, "now": now, "until": now + REQUEST_LIFETIME, "patience": patience,
    }  # fmt: skip
    wakeups.wake_machines(row.id for row in db.session.execute(_RENEW, given).all())
    db.session.commit()
