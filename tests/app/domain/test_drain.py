"""What a drain does with each attempt (machine-protocol.md, slots, gates, drains)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import drain
from app.domain.drain import AttemptOnMachine, DrainAction

PLAN = [
    # at_gate, has_checkpoint, past_deadline, act
    (False, False, False, DrainAction.KEEP),
    (False, True, False, DrainAction.KEEP),
    (True, False, False, DrainAction.KEEP),
    (True, True, False, DrainAction.HAND_OVER),
    (False, False, True, DrainAction.STOP),
    (False, True, True, DrainAction.STOP),
    (True, False, True, DrainAction.STOP),
    (True, True, True, DrainAction.HAND_OVER),
]


def _name(at_gate: bool, has_checkpoint: bool, past_deadline: bool) -> str:
    return "-".join(
        [
            "at-gate" if at_gate else "running",
            "with-checkpoint" if has_checkpoint else "without",
            "past-deadline" if past_deadline else "in-time",
        ]
    )


@pytest.mark.parametrize(
    ("at_gate", "has_checkpoint", "past_deadline", "act"), PLAN, ids=[_name(*r[:3]) for r in PLAN]
)
def test_an_attempt_is_kept_handed_over_or_stopped(
    at_gate: bool, has_checkpoint: bool, past_deadline: bool, act: DrainAction
):
    attempt = AttemptOnMachine(7, at_gate, has_checkpoint)
    assert drain.plan_drain([attempt], past_deadline) == {7: act}


_ATTEMPTS = st.lists(
    st.builds(AttemptOnMachine, st.integers(1), st.booleans(), st.booleans()),
    unique_by=lambda attempt: attempt.id,
)


@given(attempts=_ATTEMPTS)
def test_past_the_deadline_nothing_stays(attempts: list[AttemptOnMachine]):
    plan = drain.plan_drain(attempts, past_deadline=True)
    assert plan.keys() == {attempt.id for attempt in attempts}
    assert DrainAction.KEEP not in plan.values()


@given(attempts=_ATTEMPTS)
def test_before_the_deadline_no_work_is_thrown_away(attempts: list[AttemptOnMachine]):
    plan = drain.plan_drain(attempts, past_deadline=False)
    assert DrainAction.STOP not in plan.values()
    assert all(plan[a.id] is DrainAction.KEEP for a in attempts if not a.has_checkpoint)


@given(attempts=_ATTEMPTS, past_deadline=st.booleans())
def test_a_gate_stays_open_only_over_work_that_is_kept_somewhere(
    attempts: list[AttemptOnMachine], past_deadline: bool
):
    plan = drain.plan_drain(attempts, past_deadline)
    assert all(a.at_gate and a.has_checkpoint for a in attempts if plan[a.id] == "hand_over")


def test_an_empty_machine_has_an_empty_plan():
    assert drain.plan_drain([], past_deadline=True) == {}
