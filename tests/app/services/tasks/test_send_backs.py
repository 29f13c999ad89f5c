"""People send a failed check back: a follow-up from the last agent stage before it."""

import pytest
from flask import Flask

from app.domain.follow_up import MAX_INSTRUCTION, FollowUpState
from app.domain.send_back import NoFailedCheck
from app.domain.task import TaskStatus
from app.models import Developer
from app.services.tasks import follow_ups, send_backs, tasks
from tests.app.services.fake_machine import FakeMachine, status
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create
from tests.app.services.tasks.turns_world import REVIEW, TEST, begin, machine, run_stage

__all__ = ["actor", "create", "machine"]  # fixtures


def test_a_failed_check_becomes_a_follow_up_from_the_last_agent_stage(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, REVIEW, TEST])
    for work in ("a", "b"):
        run_stage(machine, task, work=work)
    run_stage(machine, task, code=3, text=b"2 failed\r\n")
    assert status(task) is TaskStatus.FAILED
    made = send_backs.create(actor, task.id)
    assert (made.from_stage, made.state) == (1, FollowUpState.STARTED)
    assert made.instruction == (
        "The check “test” failed with exit code 3. Find out why, and fix it. "
        "Its output ends with:\n\n2 failed"
    )
    assert status(task) is TaskStatus.QUEUED
    with pytest.raises(NoFailedCheck):
        send_backs.create(actor, task.id)


def test_a_long_output_fits_into_an_instruction(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, TEST])
    run_stage(machine, task)
    run_stage(machine, task, code=1, text=b"x" * 50_000 + b"the end\r\n")
    text = send_backs.create(actor, task.id).instruction
    assert len(text) == MAX_INSTRUCTION
    assert text.endswith("the end")


def test_a_signal_is_named(actor: Developer, machine: FakeMachine, create: Create) -> None:
    task = begin(machine, create, [DEVELOP, TEST])
    run_stage(machine, task)
    machine.report_started(task, 1)
    machine.report_finished(task, 1, "signal", 9)
    text = send_backs.create(actor, task.id).instruction
    assert text.startswith("The check “test” was ended by a signal.")
    assert text.endswith("It has printed nothing.")


def test_other_failures_cannot_go_back(
    app: Flask, actor: Developer, machine: FakeMachine, create: Create
) -> None:
    ended = begin(machine, create, [DEVELOP, TEST])
    run_stage(machine, ended, code=1)
    first = begin(machine, create, [CHECK, DEVELOP])
    run_stage(machine, first, code=1)
    cancelled = create([DEVELOP, TEST])
    tasks.cancel(actor, cancelled.id)
    for task in (ended, first, cancelled):
        with pytest.raises(NoFailedCheck):
            send_backs.create(actor, task.id)


def test_a_queued_follow_up_goes_first(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, TEST])
    run_stage(machine, task)
    follow_ups.create(actor, task.id, instruction="Later.")
    run_stage(machine, task, code=1)
    with pytest.raises(NoFailedCheck):
        send_backs.create(actor, task.id)
    assert status(task) is TaskStatus.FAILED
