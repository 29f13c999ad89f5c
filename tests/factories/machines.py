"""Machines and enrollment tokens."""

from datetime import timedelta
from typing import Any

from app.domain.tokens import TokenKind, digest
from app.models import (
    Developer,
    EnrollmentToken,
    Machine,
    MachineHeartbeat,
    MachineHour,
    MachineMinute,
)
from app.services.accounts import tokens
from sample_data import rows
from tests.factories.developers import make_developer
from tests.factories.rows import now, numbers, stored


def make_machine(*, metrics: dict[str, float] | None = rows.METRICS, **fields: Any) -> Machine:
    """A machine that is connected, idle, and can run claude, with a heartbeat that came just
    now.
    """
    moment = now()
    machine = stored(Machine, rows.machine(f"machine{next(numbers)}", moment), fields)
    beat = rows.heartbeat(machine.id, moment, timedelta(minutes=10))
    stored(MachineHeartbeat, beat, {"metrics": metrics})
    return machine


def make_minute(machine: Machine, **fields: Any) -> MachineMinute:
    """A sample of the machine's load, of the minute that has just begun."""
    defaults = {
        "machine_id": machine.id,
        "at": now().replace(second=0, microsecond=0),
        "cpu_percent": 50.0,
        "memory_percent": 20.0,
        "disk_percent": 30.0,
        "slots_used": 1,
    }
    return stored(MachineMinute, defaults, fields)


def make_hour(machine: Machine, **fields: Any) -> MachineHour:
    """The sum of a machine's samples of the hour that has just begun."""
    defaults = {
        "machine_id": machine.id,
        "at": now().replace(minute=0, second=0, microsecond=0),
        "cpu_percent": 50.0,
        "cpu_highest": 90.0,
        "memory_percent": 20.0,
        "disk_percent": 30.0,
        "slots_used": 1.5,
    }
    return stored(MachineHour, defaults, fields)


def make_enrollment_token(
    *, creator: Developer | None = None, **fields: Any
) -> tuple[EnrollmentToken, str]:
    """The row of an unused enrollment token, and its secret."""
    secret = tokens.generate(TokenKind.ENROLLMENT)
    creator = creator or make_developer()
    defaults = {
        "prefix": secret[:18],
        "digest": digest(secret),
        "created_by": creator.id,
        "created_at": now(),
        "expires_at": now() + timedelta(days=1),
    }
    return stored(EnrollmentToken, defaults, fields), secret
