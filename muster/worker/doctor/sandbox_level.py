"""Test how far this machine can contain attempts."""

from muster.worker.doctor.finding import Machine
from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.sandboxes import Sandboxes


def detect_sandboxes(machine: Machine) -> Sandboxes:
    """Return the sandboxes that a worker would create on this machine."""
    return detect(Layout(machine.home), bwrap=machine.bwrap)
