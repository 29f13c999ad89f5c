"""A directory that the attempts of a test may write: beside the worker's home, never around it."""

from pathlib import Path

from muster.worker.layout import Layout
from muster.worker.sandbox.mounts import SandboxDirectory


def make_shared(layout: Layout) -> Path:
    """Make it writable for all."""
    path = layout.home.parent / "shared"
    path.mkdir(exist_ok=True)
    path.chmod(0o777)
    return path


def mounted(layout: Layout) -> tuple[SandboxDirectory, ...]:
    """What sandboxes of a test show: all around the home to be read, and this to be written."""
    return SandboxDirectory(layout.home.parent), SandboxDirectory(
        make_shared(layout), writable=True
    )
