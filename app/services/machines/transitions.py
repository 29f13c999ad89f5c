"""The single writer of a machine's status. The caller holds the machine's lock."""

from datetime import datetime

from app.domain import machine as rules
from app.domain.machine import MachineEvent
from app.models import Machine


def apply_event(machine: Machine, event: MachineEvent, now: datetime) -> None:
    """Apply a state-machine event to the machine, with the dependent columns.

    Raises MachineDecommissioned or Conflict, and then changes nothing. Doesn't commit.
    """
    connected = rules.is_connected_after(event, machine.connected)
    machine.status = rules.next_status(machine.status, event, connected)
    machine.connected = connected
    match event:
        case MachineEvent.CONNECT if machine.connected_at is None:
            machine.connected_at = now
        case MachineEvent.DRAIN if machine.drain_started_at is None:
            machine.drain_started_at = now
        case MachineEvent.UNDRAIN | MachineEvent.DECOMMISSION:
            machine.drain_started_at = machine.drain_by = None
            machine.drain_note = machine.drain_deadline = None
