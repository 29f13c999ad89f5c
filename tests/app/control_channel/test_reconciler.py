"""Orders are what a machine should do, minus what it is known to do."""

import pytest

from app.control_channel.reconciler import (
    ObservedState,
    apply_sent_order,
    build_observed_state,
    reconcile,
)
from app.services.machines.orders import DesiredAction, DesiredState
from muster.protocol.frames import TrackedAttempt

KEY = (7, 1)


def desired(want: DesiredAction, stage: int = 0, run: int = 0) -> DesiredState:
    return DesiredState(*KEY, want, stage, run)


def answer(number: int) -> DesiredState:
    return DesiredState(*KEY, DesiredAction.ANSWER, question=number)


def asked(count: int, want: DesiredAction = DesiredAction.TERMINAL) -> DesiredState:
    return DesiredState(*KEY, want, dial_requests=count)


@pytest.mark.parametrize(
    ("want", "observed", "is_sent"),
    [
        pytest.param(desired(DesiredAction.RUN, 0), None, True, id="a new attempt is ordered"),
        pytest.param(
            desired(DesiredAction.RUN, 0), ObservedState(), True, id="observed, but never began"
        ),
        pytest.param(
            desired(DesiredAction.RUN, 0), ObservedState(0), False, id="it is at that stage"
        ),
        pytest.param(desired(DesiredAction.RUN, 1), ObservedState(0), True, id="the next stage"),
        pytest.param(
            desired(DesiredAction.RUN, 1),
            ObservedState(2),
            False,
            id="an old order is not repeated",
        ),
        pytest.param(
            desired(DesiredAction.RUN, 1, 1), ObservedState(1), True, id="the stage's next run"
        ),
        pytest.param(
            desired(DesiredAction.RUN, 1, 1), ObservedState(1, 1), False, id="it is at that run"
        ),
        pytest.param(
            desired(DesiredAction.RUN, 2), ObservedState(1, 1), True, id="the stage after two runs"
        ),
        pytest.param(desired(DesiredAction.PUBLISH), ObservedState(2), True, id="publish"),
        pytest.param(asked(1), ObservedState(2), True, id="a terminal is asked for"),
        pytest.param(asked(1), ObservedState(2, terminals=1), False, id="it has been told"),
        pytest.param(
            asked(1, DesiredAction.SHELL), ObservedState(2, terminals=1), True, id="its shell, too"
        ),
        pytest.param(
            asked(1, DesiredAction.SHELL), ObservedState(2, shells=1), False, id="and of the shell"
        ),
        pytest.param(
            asked(2), ObservedState(2, terminals=1), True, id="a terminal is asked for again"
        ),
        pytest.param(answer(1), ObservedState(2), True, id="an answer"),
        pytest.param(answer(1), ObservedState(2, answered=1), False, id="it has been passed on"),
        pytest.param(
            answer(2), ObservedState(2, answered=1), True, id="the answer to the next question"
        ),
        pytest.param(
            desired(DesiredAction.PUBLISH), ObservedState(2, publishing=0), False, id="it publishes"
        ),
        pytest.param(
            desired(DesiredAction.PUBLISH, 0, 1),
            ObservedState(2, publishing=0),
            True,
            id="the next push",
        ),
        pytest.param(desired(DesiredAction.STOP), ObservedState(0), True, id="stop"),
        pytest.param(
            desired(DesiredAction.STOP), ObservedState(0, stopping=True), False, id="it stops"
        ),
        pytest.param(
            desired(DesiredAction.STOP), None, True, id="stop what the machine may be getting"
        ),
        pytest.param(desired(DesiredAction.FORGET), ObservedState(2), True, id="forget"),
        pytest.param(
            desired(DesiredAction.FORGET), ObservedState(2, forgetting=True), False, id="it forgets"
        ),
        pytest.param(
            desired(DesiredAction.KEEP), ObservedState(1), False, id="at a gate nothing is ordered"
        ),
    ],
)
def test_an_order_is_sent_only_if_it_changes_something(
    want: DesiredState, observed: ObservedState | None, is_sent: bool
) -> None:
    found = reconcile([want], {} if observed is None else {KEY: observed})
    assert found == ([want] if is_sent else [])


@pytest.mark.parametrize(
    "want",
    [
        DesiredAction.RUN,
        DesiredAction.PUBLISH,
        DesiredAction.STOP,
        DesiredAction.FORGET,
        DesiredAction.ANSWER,
    ],
)
def test_what_was_told_is_not_told_again(want: DesiredAction) -> None:
    order = desired(want, 3, 1)
    assert reconcile([order], {KEY: apply_sent_order(None, order)}) == []


@pytest.mark.parametrize(("state", "publishing"), [("waiting", -1), ("publishing", 2)])
def test_a_hello_paints_the_picture(state: str, publishing: int) -> None:
    held = TrackedAttempt(7, 1, stage_index=2, state=state, log_offset=0, run=1, push=2)
    assert build_observed_state(held) == ObservedState(2, 1, publishing=publishing)
