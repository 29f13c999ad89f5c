"""The chain of an attempt's work, from its starting point to its published commit.

Each checkpoint names its predecessor by commit and tree. A stored revision is {commit, tree?}; {}
is the base, which only the machine knows. None means that no chain is known: the server was
restored from a backup that doesn't have the attempt.
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
    """Return the revision as it's stored."""
    return {"commit": commit, **({"tree": tree} if tree else {})}


def find_break(known: StoredRevision | None, follows: Revision | None) -> str | None:
    """Return why the machine's result doesn't follow the last known one; None if it does."""
    if known is None:
        return None
    if follows is None:
        return "the machine doesn't report what it follows"
    if known and (why := describe_mismatch(known, follows.commit, follows.tree)):
        return f"it follows {why}"
    return None


def describe_mismatch(known: StoredRevision, commit: str, tree: str | None) -> str | None:
    """Describe a revision that differs from the known one; None if it's the same."""
    if commit != known["commit"]:
        return f"{commit}, and not {known['commit']}"
    if known.get("tree") and tree != known["tree"]:
        return f"{commit} with the tree {tree}, and not {known['tree']}"
    return None
