"""The host's abstract sockets, from a sandbox that shares its network."""

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[4]
_PROGRAM = """
import socket, subprocess, sys
sys.path.append(sys.argv[1])
from muster.worker.sandbox.landlock import scope_abstract_sockets
name = chr(0) + sys.argv[2]
if sys.argv[3] == "scoped" and not scope_abstract_sockets():
    sys.exit("it did not take")
def reach(name):
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(name)
        except OSError as error:
            return type(error).__name__
    return "connected"
with socket.socket(socket.AF_UNIX) as own:
    own.bind(name + "-own")
    own.listen()
    print(reach(name), reach(own.getsockname()), reach(sys.argv[4]))
"""


def has_scopes() -> bool:
    return int(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)) >= 6


@pytest.mark.skipif(not has_scopes(), reason="this kernel's Landlock has no scopes")
@pytest.mark.parametrize(
    ("how", "came_of_it"),
    [
        ("open", "connected connected connected"),
        ("scoped", "PermissionError connected connected"),
    ],
)
def test_only_abstract_sockets_from_within_are_reached(
    tmp_path: Path, how: str, came_of_it: str
) -> None:
    name, path = f"muster-test-{os.getpid()}-{how}", str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as host, socket.socket(socket.AF_UNIX) as file:
        host.bind("\0" + name)
        host.listen()
        file.bind(path)
        file.listen()
        completed = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, str(SOURCES), name, how, path],
            check=True,
            capture_output=True,
            text=True,
        )
    assert completed.stdout.strip() == came_of_it
