"""An agent asks in the middle of its stage: its process and slot stay, and the answer goes back."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.answers import AlreadyAnswered
from app.domain.errors import InvalidFields, NoOpenGate, NothingPending
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatcher, wait_reasons
from app.services.machines import drains, liveness, machine_admin, orders, sessions
from app.services.machines.orders import DesiredAction, DesiredState
from app.services.tasks import gate_expiry, gates, questions, tasks
from app.services.terminals import terminals
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    make_held_attempt,
    make_live,
    state,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine
from tests.factories import make_server_process

__all__ = ["actor", "create", "machine"]

ASKING = (TaskStatus.SUSPENDED, SuspendReason.QUESTION)
LOST = (TaskStatus.SUSPENDED, SuspendReason.MACHINE_LOST)
RUNNING, QUEUED = (TaskStatus.RUNNING, None), (TaskStatus.QUEUED, None)
SILENCE = timedelta(seconds=40)


@pytest.fixture
def task(machine: FakeMachine, create: Create) -> Task:
    """A task whose first stage runs, and asks nothing yet."""
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def asks(machine: FakeMachine, task: Task, number: int = 1, **given: Any) -> None:
    machine.report_on(task, frames.QuestionOpened(0, number, "Which?", **given))


def answer(task: Task) -> frames.Answer | None:
    """The order to pass an answer on, if there is one."""
    desired = orders.orders_of_machine(make_live(task).machine_id, now()).attempts
    found: list[DesiredState] = [each for each in desired if each.action is DesiredAction.ANSWER]
    return questions.build_order(task.id, 1, found[0].row.question) if found else None


def test_a_question_suspends_the_task_and_leaves_process_and_slot(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task, choices=["red", "blue"])
    assert state(task) == ASKING
    assert (make_live(task).has_slot, make_live(task).phase, machine.row.slots_used) == (
        True,
        "run",
        1,
    )
    assert machine.orders() == [], "nothing is stopped"
    terminals.issue_token(actor, task.id)  # there is one
    pending = gates.get_pending(actor, task.id)
    assert (pending.kind, pending.prompt, pending.choices) == (
        "question",
        "Which?",
        ["red", "blue"],
    )
    assert (pending.stage_index, pending.number, pending.diff) == (0, 1, None)
    assert events_of(task)[-1] is E.SUSPENDED


@pytest.mark.parametrize(
    ("choices", "result", "fields"),
    [
        pytest.param(["red", "blue"], "blue", {"choice": "blue"}, id="a choice"),
        pytest.param([], "Neither.", {"input": "Neither."}, id="a text"),
    ],
)
def test_the_answer_goes_to_the_machine_once_and_the_task_runs_on(
    actor: Developer,
    machine: FakeMachine,
    task: Task,
    choices: list[str],
    result: str,
    fields: dict[str, str],
) -> None:
    asks(machine, task, number=7, choices=choices)
    assert answer(task) is None
    gates.confirm_stage(actor, task.id, 0, result)
    assert state(task) == RUNNING
    assert answer(task) == frames.Answer(task.id, 1, 7, **fields)
    assert machine.orders() == [(DesiredAction.ANSWER, task.id, 0)]
    assert machine.orders() == []
    machine.hello(make_held_attempt(task))
    assert machine.orders() == [(DesiredAction.ANSWER, task.id, 0)], "it may not have heard it"
    assert events_of(task)[-2:] == [E.CONFIRMED, E.RESUMED]
    machine.report_finished(task)
    assert answer(task) is None
    assert make_live(task).stage_index == 1


def test_what_was_not_offered_is_no_answer(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task, choices=["red"])
    with pytest.raises(InvalidFields):
        gates.confirm_stage(actor, task.id, 0, "confirm")
    assert state(task) == ASKING


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_question_that_is_told_again_is_not_asked_again(
    actor: Developer, machine: FakeMachine, task: Task, is_answered: bool
) -> None:
    asks(machine, task)
    if is_answered:
        gates.confirm_stage(actor, task.id, 0, "first")
    before = events_of(task), answer(task)
    asks(machine, task)
    assert (events_of(task), answer(task)) == before


def test_each_question_of_a_stage_has_its_own_answer(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task, number=1)
    gates.confirm_stage(actor, task.id, 0, "first", number=1)
    asks(machine, task, number=2)
    with pytest.raises(AlreadyAnswered):
        gates.confirm_stage(actor, task.id, 0, "late", number=1)
    db.session.rollback()
    gates.confirm_stage(actor, task.id, 0, "second", number=2)
    assert answer(task) == frames.Answer(task.id, 1, 2, input="second")


def test_a_new_question_takes_the_place_of_one_that_is_open(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task, number=1)
    asks(machine, task, number=2)
    assert gates.get_pending(actor, task.id).number == 2
    assert warnings_of(task) == ["question withdrawn: the agent asks another"]
    with pytest.raises(NoOpenGate):
        gates.confirm_stage(actor, task.id, 0, "late", number=1)


def test_an_answer_does_not_become_a_variable_of_later_stages(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task)
    gates.confirm_stage(actor, task.id, 0, "secret plan")
    assert gates.variables(task.id, task.round, 1) == {}


@pytest.mark.parametrize("how", ["exit", "timeout"])
def test_the_end_of_the_stage_withdraws_the_question(
    actor: Developer, machine: FakeMachine, task: Task, how: str
) -> None:
    asks(machine, task)
    machine.report_finished(task, how=how)
    with pytest.raises(NothingPending):
        gates.get_pending(actor, task.id)
    assert status(task) is (TaskStatus.RUNNING if how == "exit" else TaskStatus.FAILED)
    assert warnings_of(task) == ["question withdrawn: the stage has ended"]


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(frames.QuestionOpened(1, 1, "Which?"), id="of another stage"),
        pytest.param(frames.QuestionOpened(0, 1, "Which?", run=1), id="of another run"),
    ],
)
def test_a_question_that_no_order_led_to_is_ignored(
    machine: FakeMachine, task: Task, report: frames.QuestionOpened
) -> None:
    machine.report_on(task, report)
    assert state(task) == RUNNING
    assert len(warnings_of(task)) == 1


def test_a_question_of_any_length_fits(actor: Developer, machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, frames.QuestionOpened(0, 1, "\0" + "x" * 20_000, ["y" * 300] * 30))
    pending = gates.get_pending(actor, task.id)
    assert (len(pending.prompt), len(pending.choices), len(pending.choices[0])) == (10_000, 20, 200)


# ---- nobody answers ------------------------------------------------------------------------------


def test_an_agent_to_which_nobody_answers_in_time_is_told_so_and_goes_on(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task, timeout=60.0)
    wait = wait_reasons.find_wait(task)
    assert wait is not None
    assert (wait.reason, wait.next_action) == ("gate", "resume")
    assert gate_expiry.expire(now()) == 0
    assert gate_expiry.expire(now() + timedelta(seconds=61)) == 1
    assert state(task) == RUNNING
    assert answer(task) == frames.Answer(task.id, 1, 1)
    with pytest.raises(NoOpenGate):
        gates.confirm_stage(actor, task.id, 0, "late")


# ---- what befalls a running task befalls it, too -------------------------------------------------


def test_a_silent_machine_s_question_stays_open_and_is_waited_for_again(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    make_server_process()
    asks(machine, task)
    drains.drain(actor, machine.machine_id)
    sessions.end_session(machine.machine_id, machine.generation)
    assert liveness.detect_silent(now() + SILENCE) == 1
    assert state(task) == LOST
    assert gates.get_pending(actor, task.id).number == 1
    machine.hello(make_held_attempt(task))
    assert state(task) == ASKING
    assert events_of(task)[-2:] == [E.MACHINE_BACK, E.SUSPENDED], "it does not work again"


def test_an_answer_while_the_machine_is_silent_waits_for_it(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    make_server_process()
    asks(machine, task)
    liveness.detect_silent(now() + SILENCE)
    gates.confirm_stage(actor, task.id, 0, "go")
    assert state(task) == LOST
    machine.hello(make_held_attempt(task))
    assert state(task) == RUNNING
    assert answer(task) == frames.Answer(task.id, 1, 1, input="go")


def test_a_lost_attempt_withdraws_its_question(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task)
    machine.report_on(task, frames.Lost("a reboot"))
    assert state(task) == QUEUED
    with pytest.raises(NothingPending):
        gates.get_pending(actor, task.id)
    dispatcher.assign_queued()
    machine.report_started(task)
    asks(machine, task)
    assert gates.get_pending(actor, task.id).number == 2, "no other question has its number"


def test_the_last_loss_withdraws_it_before_the_result_comes_after_all(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    make_server_process()
    task = create([DEVELOP, {**CHECK, "confirm": True}])
    task.project.max_attempts = 1
    db.session.commit()
    dispatcher.assign_queued()
    machine.report_started(task)
    asks(machine, task)
    later = now() + timedelta(hours=1)
    liveness.expire_leases(later)
    assert status(task) is TaskStatus.FAILED
    machine.hello(make_held_attempt(task, "waiting", ended_by="exit"))
    machine.report_finished(task)
    pending = gates.get_pending(actor, task.id)
    assert (pending.stage_index, pending.number) == (1, 0)


def test_a_drain_waits_for_it_until_its_deadline(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task)
    drains.drain(actor, machine.machine_id, deadline_seconds=60)
    assert state(task) == ASKING
    drains.sweep(now() + timedelta(seconds=61))
    assert state(task) == QUEUED
    assert "question withdrawn: its attempt resumes elsewhere" in warnings_of(task)


def test_its_machines_decommission_fails_it(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task)
    machine_admin.decommission(actor, machine.machine_id)
    assert status(task) is TaskStatus.FAILED


def test_a_cancel_stops_what_waits(actor: Developer, machine: FakeMachine, task: Task) -> None:
    asks(machine, task)
    tasks.cancel(actor, task.id)
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    assert make_live(task).has_slot


def test_an_agent_that_goes_on_without_the_answer_withdraws_its_question(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    asks(machine, task, number=4)
    machine.report_on(task, frames.QuestionWithdrawn(0, 3))
    assert state(task) == ASKING, "it was another"
    machine.report_on(task, frames.QuestionWithdrawn(0, 4))
    assert state(task) == RUNNING
    with pytest.raises(NothingPending):
        gates.get_pending(actor, task.id)
    asks(machine, task, number=5)
    gates.confirm_stage(actor, task.id, 0, "now")
    assert answer(task) == frames.Answer(task.id, 1, 5, input="now")
