"""The task's branch: what happens if it couldn't be moved to an attempt's commit.

A commit that an ended attempt left there is moved automatically. Anything else is a person's
change, so a person is asked.
"""

from collections.abc import Collection
from dataclasses import dataclass

MAX_TRIES = 20
"""Maximum automatic retries before a person is asked."""

OVERWRITE, KEEP, TRY_AGAIN = "overwrite", "keep", "try_again"


@dataclass(frozen=True)
class BranchMismatch:
    """What the machine found instead of the expected commit; None: the branch doesn't exist.

    `why` is the remote's reason, if that differs. `by` and `subject` describe the found commit.
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
        """Whether the branch was moved, created or deleted outside Muster."""
        return self.found != self.expected


def is_ours(finding: BranchMismatch, known: Collection[str], tries: int) -> bool:
    """Whether the branch is at a commit that an attempt of the task pushed (`known`), so it can be
    moved.

    `tries`: how often that was tried before.
    """
    return finding.is_moved and finding.found in known and tries < MAX_TRIES


def choices(finding: BranchMismatch) -> tuple[str, ...]:
    """Return the possible answers."""
    return (OVERWRITE, KEEP, TRY_AGAIN) if finding.is_moved else (KEEP, TRY_AGAIN)


def question(finding: BranchMismatch, pushed: str) -> str:
    """Return the question to people; `pushed` is the attempt's own branch."""
    name, new = finding.name, _short_commit(finding.commit)
    safe = f"The work is pushed as {pushed} in any case."
    if not finding.is_moved:
        why = finding.why or "no reason given"
        return f"The remote rejects moving {name} to {new}: {why}. Keep it as it is? {safe}"
    if finding.found is None:
        was = _short_commit(finding.expected or "")
        return f"{name} was deleted outside Muster (last at {was}). Recreate it at {new}? {safe}"
    whose = f" by {finding.by}" if finding.by else ", not pushed by any attempt of the task"
    what = f" “{finding.subject}”" if finding.subject else ""
    at = f"{name} is at {_short_commit(finding.found)}{what}{whose}"
    return f"{at}. Overwrite it with {new}, or keep it as it is? {safe}"


def to_json(finding: BranchMismatch) -> dict[str, str | None]:
    """Return what is stored and shown: {name, commit, expected, found, why, by, subject}."""
    return {name: getattr(finding, name) for name in BranchMismatch.__dataclass_fields__}


def _short_commit(commit: str) -> str:
    return commit[:12]
