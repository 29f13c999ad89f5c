"""The run times of server processes: a machine that could reach none isn't at fault."""

import uuid
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, insert, select, update

from app.domain.machine import could_reach_server
from app.extensions import db
from app.models import ServerProcess
from app.services.machines import after_restore

HEARTBEAT_INTERVAL_SECONDS = 5.0
"""Seconds between a process's heartbeats."""
_CUT_OFF = timedelta(seconds=3 * HEARTBEAT_INTERVAL_SECONDS)
_RETENTION = timedelta(days=1)


def record_heartbeat(stretch: uuid.UUID | None, now: datetime) -> uuid.UUID:
    """Record that this process serves. Returns the ID of its run interval: `stretch`, or a new one.
    Commits.

    A process that couldn't write for a while couldn't receive heartbeats either, so a new interval
    starts.
    """
    goes_on = (ServerProcess.id == stretch) & (ServerProcess.seen_at >= now - _CUT_OFF)
    found = db.session.scalar(
        update(ServerProcess).where(goes_on).values(seen_at=now).returning(ServerProcess.id)
    )
    if found is None:
        found = uuid.uuid4()
        after_restore.start_grace_period(now)
        db.session.execute(insert(ServerProcess).values(id=found, started_at=now, seen_at=now))
    db.session.commit()
    return found


def was_server_reachable(
    heard_at: datetime, until: datetime, patience: timedelta | None = None
) -> bool:
    """Whether a machine last seen at `heard_at` could have reached a server before `until`.

    A server must have run for `patience`, by default the time after which a machine is silent.
    """
    query = select(ServerProcess.started_at, ServerProcess.seen_at).where(
        ServerProcess.seen_at > heard_at, ServerProcess.started_at < until
    )
    served = [(row.started_at, row.seen_at) for row in db.session.execute(query)]
    patience = patience or timedelta(seconds=current_app.config["SILENCE_SECONDS"])
    return could_reach_server(heard_at, until, served, patience)


def delete_expired(now: datetime) -> None:
    """Delete intervals older than any lease. Commits."""
    lease = timedelta(seconds=current_app.config["LEASE_SECONDS"])
    db.session.execute(
        delete(ServerProcess).where(ServerProcess.seen_at < now - max(_RETENTION, lease))
    )
    db.session.commit()
