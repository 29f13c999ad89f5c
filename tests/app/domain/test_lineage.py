"""Whether one revision follows the last that is known, and is the same as another."""

from typing import Any

import pytest

from app.domain import lineage
from muster.protocol.frames import Revision

KNOWN = {"commit": "c0", "tree": "70"}


@pytest.mark.parametrize(
    ("known", "follows", "why"),
    [
        (KNOWN, Revision("c0", "70"), None),
        ({"commit": "c0"}, Revision("c0", "70"), None),
        ({}, Revision("any", "tree"), None),
        (None, None, None),
        (None, Revision("any", "tree"), None),
        (KNOWN, None, "doesn't report"),
        ({}, None, "doesn't report"),
        (KNOWN, Revision("c1", "70"), "c1, and not c0"),
        (KNOWN, Revision("c0", "71"), "the tree 71, and not 70"),
    ],
)
def test_what_is_made_follows_the_last_that_is_known(
    known: dict[str, str] | None, follows: Revision | None, why: str | None
) -> None:
    problem = lineage.find_break(known, follows)
    assert problem is None if why is None else why in str(problem)


@pytest.mark.parametrize(
    ("commit", "tree", "same"),
    [("c0", "70", True), ("c1", "70", False), ("c0", "71", False), ("c0", None, False)],
)
def test_a_revision_is_its_commit_and_its_tree(commit: str, tree: Any, same: bool) -> None:
    assert (lineage.describe_mismatch(KNOWN, commit, tree) is None) == same


def test_a_tree_that_is_not_known_is_not_stored() -> None:
    assert lineage.to_json("c0", None) == {"commit": "c0"}
    assert lineage.to_json("c0", "70") == KNOWN
