"""Processes are identified by what they can't change, and only they get signals."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from muster.worker import processes
from tests.muster.worker.repositories import wait_for
from tests.muster.worker.user_processes import processes_of

Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def mark(request: pytest.FixtureRequest) -> str:
    """A unique one, however many suites run on this machine."""
    return f"{request.node.name}-{os.getpid()}"


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts a Python script and waits for its first line."""

    def spawned(script: str, **more: object) -> "subprocess.Popen[str]":
        child: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
            [sys.executable, "-I", "-S", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **more,
        )
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline()
        return child

    children: list[subprocess.Popen[str]] = []
    yield spawned
    for child in children:
        with child:
            child.kill()


SLEEPER = "print('on', flush=True); import time; time.sleep(300)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPER


def identity(pid: int) -> processes.Process:
    found = processes.find(pid)
    assert found is not None
    return found


def test_we_find_ourselves() -> None:
    me = identity(os.getpid())
    assert (me.parent, me.group, me.session) == (os.getppid(), os.getpgid(0), os.getsid(0))
    assert me.is_alive


def test_nobody_has_an_impossible_pid() -> None:
    assert processes.find(2**31 - 1) is None


def test_a_name_with_parentheses_and_blanks_confuses_nobody(spawn: Spawn) -> None:
    naming = "open('/proc/self/comm', 'w').write('a) S 1 (b');" + SLEEPER
    child = spawn(naming)
    assert identity(child.pid).parent == os.getpid()


def test_a_tree_is_found_below_its_root(spawn: Spawn) -> None:
    child = spawn(
        "import os, time\n"
        "if not os.fork() and not os.fork(): print('on', flush=True)\n"
        "time.sleep(300)"
    )
    ours = {process.pid for process in processes.descendants(os.getpid())}
    below = processes.descendants(child.pid)
    assert len(below) == 2
    assert ours >= {child.pid, *(process.pid for process in below)}
    processes.kill(below)


def test_groups_have_their_members(spawn: Spawn) -> None:
    child = spawn(SLEEPER, start_new_session=True)
    assert [process.pid for process in processes.processes_in_group(child.pid)] == [child.pid]


def test_a_mark_is_found_by_name_and_value(spawn: Spawn, mark: str) -> None:
    child = spawn(SLEEPER, env={"MARK": mark})
    spawn(SLEEPER, env={"MARK": f"{mark} too"})
    assert [process.pid for process in processes.find_by_environment("MARK", mark)] == [child.pid]


def test_the_successor_of_a_pid_is_never_signalled(spawn: Spawn) -> None:
    child = spawn(SLEEPER)
    predecessor = identity(child.pid)._replace(started=1)
    assert not processes.send_signal(predecessor, signal.SIGKILL)
    assert child.poll() is None


def test_a_dead_process_is_not_signalled(spawn: Spawn) -> None:
    child = spawn(SLEEPER)
    was = identity(child.pid)
    child.kill()
    child.wait()
    assert not processes.send_signal(was, signal.SIGTERM)


SUBREAPER = """
import ctypes, os, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execve("/bin/sh", ["sh", "-c", "trap '' TERM; echo on; sleep 300; sleep 300"], {})
    os._exit(0)
time.sleep(300)
"""


def test_a_frozen_tree_is_killed_with_all_that_escaped_below_it(spawn: Spawn) -> None:
    child = spawn(SUBREAPER)
    below = processes.descendants(child.pid)
    assert below
    root = identity(child.pid)
    processes.send_signal(root, signal.SIGSTOP)
    processes.kill_tree(root)
    assert child.wait() == -signal.SIGKILL
    for process in below:
        now = processes.find(process.pid)
        assert now is None or now.started != process.started or not now.is_alive


def test_the_tree_below_the_successor_of_a_pid_is_never_killed(spawn: Spawn) -> None:
    child = spawn(SUBREAPER)
    wait_for(lambda: len(processes.descendants(child.pid)) == 2)  # the shell, and its sleep
    below = processes.descendants(child.pid)
    processes.kill_tree(identity(child.pid)._replace(started=1))
    assert child.poll() is None
    assert {p.pid for p in processes.descendants(child.pid)} == {p.pid for p in below}
    processes.kill(below)


def test_processes_are_found_by_the_words_they_were_started_with(spawn: Spawn, mark: str) -> None:
    child = spawn(f"'{mark}';{SLEEPER}")
    assert processes.find_by_arguments("-I", "-S", f"'{mark}';{SLEEPER}") == [identity(child.pid)]
    assert processes.find_by_arguments("-I", mark) == []


def test_who_ignores_term_is_killed(spawn: Spawn, mark: str) -> None:
    child = spawn(DEAF, env={"MARK": mark})
    assert (
        processes.terminate_all(lambda: processes.find_by_environment("MARK", mark), grace=0.05)
        == []
    )
    assert child.wait() == -signal.SIGKILL


def test_who_listens_to_term_is_not_killed(spawn: Spawn, mark: str) -> None:
    child = spawn(SLEEPER, env={"MARK": mark})
    assert (
        processes.terminate_all(lambda: processes.find_by_environment("MARK", mark), grace=20) == []
    )
    assert child.wait() == -signal.SIGTERM


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users' processes")
def test_all_of_a_user_are_killed_and_no_one_else(spawn: Spawn) -> None:
    uid = 40_000 + os.getpid() % 20_000
    script = f"import os, signal, time; os.setresuid({uid}, {uid}, {uid}); os.fork();" + DEAF
    child, other = spawn(script), spawn(SLEEPER)
    assert processes_of(uid)
    assert processes.terminate_all(lambda: processes_of(uid), grace=0.05) == []
    assert child.wait() == -signal.SIGKILL
    assert other.poll() is None
