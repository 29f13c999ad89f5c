"""Sandboxes as this machine creates them."""

from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import SandboxLevel
from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.mounts import SandboxDirectory
from muster.worker.sandbox.sandbox import Sandbox

KEY = AttemptKey(7, 1)


def make_sandbox(
    home: Path, *directories: SandboxDirectory, level: SandboxLevel = "full"
) -> Sandbox:
    """Return the sandbox of an attempt of this home's worker, with these directories visible."""
    layout = Layout(home)
    layout.make()
    for path in (layout.attempt(KEY), layout.workspace(KEY), layout.attempt_home(KEY)):
        path.mkdir()
    (layout.credentials / "token").write_text("secret")
    rooms = detect(layout, most=level, directories=directories)
    assert rooms.level == level, rooms.missing
    return rooms.for_attempt(KEY, None, layout.mirrors)
