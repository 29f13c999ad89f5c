"""Stages that are suspended, by a limit or by an order, and resume there."""

import os
import signal
from pathlib import Path

import pytest

from muster.protocol.frames import (
    Checkpoint,
    RunStage,
    StageFinished,
    StageStarted,
    Stop,
    Stopped,
    Suspend,
    Suspended,
)
from tests.muster.worker.repositories import as_root, repository, root, wait_for
from tests.muster.worker.test_daemon_killed import written
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

RECORDED = Path(__file__).parents[2] / "agents" / "recorded"
RESETS = 1_795_712_028  # the recording's value, in unix seconds


@pytest.fixture
def spent(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> WorkerHome:
    """A home with a stand-in for claude, whose subscription is exhausted until `reset` exists next
    to it; it first prints its arguments, and leaves a file for each call."""
    bin = worker.layout.home.parent
    record = (RECORDED / "claude-subscriber-quota.jsonl").read_text()
    done = (RECORDED / "claude-resumed.jsonl").read_text()
    (bin / "claude").write_text(
        "#!/bin/sh\nread -r prompt\n"
        'echo "called: $* $prompt" | tr "\\n" " "; echo\necho call >> calls.txt\n'
        f"if [ -e {bin}/reset ]; then\ncat <<'END'\n{done}END\nexit 0\nfi\n"
        f"cat <<'END'\n{record}END\nexit 1\n"
    )
    (bin / "claude").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin}:{os.environ['PATH']}")
    return worker


def limited(worker: WorkerHome, run: int = 0) -> RunStage:
    return worker.run("repair it", kind="agent", agent="claude", on_limit="suspend", run=run)


def last_hello_state(worker: WorkerHome) -> tuple[str, int, int]:
    """Return the attempt's state in the daemon's latest hello."""
    [attempt] = worker.server.hellos[-1].attempts
    return attempt.state, attempt.stage_index, attempt.run


@as_root
def test_a_limit_suspends_the_stage_with_what_it_has_done_so_far(spent: WorkerHome) -> None:
    spent.run_daemon(spent.make_daemon(max_sandbox_level="full"))
    limited(spent)
    suspended = spent.server.wait_for_report(Suspended)
    assert (suspended.stage_index, suspended.run, suspended.reason) == (0, 0, "quota")
    assert suspended.resets_at_ms == RESETS * 1000
    assert "session limit" in suspended.message
    [checkpoint] = spent.server.bodies(Checkpoint)
    assert (checkpoint.partial, checkpoint.ref) == (True, "refs/muster/7/1/0-partial")
    assert spent.repository.git("show", f"{checkpoint.ref}:calls.txt") == "call"
    assert not spent.server.bodies(StageFinished)
    assert not spent.stages()


@as_root
def test_the_next_run_resumes_the_same_session_also_after_a_restart(spent: WorkerHome) -> None:
    spent.run_daemon(spent.make_daemon(max_sandbox_level="full"))
    limited(spent)
    spent.server.wait_for_report(Suspended)
    spent.leave()
    spent.run_daemon(spent.make_daemon(max_sandbox_level="full"))
    assert last_hello_state(spent) == ("waiting", 0, 0)
    (spent.layout.home.parent / "reset").touch()
    limited(spent, run=1)
    finished = spent.server.wait_for_report(StageFinished)
    assert (finished.how, finished.code, finished.run) == ("exit", 0, 1)
    last = [ln for ln in spent.server.log().decode().splitlines() if ln.startswith("called: ")][-1]
    assert "--resume" in last
    assert "continue from where you were" in last
    partial, whole = spent.server.bodies(Checkpoint)
    assert (whole.partial, whole.ref, whole.run) == (False, "refs/muster/7/1/0", 1)
    assert spent.repository.git("show", f"{whole.ref}:calls.txt") == "call\ncall"
    assert partial.commit != whole.commit


