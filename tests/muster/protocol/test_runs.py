"""Numbers of runs, by which both sides order an attempt's stages."""

import pytest

from muster.protocol import runs

# The runs of an attempt in order: stage and run. A stage continues, a check fails twice.
IN_ORDER = [(0, 0), (0, 1), (1, 0), (2, 0), (1, 1000), (1, 1001), (2, 1000), (0, 2000), (1, 2000)]


def test_runs_of_a_later_turn_come_after_all_earlier_ones() -> None:
    assert sorted(IN_ORDER, key=lambda at: runs.position(*at)) == IN_ORDER


@pytest.mark.parametrize(
    ("run", "turn", "is_continued", "starts_turn"),
    [
        (0, 0, False, False),
        (1, 0, True, False),
        (999, 0, True, False),
        (1000, 1, False, True),
        (1001, 1, True, False),
        (2000, 2, False, True),
    ],
)
def test_a_run_shows_its_turn_and_whether_it_continues_another(
    run: int, turn: int, is_continued: bool, starts_turn: bool
) -> None:
    found = (runs.turn_of(run), runs.is_continued(run), runs.starts_turn(run))
    assert found == (turn, is_continued, starts_turn)
    assert runs.turn_of(runs.first_run(turn)) == turn
