"""What is deleted when its time is over, and how: a little at a time, beside everything else.

A batch is a short transaction. It takes the oldest rows that nobody holds, so that it waits for
nobody, and two sweeps at once share the work. What a run leaves over is the next one's.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, inspect, select, tuple_

from app.extensions import Model, db
from app.models import (
    ChannelToken,
    ChatEvent,
    ChatToken,
    EnrollmentToken,
    IdempotencyKey,
    Notification,
    OutboxEntry,
    PersonalToken,
    RefreshToken,
    TerminalInput,
)
from app.services import settings

BATCH = 1000
BATCHES = 50  # of each kind in a run

log = structlog.get_logger(__name__)


class Rule(NamedTuple):
    """Rows that go so many units after the moment `ended` (which an index is on; null: never).

    `kept` is the setting that says how many.
    """

    kind: type[Model]
    ended: ColumnElement[Any]
    kept: str
    unit: timedelta

    def cutoff(self, now: datetime) -> datetime:
        units: float = settings.value(self.kept)
        return now - units * self.unit


def _end(kind: type[RefreshToken | PersonalToken | EnrollmentToken]) -> ColumnElement[Any]:
    """When a token stopped being good: nulls do not count."""
    return func.least(kind.expires_at, kind.revoked_at)


_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
RULES = (
    # A token that was exchanged stays until it expires: it shows that somebody copied it.
    Rule(RefreshToken, _end(RefreshToken), "sessionRetentionDays", _DAY),
    Rule(PersonalToken, _end(PersonalToken), "tokenRetentionDays", _DAY),
    Rule(EnrollmentToken, _end(EnrollmentToken), "tokenRetentionDays", _DAY),
    Rule(IdempotencyKey, IdempotencyKey.created_at.expression, "idempotencyHours", _HOUR),
    Rule(Notification, Notification.created_at.expression, "notificationRetentionDays", _DAY),
    # With its deliveries: what is not delivered by then is news to nobody.
    Rule(OutboxEntry, OutboxEntry.expanded_at.expression, "deliveryRetentionDays", _DAY),
    Rule(ChannelToken, ChannelToken.expires_at.expression, "sessionRetentionDays", _DAY),
    Rule(ChatToken, ChatToken.expires_at.expression, "sessionRetentionDays", _DAY),
    Rule(ChatEvent, ChatEvent.received_at.expression, "chatEventRetentionDays", _DAY),
    Rule(TerminalInput, TerminalInput.ended_at.expression, "terminalInputRetentionDays", _DAY),
)


def sweep(now: datetime) -> None:
    """Delete what is over by all rules, as far as a run goes. Commits."""
    for rule in RULES:
        if gone := _sweep(rule, now, BATCH):
            log.info("swept", table=rule.kind.__tablename__, rows=gone)


def _sweep(rule: Rule, now: datetime, batch: int) -> int:
    """How many rows have gone."""
    total = 0
    for _ in range(BATCHES):
        gone = _delete(rule.kind, due(rule, now).limit(batch))
        total += gone
        if gone < batch:
            break
    return total


def due(rule: Rule, now: datetime) -> Select[Any]:
    """The query of the keys of those whose time is over, the oldest first; locked, unless held."""
    return (
        select(*inspect(rule.kind).primary_key)
        .where(rule.ended < rule.cutoff(now))
        .order_by(rule.ended)
        .with_for_update(skip_locked=True)
    )


def _delete(kind: type[Model], chosen: Select[Any]) -> int:
    batch = chosen.cte()  # chosen once, whatever the planner thinks
    key = tuple_(*inspect(kind).primary_key)
    doomed = delete(kind).where(key.in_(select(batch)))
    result: Any = db.session.execute(doomed, execution_options={"synchronize_session": False})
    db.session.commit()
    return int(result.rowcount)
