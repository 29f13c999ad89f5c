"""What the daemon's own git runs in a workspace ends with it, and before that is told."""

import pytest

from muster.protocol.frames import Checkpoint, Published, StageFinished
from tests.hostile.machine import Machine

POISONED = "bash acts/poison_git.sh $TOKEN {kind} {file}"
KINDS = ["filters", "hooks", "programs"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_gits_programs_left_is_alive_when_the_stage_is_said_to_be_over(
    machine: Machine, kind: str
) -> None:
    attempt = machine.ran(POISONED.format(kind=kind, file=""))
    attempt.checkpoint()
    assert attempt.alive_when(StageFinished) == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_gits_programs_left_is_alive_when_the_branch_is_said_to_be_pushed(
    machine: Machine, kind: str
) -> None:
    attempt = machine.ran(POISONED.format(kind=kind, file=""))
    attempt.publish()
    assert attempt.alive_when(Published) == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_gits_programs_left_lives_on_while_people_look(
    machine: Machine, kind: str
) -> None:
    attempt = machine.ran(POISONED.format(kind=kind, file=""))
    machine.beats(4)  # the daemon has looked at the workspace once more by then
    assert attempt.living == []


def test_gits_programs_see_what_the_attempt_may_see_and_no_more(machine: Machine) -> None:
    """A clean filter runs in the daemon's git: it sees neither the daemon's files nor processes."""
    attempt = machine.attempt()
    home, operator = machine.home.layout.home, machine.root / "operator"
    spy = f"/usr/bin/python3 $PWD/acts/spy.py {home} {operator} {machine.root}"
    attempt.run(
        f'git config filter.spy.clean "{spy} 2>&1; cat"\n'
        "echo '*.txt filter=spy' > .gitattributes; echo changed > a.txt"
    )
    found = machine.shop.git("show", f"{attempt.checkpoint().commit}:a.txt")
    assert "the spy is through" in found or found == "changed"
    assert machine.leaked() == []


def test_the_daemons_git_reaches_no_host(machine: Machine) -> None:
    """Neither through a filter, where the stage itself may have had a network."""
    attempt = machine.attempt()
    port = machine.server.line.port
    attempt.run(
        "git config filter.spy.clean 'acts/call.sh'\n"
        f"printf '#!/bin/bash\\ncat; (: </dev/tcp/127.0.0.1/{port}) && echo reached\\n'"
        " > acts/call.sh\n"
        "chmod +x acts/call.sh; echo '*.txt filter=spy' > .gitattributes; echo changed > a.txt"
    )
    found = machine.shop.git("show", f"{attempt.checkpoint().commit}:a.txt")
    assert found == "changed"


def test_a_filter_without_end_costs_the_machine_nothing(machine: Machine) -> None:
    attempt = machine.attempt()
    attempt.order(
        "git config filter.spy.clean 'cat; sleep 300'\n"
        "echo '*.txt filter=spy' > .gitattributes; echo changed > a.txt; echo done"
    )
    attempt.wait_for_output("done")
    assert machine.is_in_service()
    assert attempt.forget().alive == []
    assert attempt.alive_when(Checkpoint) == []
