"""A run's faults and tasks are fixed by its seed."""

import json

from tests.chaos import broken_sandboxes
from tests.chaos.plan import KINDS, plans, request_of
from tests.chaos.rules.sandboxes import BREAK_AT
from tests.chaos.schedule import DRAINS, MACHINES, NAMES, schedule


def test_a_seed_fixes_the_disruptions() -> None:
    assert schedule(7, 300) == schedule(7, 300)
    assert schedule(7, 300) != schedule(8, 300)


def test_a_longer_schedule_begins_as_the_shorter_one_does() -> None:
    short = schedule(7, 100)
    assert schedule(7, 300)[: len(short)] == short


def test_every_kind_of_disruption_is_planned() -> None:
    assert {blow.name for blow in schedule(1, 3000)} == set(NAMES)


def test_sandboxes_break_at_each_step() -> None:
    picks = [blow.pick for blow in schedule(2, 400) if blow.name == BREAK_AT]
    assert {int(pick * len(broken_sandboxes.STEPS)) for pick in picks} == set(
        range(len(broken_sandboxes.STEPS))
    )


def test_a_machine_suffers_one_thing_that_lasts_at_a_time() -> None:
    for machine in range(MACHINES):
        ended = 0.0
        for blow in schedule(3, 3000):
            if blow.machine == machine and blow.name not in DRAINS | {BREAK_AT}:
                assert blow.at >= ended
                ended = blow.at + blow.lasts


def test_a_seed_fixes_the_tasks() -> None:
    assert plans(7, 50) == plans(7, 50)
    assert plans(7, 50) == plans(7, 100)[:50]
    assert plans(7, 50) != plans(8, 50)


def test_every_kind_of_task_is_made() -> None:
    assert {plan.kind for plan in plans(1, 300)} == set(KINDS.values())


def test_a_description_names_the_request_that_it_came_with() -> None:
    plan = plans(1, 3)[2]
    description = plan.description("2-1")
    assert request_of(description) == ("2-1", 2)
    assert json.loads(description)["stages"] == plan.stages
