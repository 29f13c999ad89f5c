"""The sentences of a project's check, in both languages."""

import re

import pytest

from app.domain import check_sentences, project_check
from tests.docs.project_checks import page
from tests.docs.project_checks.cases import CASES

STEPS = [(case.title, step) for case in CASES for step in case.steps]


def test_the_page_shows_every_case() -> None:
    """Else: python -m tests.docs.project_checks."""
    assert page.PATH.read_text() == page.render()


@pytest.mark.parametrize(
    "title",
    [
        *("No such host", "Login needed", "Wrong branch", "Folder not allowed"),
        *("Agent missing", "Agent misspelled", "No key"),
    ],
)
def test_the_page_has_a_sentence_in_both_languages_for_each_common_mistake(title: str) -> None:
    rows = [line for line in page.PATH.read_text().splitlines() if line.startswith(f"| {title}")]
    assert rows
    for row in rows:
        _, _, _, english, chinese, _ = (cell.strip() for cell in row.split("|"))
        assert re.match(r"[A-Z][a-z]* .*[.?]$", english)
        assert re.search(r"[\u4e00-\u9fff].*[。\uff1f]$", chinese)


def test_every_sentence_about_a_problem_has_a_case() -> None:
    good = {"repository_reached", "login_accepted", "branch_found", "agent_found", "key_set"}
    assert {step.code for _, step in STEPS} == check_sentences.SENTENCES.keys() - good
    assert page._texts("checkSentences").keys() == check_sentences.SENTENCES.keys()
    assert page._texts("checkScopes").keys() == check_sentences.SCOPES.keys()


@pytest.mark.parametrize(("title", "step"), STEPS, ids=[title for title, _ in STEPS])
def test_no_sentence_begins_with_a_code_or_with_gits_text(
    title: str, step: project_check.Step
) -> None:
    for sentence in (step.message, page.chinese(step)):
        assert not re.match(r"[a-z]+_[a-z_]+|fatal|error|remote:|\d", sentence), title
        assert not step.details or step.details[:20] not in sentence
        assert "{" not in sentence


def test_chinese_sentences_take_the_same_values() -> None:
    for code, sentence in page._texts("checkSentences").items():
        ours = set(re.findall(r"\{\w+\}", check_sentences.SENTENCES[code]))
        assert set(re.findall(r"\{\w+\}", sentence)) == ours, code
