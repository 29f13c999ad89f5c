"""The audit log, sent to the URLs of webhook bots that receive it (decision 0052).

A trigger queues each new entry for each of these bots. A pass numbers the queued entries without a
gap, and posts them in order. Rejected ones are retried until they are accepted, and nothing after
them is sent before: a receiver with all numbers has all entries.
"""

import json
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import func, select, text

from app.chat import senders
from app.chat.incoming_events import sanitize_text
from app.chat.senders import Address, DeliveryRefused, RetryLater
from app.domain.chat import BotPlatform
from app.domain.delivery import MAX_PAUSE, MAX_RETRY_AFTER, backoff
from app.domain.timestamps import to_rfc3339
from app.extensions import db
from app.models import AuditEntry, AuditStream, AuditStreamEntry, Bot
from app.services import encryption
from app.services.clock import now as clock_now
from app.services.notify.delivery_sender import MAX_ERROR_TEXT, allowed_hosts

BATCH = 100  # entries
BATCH_BYTES = 512 << 10  # or one entry that is larger
MAX_STREAMS = 8  # concurrent posts
PASS_SECONDS = 5.0  # then a pass claims no more, and the next one continues

log = structlog.get_logger(__name__)

_DUE = text("""
    SELECT s.bot_id, s.numbered, s.failures, b.app_secret, b.webhook_token
    FROM audit_streams AS s JOIN bots AS b ON b.id = s.bot_id
    WHERE s.due_at <= :now AND (s.leased_until IS NULL OR s.leased_until <= :now)
      AND EXISTS (SELECT FROM audit_stream_entries AS e WHERE e.bot_id = s.bot_id)
    ORDER BY s.due_at, s.bot_id
    LIMIT :streams
    FOR UPDATE OF s SKIP LOCKED
""")
# Entries that are sent again keep their numbers.
_ASSIGN_NUMBERS = text("""
    WITH fresh AS (
        SELECT entry_id, row_number() OVER (ORDER BY entry_id) AS place
        FROM audit_stream_entries WHERE bot_id = :bot AND number IS NULL
        ORDER BY entry_id LIMIT :batch
    ), numbered AS (
        UPDATE audit_stream_entries AS e SET number = :numbered + fresh.place
        FROM fresh WHERE e.bot_id = :bot AND e.entry_id = fresh.entry_id
        RETURNING e.number
    )
    UPDATE audit_streams SET numbered = :numbered + (SELECT count(*) FROM numbered),
                             leased_until = :lease
    WHERE bot_id = :bot
""")
_MARK_SENT = text("""
    WITH taken AS (
        UPDATE audit_streams
        SET sent = :last, failures = 0, error = NULL, due_at = :now, leased_until = NULL
        WHERE bot_id = :bot AND leased_until = :lease
        RETURNING bot_id
    )
    DELETE FROM audit_stream_entries AS e USING taken
    WHERE e.bot_id = taken.bot_id AND e.number <= :last
""")
_MARK_FAILED = text("""
    UPDATE audit_streams
    SET failures = failures + 1, error = :error, due_at = :due, leased_until = NULL
    WHERE bot_id = :bot AND leased_until = :lease
""")
_DELETE_ORPHANED = text("""
    DELETE FROM audit_stream_entries AS e WHERE NOT EXISTS (SELECT FROM bots WHERE id = e.bot_id)
""")


@dataclass(frozen=True)
class AuditBatch:
    """Entries of a stream, in number order, and their address; None: its secrets can't be
    decrypted.
    """

    bot_id: int
    failures: int
    lease: datetime
    address: Address | None
    entries: Sequence[Mapping[str, Any]]

    @property
    def last(self) -> int:
        return int(self.entries[-1]["number"])

    @property
    def content(self) -> dict[str, Any]:
        """Return the JSON body that docs/notifications.md describes."""
        return {
            "type": "audit",
            "botId": self.bot_id,
            "first": self.entries[0]["number"],
            "last": self.last,
            "entries": list(self.entries),
        }


def start_stream(bot: Bot) -> None:
    """Start the bot's stream if it receives the audit log, or try it immediately: an earlier
    failure may be fixed. The caller commits.
    """
    with db.session.no_autoflush:
        stream = bot.audit_stream
    if stream is not None:
        stream.due_at = clock_now()
    elif bot.audit_log:
        bot.audit_stream = AuditStream(due_at=clock_now())


def delete_orphaned() -> None:
    """Delete the pending entries of deleted bots. Commits."""
    db.session.execute(_DELETE_ORPHANED)
    db.session.commit()


def count_pending() -> int:
    """Return the number of entries still to be sent to bots."""
    query = select(func.count()).select_from(AuditStreamEntry)
    there = query.join(Bot, Bot.id == AuditStreamEntry.bot_id)
    return db.session.scalar(there) or 0


