"""Where a task resumes when an attempt has ended before its work was finished. Pure."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Restart:
    """The stage at which a task resumes in a new attempt, and the stages whose gates are
    withdrawn because their work is lost.
    """

    stage_index: int
    withdrawn: tuple[int, ...]


def find_restart(
    at: int,
    checkpoints: Collection[int],
    asked: Collection[int] = (),
    partial: int | None = None,
) -> Restart:
    """Return where a task resumes after its attempt ended at stage `at`.

    A stage can be resumed if the previous stage is in `checkpoints`, or if it's `partial`: its
    middle has a checkpoint. The task resumes at the latest such stage up to `at`, else at the
    first. `asked` are the stages whose gates were asked, answered or not. A gate asks about the
    work of the stages before its own: if one of those runs again, the gate is withdrawn. (The first
    stage's gate asks about no work, and stays answered.)
    """
    reached = range(at, 0, -1)
    start = next((i for i in reached if i - 1 in checkpoints or i == partial), 0)
    return Restart(start, tuple(sorted(index for index in asked if index > start)))