@as_root
def test_an_agent_stopped_before_its_first_message_starts_again(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin = worker.layout.home.parent
    done = (RECORDED / "claude-resumed.jsonl").read_text()
    (bin / "claude").write_text(
        "#!/bin/sh\nprintf 'called: %s\\n' \"$*\"\n"
        "[ -e begun ] || { touch begun; exec sleep 600; }\n"
        'case " $* " in *" --continue "*) echo "No conversation found" >&2; exit 1;; esac\n'
        f"cat <<'END'\n{done}END\n"
    )
    (bin / "claude").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin}:{os.environ['PATH']}")
    worker.run_daemon(worker.make_daemon(max_sandbox_level="full"))
    limited(worker)
    worker.server.wait_for(lambda: b"called: " in worker.server.log())
    worker.server.send(Suspend(7, 1, 0, 0, "budget"))
    worker.server.wait_for_report(Suspended)
    limited(worker, run=1)
    assert worker.server.wait_for_report(StageFinished).code == 0
    assert b"don't start over" not in worker.server.log()


@as_root
def test_a_limit_fails_the_stage_where_the_order_does_not_say_to_wait(spent: WorkerHome) -> None:
    spent.run_daemon(spent.make_daemon(max_sandbox_level="full"))
    spent.run("repair it", kind="agent", agent="claude")
    finished = spent.server.wait_for_report(StageFinished)
    assert (finished.how, finished.code) == ("exit", 1)


def slow(worker: WorkerHome) -> None:
    """Orders a stage that writes a file and waits, and returns when it has."""
    worker.run("echo half > work.txt; echo written; sleep 600")
    worker.server.wait_for(lambda: b"written" in worker.server.log())


def test_an_order_suspends_a_stage_and_the_next_run_resumes_it(
    worker: WorkerHome,
) -> None:
    worker.start()
    slow(worker)
    worker.server.send(Suspend(7, 1, 0, 0, "budget"))
    suspended = worker.server.wait_for_report(Suspended)
    assert (suspended.reason, suspended.resets_at_ms) == ("budget", None)
    assert not worker.stages()
    worker.run("cat work.txt", run=1)
    finished = worker.server.wait_for_report(StageFinished)
    assert (finished.code, finished.run) == (0, 1)
    assert b"half" in worker.server.log()


def test_a_stage_suspended_again_leaves_its_earlier_checkpoint_at_the_remote(
    worker: WorkerHome,
) -> None:
    """The report of the later one never arrived. The next attempt was to continue from the earlier
    one, and people were asked who had changed it."""
    worker.start()
    slow(worker)
    worker.server.send(Suspend(7, 1, 0, 0, "budget"))
    worker.server.wait_for_report(Suspended)
    worker.run("echo more >> work.txt; echo again; sleep 600", run=1)
    worker.server.wait_for(lambda: b"again" in worker.server.log())
    worker.server.send(Suspend(7, 1, 0, 1, "budget"))
    worker.server.wait_for_report(Suspended, 2)
    first, later = worker.server.bodies(Checkpoint)
    assert first.ref == "refs/muster/7/1/0-partial"
    assert later.ref == f"{first.ref}-{later.commit}"
    assert worker.repository.git("show", f"{first.ref}:work.txt") == "half"
    assert worker.repository.git("show", f"{later.ref}:work.txt") == "half\nmore"
    worker.run("cat work.txt", run=2)
    worker.server.wait_for_report(StageFinished)
    assert worker.server.bodies(Checkpoint)[-1].ref == "refs/muster/7/1/0"


def test_an_order_for_another_run_stops_nothing(worker: WorkerHome) -> None:
    worker.start()
    flag = worker.layout.home.parent / "go"
    worker.run(f"until test -e {flag}; do sleep 0.05; done")
    worker.server.send(Suspend(7, 1, 0, 1, "budget"))
    worker.server.send(Suspend(7, 1, 1, 0, "budget"))
    flag.touch()
    assert worker.server.wait_for_report(StageFinished).code == 0
    assert not worker.server.bodies(Suspended)


