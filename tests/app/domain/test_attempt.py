"""Attempts: the words of their rows and the branch that each alone pushes."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain import attempt

_NUMBERS = st.tuples(st.integers(1), st.integers(1))


def test_a_branch_names_task_and_attempt():
    assert attempt.branch_of(42, 3) == "muster/42-3"


@given(one=_NUMBERS, other=_NUMBERS)
def test_no_two_attempts_share_a_branch(one: tuple[int, int], other: tuple[int, int]):
    assert (attempt.branch_of(*one) == attempt.branch_of(*other)) is (one == other)


def test_the_words_are_the_contract_s():
    assert " ".join(attempt.WorkspaceState) == "preparing ready removed"
    assert " ".join(attempt.AttemptPhase) == "run gate publish"
    assert " ".join(attempt.AttemptOutcome) == "published failed cancelled lost handed_over"
