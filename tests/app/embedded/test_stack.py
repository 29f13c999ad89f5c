"""The supervisor of a complete stack, with small stand-ins for its processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.embedded import EmbeddedError, ports, stack
from app.embedded.commands import Command, stack_commands
from app.embedded.stack import Stack
from tests.app.embedded.embedded_clients import (
    ROOT,
    eventually,
    is_running,
    query,
    running_with,
    valkey,
)
from tests.app.embedded.stack_stand_ins import python, table

ELSEWHERE = {"DATABASE_URL": "postgresql://elsewhere/x", "REDIS_URL": "redis://elsewhere/0"}


def stand_in(home: Path, **options: Any) -> Stack:
    chosen: dict[str, Any] = {"env": ELSEWHERE, "table": table()} | options
    return Stack(home, ports.find_free_port(), **chosen)


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_a_stack_brings_its_own_servers_and_leaves_nothing(home: Path) -> None:
    messages: list[str] = []
    with stand_in(home, env=None, say=messages.append) as running:
        assert query(running.env["DATABASE_URL"], "SELECT 1") == [(1,)]
        with valkey(running.env["REDIS_URL"]) as client:
            assert client.ping()
        assert set(running.processes) == {"postgres", "valkey", "gunicorn", "celery", "beat"}
        pids = [process.pid for process in running.processes.values()]
    assert not any(is_running(pid) for pid in pids)
    assert running_with(str(home)) == []
    assert messages[0] == f"starting PostgreSQL and Valkey in {home}"
    assert messages[-1].startswith(f"Muster is ready at {running.url}")


def test_addresses_given_take_the_place_of_servers(new_home: Path) -> None:
    with stand_in(new_home) as running:
        assert set(running.processes) == {"gunicorn", "celery", "beat"}
        assert running.env["DATABASE_URL"] == ELSEWHERE["DATABASE_URL"]
        assert not (new_home / "postgres").exists()


def test_a_running_stack_leaves_its_addresses_for_commands_beside_it(new_home: Path) -> None:
    left = new_home / "services.json"
    with stand_in(new_home):
        assert json.loads(left.read_text()) == ELSEWHERE
        assert left.stat().st_mode & 0o777 == 0o600
    assert not left.exists()


def test_children_get_the_stack_s_environment(new_home: Path) -> None:
    given = {**ELSEWHERE, "SECRET_KEY": "mine", "EXTRA": "x"}
    with stand_in(new_home, env=given) as running:
        child = running.processes["celery"].pid
        shown = Path(f"/proc/{child}/environ").read_bytes().decode().split("\0")
        environment = dict(line.split("=", 1) for line in shown if line)
        assert environment == running.env
        assert environment["MUSTER_HOME"] == str(new_home)
        assert environment["MUSTER_PORT"] == str(running.port)
        assert (environment["SECRET_KEY"], environment["EXTRA"]) == ("mine", "x")
        first = environment["ENCRYPTION_KEYS"]
    running.start()
    assert running.env["ENCRYPTION_KEYS"] == first
    running.stop()


def test_what_needs_tables_waits_for_the_first_migration_only(new_home: Path) -> None:
    with stand_in(new_home):
        assert eventually(lambda: len(lines(new_home / "started")) == 3)
        assert lines(new_home / "started")[0] == "migrated"
    (new_home / "started").unlink()
    (new_home / "slow").touch()
    again = stand_in(new_home, say=lambda line: None)
    again.start()
    again.stop()
    assert "migrated" in lines(new_home / "started")
    assert lines(new_home / "started")[0] != "migrated"


def test_new_migrations_are_waited_for_again(
    new_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "VERSIONS", tmp_path)
    with stand_in(new_home):
        pass
    (tmp_path / "0002_more.py").write_text("")
    (new_home / "started").unlink()
    with stand_in(new_home):
        assert lines(new_home / "started")[0] == "migrated"


def test_what_has_to_be_prepared_is_before_anything_serves_a_new_home(new_home: Path) -> None:
    running_then: list[set[str]] = []

    def prepare(running: Stack) -> None:
        running_then.append(set(running.processes))
        assert "migrated" in lines(new_home / "started")
        assert running.run("once", python("print('prepared')")) == "prepared\n"

    for _ in range(2):
        with stand_in(new_home, prepare=prepare):
            pass
    # Later starts find the tables, and nothing waits.
    assert running_then == [set(), {"gunicorn", "celery", "beat"}]


def test_a_preparation_that_fails_ends_the_start_and_is_waited_for_again(new_home: Path) -> None:
    running_then: list[set[str]] = []

    def prepare(running: Stack) -> None:
        running_then.append(set(running.processes))
        running.run("once", python("raise SystemExit(2)"))

    for _ in range(2):
        with pytest.raises(EmbeddedError, match="once failed"):
            stand_in(new_home, prepare=prepare).start()
        assert running_with(str(new_home)) == []
    assert running_then == [set(), set()]


def test_every_child_is_asked_to_end(new_home: Path) -> None:
    with stand_in(new_home):
        assert eventually(lambda: len(lines(new_home / "started")) == 3)
    assert sorted(lines(new_home / "ended")) == ["beat", "celery"]
    assert running_with(str(new_home)) == []


@pytest.mark.parametrize("name", ["gunicorn", "celery"])
def test_a_child_that_dies_is_reported_with_its_last_words(name: str, new_home: Path) -> None:
    dying = Command(python("import sys; print('begun'); sys.exit('no module named wsgi')"))
    with (
        pytest.raises(EmbeddedError) as error,
        stand_in(new_home, table=table(**{name: dying})) as running,
    ):
        running.wait()  # where the start was done before the child was
    assert f"{name} exited with code 1" in str(error.value)
    assert f"{new_home}/logs/{name}.log" in str(error.value)
    assert "no module named wsgi" in str(error.value)
    assert running_with(str(new_home)) == []


def test_a_failed_migration_stops_the_start(new_home: Path) -> None:
    new_home.mkdir()
    (new_home / "broken").touch()
    with pytest.raises(EmbeddedError, match="migration failed with exit code 1") as error:
        stand_in(new_home).start()
    assert "no such revision" in str(error.value)
    assert running_with(str(new_home)) == []


def test_an_unready_server_is_quoted(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "PROBE_TIMEOUTS", {"/healthz": 20.0, "/readyz": 0.2})
    new_home.mkdir()
    (new_home / "unready").touch()
    with pytest.raises(EmbeddedError, match=r"/readyz with 200 .*503, no heartbeat") as error:
        stand_in(new_home).start()
    assert "web begins" in str(error.value)


def test_a_killed_child_ends_the_wait_and_can_be_started_again(new_home: Path) -> None:
    with stand_in(new_home) as running:
        running.processes["celery"].kill()
        with pytest.raises(EmbeddedError, match="celery exited with code -9"):
            running.wait()
        old = running.processes["celery"].pid
        assert running.restart("celery").pid != old
        assert running.restart("gunicorn").poll() is None
        running.await_ready()
        running.check()


def test_servers_are_restarted_at_the_addresses_that_children_know(home: Path) -> None:
    with stand_in(home, env=None) as running:
        running.processes["valkey"].kill()
        running.restart("valkey")
        running.restart("postgres")
        with valkey(running.env["REDIS_URL"]) as client:
            assert client.ping()
        assert query(running.env["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_more_processes_join_a_running_stack(new_home: Path) -> None:
    with stand_in(new_home) as running:
        script = "import os; print(os.environ['MUSTER_HOME'], os.environ['EXTRA'])"
        assert running.run("once", python("print('told')")) == "told\n"
        joined = running.launch("machine", python(script), {"EXTRA": "x"})
        assert joined.wait(seconds=10) == 0
        assert (new_home / "logs/machine.log").read_text() == f"{new_home} x\n"
        running.launch("machine", python("import signal; signal.pause()"))
        assert running.restart("machine").poll() is None
        with pytest.raises(EmbeddedError, match="once failed"):
            running.run("once", python("raise SystemExit(2)"))


def test_what_a_launched_process_leaves_behind_does_not_lock_the_home(new_home: Path) -> None:
    script = (
        "import subprocess; child = subprocess.Popen(['sleep', '600'], start_new_session=True, "
        "stdout=subprocess.DEVNULL, close_fds=False); print(child.pid, flush=True)"
    )
    with stand_in(new_home) as running:
        running.launch("machine", python(script)).wait(seconds=10)
        left = int((new_home / "logs/machine.log").read_text())
    try:
        with stand_in(new_home):
            assert is_running(left)
    finally:
        os.kill(left, signal.SIGKILL)


FOREGROUND = """
import sys
from pathlib import Path
from app.embedded.stack import Stack
from tests.app.embedded.stack_stand_ins import table
home, port = sys.argv[1:]
say = lambda line: print(line, flush=True)
try:
    with Stack(Path(home), int(port), table=table(), say=say) as stack:
        stack.wait()
