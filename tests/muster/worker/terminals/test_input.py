"""What is typed reaches the stage's program in order; without a stage it is for nobody."""

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
    stages.begin("sh", "-c", "stty raw -echo; printf up; exec cat")
    stages.wait_for(b"up")
    typed.add(b"one ")
    typed.type()
    typed.add(b"two")
    typed.type()
    end.until(lambda: any("id" in message for message in end.messages))
    assert stages.wait_for(b"one ") == b"upone ", "the second waits for an answer to the first"
    typed.hear(next(message for message in end.messages if "id" in message))
    typed.type()
    assert stages.wait_for(b"two") == b"upone two"


def test_keystrokes_without_a_shim_are_dropped(end: ShimEnd) -> None:
    typed = TerminalInput(end.connection)
    typed.add(b"x" * (1 << 20))
    assert typed.is_full
    typed.type()
    assert not typed.is_full
    assert typed.patience is None


def test_a_size_is_for_the_stage_that_runs(stages: Stages, end: ShimEnd) -> None:
    typed = TerminalInput(end.connection)
    script = "trap 'stty size' WINCH; echo up; while :; do read -t 0.1 line; done"
    stages.begin("bash", "-c", script)
    stages.wait_for(b"up")
    typed.resize(132, 43)
    stages.wait_for(b"43 132")


def test_what_a_dead_shim_was_handed_is_not_typed_again(stages: Stages, end: ShimEnd) -> None:
    typed = TerminalInput(end.connection)
    stages.begin("sleep", "100")
    typed.add(b"old")
    typed.type()
    typed.add(b"new")
    typed.lose()
    assert typed.patience == 0.0, "the second is next"
