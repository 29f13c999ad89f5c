"""Whether a machine may have a project's work and has the required sandbox, checked before an
order.
"""

from typing import Any

from app.domain import protection, sandbox
from app.domain.sandbox import SandboxLevel
from muster.protocol import frames


def is_allowed(row: Any) -> bool:
    """Whether the machine may have the project's work and secrets.

    It's checked again with each order: the project may have been protected since the machine was
    chosen.
    """
    only = protection.allowed_machines(row.protected, row.protected_machines)
    return protection.is_machine_allowed(only, str(row.machine_id))


def sandbox_problem(row: Any) -> str | None:
    """Return why the machine lacks the required sandbox.

    The dispatcher checks that, too; the machine had another level when it was chosen.
    """
    level = _sandbox_level(row)
    if sandbox.is_sufficient(level, row.min_sandbox):
        return None
    return (
        f"the project requires sandbox level “{row.room}”, and the machine has “{level or 'none'}”"
    )


def stage_problem(row: Any, order: frames.RunStage) -> str | None:
    """Return why the machine can't isolate the stage, if its worker is too old to report that;
    None otherwise.
    """
    if _sandbox_level(row) is None and order.network is not None:
        return "the worker's release can't block a stage's network access"
    return None


def _sandbox_level(row: Any) -> SandboxLevel | None:
    return SandboxLevel(row.machine_sandbox["level"]) if row.machine_sandbox else None