except KeyboardInterrupt:
    pass  # it came before wait() was reached
print("left in order", flush=True)
"""


@contextlib.contextmanager
def foreground(home: Path) -> Iterator["subprocess.Popen[str]"]:
    """A ready stack in a separate process, which is gone at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", FOREGROUND, str(home), str(ports.find_free_port())],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            started = any(line.startswith("Muster is ready") for line in process.stdout)
            assert started, "the stack did not start"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_everything_in_order(number: signal.Signals, home: Path) -> None:
    with foreground(home) as process:
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "left in order\n")
    assert running_with(str(home)) == []


def test_a_killed_supervisor_leaves_nothing_and_the_next_one_starts_at_once(home: Path) -> None:
    with foreground(home) as process:
        orphans = [pid for pid in running_with(str(home)) if pid != process.pid]
    with stand_in(home, env=None):
        assert not any(is_running(pid) for pid in orphans)


def test_the_real_commands_use_muster_s_own_processes_and_queues(tmp_path: Path) -> None:
    real = stack_commands(tmp_path)
    assert list(real.processes) == ["gunicorn", "celery", "dispatcher", "beat"]
    assert real.web in real.processes
    assert "--queues=notify,sweep" in real.processes["celery"].argv
    assert "--queues=dispatch" in real.processes["dispatcher"].argv
    assert f"--schedule={tmp_path}/beat/schedule" in real.processes["beat"].argv


def test_a_process_that_may_end_ends_alone(new_home: Path) -> None:
    messages: list[str] = []
    with stand_in(new_home, say=messages.append) as running:
        child = running.launch("machine-1", python("print('bye')"), may_end=True)
        assert eventually(lambda: child.poll() is not None)
        running.check()
        assert "machine-1" not in running.processes
        exits = [line for line in messages if "machine-1 exited" in line]
        running.check()
        assert len(exits) == 1


@pytest.mark.parametrize(
    ("script", "may_end"),
    [("raise SystemExit(1)", True), ("pass", False)],
    ids=["crash", "may not"],
)
def test_another_end_of_a_launched_process_is_a_failure(
    new_home: Path, script: str, may_end: bool
) -> None:
    with stand_in(new_home) as running:
        child = running.launch("machine-1", python(script), may_end=may_end)
        assert eventually(lambda: child.poll() is not None)
        with pytest.raises(EmbeddedError, match="machine-1 exited with code"):
            running.check()
