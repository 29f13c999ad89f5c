"""Protected projects: their work and secrets go only to machines that admins have listed.

A machine's own claims, such as its labels, don't count here.
"""

from collections.abc import Sequence


def allowed_machines(is_protected: bool, machines: Sequence[str]) -> frozenset[str] | None:
    """Return the machines that may have the project's work; None for all."""
    return frozenset(machines) if is_protected else None


def is_machine_allowed(only: frozenset[str] | None, machine_id: str) -> bool:
    """Whether a machine is among those of `named`."""
    return only is None or machine_id in only
