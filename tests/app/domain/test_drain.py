"""What a drain does with each attempt (machine-protocol.md, slots, gates, drains)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import drain
from app.domain.drain import AttemptOnMachine, DrainAct

PLAN = [
    # at_gate, has_checkpoint, past_deadline, act
    (False, False, False, DrainAct.KEEP),
    (False, True, False, DrainAct.KEEP),
    (True, False, False, DrainAct.KEEP),
    (True, True, False, DrainAct.HAND_OVER),
    (False, False, True, DrainAct.STOP),
    (False, True, True, DrainAct.STOP),
    (True, False, True, DrainAct.STOP),
    (True, True, True, DrainAct.HAND_OVER),
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
    at_gate: bool, has_checkpoint: bool, past_deadline: bool, act: DrainAct
):
    attempt = AttemptOnMachine(7, at_gate, has_checkpoint)
    assert drain.plan([attempt], past_deadline) == {7: act}


_ATTEMPTS = st.lists(
    st.builds(AttemptOnMachine, st.integers(1), st.booleans(), st.booleans()),
    unique_by=lambda attempt: attempt.id,
)


@given(attempts=_ATTEMPTS)
def test_past_the_deadline_nothing_stays(attempts: list[AttemptOnMachine]):
    plan = drain.plan(attempts, past_deadline=True)
    assert plan.keys() == {attempt.id for attempt in attempts}
    assert DrainAct.KEEP not in plan.values()


@given(attempts=_ATTEMPTS)
def test_before_the_deadline_no_work_is_thrown_away(attempts: list[AttemptOnMachine]):
    plan = drain.plan(attempts, past_deadline=False)
    assert DrainAct.STOP not in plan.values()
    assert all(plan[a.id] is DrainAct.KEEP for a in attempts if not a.has_checkpoint)


@given(attempts=_ATTEMPTS, past_deadline=st.booleans())
def test_a_gate_stays_open_only_over_work_that_is_kept_somewhere(
    attempts: list[AttemptOnMachine], past_deadline: bool
):
    plan = drain.plan(attempts, past_deadline)
    assert all(a.at_gate and a.has_checkpoint for a in attempts if plan[a.id] == "hand_over")


def test_an_empty_machine_has_an_empty_plan():
    assert drain.plan([], past_deadline=True) == {}
