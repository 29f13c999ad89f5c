"""What a stage starts ends with it: by its own end, a cancel, a lost lease, and being forgotten."""

import pytest

from muster.protocol.frames import StageFinished, Stopped
from tests.hostile.machine import Machine

LEFTOVERS = {
    "a daemon by double fork and setsid": "sh acts/leave.sh $TOKEN",
    "many of them": "for n in $(seq 30); do sh acts/leave.sh $TOKEN; done",
    "one in the background": "(trap '' HUP TERM; while :; do sleep 1; done) & disown",
    "one under nohup": "nohup sleep 300 >/dev/null 2>&1 &",
    "one that holds the terminal": "setsid sh -c 'trap \"\" HUP TERM; sleep 300' &",
    "a stopped one": "sleep 300 & kill -STOP $!",
    "chains of short processes": "/usr/bin/python3 acts/chain.py $TOKEN",
    "a loop that kills everyone": "/usr/bin/python3 acts/kill_everyone.py $TOKEN",
    "one with another user id within": "unshare --user --map-root-user setsid sleep 300 &",
    "one with pids of its own": "unshare --user --pid --fork setsid sleep 300 &",
}


@pytest.mark.parametrize("leave", LEFTOVERS.values(), ids=LEFTOVERS)
def test_nothing_that_a_stage_left_is_alive_when_its_end_is_told(
    machine: Machine, leave: str
) -> None:
    attempt = machine.ran(f"{leave}\necho left")
    assert attempt.alive_when(StageFinished) == []
    assert attempt.living == []


@pytest.mark.parametrize(
    "leave",
    [LEFTOVERS["many of them"], LEFTOVERS["chains of short processes"]],
    ids=["daemons", "chains"],
)
def test_nothing_is_alive_when_a_cancel_is_answered(machine: Machine, leave: str) -> None:
    attempt = machine.attempt()
    attempt.order(f"trap '' TERM; {leave}\necho left; while :; do sleep 1; done")
    attempt.wait_for_output("left")
    assert attempt.stop().alive == []
    assert attempt.alive_when(Stopped) == []


def test_nothing_is_alive_after_a_cancel_that_the_killer_fights(machine: Machine) -> None:
    attempt = machine.attempt()
    attempt.order(f"{LEFTOVERS['a loop that kills everyone']}; trap '' TERM; sleep 300")
    attempt.wait_for_output("the killer is off")
    assert attempt.stop().alive == []


def test_nothing_is_alive_when_a_running_attempt_is_forgotten(machine: Machine) -> None:
    attempt = machine.attempt()
    attempt.order("for n in $(seq 5); do sh acts/leave.sh $TOKEN; done; echo left; sleep 300")
    attempt.wait_for_output("left")
    assert attempt.forget().alive == []


def test_nothing_is_alive_when_a_stage_ran_out_of_time(machine: Machine) -> None:
    attempt = machine.attempt()
    attempt.order("trap '' TERM; sh acts/leave.sh $TOKEN; sleep 300", timeout=1.0)
    sight = attempt.ended()
    assert isinstance(sight.body, StageFinished)
    assert (sight.body.how, sight.alive) == ("timeout", [])


def test_what_runs_for_others_is_not_killed_with_it(machine: Machine) -> None:
    other = machine.attempt("bank")
    other.order("echo begun; read line; echo unharmed")
    other.wait_for_output("begun")
    attempt = machine.ran(LEFTOVERS["a loop that kills everyone"])
    attempt.forget()
    assert other.living
