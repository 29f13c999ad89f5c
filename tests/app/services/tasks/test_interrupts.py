"""Someone stops an agent's step, and it waits for what to do instead."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptPhase
from app.domain.errors import Forbidden, TaskEnded
from app.domain.roles import ProjectRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.domain.task_message import NoMessages, NotWorking
from app.extensions import db
from app.models import AuditEntry, Developer, Event, Task
from app.services import locks
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines.orders import DesiredAction
from app.services.tasks import attempts, gates, interrupts, messages, questions, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    make_driven,
    make_live,
    state,
    status,
    warnings_of,
)
from tests.app.services.tasks.messages_world import (
    desired,
    interrupt_sent,
    machine,
    prompted,
    working,
)
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create
from tests.app.services.tasks.suspensions_world import is_stopped
from tests.factories import add_member, make_developer

__all__ = ["actor", "create", "machine"]

ASKING = (TaskStatus.SUSPENDED, SuspendReason.QUESTION)
AT_GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)
RUNNING = (TaskStatus.RUNNING, None)
LATER = timedelta(seconds=601)


def asks(machine: FakeMachine, task: Task, interrupt: int | None = 1, **given: object) -> None:
    about = {"choices": ["yes"], "timeout": 1.0, **given}
    machine.report_on(task, frames.QuestionOpened(0, 1, "Pay me.", interrupt=interrupt, **about))


def interrupt_state(task: Task) -> str | None:
    found = interrupts.current(make_live(task))
    return found.state if found else None


def test_its_agent_asks_with_the_servers_words_and_continues_with_the_answer(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    for _ in range(2):
        interrupts.request(actor, task.id)
    assert interrupt_sent(task) == frames.Interrupt(task.id, 1, 1, actor.name)
    assert [action for action, *_ in machine.orders()] == ["interrupt"]
    assert machine.orders() == []
    asks(machine, task)
    assert (state(task), interrupt_sent(task)) == (ASKING, None)
    gate = gates.get_pending(actor, task.id)
    assert gate.prompt == f"Stopped by {actor.name}. What now?"
    assert (gate.kind, gate.choices, gate.expires_at) == ("question", [], None)
    gates.confirm_stage(actor, task.id, 0, "Use make.")
    assert (state(task), interrupt_state(task)) == (RUNNING, None)
    [found] = desired(task, DesiredAction.ANSWER)
    order = questions.build_order(task.id, 1, found.row.question)
    assert order == frames.Answer(task.id, 1, 1, input="Use make.")
    interrupts.request(actor, task.id)
    assert interrupt_sent(task) == frames.Interrupt(task.id, 1, 2, actor.name)


def test_a_question_that_nobody_answers_frees_the_slot_and_stays_open(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    interrupts.request(actor, task.id)
    asks(machine, task)
    assert interrupts.sweep(now()) == 0
    assert interrupts.sweep(now() + LATER) == 1
    assert interrupts.sweep(now() + LATER) == 0
    assert [action for action, *_ in machine.orders()] == ["suspend"]
    is_stopped(machine, task, "budget")
    assert (state(task), machine.row.slots_used) == (AT_GATE, 0)
    assert (make_live(task).phase, machine.orders()) == (AttemptPhase.GATE, [])
    assert gates.get_pending(actor, task.id).number == 1
    gates.confirm_stage(actor, task.id, 0, "Use make.")
    assert (status(task), make_live(task).run) == (TaskStatus.ASSIGNED, 1)
    assert prompted(task) == ["Use make."]
    machine.report_on(task, frames.StageStarted(0, run=1))
    assert state(task) == RUNNING


def test_an_answer_while_its_agent_is_being_stopped_goes_to_the_next_run(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    interrupts.request(actor, task.id)
    asks(machine, task)
    interrupts.sweep(now() + LATER)
    gates.confirm_stage(actor, task.id, 0, "Use make.")
    assert (state(task), desired(task, DesiredAction.ANSWER)) == (RUNNING, [])
    assert desired(task, DesiredAction.SUSPEND), "otherwise the agent would wait forever"
    is_stopped(machine, task, "budget")
    assert (state(task), make_live(task).run, machine.row.slots_used) == (RUNNING, 1, 1)
    assert prompted(task) == ["Use make."]


def test_a_stage_whose_agent_ignores_it_can_be_stopped(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    interrupts.request(actor, task.id)
    machine.report_on(task, frames.InterruptIgnored(7, 0))
    assert interrupt_state(task) == "requested"
    machine.report_on(task, frames.InterruptIgnored(1, 0))
    assert (interrupt_state(task), state(task)) == ("ignored", RUNNING)
    for _ in range(2):
        interrupts.request(actor, task.id, stop_stage=True)
    machine.orders()
    is_stopped(machine, task, "budget")
    assert state(task) == AT_GATE
    assert gates.get_pending(actor, task.id).prompt == f"Stopped by {actor.name}. What now?"
    gates.confirm_stage(actor, task.id, 0, "Use make.")
    assert (make_live(task).run, prompted(task)) == (1, ["Use make."])
    assert _interrupted(task) == ["requested", "ignored", "stopping"]


def test_a_budget_does_not_continue_an_interrupted_agent(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    interrupts.request(actor, task.id)
    asks(machine, task)
    make_live(task).suspends = True
    db.session.commit()
    is_stopped(machine, task, "budget")
    assert state(task) == AT_GATE
    assert gates.get_pending(actor, task.id).kind == "question"
    gates.confirm_stage(actor, task.id, 0, "Use make.")
    assert prompted(task) == ["Use make."]


def test_a_lost_machine_does_not_continue_a_stopped_agent(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    interrupts.request(actor, task.id, stop_stage=True)
    is_stopped(machine, task, "budget")
    attempts.mark_lost(locks.lock_task(task.id), "gone", gone=True)
    db.session.commit()
    dispatcher.assign_queued()
    assert status(task) is TaskStatus.QUEUED, "its question is still open"
    gates.confirm_stage(actor, task.id, 0, "Use make.")
    dispatcher.assign_queued()
    db.session.refresh(task)
    assert (task.attempt, prompted(task)) == (2, ["Use make."])


def test_a_stage_that_ends_by_itself_ends_its_interrupt(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create, DEVELOP, CHECK)
    interrupts.request(actor, task.id)
    asks(machine, task)
    machine.report_finished(task)
    assert (state(task), interrupt_state(task)) == (RUNNING, None)
    with pytest.raises(NotWorking):
        interrupts.request(actor, task.id)


def test_a_question_about_an_unknown_interrupt_has_no_text_of_the_machines(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    asks(machine, task, interrupt=7)
    assert gates.get_pending(actor, task.id).prompt == "Stopped by someone. What now?"
    with pytest.raises(NotWorking):
        interrupts.request(actor, task.id)


def test_only_a_working_agent_can_be_interrupted_and_only_by_owners(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task, member = create([DEVELOP]), make_developer()
    with pytest.raises(NotWorking):
        interrupts.request(actor, task.id)
    dispatcher.assign_queued()
    with pytest.raises(NotWorking):
        interrupts.request(actor, task.id)
    machine.report_started(task)
    add_member(task.project, member, ProjectRole.MEMBER)
    with pytest.raises(Forbidden):
        interrupts.request(member, task.id)
    tasks.cancel(actor, task.id)
    with pytest.raises(TaskEnded):
        interrupts.request(actor, task.id)


def test_an_agent_without_support_is_not_interrupted(actor: Developer, create: Create) -> None:
    task = working(make_driven(), create)
    with pytest.raises(NoMessages):
        interrupts.request(actor, task.id)


def test_a_message_to_an_interrupted_agent_is_sent_to_it(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    interrupts.request(actor, task.id)
    asks(machine, task)
    made = messages.create(actor, task.id, text="Use make.")
    assert (made.attempt, desired(task, DesiredAction.MESSAGE) != []) == (1, True)


def test_the_audit_log_has_it_without_any_text(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    interrupts.request(actor, task.id)
    messages.create(actor, task.id, text="Use make.")
    query = db.select(AuditEntry.action, AuditEntry.changes).where(
        AuditEntry.target_type == "task", AuditEntry.actor_id == actor.id
    )
    found = {action: changes["after"] for action, changes in db.session.execute(query)}
    assert found == {
        "task.interrupted": {"number": 1, "stopStage": False},
        "task.message_sent": {"number": 1, "when": "next"},
    }
    assert warnings_of(task) == []


def _interrupted(task: Task) -> list[str]:
    query = db.select(Event.data["state"].as_string()).where(
        Event.task_id == task.id, Event.type == EventType.INTERRUPTED
    )
    return list(db.session.scalars(query.order_by(Event.number)))
