"""Attempts: the words of their rows and the branch that each alone pushes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import attempt

_NUMBERS = st.tuples(st.integers(1), st.integers(1))


def test_a_branch_names_task_and_attempt():
    assert attempt.attempt_branch(42, 3) == "muster/42-3"


@given(one=_NUMBERS, other=_NUMBERS)
def test_no_two_attempts_share_a_branch(one: tuple[int, int], other: tuple[int, int]):
    assert (attempt.attempt_branch(*one) == attempt.attempt_branch(*other)) is (one == other)


def test_the_words_are_the_contract_s():
    assert " ".join(attempt.WorkspaceState) == "preparing ready removed"
    assert " ".join(attempt.AttemptPhase) == "run gate publish"
    assert " ".join(attempt.AttemptOutcome) == "published failed cancelled lost handed_over"


@pytest.mark.parametrize(
    ("takes_work", "has_checkpoint", "has_free_slot", "expected"),
    [
        (True, True, True, "here"),
        (True, True, False, "wait"),
        (True, False, True, "here"),
        (True, False, False, "wait"),
        (False, True, True, "elsewhere"),
        (False, True, False, "elsewhere"),
        (False, False, True, "here"),
        (False, False, False, "wait"),
    ],
    ids=[
        "its machine has a slot",
        "its machine is full, and will have one",
        "the only copy is here, and so is a slot",
        "the only copy is here, on a full machine",
        "its machine takes no work, and the work is pushed",
        "nor has it a slot",
        "its machine takes no work, and has the only copy of it",
        "likewise, and it is full",
    ],
)
def test_where_an_answered_attempt_goes_on(
    takes_work: bool, has_checkpoint: bool, has_free_slot: bool, expected: str
):
    ready = {"has_checkpoint": has_checkpoint, "has_free_slot": has_free_slot}
    assert attempt.choose_resume_target(is_allowed=True, takes_work=takes_work, **ready) == expected
    # Work that the machine may not have leaves it in any case.
    assert (
        attempt.choose_resume_target(is_allowed=False, takes_work=takes_work, **ready)
        == "elsewhere"
    )


@pytest.mark.parametrize(
    ("phase", "excused", "counts"),
    [
        ("run", False, True),
        ("publish", False, True),
        ("gate", False, False),
        ("run", True, False),
        ("publish", True, False),
        ("gate", True, False),
    ],
)
def test_a_loss_counts_where_something_ran_and_nothing_excuses_it(
    phase: str, excused: bool, counts: bool
):
    assert attempt.is_loss_counted(attempt.AttemptPhase(phase), excused=excused) is counts
