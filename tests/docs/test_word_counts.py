"""Documents are short enough to be read."""

import pytest

from tests.test_names import ROOT, tracked

GENERATED = {"docs/reference.md", "docs/project-checks.md"}
MAX_WORDS = 60_000
MAX_README_WORDS = 1_000
MAX_DECISION_WORDS = 215


def count_words(path: str) -> int:
    return len((ROOT / path).read_text().split())


def test_all_documents_but_the_generated_ones_stay_below_the_limit() -> None:
    assert sum(count_words(path) for path in tracked("*.md") if path not in GENERATED) <= MAX_WORDS


def test_the_readme_is_short() -> None:
    assert count_words("README.md") <= MAX_README_WORDS


@pytest.mark.parametrize("path", tracked("docs/decisions/0*.md"))
def test_a_decision_is_short(path: str) -> None:
    assert count_words(path) <= MAX_DECISION_WORDS
