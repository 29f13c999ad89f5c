"""A wait in a test ends at once when what it waits for can no longer come."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.running_stack import FollowedTask, RunningStack
from tests.ptys import Pty
from tests.wait import exit_of, explain_task, find_first, wait_for_output, wait_until

FAILED = {
    "id": 7,
    "status": "failed",
    "failure": {"code": "stage_failed", "message": "Stage “test” ended with exit code 1."},
}
TIMEOUT_SECONDS = 60.0


def test_the_first_true_answer_is_returned() -> None:
    answers = iter([None, 0, "", 5])
    assert wait_until(lambda: next(answers)) == 5


def test_a_wait_without_an_end_says_what_never_came() -> None:
    with pytest.raises(AssertionError, match=r"no answer within 0 s"):
        wait_until(lambda: None, "answer", 0.05)


def test_a_problem_ends_the_wait_with_its_reason() -> None:
    with pytest.raises(AssertionError, match=r"no answer: the line is dead"):
        wait_until(lambda: None, "answer", TIMEOUT_SECONDS, problem=lambda: "the line is dead")


def test_what_came_just_before_the_problem_counts() -> None:
    answers = iter([None, "the last word"])
    assert wait_until(lambda: next(answers), problem=lambda: "it has ended") == "the last word"


def test_the_first_of_several_problems_is_named() -> None:
    assert find_first(lambda: None, lambda: "one", lambda: "two")() == "one"
    assert find_first(lambda: None)() is None


@pytest.mark.parametrize(
    ("task", "awaited", "reason"),
    [
        ({"id": 7, "status": "running"}, ("completed",), None),
        ({"id": 7, "status": "completed", "failure": None}, ("completed",), None),
        (FAILED, ("failed", "completed"), None),
        (
            FAILED,
            ("completed",),
            "task 7 is failed: stage_failed: Stage “test” ended with exit code 1.",
        ),
        ({"id": 7, "status": "cancelled", "failure": None}, (), "task 7 is cancelled"),
    ],
)
def test_a_task_that_has_ended_otherwise_is_a_problem(
    task: dict[str, object], awaited: tuple[str, ...], reason: str | None
) -> None:
    assert explain_task(task, awaited) == reason


def start(program: str, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        return subprocess.Popen([sys.executable, "-c", program], stdout=out, stderr=out)


def test_a_process_that_has_exited_is_a_problem_with_its_last_output(tmp_path: Path) -> None:
    program = "for n in range(99): print('line', n)\nraise SystemExit(3)"
    process = start(program, log := tmp_path / "log")
    with pytest.raises(AssertionError, match=r"no 'ready': .* status 3\n  line 84\n") as failed:
        wait_for_output(log, "ready", process, TIMEOUT_SECONDS)
    assert str(failed.value).endswith("\n  line 98")


def test_output_counts_although_its_process_has_exited(tmp_path: Path) -> None:
    process = start("print('ready')", log := tmp_path / "log")
    process.wait()
    assert wait_for_output(log, "ready", process, TIMEOUT_SECONDS) == "ready\n"


def test_a_process_that_runs_is_no_problem(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert exit_of(process)() is None
        assert process.stdin is not None
        process.stdin.write(b"\n")


# In the helpers of suites


class Api:
    """Has one task, in the given state."""

    url, token = "http://127.0.0.1:9", "token"

    def __init__(self, task: dict[str, object]) -> None:
        self.task = task

    def get(self, path: str) -> dict[str, object]:
        return self.task


class Child:
    """A process of a stack."""

    def __init__(self, status: int | None) -> None:
        self.status = status

    def poll(self) -> int | None:
        return self.status

    def output(self) -> str:
        return "one\ntwo"


def followed(
    task: dict[str, object], monkeypatch: pytest.MonkeyPatch, status: int | None = None
) -> FollowedTask:
    running = RunningStack.__new__(RunningStack)
    running.api = Api(task)  # type: ignore[assignment]
    running.stack = type("Stack", (), {"processes": {"machine-1": Child(status)}})()
    monkeypatch.setattr("tests.flows.running_stack.SETTLING_SECONDS", 0.1)
    monkeypatch.setattr(
        FollowedTask,
        "_request_log",
        lambda _: type("Answer", (), {"content": b"exec bash: EINVAL\r\n"}),
    )
    return FollowedTask(running, 7)


def test_a_task_that_has_failed_is_not_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    task = followed(FAILED, monkeypatch)
    assert task.wait_for_status("failed") == FAILED
    reason = r"task 7 is failed: stage_failed: .*\n  exec bash: EINVAL$"
    with pytest.raises(AssertionError, match=reason):
        task.wait_for_status("completed")
    with pytest.raises(AssertionError, match=reason):
        task.wait_for(lambda: None, "file")


@pytest.mark.parametrize("status", [0, -9, None])
def test_a_process_that_a_test_has_ended_is_no_problem(
    status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = followed({"id": 7, "status": "queued"}, monkeypatch, status)
    with pytest.raises(AssertionError, match="within 0 s"):
        task.wait_for_status("running", patience=0.1)


def test_a_task_whose_machine_has_exited_is_not_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    task = followed({"id": 7, "status": "queued"}, monkeypatch, 2)
    reason = r"no running task 7: machine-1 has exited with status 2\n  one\n  two"
    with pytest.raises(AssertionError, match=reason):
        task.wait_for_status("running")


def test_a_terminal_whose_program_has_exited_shows_nothing_more() -> None:
    with Pty(["/bin/sh", "-c", "echo as far as here; exit 3"], {}) as terminal:
        with pytest.raises(AssertionError, match=r"status 3; the screen shows\nas far as here"):
            terminal.wait_until_shown("the end")
        assert terminal.wait_until_ended() == 3
