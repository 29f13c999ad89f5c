"""The emulator is native code that reads what attempts print: it can do nothing but that."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.worker.sandbox.uids import UidAllocator
from muster.worker.terminals.emulator_client import (
    EmulatorClient,
    EmulatorFailed,
    EmulatorProcessGone,
)
from muster.worker.terminals.screen_client import ScreenClient
from tests.muster.worker import uids
from tests.muster.worker.repositories import as_root, wait_for, wait_until_gone
from tests.muster.worker.terminals.test_screen_client import Written
from tests.muster.worker.worker_home import SOURCES

WHOSE = AttemptKey(7, 1)


@pytest.fixture
def emulators() -> Iterator[EmulatorClient]:
    emulators = EmulatorClient()
    yield emulators
    emulators.close()


@pytest.fixture
def screens(tmp_path: Path) -> Iterator[ScreenClient]:
    """Of which one shows something."""
    (tmp_path / "identities").mkdir()
    screens = ScreenClient(
        tmp_path, UidAllocator(tmp_path / "identities", uids.OWN).claim_named("screens")
    )
    written = Written(tmp_path / "7-1")
    written.write(b"hello")
    assert screens.screen_at(WHOSE.name, 5) is not None
    yield screens
    screens.close()
    written.close()


def native(screens: ScreenClient) -> list[psutil.Process]:
    """Return the screen processes into which the emulator's code is loaded."""
    top = psutil.Process(screens.pid)
    family = [top, *top.children(recursive=True)]
    return [p for p in family if "/avt/" in Path(f"/proc/{p.pid}/maps").read_text()]


@as_root
def test_no_process_with_native_code_runs_as_root(screens: ScreenClient, tmp_path: Path) -> None:
    [process] = native(screens)
    [claim] = (tmp_path / "identities").iterdir()
    assert int(claim.name) in uids.OWN
    assert {*process.uids(), *process.gids()} == {int(claim.name)}
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert "Groups:\t \n" in status
    assert "CapEff:\t0000000000000000\n" in status
    assert "NoNewPrivs:\t1\n" in status


def test_it_ends_with_the_process_that_asks_it(screens: ScreenClient) -> None:
    [process] = native(screens)
    assert screens.pid is not None
    os.kill(screens.pid, signal.SIGKILL)
    wait_until_gone(process.pid)


def test_a_crash_in_it_costs_one_process_that_is_started_again(screens: ScreenClient) -> None:
    [process] = native(screens)
    first = screens.pid
    process.send_signal(signal.SIGSEGV)
    wait_for(lambda: screens.screen_at(WHOSE.name, 5))
    assert screens.pid != first


TRIES = """
import os, socket, subprocess, sys
from muster.worker.terminals.emulator_process import drop_privileges
drop_privileges(66998 if os.geteuid() == 0 else None)
def file(): open("/etc/hostname")
def line(): socket.socket()
def unix(): socket.socket(socket.AF_UNIX)
def pipe(): os.pipe()
def memory(): os.memfd_create("x")
def process(): os.fork() or os._exit(0)
def rights(): os.setuid(0)
def signals(): os.kill(os.getppid(), 0)
for attempt in (file, line, unix, pipe, memory, process, rights, signals):
    try:
        attempt()
    except OSError:
        continue
    print(attempt.__name__)
"""


def test_it_can_get_no_file_no_socket_and_no_process() -> None:
    command = [sys.executable, "-c", TRIES]
    ran = subprocess.run(command, cwd=SOURCES, capture_output=True, text=True, check=True)
    # An ordinary user has the right to send signals and, having one uid, to keep it.
    allowed = [] if os.geteuid() == 0 else ["signals"]
    assert ran.stdout.split() == allowed, ran.stderr


def test_of_two_emulators_each_has_its_own_screen(emulators: EmulatorClient) -> None:
    one, other = emulators.create(20, 5, 10), emulators.create(30, 6, 10)
    one.feed("first")
    other.feed("second")
    other.resize(40, 7)
    assert ("first" in one.dump(), one.size) == (True, (20, 5))
    assert ("second" in other.dump(), other.size) == (True, (40, 7))


def test_of_one_that_has_ended_nothing_is_to_be_had(emulators: EmulatorClient) -> None:
    ended = emulators.create(20, 5, 10)
    ended.close()
    ended.close()
    with pytest.raises(EmulatorFailed):
        ended.dump()
    assert emulators.create(20, 5, 10).dump() is not None


def test_a_request_fails_when_they_are_gone(emulators: EmulatorClient) -> None:
    terminal = emulators.create(20, 5, 10)
    os.kill(emulators.pid, signal.SIGKILL)
    with pytest.raises(EmulatorProcessGone):
        terminal.feed("anything")
