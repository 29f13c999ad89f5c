"""The gunicorn of the control channel's own tests, and its machines; and what a lie may cost it."""

from collections.abc import Iterator

import psutil
import pytest
from flask import Flask

from tests.app.machines.conftest import (
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

_MOST_MEMORY = 96 << 20  # bytes that a web process may have grown by


def memory(server: Gunicorn) -> dict[int, int]:
    """The bytes of memory of each process, by its id."""
    leader = psutil.Process(server.process.pid)
    return {p.pid: p.memory_info().rss for p in [leader, *leader.children(recursive=True)]}


@pytest.fixture
def witness(new_machine: MakeMachine, rows: Flask, server: Gunicorn) -> Iterator[Witness]:
    """An honest machine beside the liar. Afterwards its task is as it was and comes to its end, no
    process has gone, and none has grown much."""
    before = memory(server)
    found = Witness(new_machine())
    yield found
    found.sees_its_task_through()
    after = memory(server)
    assert after.keys() == before.keys(), "a web process has died"
    grown = {pid: after[pid] - before[pid] for pid in before}
    assert max(grown.values()) < _MOST_MEMORY, grown
