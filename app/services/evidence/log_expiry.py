"""Expired logs: they are deleted, and their hash chains stay."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, delete, select

from app.extensions import db
from app.models import Attempt, LogChain, LogChunk
from app.services import locks, settings
from app.services.logs import chunk_reader
from app.services.ops import identity
from muster.protocol import evidence

MAX_LOGS = 100  # per run
MAX_BYTES = 256 << 20  # likewise; the next run continues

log = structlog.get_logger(__name__)


def sweep(now: datetime) -> None:
    """Delete the logs of attempts that ended longer ago than `logRetentionDays`, the oldest
    first. Commits each.
    """
    before = now - timedelta(days=settings.value("logRetentionDays"))
    found = db.session.execute(due_logs(before).limit(MAX_LOGS)).all()
    db.session.commit()
    taken = size = 0
    for task_id, number in found:
        if size > MAX_BYTES:
            break
        size += _expire(task_id, number, now)
        taken += 1
    if taken:
        log.info("logs_expired", logs=taken, bytes=size)


def due_logs(before: datetime) -> Select[int, int]:
    """Return the query of the attempts that ended before then and still have logs, in order."""
    query = select(Attempt.task_id, Attempt.number)
    return query.where(Attempt.ended_at < before, Attempt.log_expired_at.is_(None)).order_by(
        Attempt.ended_at
    )


def _expire(task_id: int, number: int, now: datetime) -> int:
    """Delete an attempt's log and keep its chain, unless it has grown meanwhile. Returns its bytes.

    The chain is computed before anything is locked. Later log bytes become a gap (`logs.quota`).
    """
    attempt = db.session.get(Attempt, (task_id, number))
    if attempt is None:
        return 0
    known = _extent(attempt)
    chain, links = evidence.HashChain(identity.server_id(), task_id, number), bytearray()
    for piece in chunk_reader.read_slices(attempt, 0):
        links += b"".join(chain.feed(piece.data))
    links += b"".join(chain.finish())
    locks.lock_machine(attempt.machine_id)
    current = db.session.get(Attempt, (task_id, number), populate_existing=True)
    if current is None or _extent(current) != known:
        db.session.rollback()
        return 0
    gaps = current.log_gaps
    kept = {"byte_count": chain.byte_count, "gaps": gaps, "head": chain.head, "links": bytes(links)}
    db.session.add(LogChain(task_id=task_id, attempt=number, expired_at=now, **kept))
    current.log_expired_at, current.log_lines = now, 0
    current.log_gaps = [[0, current.log_bytes]] if current.log_bytes else []
    chunks = delete(LogChunk).where(LogChunk.task_id == task_id, LogChunk.attempt == number)
    db.session.execute(chunks, execution_options={"synchronize_session": False})
    db.session.commit()
    return chain.byte_count


def _extent(attempt: Attempt) -> tuple[object, ...]:
    return attempt.log_bytes, attempt.log_gaps, attempt.log_expired_at
