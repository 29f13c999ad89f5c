"""Limits on machines' reports, and records of machines that exceed them."""

from collections.abc import Mapping

from app.domain.fleet_counters import MISBEHAVIOR, FleetCounter, Refusal
from app.models import Machine
from app.services import audit, settings
from app.services.counters import fleet


def is_reported(machine: Machine, why: str) -> bool:
    """Whether the audit log already has the machine for that reason."""
    return why in machine.misbehavior


def record_misbehavior(machine: Machine, refused: Mapping[str, int], about: str = "") -> None:
    """Count a rejected report, by reason.

    What no correct machine does also goes to the audit log, once per machine and reason. The caller
    holds the machine's lock, and commits.
    """
    fleet.increment(FleetCounter.REPORTS_REFUSED, refused)
    for why in MISBEHAVIOR:
        if why in refused and not is_reported(machine, why):
            machine.misbehavior = [*machine.misbehavior, why]
            fields = {"reason": why, "about": about[:200]}
            audit.record(
                "machine.misbehaved",
                "machine",
                machine.id,
                actor=None,
                machine=machine,
                after=fields,
            )


def cap_slots(machine: Machine, wanted: int) -> int:
    """Return the slots of a machine that requests that many; records an excess likewise."""
    most: int = settings.value("maxSlots")
    if wanted > most:
        record_misbehavior(
            machine,
            {Refusal.LIMIT_EXCEEDED: 1},
            f"it requested {wanted} slots; at most {most} are allowed",
        )
    return min(wanted, most)
