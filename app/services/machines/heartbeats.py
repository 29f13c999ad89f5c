"""Heartbeats, written for many machines in one statement."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from flask import current_app
from sqlalchemy import Row, text

from app.domain.machine import MachineStatus, is_disk_change
from app.extensions import db
from app.services import settings
from muster.protocol.frames import Metrics


@dataclass(frozen=True)
class ReceivedHeartbeat:
    """A received heartbeat."""

    machine_id: uuid.UUID
    generation: int
    number: int
    received_at: datetime
    metrics: Metrics | None


@dataclass(frozen=True)
class HeartbeatResult:
    """The rows' state of a machine whose heartbeat was stored.

    `is_heard` is false if the machine counted as silent. `disk`: how full its disk is, in percent;
    None unless action is needed. `upgrades` is the setting machineUpgrades.
    """

    orders_version: int
    is_heard: bool
    disk: float | None = None
    upgrades: str = ""


_WRITE = text("""
    UPDATE machine_heartbeats AS h
    SET received_at = s.received_at,
        lease_until = CASE m.status WHEN 'decommissioned' THEN h.lease_until
                                    ELSE greatest(h.lease_until, s.lease_until) END,
        metrics = coalesce(s.metrics, h.metrics)
    FROM jsonb_to_recordset(CAST(:received AS jsonb)) AS s(
            id uuid, generation bigint, received_at timestamptz, lease_until timestamptz,
            metrics jsonb)
    JOIN machines AS m ON m.id = s.id AND m.generation = s.generation
    WHERE h.machine_id = s.id
    RETURNING h.machine_id, m.orders_version, m.connected, m.status, m.disk_accepted
""")


def write_heartbeats(received: Sequence[ReceivedHeartbeat]) -> dict[uuid.UUID, HeartbeatResult]:
    """Store heartbeats. Returns the result for each machine, except those with a newer
    connection. Commits.
    """
    lease = timedelta(seconds=current_app.config["LEASE_SECONDS"])
    rows = [
        {
            "id": str(heartbeat.machine_id),
            "generation": heartbeat.generation,
            "received_at": heartbeat.received_at.isoformat(),
            "lease_until": (heartbeat.received_at + lease).isoformat(),
            "metrics": msgspec.to_builtins(heartbeat.metrics) if heartbeat.metrics else None,
        }
        # Rows are locked in ID order, as everywhere.
        for heartbeat in sorted(received, key=lambda heartbeat: heartbeat.machine_id)
    ]
    found = db.session.execute(_WRITE, {"received": json.dumps(rows)}).all()
    db.session.commit()
    metrics = {heartbeat.machine_id: heartbeat.metrics for heartbeat in received}
    upgrades = settings.value("machineUpgrades")
    return {
        row.machine_id: HeartbeatResult(
            row.orders_version, row.connected, _disk(row, metrics), upgrades
        )
        for row in found
    }


def _disk(row: Row[Any], metrics: Mapping[uuid.UUID, Metrics | None]) -> float | None:
    reported = metrics[row.machine_id]
    limit = settings.value("maxDiskPercent")
    status, accepted = MachineStatus(row.status), row.disk_accepted
    if reported is None or not is_disk_change(
        status, reported.disk_percent, limit, accepted=accepted
    ):
        return None
    return reported.disk_percent
