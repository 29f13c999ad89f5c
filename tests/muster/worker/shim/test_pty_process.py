"""The reports about a stage in a sandbox: its init's lines, mixed with those of the sandbox's
creator."""

import pytest

from muster.worker.shim.wire import StageExit
from tests.muster.worker.shim_stages import Stages


def run_with_sandbox_output(stages: Stages, lines: str) -> StageExit:
    """Return the exit of a stage whose sandbox's creator prints that instead."""
    return stages.run("true", room=["/bin/sh", "-c", f"printf '{lines}' >&2; exit 1"])


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (r"ok\nexit 3\n", ("exit", 3)),
        (r"bwrap: a warning\nok\nexit 0\n", ("exit", 0)),
        (r"bwrap: a warning\nok\nsignal 9\n", ("signal", 9)),
        (r"2 warnings\nok\nexit 0\n", ("exit", 0)),
        (r"bwrap: cut offok\nexit 0\n", ("exit", 0)),
        (r"bwrap: a warning\nok\n", ("exit", 1)),
    ],
)
def test_what_has_run_is_never_taken_for_what_never_began(
    stages: Stages, lines: str, end: tuple[str, int]
) -> None:
    assert run_with_sandbox_output(stages, lines)[1:3] == end


@pytest.mark.parametrize(
    ("lines", "code", "message"),
    [
        (r"2 ENOENT exec x: No such file\n", 2, "ENOENT exec x: No such file"),
        (r"a warning\n2 ENOENT exec x: No such file\n", 2, "ENOENT exec x: No such file"),
        (r"no room today\n", 1, "EPERM room: no room today"),
        (r"the ok of nobody\n", 1, "EPERM room: the ok of nobody"),
        ("", 1, "EPERM room: it exited without a report"),
    ],
)
def test_the_reason_for_not_running_is_reported(
    stages: Stages, lines: str, code: int, message: str
) -> None:
    end = run_with_sandbox_output(stages, lines)
    assert (end.how, end.code, end.message) == ("failed", code, message)
