"""The task's own branch: what follows where it could not be moved to what an attempt pushed.

An attempt's commit on it, which ended attempts may have left, is moved on. Anything else is a
person's doing, and a person is asked.
"""

from collections.abc import Collection
from dataclasses import dataclass

MAX_TRIES = 20
"""So often it is tried again without asking."""

OVERWRITE, KEEP, TRY_AGAIN = "overwrite", "keep", "try_again"


@dataclass(frozen=True)
class BranchMismatch:
    """What the machine found in place of what it was to expect: the commits at the branch, None:
    there is none. `why` is the remote's word where that is no reason. `by` and `subject` are the
    found commit's.
    """

    name: str
    commit: str
    expected: str | None
    found: str | None
    why: str = ""
    by: str = ""
    subject: str = ""

    @property
    def is_moved(self) -> bool:
        """Whether somebody has moved the branch, made it or deleted it."""
        return self.found != self.expected


def is_ours(finding: BranchMismatch, known: Collection[str], tries: int) -> bool:
    """Whether the branch names a commit that an attempt of the task pushed (`known`), so that it is
    to be moved on from there. `tries`: how often that was tried before.
    """
    return finding.is_moved and finding.found in known and tries < MAX_TRIES


def choices(finding: BranchMismatch) -> tuple[str, ...]:
    """What people may answer."""
    return (OVERWRITE, KEEP, TRY_AGAIN) if finding.is_moved else (KEEP, TRY_AGAIN)


def question(finding: BranchMismatch, pushed: str) -> str:
    """The question to people; `pushed` is the attempt's own branch."""
    name, new = finding.name, _short_commit(finding.commit)
    safe = f"The work is pushed as {pushed} in any case."
    if not finding.is_moved:
        why = finding.why or "no reason is given"
        return f"The remote does not let {name} be moved to {new}: {why}. Keep it as it is? {safe}"
    if finding.found is None:
        was = _short_commit(finding.expected or "")
        return f"Somebody has deleted {name}, which was at {was}. Make it anew at {new}? {safe}"
    whose = f" by {finding.by}" if finding.by else ", which no attempt of the task pushed"
    what = f" “{finding.subject}”" if finding.subject else ""
    at = f"{name} is at {_short_commit(finding.found)}{what}{whose}"
    return f"{at}. Overwrite it with {new}, or keep it as it is? {safe}"


def to_json(finding: BranchMismatch) -> dict[str, str | None]:
    """What is kept, and shown, of it: {name, commit, expected, found, why, by, subject}."""
    return {name: getattr(finding, name) for name in BranchMismatch.__dataclass_fields__}


def _short_commit(commit: str) -> str:
    return commit[:12]
