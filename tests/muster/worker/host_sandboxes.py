"""The sandboxes of this host, detected once: that takes longer than many a test."""

import atexit
import os
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.sandboxes import Sandboxes
from tests.muster.worker.shared_directory import mounted


def find_sandboxes(layout: Layout) -> Sandboxes:
    """What the host can create for this home with the programs on the search path."""
    found = _detect(os.environ["PATH"])
    return replace(found, layout=layout, directories=mounted(layout))


@cache
def _detect(path: str) -> Sandboxes:
    home = Path(tempfile.mkdtemp(prefix="muster-host-"))
    atexit.register(shutil.rmtree, home)
    home.chmod(0o711)
    layout = Layout(home)
    layout.make()
    return detect(layout)
