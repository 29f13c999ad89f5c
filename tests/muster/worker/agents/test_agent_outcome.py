import errno
from pathlib import Path

import msgspec
import pytest

from muster.protocol.frames import Author, Repo
from muster.worker.agents import agent_outcome
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.agents.health import AgentHealth
from muster.worker.agents.probe import Probe
from muster.worker.agents.stage_command import (
    failure_code,
    is_machine_failure,
    is_sandbox_missing,
)
from muster.worker.shim.spool import SpoolWriter
from muster.worker.shim.wire import StageExit

STATE = AttemptState(
    0, "develop", True, "claude", Repo("u", "main", "b"), Author("A", "a@x"), False
)


def end(how: str, code: int = 0, message: str = "", **facts: object) -> StageExit:
    return StageExit(0, how, code, message, 0, 0, 0, facts)


def refused(kind: str, code: int = 1) -> StageExit:
    return end("exit", code, failure={"kind": kind, "message": "", "resetsAt": None})


def claude_health(
    tmp_path: Path, ends: list[StageExit], projects: str = "abc", **order: object
) -> str:
    """Return claude's health after these exits, of one project after the other."""
    health = AgentHealth(look=Probe(lambda name, _: f"/usr/bin/{name}", lambda *_: None))
    for project, each in zip(projects, ends, strict=False):
        kept = msgspec.structs.replace(STATE, project=project.strip(), **order)
        agent_outcome.record_outcome(health, kept, each, tmp_path)
    return next(c.reason or "healthy" for c in health.capabilities() if c.agent_type == "claude")


NOT_FOUND = end("failed", errno.ENOENT, "ENOENT exec claude: No such file or directory")

JUDGED = {
    "failing": (end("exit", 1), "unknown"),
    "killed": (end("signal", 9), "unknown"),
    "not found by a shell within": (end("exit", 127), "unknown"),
    "not found by the system": (NOT_FOUND, "binary_missing"),
    "a workspace that cannot be entered": (
        end("failed", errno.ENOENT, "ENOENT chdir /workspace: No such file or directory"),
        "healthy",
    ),
    "no process left": (end("failed", errno.EAGAIN, "EAGAIN exec claude: again"), "healthy"),
    "too long a command": (end("failed", errno.E2BIG, "E2BIG exec claude: too long"), "healthy"),
    "told of a key that is wrong": (refused("auth"), "auth_failure"),
    "told of an overload": (refused("overloaded"), "rate_limit"),
    "told of a spent subscription": (refused("quota"), "rate_limit"),
    "told of a limit, and ended with 0": (refused("rate_limit", 0), "rate_limit"),
    "told of a failure of another sort": (refused("unknown"), "unknown"),
    "over its time": (end("timeout", 143), "healthy"),
    "stopped": (end("stopped", 143), "healthy"),
    "its lease was over": (end("lease", 137), "healthy"),
}


@pytest.mark.parametrize(("ending", "says"), JUDGED.values(), ids=JUDGED.keys())
def test_what_an_end_says_when_three_projects_have_seen_it(
    tmp_path: Path, ending: StageExit, says: str
) -> None:
    assert claude_health(tmp_path, [ending] * 3) == says


def test_one_project_with_a_search_path_of_its_own_takes_no_agent_from_others(
    tmp_path: Path,
) -> None:
    assert claude_health(tmp_path, [NOT_FOUND] * 9, "aaaaaaaaa") == "healthy"


def test_an_agent_that_was_asked_for_nothing_has_proved_nothing(tmp_path: Path) -> None:
    failing, nothing = end("exit", 1), end("exit", 0, turns=0)
    assert claude_health(tmp_path, [failing, failing, nothing, failing], "aabb") == "unknown"
    assert (
        claude_health(tmp_path, [failing, failing, end("exit", 0, turns=1), failing], "aabb")
        == "healthy"
    )


def test_an_agent_that_says_in_words_alone_why_it_could_do_nothing_is_heard(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path)
    spool.append(b"litellm.RateLimitError: slow down\r\n", 0, 0)
    spool.close()
    health = AgentHealth(look=Probe(lambda name, _: f"/usr/bin/{name}", lambda *_: None))
    for project in "abc":
        state = msgspec.structs.replace(STATE, agent="aider", project=project)
        agent_outcome.record_outcome(health, state, StageExit(0, "exit", 0, "", 36, 0, 0), tmp_path)
    reasons = [c.reason for c in health.capabilities() if c.agent_type == "aider"]
    assert reasons == ["rate_limit"]


def test_a_shell_stage_says_nothing_about_the_agent(tmp_path: Path) -> None:
    assert claude_health(tmp_path, [end("exit", 1)] * 3, is_agent=False) == "healthy"


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (NOT_FOUND, "binary_missing"),
        (end("failed", errno.EACCES, "EACCES exec ./x: Permission denied"), "binary_missing"),
        (end("failed", errno.EACCES, "EACCES chdir /w: Permission denied"), "start_failed"),
        (end("failed", errno.EPERM, "EPERM become uid 7: not permitted"), "start_failed"),
        (end("failed", errno.ENOENT, ""), "start_failed"),
    ],
)
def test_only_what_exec_says_of_the_program_is_a_missing_binary(
    ending: StageExit, code: str
) -> None:
    assert failure_code(ending) == code


@pytest.mark.parametrize(
    ("ending", "is_so"),
    [
        (end("failed", errno.EPERM, "EPERM room: bwrap: no room can be made"), True),
        (end("failed", errno.ENOSPC, "ENOSPC begin: No space left on device"), True),
        (end("failed", errno.EPERM, "EPERM prepare: not permitted"), True),
        (end("failed", 0, "ERROR exec bash: ModuleNotFoundError: No module named 'x'"), True),
        (end("failed", errno.EACCES, "EACCES chdir /w: Permission denied"), False),
        (NOT_FOUND, False),
        (end("exit", 1, "EPERM room: as an agent may print"), False),
    ],
)
def test_what_lies_around_a_command_is_the_machine_s(ending: StageExit, is_so: bool) -> None:
    assert is_machine_failure(ending) is is_so


@pytest.mark.parametrize(
    ("ending", "is_so"),
    [
        (end("failed", errno.EPERM, "EPERM room: bwrap: no room can be made"), True),
        (end("failed", errno.EINVAL, "EINVAL room: Invalid argument"), True),
        (end("failed", 0, "ERROR room: ModuleNotFoundError: No module named 'x'"), False),
        (end("failed", errno.ENOSPC, "ENOSPC begin: No space left on device"), False),
        (end("exit", 1, "EPERM room: as an agent may print"), False),
    ],
)
def test_only_a_sandbox_that_was_not_created_is_missing(ending: StageExit, is_so: bool) -> None:
    assert is_sandbox_missing(ending) is is_so
