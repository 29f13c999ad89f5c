"""Retention: expired rows are deleted in small batches.

A batch is a short transaction. It takes the oldest unlocked rows, so that it never waits, and two
concurrent sweeps share the work. The next run deletes what is left.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, inspect, select, tuple_

from app.domain import image, samples
from app.domain.samples import SampleStep
from app.extensions import Model, db
from app.models import (
    ChannelToken,
    ChatEvent,
    ChatToken,
    EnrollmentToken,
    IdempotencyKey,
    Invitation,
    Login,
    MachineHour,
    MachineMinute,
    Notification,
    OutboxEntry,
    PersonalToken,
    RefreshToken,
    TaskImage,
    TerminalInput,
)
from app.services import settings
from app.services.changes import expiry

BATCH = 1000
MAX_BATCHES = 50  # of each kind per run

log = structlog.get_logger(__name__)


class Rule(NamedTuple):
    """Rows of `kind` are deleted some time after `ended` (which has an index; null: never).

    `kept` is the setting with the number of units, or that number.
    """

    kind: type[Model]
    ended: ColumnElement[Any]
    retention: str | int
    unit: timedelta

    def cutoff(self, now: datetime) -> datetime:
        kept = self.retention
        units: float = settings.value(kept) if isinstance(kept, str) else kept
        return now - units * self.unit


def _token_end(kind: type[PersonalToken | EnrollmentToken]) -> ColumnElement[Any]:
    """Return when a token expired or was revoked, whichever came first."""
    return func.least(kind.expires_at, kind.revoked_at)


_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
RULES = (
    # With its refresh tokens.
    Rule(Login, func.least(Login.expires_at, Login.ended_at), "sessionRetentionDays", _DAY),
    # An exchanged refresh token stays until it expires: if it comes again, it was copied.
    Rule(RefreshToken, RefreshToken.expires_at.expression, "sessionRetentionDays", _DAY),
    Rule(PersonalToken, _token_end(PersonalToken), "tokenRetentionDays", _DAY),
    Rule(EnrollmentToken, _token_end(EnrollmentToken), "tokenRetentionDays", _DAY),
    Rule(
        Invitation,
        func.least(Invitation.expires_at, Invitation.withdrawn_at),
        "tokenRetentionDays",
        _DAY,
    ),
    Rule(IdempotencyKey, IdempotencyKey.created_at.expression, "idempotencyHours", _HOUR),
    Rule(Notification, Notification.created_at.expression, "notificationRetentionDays", _DAY),
    # Their deliveries are deleted with them: undelivered ones are outdated by then.
    Rule(OutboxEntry, OutboxEntry.expanded_at.expression, "deliveryRetentionDays", _DAY),
    Rule(ChannelToken, ChannelToken.expires_at.expression, "sessionRetentionDays", _DAY),
    Rule(ChatToken, ChatToken.expires_at.expression, "sessionRetentionDays", _DAY),
    Rule(ChatEvent, ChatEvent.received_at.expression, "chatEventRetentionDays", _DAY),
    Rule(MachineMinute, MachineMinute.at.expression, 1, samples.RETENTION[SampleStep.MINUTE]),
    Rule(MachineHour, MachineHour.at.expression, 1, samples.RETENTION[SampleStep.HOUR]),
    Rule(TaskImage, TaskImage.unused_since.expression, image.UNUSED_HOURS, _HOUR),
    Rule(TerminalInput, TerminalInput.ended_at.expression, "terminalInputRetentionDays", _DAY),
)


def sweep(now: datetime) -> None:
    """Delete rows by all rules, at most `MAX_BATCHES` batches each, and changes of tasks that ended
    long ago. Commits each batch.
    """
    for rule in RULES:
        if gone := _sweep(rule, now, BATCH):
            log.info("rows_expired", table=rule.kind.__tablename__, rows=gone)
    kept: float = settings.value("diffRetentionSeconds")
    if gone := expiry.sweep(now - timedelta(seconds=kept)):
        log.info("rows_expired", table="changes", tasks=gone)


def _sweep(rule: Rule, now: datetime, batch: int) -> int:
    """Delete rows by one rule, and return their number."""
    total = 0
    for _ in range(MAX_BATCHES):
        gone = _delete(rule.kind, due_rows(rule, now).limit(batch))
        total += gone
        if gone < batch:
            break
    return total


def due_rows(rule: Rule, now: datetime) -> Select[Any]:
    """Return the query of the keys of expired rows, the oldest first. It locks them, and skips
    locked rows.
    """
    return (
        select(*inspect(rule.kind).primary_key)
        .where(rule.ended < rule.cutoff(now))
        .order_by(rule.ended)
        .with_for_update(skip_locked=True)
    )


def _delete(kind: type[Model], chosen: Select[Any]) -> int:
    batch = chosen.cte()  # chosen once, whatever the planner assumes
    key = tuple_(*inspect(kind).primary_key)
    doomed = delete(kind).where(key.in_(select(batch)))
    result: Any = db.session.execute(doomed, execution_options={"synchronize_session": False})
    db.session.commit()
    return int(result.rowcount)
