"""Whether a machine may have a project's work and has the required sandbox, checked before an
order.
"""

from typing import Any

from app.domain import protection, sandbox
from app.domain.sandbox import SandboxLevel


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
    level = SandboxLevel(row.machine_sandbox["level"]) if row.machine_sandbox else None
    if sandbox.is_sufficient(level, row.min_sandbox):
        return None
    has = f"and the machine has “{level or 'none'}”"
    return f"the project requires sandbox level “{row.min_sandbox}”, {has}"
