"""Which schemas a release can migrate."""

import pytest

from app.domain.schema_revisions import find_refusal

KNOWN = ["0055", "0056", "0057"]


@pytest.mark.parametrize("revision", [None, *KNOWN])
def test_an_empty_database_and_each_known_schema_can_be_migrated(revision: str | None) -> None:
    assert find_refusal(revision, KNOWN) is None


@pytest.mark.parametrize("revision", ["0001", "0054", "7"])
def test_a_schema_from_before_the_initial_one_needs_an_earlier_release(revision: str) -> None:
    refusal = find_refusal(revision, KNOWN)
    assert refusal is not None
    assert refusal.text == f"at {revision}, but this release starts at 0055"
    assert "to 0055 with an earlier release" in refusal.advice


@pytest.mark.parametrize("revision", ["0058", "9001", "ffff", "2ae1", ""])
def test_any_other_schema_needs_the_release_that_made_it(revision: str) -> None:
    refusal = find_refusal(revision, KNOWN)
    assert refusal is not None
    assert refusal.text.startswith(f"at {revision}, which this release doesn't know")
    assert refusal.text.endswith("(it knows 0055 to 0057)")
    assert refusal.advice == "use the release that migrated the database"
