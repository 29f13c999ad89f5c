"""Orders are what a machine should do, minus what it is known to do."""

import pytest

from app.machines.reconcile import Known, difference, known_from, told
from app.services.machines.orders import Want, Wanted
from muster.protocol.frames import HeldAttempt

KEY = (7, 1)


def wanted(want: Want, stage: int = 0) -> Wanted:
    return Wanted(*KEY, want, stage)


def asked(count: int) -> Wanted:
    return Wanted(*KEY, Want.TERMINAL, asked=count)


@pytest.mark.parametrize(
    ("want", "known", "is_sent"),
    [
        pytest.param(wanted(Want.RUN, 0), None, True, id="a new attempt is ordered"),
        pytest.param(wanted(Want.RUN, 0), Known(), True, id="known, but never began"),
        pytest.param(wanted(Want.RUN, 0), Known(0), False, id="it is at that stage"),
        pytest.param(wanted(Want.RUN, 1), Known(0), True, id="the next stage"),
        pytest.param(wanted(Want.RUN, 1), Known(2), False, id="an old order is not repeated"),
        pytest.param(wanted(Want.PUBLISH), Known(2), True, id="publish"),
        pytest.param(asked(1), Known(2), True, id="a terminal is asked for"),
        pytest.param(asked(1), Known(2, terminals=1), False, id="it has been told"),
        pytest.param(asked(2), Known(2, terminals=1), True, id="a terminal is asked for again"),
        pytest.param(wanted(Want.PUBLISH), Known(2, publishing=True), False, id="it publishes"),
        pytest.param(wanted(Want.STOP), Known(0), True, id="stop"),
        pytest.param(wanted(Want.STOP), Known(0, stopping=True), False, id="it stops"),
        pytest.param(wanted(Want.STOP), None, True, id="stop what the machine may be getting"),
        pytest.param(wanted(Want.FORGET), Known(2), True, id="forget"),
        pytest.param(wanted(Want.FORGET), Known(2, forgetting=True), False, id="it forgets"),
        pytest.param(wanted(Want.HOLD), Known(1), False, id="at a gate nothing is ordered"),
    ],
)
def test_an_order_is_sent_only_if_it_changes_something(
    want: Wanted, known: Known | None, is_sent: bool
) -> None:
    found = difference([want], {} if known is None else {KEY: known})
    assert found == ([want] if is_sent else [])


@pytest.mark.parametrize("want", [Want.RUN, Want.PUBLISH, Want.STOP, Want.FORGET])
def test_what_was_told_is_not_told_again(want: Want) -> None:
    order = wanted(want, 3)
    assert difference([order], {KEY: told(None, order)}) == []


@pytest.mark.parametrize(("state", "publishing"), [("waiting", False), ("publishing", True)])
def test_a_hello_paints_the_picture(state: str, publishing: bool) -> None:
    held = HeldAttempt(task_id=7, attempt=1, stage_index=2, state=state, log_offset=0)
    assert known_from(held) == Known(2, publishing=publishing)
