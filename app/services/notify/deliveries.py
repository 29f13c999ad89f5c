"""Deliveries: due ones, the results of tries, and dead letters.

A delivery that is being sent is leased, so that another sender takes over if the first was killed.
A result names its attempt, so that a slow sender can't overwrite a later attempt's.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Row, Select, func, select, text, update
from sqlalchemy.orm import joinedload

from app import wakeups
from app.domain import notification_rules
from app.domain.chat import BotPlatform, parse_platform_uid
from app.domain.delivery import OPEN_STATES, CircuitBreaker, DeliveryAction, DeliveryState
from app.domain.errors import Conflict, NotFound
from app.domain.notification_rules import Addressee, NotificationType
from app.domain.roles import ProjectRole, SystemRole
from app.extensions import db
from app.models import Bot, Delivery, Developer
from app.services import audit, rights
from app.services.clock import now as clock_now


class NotDead(Conflict):
    """Only a dead delivery can be retried."""

    code = "delivery_not_dead"


@dataclass(frozen=True)
class DueBot:
    """A bot with a due delivery, and its circuit breaker. Its secrets are encrypted."""

    bot_id: int
    platform: BotPlatform
    app_id: str | None
    app_secret: str | None
    webhook_token: str | None
    circuit: CircuitBreaker


@dataclass(frozen=True)
class ClaimedDelivery:
    """A delivery that belongs to this sender until its lease ends. `card_ref`, `card_gate`: of the
    card to edit. `is_meant`: the recipient may still be notified."""

    id: int
    bot_id: int
    chat_id: str
    attempts: int
    action: DeliveryAction
    kind: NotificationType
    task_id: int
    message: str
    content: Mapping[str, Any]
    occurred_at: datetime
    card_ref: str | None
    card_gate: Mapping[str, Any] | None
    is_meant: bool


class DeliveryResult(NamedTuple):
    """The result of sending a claimed delivery."""

    id: int
    attempts: int
    state: DeliveryState
    due_at: datetime
    ref: str | None = None
    error: str | None = None


_RECIPIENTS = text("""
    SELECT b.id, b.platform, b.app_id, b.app_secret, b.webhook_token,
           coalesce(h.failures, 0) AS failures, h.paused_until
    FROM bots AS b LEFT JOIN bot_health AS h ON h.bot_id = b.id
    WHERE EXISTS (SELECT FROM deliveries AS d WHERE d.bot_id = b.id
                  AND d.state IN ('pending', 'sending') AND d.due_at <= :now)
""")
# `room` is [{bot_id, free}]: how many deliveries of each bot to claim. A task's deliveries to one
# chat are sent in order: none before the earlier ones are sent or dead.
_CLAIM = text("""
    WITH picked AS MATERIALIZED (
        SELECT due.id
        FROM jsonb_to_recordset(CAST(:room AS jsonb)) AS r(bot_id bigint, free int)
        CROSS JOIN LATERAL (
            SELECT d.id FROM deliveries AS d
            WHERE d.bot_id = r.bot_id AND d.state IN ('pending', 'sending') AND d.due_at <= :now
              AND (d.state = 'pending' OR d.leased_until <= :now)
              AND d.id <> ALL(CAST(:mine AS bigint[]))
              AND NOT EXISTS (SELECT FROM deliveries AS e
                              WHERE e.task_id = d.task_id AND e.bot_id = d.bot_id
                                AND e.chat_id = d.chat_id AND e.id < d.id
                                AND e.state IN ('pending', 'sending'))
            ORDER BY d.due_at, d.id
            LIMIT r.free
            FOR UPDATE SKIP LOCKED
        ) AS due
    ), claimed AS (
        UPDATE deliveries AS d
        SET state = 'sending', attempts = d.attempts + 1, leased_until = :lease
        FROM picked WHERE d.id = picked.id
        RETURNING d.*
    )
    SELECT c.id, c.bot_id, c.chat_id, c.attempts, c.action, c.task_id, o.kind, o.message, o.content,
           o.created_at, card.ref AS card_ref, asked.content -> 'gate' AS card_gate,
           c.developer_id, t.created_by, p.deleted_at IS NOT NULL AS is_deleted,
           d.role, d.disabled_at, d.platform_uid, pm.role AS project_role,
           EXISTS (SELECT FROM bot_bindings AS b
                   WHERE b.bot_id = c.bot_id AND b.platform_chat_id = c.chat_id
                     AND b.project_id = t.project_id) AS is_bound
    FROM claimed AS c
    JOIN outbox AS o ON o.id = c.outbox_id
    JOIN tasks AS t ON t.id = c.task_id
    JOIN projects AS p ON p.id = t.project_id
    LEFT JOIN developers AS d ON d.id = c.developer_id
    LEFT JOIN project_members AS pm ON pm.project_id = p.id AND pm.developer_id = d.id
    LEFT JOIN deliveries AS card ON card.id = c.card_id
    LEFT JOIN outbox AS asked ON asked.id = card.outbox_id
    ORDER BY c.id
