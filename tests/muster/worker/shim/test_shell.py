"""A shell beside a stage runs in the stage's sandbox, and ends with the stage."""

import contextlib
import os
import selectors
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from muster.worker import processes
from muster.worker.sandbox.detection import detect
from muster.worker.shim import shell_run
from muster.worker.shim.client import ShimLink, ShimRefused, attach
from muster.worker.shim.shell import StageShell
from muster.worker.shim.spool import SpoolReader, SpoolWriter
from muster.worker.shim.wire import Refusal
from tests.muster.worker.repositories import root, wait_for
from tests.muster.worker.sandbox.test_sandbox import layout, make_sandbox
from tests.muster.worker.shim_stages import Stages
from tests.wait import wait_until

__all__ = ["layout", "root"]

MARK = f"{os.getpid()}.37"
StartStage = Callable[..., Stages]


@pytest.fixture(params=["none", "processes", "full"])
def start_stage(request: pytest.FixtureRequest, stages: Stages, layout: Any) -> StartStage:
    """Start a stage in each kind of sandbox."""
    rooms = detect(layout, most=request.param)
    assert rooms.level == request.param, rooms.missing
    room = make_sandbox(rooms)
    if room.mounts is None:
        room = replace(room, identity=None)

    def begin(script: str = "sleep 100", **more: Any) -> Stages:
        env = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", **more.pop("env", {})}
        sandboxed = {"room": room.init_command(), "uid": room.uid, "gid": room.uid}
        fields = {"cwd": room.workspace, **sandboxed, **more}
        stages.start("sh", "-c", f"echo up; {script}", env=env, **fields)
        stages.wait_for(b"up")
        return stages

    return begin


def open_started(shim: ShimLink) -> int | None:
    """Return the shell's number, once the stage has started."""
    try:
        return shim.open_shell()
    except ShimRefused as refused:
        if refused.code != "starting":
            raise
        return None


class Shell:
    """A viewer's end of a shell."""

    def __init__(self, stages: Stages) -> None:
        self.number = wait_until(lambda: open_started(stages.shim))
        self.directory = stages.directory / f"shell-{self.number}"
        link = attach(self.directory)
        assert link is not None
        self.link: ShimLink = link

    def run(self, line: str, *, until: bytes) -> bytes:
        self.link.send_input(f"{line}\n".encode())
        return self.wait_for(until)

    def wait_for(self, text: bytes) -> bytes:
        return wait_until(lambda: self._output_with(text), f"{text!r} in the shell", 20)

    def _output_with(self, text: bytes) -> bytes | None:
        output = self.output()
        return output if text in output else None

    def output(self) -> bytes:
        with contextlib.closing(SpoolReader(self.directory)) as reader:
            return b"".join(piece.data for piece in reader.read(0, 1 << 30))


@pytest.fixture
def open_shell() -> Iterator[Callable[[Stages], Shell]]:
    with contextlib.ExitStack() as links:

        def open_one(stages: Stages) -> Shell:
            shell = Shell(stages)
            links.callback(shell.link.close)
            return shell

        yield open_one


OpenShell = Callable[[Stages], Shell]


def test_a_shell_shares_the_stages_sandbox(start_stage: StartStage, open_shell: OpenShell) -> None:
    stages = start_stage("echo theirs >from-stage; exec sh", env={"OWN": "variable"})
    shell = open_shell(stages)
    seen = shell.run("cat from-stage; echo $OWN; id -u; echo mi''ne >from-shell", until=b"variable")
    assert b"theirs" in seen
    here = shell.run("echo ns=$(readlink /proc/self/ns/mnt /proc/self/ns/pid)=", until=b"]=")
    stages.shim.send_input(b"readlink /proc/self/ns/mnt /proc/self/ns/pid\n")
    for line in stages.wait_for(b"pid:[").split()[1:3]:
        assert line in here


def test_a_shell_ends_with_its_stage(start_stage: StartStage, open_shell: OpenShell) -> None:
    stages = start_stage("read line")
    shell = open_shell(stages)
    shell.run(f"setsid sleep {MARK} & echo be''gun", until=b"begun")
    stages.shim.send_input(b"\n")
    assert stages.wait().how == "exit"
    assert not processes.find_by_arguments("sleep", MARK)
    with pytest.raises(ShimRefused, match="the stage has ended"):
        shell.link.send_input(b"more\n")
    with pytest.raises(ShimRefused) as refused:
        stages.shim.open_shell()
    assert refused.value.code == "idle"


def test_the_next_shell_starts_after_the_last_has_exited(
    start_stage: StartStage, open_shell: OpenShell
) -> None:
    stages = start_stage()
    first = open_shell(stages)
    assert open_shell(stages).number == first.number
    first.run("exit 3", until=b"exit")
    wait_for(lambda: stages.shim.open_shell() != first.number)
    second = open_shell(stages)
    end = second.run("echo ag''ain", until=b"again")
    with contextlib.closing(SpoolReader(second.directory)) as reader:
        assert reader.end_offset() > len(end)  # it continues where the first ended
    assert not first.directory.exists()


def test_a_shell_gets_no_secrets_and_shows_none(
    start_stage: StartStage, open_shell: OpenShell
) -> None:
    stages = start_stage(env={"KEY": "s3cret-value"}, secrets=["s3cret-value"])
    shell = open_shell(stages)
    seen = shell.run('echo "[$KEY]"; echo s3cret-"value"; echo do""ne', until=b"done")
    assert b"[]" in seen
    assert b"s3cret-value" not in seen


def test_a_flood_ends_the_shell_and_not_the_stage(
    stages: Stages, open_shell: OpenShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages.start("sh", "-c", "echo up; sleep 100")
    stages.wait_for(b"up")
    shell = open_shell(stages)
    shell.link.send_input(b"yes\n")
    wait_for(lambda: len(shell.output()) > 1 << 20)
    size = len(shell.output())
    assert size < shell_run.QUOTA_BYTES
    shell.link.send_input(b"\x03")
    shell.run("echo sti''ll", until=b"still")
    assert stages.shim.fetch_state().running


def test_offsets_continue_after_a_shell_that_could_not_start(tmp_path: Path) -> None:
    """Viewers have bytes of the shell before, also if an earlier shim ran it."""
    earlier = tmp_path / "shell-4"
    earlier.mkdir()
    SpoolWriter(earlier).append(b"12345", 0, 0)
    asked: list[tuple[str, int]] = []

    class StartingStage:
        def start_shell(self, directory: str, _: object, offset: int) -> None:
            asked.append((os.path.basename(directory), offset))
            raise Refusal("starting", "the stage is starting")

    stage: Any = StartingStage()
    shell = StageShell(str(tmp_path), selectors.DefaultSelector(), lambda: stage)
    for _ in range(2):
        with pytest.raises(Refusal):
            shell.open()
    assert asked == [("shell-5", 5), ("shell-6", 5)]
