"""Whether a machine may have a project's work, and can contain a stage as far as the project
demands, before it is ordered.
"""

from typing import Any

from app.domain import protection, sandbox
from app.domain.sandbox import SandboxLevel
from muster.protocol import frames


def is_allowed(row: Any) -> bool:
    """Whether the machine may have the project's work and secrets. Asked again with each order: the
    project may have been protected since the machine was chosen.
    """
    only = protection.allowed_machines(row.protected, row.protected_machines)
    return protection.is_machine_allowed(only, str(row.machine_id))


def sandbox_problem(row: Any) -> str | None:
    """Why the machine cannot contain what the project demands, in words. The dispatcher knows that,
    too: the machine had another room when it was chosen.
    """
    level = _sandbox_level(row)
    if sandbox.is_sufficient(level, row.min_sandbox):
        return None
    return (
        f"the project demands the room “{row.min_sandbox}”, and the machine has “{level or 'none'}”"
    )


def stage_problem(row: Any, order: frames.RunStage) -> str | None:
    """Why the machine cannot contain the stage, which a worker that knows no rooms would not say;
    None where it can, or will say so itself.
    """
    if _sandbox_level(row) is None and order.network is not None:
        return "the worker is of a release that cannot keep a stage from the network"
    return None


def _sandbox_level(row: Any) -> SandboxLevel | None:
    return SandboxLevel(row.machine_sandbox["level"]) if row.machine_sandbox else None
