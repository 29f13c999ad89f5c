"""How far this machine can contain what runs for an attempt, by trying it."""

from muster.worker.doctor.finding import Machine
from muster.worker.layout import Layout
from muster.worker.room.detection import detect
from muster.worker.room.rooms import Rooms


def detect_rooms(machine: Machine) -> Rooms:
    """The rooms that a worker would make on this machine."""
    return detect(Layout(machine.home), bwrap=machine.bwrap)
