"""How far this machine can contain what runs for an attempt, by trying it."""

from muster.worker.doctor.finding import Machine
from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.sandboxes import Sandboxes


def detect_sandboxes(machine: Machine) -> Sandboxes:
    """The rooms that a worker would make on this machine."""
    return detect(Layout(machine.home), bwrap=machine.bwrap)
