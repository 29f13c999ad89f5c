"""The line of an attempt's work, from what it goes on from to what it publishes.

Each checkpoint names the one that it follows, by commit and tree. A stored revision is {commit,
tree?}; {} stands for the base, which only the machine knows. None: no line is known, for the
worker that began the attempt was of a release that does not tell what its checkpoints follow.
"""

from collections.abc import Mapping
from typing import Any, Protocol

StoredRevision = Mapping[str, Any]


class Revision(Protocol):
    """A commit and its tree, as a machine names them."""

    @property
    def commit(self) -> str: ...

    @property
    def tree(self) -> str | None: ...


def to_json(commit: str, tree: str | None) -> dict[str, str]:
    """The revision, as it is kept."""
    return {"commit": commit, **({"tree": tree} if tree else {})}


def find_break(known: StoredRevision | None, follows: Revision | None) -> str | None:
    """Why what a machine has made does not follow the last that is known; None where it does."""
    if known is None:
        return None
    if follows is None:
        return "the machine does not tell what it follows"
    if known and (why := describe_mismatch(known, follows.commit, follows.tree)):
        return f"it follows {why}"
    return None


def describe_mismatch(known: StoredRevision, commit: str, tree: str | None) -> str | None:
    """What that is in place of the revision that is known; None where it is the same."""
    if commit != known["commit"]:
        return f"{commit}, and not {known['commit']}"
    if known.get("tree") and tree != known["tree"]:
        return f"{commit} with the tree {tree}, and not {known['tree']}"
    return None
