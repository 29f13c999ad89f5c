"""The desired state of a machine's tunnels, read with the query of its other orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from app.domain import tunnel as rules
from app.domain.tunnel import TunnelState
from app.models import Attempt, Developer, Tunnel


@dataclass(frozen=True)
class WantedTunnel:
    """A tunnel that the machine hasn't reported as ended.

    `is_open`: it should be open, for `seconds` more; else it should be closed. `opened_by` is the
    git name and address of its starter.
    """

    task_id: int
    attempt: int
    number: int
    is_open: bool
    seconds: float
    opened_by: tuple[str, str]


# A column of another query, so that it costs no extra round trip. That query binds `machine`.
RUNNING = (
    select(
        func.jsonb_agg(
            func.jsonb_build_object(
                *("taskId", Tunnel.task_id),
                *("attempt", Tunnel.attempt),
                *("number", Tunnel.number),
                *("state", Tunnel.state),
                *("hasEnded", Attempt.ended_at.is_not(None)),
                *("gitName", Developer.git_name),
                *("gitEmail", Developer.git_email),
                *("expiresAt", func.extract("epoch", Tunnel.expires_at)),
            )
        )
    )
    .join(Attempt, (Attempt.task_id == Tunnel.task_id) & (Attempt.number == Tunnel.attempt))
    .join(Developer, Developer.id == Tunnel.opened_by)
    .where(Tunnel.machine_id == bindparam("machine"), Tunnel.runs)
    .correlate(None)
    .scalar_subquery()
    .label("tunnels")
)


def read_tunnels(rows: Sequence[Mapping[str, Any]] | None, now: datetime) -> list[WantedTunnel]:
    """Return the tunnels in a value of the column RUNNING, which is None if there are none."""
    return [_to_wanted(row, now.timestamp()) for row in rows or ()]


def _to_wanted(row: Mapping[str, Any], now: float) -> WantedTunnel:
    seconds = float(row["expiresAt"]) - now
    is_wanted = rules.is_wanted(TunnelState(row["state"]), attempt_ended=row["hasEnded"])
    return WantedTunnel(
        task_id=row["taskId"],
        attempt=row["attempt"],
        number=row["number"],
        is_open=is_wanted and seconds > 0,
        seconds=max(seconds, 0.0),
        opened_by=(row["gitName"], row["gitEmail"]),
    )
