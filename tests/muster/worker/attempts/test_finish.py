from typing import Any

import pytest

from muster.protocol.frames import Author, Repo, StageFinished
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts import finish
from muster.worker.shim.wire import StageExit

KEPT = AttemptState(
    2, "develop", True, "claude", Repo("u", "main", "b"), Author("Ada", "ada@dev.example"), run=1
)


@pytest.mark.parametrize(
    ("facts", "denied"),
    [
        ({}, None),
        ({"denied": 0}, 0),
        ({"denied": 3}, 3),
        ({"denied": 1 << 40}, (1 << 31) - 1),
        ({"denied": -1}, None),
        ({"denied": True}, None),
        ({"denied": "3"}, None),
    ],
)
def test_an_end_says_what_was_denied_where_that_is_a_number(
    facts: dict[str, Any], denied: int | None
) -> None:
    end = StageExit(2, "signal", 9, "", 7, 0, 0, facts, run=1)
    assert finish.finished_report(KEPT, end) == StageFinished(2, 7, "signal", 9, 1, denied=denied)
