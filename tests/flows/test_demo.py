"""`make demo` for a newcomer: in an empty home, without a git identity."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from demo.repository import BASE, Repository
from tests.wait import wait_for_output

ROOT = Path(__file__).parents[2]
PLAY = [sys.executable, "-m", "demo.play"]
SECONDS = 100.0


@pytest.fixture
def home() -> Iterator[Path]:
    # Not pytest's own directory, which attempts' users can't enter.
    path = Path(tempfile.mkdtemp(prefix="muster-demo-test-"))
    path.chmod(0o755)
    yield path
    for pid in processes_of(path):  # left by a failed test
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(path)


@pytest.fixture
def play(home: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Start the demo; its output goes to `<home>/output`."""
    started: list[subprocess.Popen[str]] = []
    user = home / "user"
    user.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(user), "MUSTER_HOME": str(home / "state")}

    def start() -> "subprocess.Popen[str]":
        with (home / "output").open("w") as output:
            demo = subprocess.Popen(
                PLAY,
                cwd=ROOT,
                env={**env, "MUSTER_EMBEDDED_FSYNC": "off"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                text=True,
            )
        started.append(demo)
        return demo

    yield start
    for demo in started:
        demo.kill()
        demo.wait()


@pytest.mark.timeout(240)
def test_an_interrupted_demo_leaves_nothing_and_the_next_one_repairs_the_package(
    home: Path, play: Callable[[], "subprocess.Popen[str]"]
) -> None:
    interrupted = play()
    await_output(home, "stage_started", interrupted)
    interrupted.terminate()
    assert interrupted.wait(SECONDS) == 130, output_of(home)
    assert processes_of(home) == {}
    assert sockets_of(home) == []

    assert play().wait(SECONDS) == 0, output_of(home)
    assert processes_of(home) == {}
    assert sockets_of(home) == []
    repository = Repository(home / "state" / "demo" / "repositories" / "durations.git")
    branch = pushed_branch(home)
    assert repository.has(branch)
    assert repository.failing_tests(BASE) is not None
    assert repository.failing_tests(branch) is None
    assert "total += int(count)" in repository.diff(branch, colour=False)
    assert list((home / "user").iterdir()) == []


def await_output(home: Path, words: str, demo: "subprocess.Popen[str]") -> None:
    wait_for_output(home / "output", words, demo, SECONDS)


def output_of(home: Path) -> str:
    return (home / "output").read_text()


def pushed_branch(home: Path) -> str:
    (line,) = (
        line for line in output_of(home).splitlines() if line.startswith("The pushed branch ")
    )
    return line.removeprefix("The pushed branch ")


def processes_of(home: Path) -> dict[int, str]:
    """Return every process that uses the home: in its arguments, environment or directory."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (entry / "cmdline").read_bytes()
            text = arguments + (entry / "environ").read_bytes() + bytes((entry / "cwd").readlink())
            if os.fsencode(home) in text:
                found[int(entry.name)] = arguments.replace(b"\0", b" ").decode(errors="replace")
    return found


def sockets_of(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_socket()]
