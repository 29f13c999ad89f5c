"""What a drain would do is what it does."""

from typing import Any

import pytest

from app.domain.attempt import AttemptOutcome
from app.domain.drain import DrainAction
from app.domain.errors import Forbidden, MachineDecommissioned, NotFound
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Attempt, Developer, Task
from app.services.clock import now
from app.services.machines import drain_preview, drains
from tests.app.services.fake_machine import FakeMachine, make_live, state
from tests.app.services.machines.test_drains import at_a_gate, running
from tests.factories import make_developer, make_machine

KEEP, HAND_OVER, STOP = DrainAction


def preview_of(lead: Developer, machine: FakeMachine, **given: Any) -> dict[int, Any]:
    view = drain_preview.preview_drain(lead, machine.machine_id, now(), **given)
    return {
        each.task.id: (each.action, each.at_deadline, each.has_checkpoint) for each in view.plan
    }


@pytest.mark.parametrize(
    ("options", "runs", "gated", "bare"),
    [
        ({}, (KEEP, None, True), (HAND_OVER, None, True), (KEEP, None, False)),
        (
            {"deadline_seconds": 600},
            (KEEP, STOP, True),
            (HAND_OVER, HAND_OVER, True),
            (KEEP, STOP, False),
        ),
        (
            {"deadline_seconds": 0},
            (STOP, STOP, True),
            (HAND_OVER, HAND_OVER, True),
            (STOP, STOP, False),
        ),
    ],
    ids=["no deadline", "a deadline", "at once"],
)
def test_a_drain_does_what_its_preview_showed(
    lead: Developer, machine: FakeMachine, options: dict[str, Any], runs: Any, gated: Any, bare: Any
) -> None:
    machine.row.slots_total = 3
    db.session.commit()
    running_task = running(machine)
    tasks = [running_task, at_a_gate(machine), at_a_gate(machine, checkpoint=False)]
    before = [state(task) for task in tasks]
    preview = preview_of(lead, machine, **options)
    assert preview == dict(zip([task.id for task in tasks], [runs, gated, bare], strict=True))
    # Nothing has changed by it.
    assert machine.row.status is MachineStatus.ONLINE
    assert [state(task) for task in tasks] == before
    drains.drain(lead, machine.machine_id, **options)
    handed = {task.id for task in tasks if _is_handed_over(make_live(task))}
    assert handed == {id_ for id_, (act, _, _) in preview.items() if act is not KEEP}


def _is_handed_over(attempt: Attempt) -> bool:
    return attempt.outcome is AttemptOutcome.HANDED_OVER


def test_an_earlier_deadline_counts_where_none_is_given(
    lead: Developer, machine: FakeMachine
) -> None:
    task: Task = running(machine)
    drains.drain(lead, machine.machine_id, deadline_seconds=600)
    assert preview_of(lead, machine) == {task.id: (KEEP, STOP, True)}


def test_who_may_not_drain_may_not_look_ahead(machine: FakeMachine, lead: Developer) -> None:
    with pytest.raises(Forbidden):
        drain_preview.preview_drain(make_developer(), machine.machine_id, now())
    admin = make_developer(role=SystemRole.ADMIN)
    with pytest.raises(NotFound):
        drain_preview.preview_drain(admin, type(machine.machine_id)(int=0), now())
    gone = make_machine(status=MachineStatus.DECOMMISSIONED)
    with pytest.raises(MachineDecommissioned):
        drain_preview.preview_drain(admin, gone.id, now())