def send_due() -> int:
    """Send all streams' due entries. Returns the number of tried batches. Commits."""
    tried, ends_at, post = 0, time.monotonic() + PASS_SECONDS, partial(_post, hosts=allowed_hosts())
    while time.monotonic() < ends_at:
        batches = _claim(clock_now())
        if not batches:
            break
        tried += len(batches)
        with ThreadPoolExecutor(len(batches), "audit") as pool:
            for batch, problem in zip(batches, pool.map(post, batches), strict=True):
                _store_result(batch, problem, clock_now())
    return tried


def _claim(now: datetime) -> list[AuditBatch]:
    """Lease the next batch of each due stream to the caller. Commits."""
    lease = now + timedelta(seconds=current_app.config["DELIVERY_LEASE_SECONDS"])
    rows = db.session.execute(_DUE, {"now": now, "streams": MAX_STREAMS}).all()
    for row in rows:
        given = {"bot": row.bot_id, "numbered": row.numbered, "batch": BATCH, "lease": lease}
        db.session.execute(_ASSIGN_NUMBERS, given)
    found = [
        AuditBatch(row.bot_id, row.failures, lease, _address(row), _entries(row.bot_id))
        for row in rows
    ]
    db.session.commit()
    return found


def _entries(bot_id: int) -> list[dict[str, Any]]:
    """Return the oldest numbered entries, up to a batch."""
    query = (
        select(AuditEntry, AuditStreamEntry.number)
        .join(AuditStreamEntry, AuditStreamEntry.entry_id == AuditEntry.id)
        .where(AuditStreamEntry.bot_id == bot_id, AuditStreamEntry.number.is_not(None))
        .order_by(AuditStreamEntry.number)
        .limit(BATCH)
    )
    found: list[dict[str, Any]] = []
    size = 0
    for entry, number in db.session.execute(query):
        payload = {"number": number, **_entry_to_api(entry)}
        size += len(json.dumps(payload))
        if found and size > BATCH_BYTES:
            break
        found.append(payload)
    return found


def _entry_to_api(entry: AuditEntry) -> dict[str, Any]:
    """Return the entry as `GET /api/admin/audit-logs` shows it."""
    return {
        "id": entry.id,
        "at": to_rfc3339(entry.at),
        "actor": entry.actor and {"id": entry.actor.id, "name": entry.actor.name},
        "machine": entry.machine and {"id": str(entry.machine.id), "name": entry.machine.name},
        "action": entry.action,
        "targetType": entry.target_type,
        "targetId": entry.target_id,
        "requestId": entry.request_id,
        "remoteAddress": entry.remote_address,
        "changes": entry.changes,
    }


def _address(row: Any) -> Address | None:
    try:
        secret, url = encryption.decrypt(row.app_secret), encryption.decrypt(row.webhook_token)
    except encryption.KeyMissing:
        return None
    return Address(BotPlatform.WEBHOOK, None, secret, url, None)


def _post(batch: AuditBatch, *, hosts: frozenset[str]) -> Exception | None:
    """Post it, in a thread. Returns the error, if any."""
    if batch.address is None:
        return RetryLater("its secrets need a key that ENCRYPTION_KEYS no longer lists")
    try:
        delivery = f"audit-{batch.bot_id}-{batch.last}"
        senders.post(batch.address, delivery, batch.content, allowed_hosts=hosts)
    except Exception as problem:
        return problem
    return None


def _store_result(batch: AuditBatch, problem: Exception | None, now: datetime) -> None:
    """Store the result, unless the lease had expired. Commits."""
    whose = {"bot": batch.bot_id, "lease": batch.lease}
    if problem is None:
        db.session.execute(_MARK_SENT, {**whose, "last": batch.last, "now": now})
    else:
        due = now + _retry_delay(batch.failures + 1, problem)
        db.session.execute(_MARK_FAILED, {**whose, "error": _error_text(problem), "due": due})
        log.warning("audit_log_not_sent", bot=batch.bot_id, error=_error_text(problem))
    db.session.commit()


def _retry_delay(failures: int, problem: Exception) -> timedelta:
    pause = min(backoff(failures, random.random()), MAX_PAUSE)
    if isinstance(problem, RetryLater) and problem.retry_after_seconds is not None:
        pause = max(pause, min(timedelta(seconds=problem.retry_after_seconds), MAX_RETRY_AFTER))
    return pause


def _error_text(problem: Exception) -> str:
    """Return the storable error text: that of an unexpected exception may contain anything."""
    is_told = isinstance(problem, DeliveryRefused | RetryLater)
    return sanitize_text(problem.reason)[:MAX_ERROR_TEXT] if is_told else type(problem).__name__  # type: ignore[attr-defined]