""")
_STORE_RESULTS = text("""
    UPDATE deliveries AS d
    SET state = CAST(r.state AS delivery_state), due_at = r.due_at, ref = coalesce(r.ref, d.ref),
        error = r.error, leased_until = NULL,
        done_at = CASE WHEN r.state IN ('sent', 'dead') THEN CAST(:now AS timestamptz) END
    FROM jsonb_to_recordset(CAST(:marks AS jsonb)) AS r(
        id bigint, attempts int, state text, due_at timestamptz, ref text, error text)
    WHERE d.id = r.id AND d.attempts = r.attempts AND d.state = 'sending'
""")
_STORE_HEALTH = text("""
    INSERT INTO bot_health AS h (bot_id, failures, paused_until, sent, retried, died)
    SELECT r.* FROM jsonb_to_recordset(CAST(:health AS jsonb)) AS r(
        bot_id bigint, failures int, paused_until timestamptz, sent bigint, retried bigint,
        died bigint)
    JOIN bots ON bots.id = r.bot_id
    ON CONFLICT (bot_id) DO UPDATE
    SET failures = excluded.failures, paused_until = excluded.paused_until,
        sent = h.sent + excluded.sent, retried = h.retried + excluded.retried,
        died = h.died + excluded.died
""")


# ---- for the sender ------------------------------------------------------------------------------


def due_bots(now: datetime) -> list[DueBot]:
    """Return the bots with a due delivery."""
    return [
        DueBot(
            row.id,
            BotPlatform(row.platform),
            row.app_id,
            row.app_secret,
            row.webhook_token,
            CircuitBreaker(row.failures, row.paused_until),
        )
        for row in db.session.execute(_RECIPIENTS, {"now": now})
    ]


def claim(
    room: Mapping[int, int], now: datetime, mine: Collection[int] = ()
) -> list[ClaimedDelivery]:
    """Lease due deliveries to the caller, for each bot at most as many as `room` has. Commits.
    `mine`: IDs that the caller is still sending, even if their leases have ended."""
    wanted = [{"bot_id": bot_id, "free": free} for bot_id, free in room.items() if free > 0]
    if not wanted:
        db.session.rollback()
        return []
    lease = now + timedelta(seconds=current_app.config["DELIVERY_LEASE_SECONDS"])
    asked = {"room": json.dumps(wanted), "now": now, "lease": lease, "mine": list(mine)}
    rows = db.session.execute(_CLAIM, asked).all()
    db.session.commit()
    return [_to_claimed(row) for row in rows]


def _to_claimed(row: Row[Any]) -> ClaimedDelivery:
    return ClaimedDelivery(
        id=row.id,
        bot_id=row.bot_id,
        chat_id=row.chat_id,
        attempts=row.attempts,
        action=DeliveryAction(row.action),
        kind=NotificationType(row.kind),
        task_id=row.task_id,
        message=row.message,
        content=row.content,
        occurred_at=row.created_at,
        card_ref=row.card_ref,
        card_gate=row.card_gate,
        # A posted card is always edited: it must not keep asking.
        is_meant=row.action == DeliveryAction.EDIT
        or notification_rules.can_still_receive(_addressee(row)),
    )


def _addressee(row: Row[Any]) -> Addressee:
    if row.developer_id is None:
        return Addressee(is_bound=row.is_bound)
    if row.role is None:  # the developer has been deleted
        return Addressee()
    _, account = parse_platform_uid(row.platform_uid) or (None, None)
    person = notification_rules.person_for_task(
        SystemRole(row.role),
        ProjectRole(row.project_role) if row.project_role else None,
        is_creator=row.developer_id == row.created_by,
        is_deleted=row.is_deleted,
    )
    return Addressee(person, row.disabled_at is None, account == row.chat_id)


def store_results(
    marks: Iterable[tuple[int, DeliveryResult]],
    circuits: Mapping[int, CircuitBreaker],
    now: datetime,
) -> None:
    """Store the results (bot ID, mark) of deliveries, and the bots' circuit breakers. Commits."""
    marks = list(marks)
    rows = [
        {**each._asdict(), "state": each.state.value, "due_at": each.due_at.isoformat()}
        for _, each in marks
    ]
    ends = Counter((bot_id, each.state) for bot_id, each in marks)
    health = [
        {
            "bot_id": bot_id,
            "failures": circuit.failures,
            "paused_until": circuit.paused_until.isoformat() if circuit.paused_until else None,
            "sent": ends[bot_id, DeliveryState.SENT],
            "retried": ends[bot_id, DeliveryState.PENDING],
            "died": ends[bot_id, DeliveryState.DEAD],
        }
        for bot_id, circuit in circuits.items()
    ]
    db.session.execute(_STORE_RESULTS, {"marks": json.dumps(rows), "now": now})
    db.session.execute(_STORE_HEALTH, {"health": json.dumps(health)})
    db.session.commit()


