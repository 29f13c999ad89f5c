"""Programs in a sandbox, and what they can reach."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.protocol.frames import SandboxLevel
from muster.worker.sandbox.sandbox import Sandbox
from tests.muster.worker.repositories import root
from tests.muster.worker.sandbox.sample_sandbox import make_sandbox
from tests.muster.worker.sandbox.test_landlock import has_scopes

__all__ = ["root"]

_REACH = """
import socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(chr(0) + sys.argv[1])
"""


@pytest.fixture
def host_socket() -> Iterator[str]:
    """The name of an abstract socket of the host's."""
    name = f"muster-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as host:
        host.bind("\0" + name)
        host.listen()
        yield name


def output_of(room: Sandbox, *argv: str, **options: bool) -> str:
    """Return the output of a program in the sandbox, including errors."""
    done = subprocess.run(
        room.command(*argv, **options),
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.skipif(not has_scopes(), reason="this kernel's Landlock has no scopes")
@pytest.mark.parametrize("level", ["full", "processes"])
@pytest.mark.parametrize("pid_1", [True, False])
def test_what_shares_the_hosts_network_does_not_reach_its_abstract_sockets(
    root: Path, level: SandboxLevel, pid_1: bool, host_socket: str
) -> None:
    room = make_sandbox(root / "home", level=level)
    output = output_of(room, "python3", "-c", _REACH, host_socket, open_network=True, pid_1=pid_1)
    assert "PermissionError" in output
