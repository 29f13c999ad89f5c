"""How far machines are believed, and that somebody hears of those that say more than they may."""

from collections.abc import Mapping

from app.domain.fleet_counters import MISBEHAVIOR, FleetCounter, Refusal
from app.models import Machine
from app.services import audit, settings
from app.services.counters import fleet


def is_reported(machine: Machine, why: str) -> bool:
    """Whether the audit log tells of the machine for that reason."""
    return why in machine.misbehavior


def record_misbehavior(machine: Machine, refused: Mapping[str, int], about: str = "") -> None:
    """Count what was refused, by reason; what no honest machine does is in the audit log, too, once
    for each machine and reason. The caller holds the machine's lock, and commits.
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
    """How many slots a machine has that wants so many; likewise."""
    most: int = settings.value("maxSlots")
    if wanted > most:
        record_misbehavior(
            machine, {Refusal.LIMIT_EXCEEDED: 1}, f"it wants {wanted} slots, of {most} at most"
        )
    return min(wanted, most)
