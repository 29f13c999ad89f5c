"""Requested terminals. Orders to machines to open them follow from these rows.

Every write raises `orders_version` of the machines that must connect, in the same statement.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import TextClause, text

from app import wakeups
from app.extensions import db
from app.models import Attempt
from app.terminal_keys import TerminalKey

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
_REQUEST = """
    WITH wanted AS (
        INSERT INTO {table} AS t (task_id, attempt, wanted_until, dial_requests, requested_at)
        VALUES (:task, :attempt, :until, 1, :now)
        ON CONFLICT (task_id, attempt) DO UPDATE SET
            wanted_until = greatest(t.wanted_until, excluded.wanted_until),
            dial_requests = t.dial_requests
                + CASE WHEN t.wanted_until < :now THEN 1 ELSE 0 END,
            requested_at = CASE WHEN t.wanted_until < :now THEN :now ELSE t.requested_at END
        RETURNING t.task_id, t.attempt, t.requested_at
    ) {bump}
"""
_RENEW = """
    WITH wanted AS (
        UPDATE {table} AS t SET
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
    ) {bump}
"""
_CANCEL = """
    UPDATE {table} SET wanted_until = :now
    WHERE task_id = :task AND attempt = :attempt AND wanted_until > :now
"""


def _for_both(statement: str) -> dict[bool, TextClause]:
    """Return the statement for stages' terminals (False), and for shells (True)."""
    tables = {False: "terminals", True: "shells"}
    return {
        is_shell: text(statement.format(table=table, bump=_BUMP_ORDERS_VERSION))
        for is_shell, table in tables.items()
    }


_REQUESTS, _RENEWALS, _CANCELLATIONS = map(_for_both, (_REQUEST, _RENEW, _CANCEL))


class WatchedTerminal(NamedTuple):
    """A terminal that has viewers. `absent`: the machine's socket isn't open."""

    task_id: int
    attempt: int
    is_shell: bool
    absent: bool


def request_open(attempt: Attempt, now: datetime, *, is_shell: bool = False) -> bool:
    """Record that someone will soon open the attempt's terminal. The machine is woken if it must
    connect. Returns whether nobody had it open. The caller commits.
    """
    result = db.session.execute(
        _REQUESTS[is_shell],
        {
            "task": attempt.task_id,
            "attempt": attempt.number,
            "until": now + REQUEST_LIFETIME,
            "now": now,
        },
    )
    machines = [row.id for row in result.all()]
    wakeups.wake_machines(machines)
    return bool(machines)


def renew(watched: Sequence[WatchedTerminal], now: datetime) -> None:
    """Record that these terminals have viewers, and ask machines without a socket again.
    Commits.
    """
    _renew(watched, now, now - DIAL_TIMEOUT)


def handle_socket_closed(machine_id: uuid.UUID, task_id: int, number: int, now: datetime) -> None:
    """Handle a machine's report that its socket for a stage has closed: ask it again while there
    are viewers.

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
        _renew(
            [WatchedTerminal(task_id, number, False, absent=True)], now, now - timedelta(seconds=1)
        )
    db.session.commit()


def cancel(key: TerminalKey, now: datetime) -> None:
    """Record that the terminal has no more viewers. Commits."""
    given = {"task": key.task_id, "attempt": key.attempt, "now": now}
    db.session.execute(_CANCELLATIONS[key.is_shell], given)
    db.session.commit()


def _renew(watched: Sequence[WatchedTerminal], now: datetime, patience: datetime) -> None:
    for is_shell, renewal in _RENEWALS.items():
        rows = [w._asdict() for w in sorted(watched) if w.is_shell is is_shell]
        if not rows:
            continue
        given: dict[str, Any] = {
            "watched": json.dumps(rows),
            "now": now,
            "until": now + REQUEST_LIFETIME,
            "patience": patience,
        }
        wakeups.wake_machines(row.id for row in db.session.execute(renewal, given).all())
    db.session.commit()