# ---- for admins ----------------------------------------------------------------------------------


_WITH_RELATIONS = (
    joinedload(Delivery.outbox, innerjoin=True),
    joinedload(Delivery.bot, innerjoin=True),
)


def listing(
    actor: Developer, *, state: DeliveryState | None = None, bot_id: int | None = None
) -> Select[Delivery]:
    """Return the query of deliveries, filtered by state and by bot if given. Raises Forbidden."""
    rights.require_admin(actor)
    query = select(Delivery).options(*_WITH_RELATIONS)
    if state is not None:
        query = query.where(Delivery.state == state)
    return query if bot_id is None else query.where(Delivery.bot_id == bot_id)


def retry(actor: Developer, delivery_id: int) -> Delivery:
    """Make a dead delivery pending again, as if it were new. Commits.

    Raises Forbidden, NotFound, NotDead.
    """
    rights.require_admin(actor)
    now = clock_now()
    revived = db.session.scalar(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.DEAD)
        .values(state=DeliveryState.PENDING, attempts=0, due_at=now, done_at=None)
        .returning(Delivery.id)
    )
    if revived is None:
        db.session.rollback()
        if db.session.get(Delivery, delivery_id) is None:
            raise NotFound("Delivery not found.")
        raise NotDead
    audit.record("delivery.retried", "delivery", delivery_id, actor=actor)
    wakeups.wake_deliveries()
    db.session.commit()
    query = listing(actor).where(Delivery.id == delivery_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


# ---- for metrics ---------------------------------------------------------------------------------


def count_unsent() -> dict[tuple[str, str], int]:
    """Return the number of unsent deliveries, by (platform, state)."""
    states = [*OPEN_STATES, DeliveryState.DEAD]
    query = (
        select(Bot.platform, Delivery.state, func.count())
        .join(Bot, Bot.id == Delivery.bot_id)
        .where(Delivery.state.in_(states))
        .group_by(Bot.platform, Delivery.state)
    )
    found = {(p.value, s.value): 0 for p in BotPlatform for s in states}
    return found | {(p.value, s.value): number for p, s, number in db.session.execute(query)}


def count_tries() -> dict[tuple[str, str], int]:
    """Return the number of tries of all existing bots, by (platform, result)."""
    query = text("""
        SELECT b.platform, sum(h.sent) AS sent, sum(h.retried) AS retried, sum(h.died) AS died
        FROM bot_health AS h JOIN bots AS b ON b.id = h.bot_id GROUP BY b.platform
    """)
    found = {(p.value, end): 0 for p in BotPlatform for end in ("sent", "retried", "died")}
    for row in db.session.execute(query):
        for end in ("sent", "retried", "died"):
            found[row.platform, end] = int(getattr(row, end))
    return found
