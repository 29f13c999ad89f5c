"""Tasks that wait for machines to reconnect after a restore: the machines may already have them."""

from typing import Any

from sqlalchemy import ColumnElement, exists, func

from app.domain.machine import MachineStatus
from app.models import Machine, ServerIdentity, Task

_is_any_expected = exists().where(
    Machine.is_expected, Machine.status != MachineStatus.DECOMMISSIONED
)


def is_possibly_running(now: Any) -> ColumnElement[bool]:
    """Whether the task of the query may be on a machine that is expected after a restore."""
    return exists().where(
        ServerIdentity.restored_at > Task.created_at,
        func.coalesce(ServerIdentity.machines_expected_until > now, True),
        _is_any_expected,
    )
