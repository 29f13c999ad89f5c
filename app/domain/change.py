"""Whether a task's stages changed anything, and what follows if they didn't."""

from collections.abc import Mapping

from app.domain.pipeline import Fail, Publish, Step
from app.domain.task import FailureCode

UNCHANGED = "completed without changes"
"""The message of the event that ends a task without changes."""
REQUIRED = "the stages changed nothing, but the project requires a change"


def has_changed(diff: Mapping[str, int]) -> bool:
    """Whether there is a difference. `diff` is {filesChanged, …}, where zeros may be missing."""
    return diff.get("filesChanged", 0) > 0


def require_change(step: Step, *, required: bool, diff: Mapping[str, int] | None) -> Step:
    """Return the step, or a failure in place of an empty push if a change is required.

    `diff` is that of the last stage's checkpoint; None before the push, when it's unknown.
    """
    if isinstance(step, Publish) and required and diff is not None and not has_changed(diff):
        return Fail(FailureCode.NOTHING_CHANGED, REQUIRED)
    return step
