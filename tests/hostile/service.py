"""Puts a machine into service for a while, in a directory of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hostile.machine import Machine
from tests.hostile.users import User


@contextmanager
def in_service(user: User, *options: str, slots: int = 20, **seconds: float) -> Iterator[Machine]:
    """A machine whose daemon runs as the user, with these options; nothing of it is left after.

    `seconds`: of a `heartbeat` and a `lease`, where they are to be other than quick and long.
    """
    root = Path(tempfile.mkdtemp(prefix="muster-hostile-"))
    root.chmod(0o711)
    try:
        made = Machine(user, root, *options, slots=slots, **seconds)
        try:
            made.restart()
            yield made
        finally:
            made.close()
    finally:
        shutil.rmtree(root)
