"""Whether a task's stages have changed anything, and what is made of it where they have not."""

from collections.abc import Mapping

from app.domain.pipeline import Fail, Publish, Step
from app.domain.task import FailureCode

UNCHANGED = "completed, but its stages have changed nothing"
"""What the event says by which a task ends that has left no difference."""
REQUIRED = "its stages have changed nothing, and the project requires a change"


def has_changed(diff: Mapping[str, int]) -> bool:
    """Whether there is a difference: {filesChanged, …}, of which what is 0 may be missing."""
    return diff.get("filesChanged", 0) > 0


def require_change(step: Step, *, required: bool, diff: Mapping[str, int] | None) -> Step:
    """The step; in place of the push of nothing a failure, where a change is required.

    `diff` is that of the last stage's checkpoint. None: unknown before the push.
    """
    if isinstance(step, Publish) and required and diff is not None and not has_changed(diff):
        return Fail(FailureCode.NOTHING_CHANGED, REQUIRED)
    return step
