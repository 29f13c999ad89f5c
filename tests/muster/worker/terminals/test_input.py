"""Input reaches the stage's program in order; without a stage it is dropped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.worker.terminals.input import TerminalInput
from tests.muster.worker.shim_stages import Stages
from tests.muster.worker.terminals.shim_end import ShimEnd


@pytest.fixture
def end(attempt: Path) -> Iterator[ShimEnd]:
    made = ShimEnd(attempt)
    yield made
    made.close()


def test_keystrokes_reach_the_program_one_after_the_other(stages: Stages, end: ShimEnd) -> None:
    typed = TerminalInput(end.connection)
    stages.start("sh", "-c", "stty raw -echo; printf up; exec cat")
    stages.wait_for(b"up")
    typed.add_keys(b"one ")
    typed.send_keys()
    typed.add_keys(b"two")
    typed.send_keys()
    end.wait_for(lambda: any("id" in message for message in end.messages))
    assert stages.wait_for(b"one ") == b"upone ", "the second waits for an answer to the first"
    typed.handle_response(next(message for message in end.messages if "id" in message))
    typed.send_keys()
    assert stages.wait_for(b"two") == b"upone two"


def test_keystrokes_without_a_shim_are_dropped(end: ShimEnd) -> None:
    typed = TerminalInput(end.connection)
    typed.add_keys(b"x" * (1 << 20))
    assert typed.is_full
    typed.send_keys()
    assert not typed.is_full
    assert typed.seconds_until_retry is None


def test_a_size_is_for_the_stage_that_runs(stages: Stages, end: ShimEnd) -> None:
    typed = TerminalInput(end.connection)
    script = "trap 'stty size' WINCH; echo up; while :; do read -t 0.1 line; done"
    stages.start("bash", "-c", script)
    stages.wait_for(b"up")
    typed.resize(132, 43)
    stages.wait_for(b"43 132")


def test_what_a_dead_shim_was_handed_is_not_typed_again(stages: Stages, end: ShimEnd) -> None:
    typed = TerminalInput(end.connection)
    stages.start("sleep", "100")
    typed.add_keys(b"old")
    typed.send_keys()
    typed.add_keys(b"new")
    typed.handle_shim_lost()
    assert typed.seconds_until_retry == 0.0, "the second is next"
