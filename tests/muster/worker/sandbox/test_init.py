"""A stage in its sandbox: its start and exit, which ends all processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.worker import processes
from muster.worker.sandbox import init
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.shim.client import StageExit
from tests.muster.worker.repositories import root, wait_for, wait_until_gone
from tests.muster.worker.sandbox.test_sandbox import layout, sandbox
from tests.muster.worker.shim_stages import Stages

__all__ = ["layout", "root", "sandbox"]

StartStage = Callable[..., Stages]
MARK = f"{os.getpid()}.25"


@pytest.fixture
def start_stage(stages: Stages, sandbox: Sandbox) -> StartStage:
    """Start a bash stage in the sandbox."""

    def begin(script: str, *argv: str, env: dict[str, str] | None = None) -> Stages:
        more = {
            "cwd": "/workspace",
            "uid": sandbox.uid,
            "gid": sandbox.uid,
            "room": sandbox.init_command(),
        }
        usual = {"PATH": "/usr/bin:/bin", "HOME": "/home/muster"}
        stages.start(*(argv or ("bash", "-c", script)), env={**usual, **(env or {})}, **more)
        return stages

    return begin


def alive() -> list[processes.Process]:
    return processes.find_by_arguments("sleep", MARK)


def maker(stages: Stages) -> processes.Process:
    """Return the creator of the stage's sandbox: the shim's child."""
    (found,) = processes.children(stages.shim.fetch_state().pid)
    return found


def how(end: StageExit) -> tuple[str, int]:
    return end.how, end.code


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exit 0", ("exit", 0)),
        ("exit 3", ("exit", 3)),
        ("exit 137", ("exit", 137)),
        ("kill -KILL $$", ("signal", 9)),
        ("kill -SEGV $$", ("signal", 11)),
    ],
)
def test_an_exit_is_reported_unchanged(
    start_stage: StartStage, script: str, expected: tuple[str, int]
) -> None:
    assert how(start_stage(script).wait()) == expected


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("/nowhere/agent",), "ENOENT exec /nowhere/agent: No such file or directory"),
        (("/etc/passwd",), "EACCES exec /etc/passwd: Permission denied"),
    ],
)
def test_a_missing_program_is_reported_in_the_systems_words(
    start_stage: StartStage, argv: tuple[str, ...], message: str
) -> None:
    end = start_stage("", *argv).wait()
    assert (end.how, end.message) == ("failed", message)


def test_a_sandbox_that_cannot_be_made_is_reported_and_is_no_missing_program(
    stages: Stages, sandbox: Sandbox
) -> None:
    bwrap, *rest = sandbox.init_command()
    broken = [bwrap, "--ro-bind", "/nowhere/at/all", "/x", *rest]
    end = stages.run("true", room=broken, uid=sandbox.uid)
    assert (end.how, end.message.split(":")[0]) == ("failed", "EPERM room")
    assert "/nowhere/at/all" in end.message
    end = stages.run("true", index=1, room=["/nowhere/bwrap"], uid=sandbox.uid)
    assert (
        end.message
        == "EPERM room /nowhere/bwrap (No such file or directory): Operation not permitted"
    )


def test_it_has_a_terminal_and_job_control(start_stage: StartStage) -> None:
    stages = start_stage("set -m; sleep 0 & wait $!; test -t 0 && tty && stty size && echo $$")
    assert how(stages.wait()) == ("exit", 0)
    assert stages.output() == b"/dev/console\r\n24 80\r\n2\r\n"


def test_orphans_get_term_and_are_gone_when_the_exit_is_reported(
    start_stage: StartStage,
) -> None:
    left = f"trap 'echo heard > /workspace/heard; exit' TERM; sleep {MARK} & wait"
    deaf = f"trap '' TERM; sleep {MARK}"
    stages = start_stage(f'setsid bash -c "{left}" & setsid bash -c "{deaf}" & sleep 0.3')
    assert how(stages.wait()) == ("exit", 0)
    assert alive() == []


def test_a_stop_is_heard_by_all(start_stage: StartStage) -> None:
    stages = start_stage(f"trap 'echo heard; exit 5' TERM; echo up; setsid sleep {MARK} & wait")
    stages.wait_for(b"up")
    stages.shim.stop(grace=10.0)
    assert how(stages.wait()) == ("stopped", 5)
    assert b"heard" in stages.output()
    assert alive() == []


def test_nothing_in_it_can_kill_its_first_process(start_stage: StartStage) -> None:
    script = "for i in $(seq 50); do kill -KILL 1; kill -STOP 1; kill -TERM 1; done 2>/dev/null"
    assert how(start_stage(f"{script}; ls /proc/1/fd; exit 3").wait()) == ("exit", 3)


def test_who_kills_all_there_is_ends_itself_alone(start_stage: StartStage) -> None:
    stages = start_stage("while :; do kill -KILL -1; done")
    stages.shim.stop(grace=0)
    assert stages.wait().how == "stopped"


@pytest.mark.parametrize("who", ["what made it", "its first process"])
def test_killing_any_of_its_creators_kills_everything(start_stage: StartStage, who: str) -> None:
    stages = start_stage(f"echo up; for i in 1 2 3; do setsid sleep {MARK} & done; wait")
    stages.wait_for(b"up")
    wait_for(lambda: len(alive()) == 3)
    victim = maker(stages)
    if who != "what made it":
        (victim,) = processes.children(victim.pid)
    os.kill(victim.pid, signal.SIGKILL)
    assert how(stages.wait()) == ("signal", 9)
    assert alive() == []


def test_it_dies_with_its_shim(start_stage: StartStage) -> None:
    stages = start_stage(f"echo up; setsid sleep {MARK} & wait")
    stages.wait_for(b"up")
    wait_for(alive)
    (sleeping,) = alive()
    os.kill(stages.shim.fetch_state().pid, signal.SIGKILL)
    wait_until_gone(sleeping.pid)


def test_a_projects_variables_touch_the_command_alone(
    start_stage: StartStage, tmp_path: Path
) -> None:
    """The sandbox's creator has the daemon's rights."""
    stages = start_stage("echo ok", env={"LD_PRELOAD": "/workspace/evil.so", "BASH_ENV": "/x"})
    assert how(stages.wait()) == ("exit", 0)
    assert stages.output().count(b"LD_PRELOAD cannot be preloaded") <= 1


def test_the_first_process_imports_nothing_that_a_stage_would_wait_for() -> None:
    look = "import sys; sys.path.append(sys.argv[1]); import muster.worker.sandbox.init; "
    look += "print(*set(sys.argv[2:]) & sys.modules.keys())"
    dear = ["contextlib", "ctypes", "enum", "json", "re", "signal", "subprocess", "typing"]
    sources = str(Path(__file__).parents[4])
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", look, sources, *dear]
    assert subprocess.run(command, capture_output=True, check=True).stdout.split() == []


def test_a_stage_is_given_bytes_that_are_no_text(start_stage: StartStage) -> None:
    odd = os.fsdecode(b"gr\xfc\xdfe")
    stages = start_stage(
        "", "bash", "-c", 'printf %s "$1$ODD" | od -An -c', "-", odd, env={"ODD": odd}
    )
    assert how(stages.wait()) == ("exit", 0)
    assert stages.output().split() == [*b"g r 374 337 e".split()] * 2


# Without its path, an interpreter behaves like one whose library the new user can't read.
BECOME = """
import os, sys
sys.path.append(sys.argv[1])
from muster.worker.sandbox import init
sys.path[:] = []
master, terminal = os.openpty()
heard, told = os.pipe()
pid = os.fork()
if not pid:
    env = {"PATH": "/nowhere:/etc/passwd:/usr/bin:/bin"}
    init.exec_command(sys.argv[2:], env, "/", terminal, told, None)
os.close(told)
os.close(terminal)
failure = os.read(heard, 1000).decode().strip()
_, status = os.waitpid(pid, 0)
print(failure or os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("sh", "-c", "exit 7"), "7"),
        (("/bin/sh", "-c", "exit 8"), "8"),
        (("no-such-program",), "2 ENOENT exec no-such-program: No such file or directory"),
        (("passwd/x",), "2 ENOENT exec passwd/x: No such file or directory"),
        (("/etc/passwd",), "13 EACCES exec /etc/passwd: Permission denied"),
    ],
)
def test_a_command_is_started_without_reading_the_library(
    argv: tuple[str, ...], expected: str
) -> None:
    sources = str(Path(init.__file__).parents[3])
    entry = [sys.executable, "-I", "-S", "-c", BECOME, sources, *argv]
    done = subprocess.run(entry, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.strip() == expected, done.stderr


def test_a_failure_of_our_own_code_is_reported_by_its_name() -> None:
    error = ModuleNotFoundError("No module named 'warnings'")
    line = "0 ERROR exec bash: ModuleNotFoundError: No module named 'warnings'"
    expected = f"{line} (as user {os.geteuid()})\n".encode()
    assert init.describe_failure(error, "exec bash") == expected
