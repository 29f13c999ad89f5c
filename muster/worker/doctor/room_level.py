"""How far this machine can contain what runs for an attempt, by trying it."""

from muster.protocol.frames import Room
from muster.worker.doctor.finding import Machine
from muster.worker.layout import Layout
from muster.worker.room.rooms import found_out


def room_level(machine: Machine) -> Room:
    """The best level at which a trial works, and in words what the better ones lack."""
    return found_out(Layout(machine.home)).facts
