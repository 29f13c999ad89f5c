"""The gunicorn of the control channel's own tests, and its machines; and what a lie may cost it."""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flask import Flask

from tests.app.control_channel.conftest import (
    MakeMachine,
    new_machine,
    row_of,
    rows,
    served_app,
    served_environment,
    server,
)
from tests.gunicorns import Gunicorn
from tests.rogues.witness import Witness

__all__ = ["new_machine", "row_of", "rows", "served_app", "served_environment", "server"]

_MAX_MEMORY_BYTES = 96 << 20  # bytes that a web process may have grown by


def peaks(server: Gunicorn) -> dict[int, int]:
    """The most memory that each process has had since this was asked last, in bytes."""
    leader = psutil.Process(server.process.pid)
    found = {}
    for process in [leader, *leader.children(recursive=True)]:
        files = Path(f"/proc/{process.pid}")
        [peak] = re.findall(r"^VmHWM:\s+(\d+) kB$", (files / "status").read_text(), re.MULTILINE)
        found[process.pid] = int(peak) << 10
        (files / "clear_refs").write_text("5")  # it counts anew, from what there is now
    return found


@pytest.fixture
def witness(new_machine: MakeMachine, rows: Flask, server: Gunicorn) -> Iterator[Witness]:
    """An honest machine beside the liar. Afterwards its task is as it was and comes to its end, no
    process has gone, and none has grown much."""
    peaks(server)
    before = peaks(server)
    found = Witness(new_machine())
    yield found
    found.sees_its_task_through()
    after = peaks(server)
    assert after.keys() == before.keys(), "a web process has died"
    grown = {pid: after[pid] - before[pid] for pid in before}
    assert max(grown.values()) < _MAX_MEMORY_BYTES, grown
