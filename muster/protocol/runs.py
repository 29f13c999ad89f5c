"""Numbers of runs: what they show about the order of an attempt's stages.

A stage's run 0 is its first process, and run 1 continues it if it was stopped in its middle. When a
failed check sends the work back, another turn begins: runs of turn n start at n * RUNS_PER_TURN, so
that all of them come after those of earlier turns.
"""

RUNS_PER_TURN = 1000


def turn_of(run: int) -> int:
    """Return the turn that the run belongs to, counted from 0 within an attempt."""
    return run // RUNS_PER_TURN


def first_run(turn: int) -> int:
    """Return the number of a stage's first run in that turn."""
    return turn * RUNS_PER_TURN


def is_continued(run: int) -> bool:
    """Whether that run continues one that was stopped in the stage's middle."""
    return run % RUNS_PER_TURN > 0


def starts_turn(run: int) -> bool:
    """Whether that run is its stage's first in a turn after a failed check."""
    return turn_of(run) > 0 and not is_continued(run)


def position(stage_index: int, run: int) -> tuple[int, int, int]:
    """Return a key by which an attempt's runs are in order."""
    return turn_of(run), stage_index, run
