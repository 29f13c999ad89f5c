"""Protected projects: their work and their secrets go only to machines that admins have named.

What a machine says of itself, its labels among it, does not count here.
"""

from collections.abc import Sequence


def allowed_machines(is_protected: bool, machines: Sequence[str]) -> frozenset[str] | None:
    """The machines that may have the project's work; None: all of them."""
    return frozenset(machines) if is_protected else None


def is_machine_allowed(only: frozenset[str] | None, machine_id: str) -> bool:
    """Whether a machine is among those of `named`."""
    return only is None or machine_id in only
