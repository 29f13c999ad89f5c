"""One stack for all flows of a test process: starting it takes longer than most of them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.running import Running
from tests.flows.test_tunnel import stand_in_command


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="muster-flows-"))
    home.chmod(0o755)  # attempts have a uid of their own, and must get to the repository
    running = Running(home, {"MUSTER_TUNNEL_COMMAND": stand_in_command(home / "tunnel")})
    with running.stack:
        running.furnish()
        yield running
    shutil.rmtree(home)