def test_a_daemon_that_dies_while_it_suspends_says_so_in_its_next_life(worker: WorkerHome) -> None:
    worker.spawn()
    slow(worker)
    worker.server.send(Suspend(7, 1, 0, 0, "budget"))
    wait_for(lambda: b'"suspended_by":"budget"' in attempt_state(worker))
    worker.kill(signal.SIGKILL)
    worker.spawn()
    assert worker.server.wait_for_report(Suspended).reason == "budget"
    [checkpoint] = worker.server.bodies(Checkpoint)
    assert checkpoint.partial
    assert not worker.server.bodies(StageFinished)


def test_a_later_run_outlives_its_daemon_and_is_not_begun_again(worker: WorkerHome) -> None:
    worker.spawn()
    slow(worker)
    worker.server.send(Suspend(7, 1, 0, 0, "budget"))
    worker.server.wait_for_report(Suspended)
    flag = worker.layout.home.parent / "go"
    order = worker.run(f"echo again; until test -e {flag}; do sleep 0.05; done", run=1)
    worker.server.wait_for(lambda: b"again" in worker.server.log())
    worker.kill(signal.SIGKILL)
    worker.spawn()
    assert last_hello_state(worker) == ("working", 0, 1)
    worker.server.send(order)
    flag.touch()
    finished = worker.server.wait_for_report(StageFinished)
    assert (finished.code, finished.run) == (0, 1)
    assert worker.server.log().count(b"again") == 1


@pytest.mark.parametrize("torn", [Checkpoint, Suspended])
def test_a_report_that_was_being_written_when_all_died_is_made_again(
    worker: WorkerHome, torn: type
) -> None:
    server, line = worker.server, worker.server.line
    worker.spawn()
    slow(worker)
    journal = worker.layout.journal / "journal"
    server.send(Suspend(7, 1, 0, 0, "budget"))
    wait_for(lambda: b'"suspended_by":"budget"' in attempt_state(worker))
    line.refuse = True
    line.cut()
    wait_for(lambda: written(journal, Suspended))
    worker.kill(signal.SIGKILL)
    os.truncate(journal, written(journal, torn) - 5)
    line.refuse = False

    worker.spawn()
    server.wait_for_report(Suspended)
    for kind in (StageStarted, Checkpoint, Suspended):
        assert len(server.bodies(kind)) == 1, kind
    worker.run("cat work.txt", run=1)
    assert server.wait_for_report(StageFinished).code == 0
    assert b"half" in server.log()


def test_a_daemon_that_dies_after_the_last_report_waits_and_continues(
    worker: WorkerHome,
) -> None:
    worker.spawn()
    slow(worker)
    worker.server.send(Suspend(7, 1, 0, 0, "budget"))
    worker.server.wait_for_report(Suspended)
    worker.kill(signal.SIGKILL)
    worker.spawn()
    assert last_hello_state(worker) == ("waiting", 0, 0)
    worker.server.send(Suspend(7, 1, 0, 0, "budget"))  # one that was on its way
    order = worker.run("cat work.txt", run=1)
    worker.server.send(order)
    assert worker.server.wait_for_report(StageFinished).run == 1
    assert [each.run for each in worker.server.bodies(StageStarted)] == [0, 1]
    assert len(worker.server.bodies(Suspended)) == 1


def test_a_stop_that_comes_while_it_suspends_is_what_counts(worker: WorkerHome) -> None:
    worker.start()
    worker.run("trap '' TERM; echo up; sleep 3 & while ! wait; do :; done")
    worker.server.wait_for(lambda: b"up" in worker.server.log())
    worker.server.send(Suspend(7, 1, 0, 0, "budget"))
    wait_for(lambda: b'"suspended_by":"budget"' in attempt_state(worker))
    worker.server.send(Stop(7, 1, "cancelled"))
    worker.server.wait_for_report(Stopped)
    assert not worker.stages()
    assert not worker.server.bodies(Suspended)


def attempt_state(worker: WorkerHome) -> bytes:
    return (worker.layout.attempts / "7-1" / "attempt.json").read_bytes()
