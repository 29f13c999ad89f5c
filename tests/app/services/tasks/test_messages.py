"""A message reaches one agent: the one that works, or that of the round's next agent stage."""

import pytest

from app.domain.errors import Forbidden, NotFound, TaskEnded
from app.domain.roles import ProjectRole
from app.domain.task import EventType
from app.domain.task_message import (
    MAX_WAITING,
    MessageSent,
    MessageTiming,
    NoMessages,
    TooLate,
    TooManyMessages,
)
from app.extensions import db
from app.models import Developer, Event, FollowUp, Task
from app.services.dispatch import dispatcher
from app.services.tasks import gates, messages, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven, make_held_attempt, make_live
from tests.app.services.statements import counted
from tests.app.services.tasks.messages_world import (
    DELIVERED,
    FOLLOWED_UP,
    RETURNED,
    UNCONFIRMED,
    WAITING,
    WITHDRAWN,
    machine,
    ordered,
    outcome,
    prompted,
    row_of,
    sent,
    states,
    working,
)
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, SHIP, Create, actor, create
from tests.factories import add_member, make_developer

__all__ = ["actor", "create", "machine"]

NOW = MessageTiming.NOW
REVIEW = {**SHIP, "name": "review", "command": "Review it."}


def test_a_working_agent_is_sent_it_until_the_machine_reports_its_outcome(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    made = messages.create(actor, task.id, text="Use make.", when=NOW)
    assert (made.state, made.number, made.stage_index, made.run) == (WAITING, 1, 0, 0)
    expected = frames.AgentMessage(task.id, 1, 1, "Use make.", actor.name, "now")
    assert sent(task) == [expected]
    assert [action for action, *_ in machine.orders()] == ["message"]
    assert machine.orders() == [], "on this connection it has been sent"
    machine.hello(make_held_attempt(task))
    assert [action for action, *_ in machine.orders()] == ["message"], "on the next one, again"
    assert sent(task) == [expected]
    outcome(machine, task, 1, "delivered")
    assert (states(task), sent(task)) == ([("Use make.", DELIVERED)], [])
    assert row_of(task).delivered_at is not None
    outcome(machine, task, 1, "unconfirmed")
    assert states(task) == [("Use make.", DELIVERED)], "a repeated outcome has no effect"


def test_one_that_was_handed_over_without_a_receipt_is_not_sent_again(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create, DEVELOP, REVIEW)
    messages.create(actor, task.id, text="Use make.")
    outcome(machine, task, 1, "unconfirmed")
    machine.report_finished(task)
    assert (states(task), sent(task), prompted(task)) == ([("Use make.", UNCONFIRMED)], [], [])


def test_one_without_an_outcome_at_the_stages_end_goes_with_the_next_prompt(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create, DEVELOP, REVIEW)
    messages.create(actor, task.id, text="Use make.")
    machine.report_finished(task)
    assert sent(task) == []
    assert ordered(task).messages == [frames.PromptMessage(1, actor.name, "Use make.")]
    assert ordered(task).messages == [frames.PromptMessage(1, actor.name, "Use make.")]
    outcome(machine, task, 1, "returned")
    assert prompted(task) == ["Use make."], "it was sent, and crossed the stage's end"
    assert states(task) == [("Use make.", WAITING)]
    machine.report_started(task, 1)
    assert states(task) == [("Use make.", DELIVERED)]


def test_one_that_the_machine_hands_back_waits_for_the_next_agent_stage(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create, DEVELOP, CHECK, REVIEW)
    messages.create(actor, task.id, text="Use make.")
    outcome(machine, task, 1, "returned")
    assert (states(task), sent(task)) == ([("Use make.", WAITING)], [])
    machine.report_finished(task)
    assert prompted(task) == [], "a shell reads nothing"
    machine.report_started(task, 1)
    machine.report_finished(task, 1)
    assert prompted(task) == ["Use make."]


def test_a_queued_tasks_first_agent_gets_it_with_its_prompt(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([CHECK, DEVELOP])
    messages.create(actor, task.id, text="One.")
    messages.create(actor, task.id, text="Two.")
    dispatcher.assign_queued()
    assert prompted(task) == []
    machine.report_started(task)
    machine.report_finished(task)
    assert prompted(task) == ["One.", "Two."]
    with pytest.raises(MessageSent):
        messages.withdraw(actor, task.id, row_of(task).id)


def test_a_machine_of_an_earlier_release_gets_it_as_the_end_of_the_text(
    actor: Developer, create: Create
) -> None:
    earlier, task = make_driven(), create()
    messages.create(actor, task.id, text="Use make.")
    dispatcher.assign_queued()
    order = ordered(task)
    assert order.messages == []
    assert order.text.endswith(f"{actor.name}:\nUse make.")
    earlier.report_started(task)
    assert states(task) == [("Use make.", DELIVERED)]
    with pytest.raises(NoMessages):
        messages.create(actor, task.id, text="Use make.")


@pytest.mark.parametrize(
    ("if_too_late", "state"), [(TooLate.RETURN, RETURNED), (TooLate.FOLLOW_UP, FOLLOWED_UP)]
)
def test_its_author_chooses_what_happens_if_no_agent_is_left(
    actor: Developer, machine: FakeMachine, create: Create, if_too_late: TooLate, state: str
) -> None:
    task = working(machine, create, DEVELOP, CHECK)
    messages.create(actor, task.id, text="One.", if_too_late=if_too_late)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    made = messages.create(actor, task.id, text="Two.", if_too_late=if_too_late)
    assert states(task) == [("One.", state), ("Two.", state)]
    found = db.session.scalars(db.select(FollowUp.instruction).order_by(FollowUp.number)).all()
    assert found == ([] if if_too_late is TooLate.RETURN else ["One.", "Two."])
    assert (made.follow_up_id is None) is (if_too_late is TooLate.RETURN)


def test_the_next_attempt_gets_what_a_lost_one_did_not_confirm(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    messages.create(actor, task.id, text="Use make.")
    machine.report_on(task, frames.Lost("a reboot"))
    assert states(task) == [("Use make.", WAITING)]
    dispatcher.assign_queued()
    db.session.refresh(task)
    assert (make_live(task).number, prompted(task)) == (2, ["Use make."])
    outcome(machine, task, 1, "delivered", attempt=1)
    assert states(task) == [("Use make.", WAITING)], "the new agent hasn't seen it"
    machine.report_started(task)
    assert states(task) == [("Use make.", DELIVERED)]


def test_a_failed_task_does_not_hide_that_a_message_may_have_been_read(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP])
    task.project.max_attempts = 1
    db.session.commit()
    messages.create(actor, task.id, text="One.")
    dispatcher.assign_queued()
    machine.orders()
    assert prompted(task) == ["One."]
    machine.report_started(task)
    messages.create(actor, task.id, text="Two.")
    machine.report_on(task, frames.Lost("a reboot"))
    assert states(task) == [("One.", DELIVERED), ("Two.", UNCONFIRMED)]


def test_one_that_was_sent_to_a_cancelled_agent_may_have_been_read(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    messages.create(actor, task.id, text="One.")
    messages.create(actor, task.id, text="Two.")
    outcome(machine, task, 2, "returned")
    tasks.cancel(actor, task.id)
    assert states(task) == [("One.", UNCONFIRMED), ("Two.", RETURNED)]
    outcome(machine, task, 1, "delivered")
    assert states(task) == [("One.", DELIVERED), ("Two.", RETURNED)], "the machine knows"
    with pytest.raises(TaskEnded):
        messages.create(actor, task.id, text="Three.")


def test_a_machine_reports_only_about_its_own_attempts_messages(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task, other = working(machine, create), working(machine, create)
    messages.create(actor, task.id, text="One.")
    outcome(machine, other, 1, "delivered")
    outcome(machine, task, 7, "delivered")
    assert states(task) == [("One.", WAITING)]


def test_a_waiting_one_can_be_withdrawn_until_it_is_sent(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP])
    made = messages.create(actor, task.id, text="One.")
    for _ in range(2):
        messages.withdraw(actor, task.id, made.id)
    assert states(task) == [("One.", WITHDRAWN)]
    dispatcher.assign_queued()
    assert prompted(task) == []
    machine.report_started(task)
    bound = messages.create(actor, task.id, text="Two.")
    with pytest.raises(MessageSent):
        messages.withdraw(actor, task.id, bound.id)
    with pytest.raises(NotFound):
        messages.withdraw(actor, task.id, bound.id + 1)


def test_a_21st_message_cannot_wait(actor: Developer, create: Create) -> None:
    task = create([DEVELOP])
    for number in range(MAX_WAITING):
        messages.create(actor, task.id, text=f"{number}.")
    with pytest.raises(TooManyMessages):
        messages.create(actor, task.id, text="One more.")


def test_members_send_messages_and_owners_stop_a_step_with_one(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task, member = working(machine, create), make_developer()
    with pytest.raises(NotFound):
        messages.create(member, task.id, text="One.")
    add_member(task.project, member, ProjectRole.MEMBER)
    with pytest.raises(Forbidden):
        messages.create(member, task.id, text="One.", when=NOW)
    messages.create(member, task.id, text="One.")
    assert sent(task)[0].author == member.name


def test_an_answered_gate_is_no_obstacle(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create, DEVELOP, {**REVIEW, "confirm": True})
    machine.report_checkpoint(task)
    machine.report_finished(task)
    messages.create(actor, task.id, text="One.")
    gates.confirm_stage(actor, task.id, 1, "confirm")
    assert prompted(task) == ["One."]


def test_its_history_has_the_text_only_once_an_agent_may_have_read_it(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    messages.create(actor, task.id, text="One.")
    outcome(machine, task, 1, "delivered")
    assert [
        (each["state"], each.get("text"), each["createdBy"]["name"]) for each in _events(task)
    ] == [
        (WAITING, None, actor.name),
        (DELIVERED, "One.", actor.name),
    ]


def test_long_messages_go_with_several_prompts(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, REVIEW])
    for _ in range(12):
        messages.create(actor, task.id, text="x" * 20_000)
    dispatcher.assign_queued()
    assert len(prompted(task)) == 9
    machine.report_started(task)
    machine.report_finished(task)
    assert len(prompted(task)) == 3


def test_orders_cost_one_statement_with_messages_too(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = working(machine, create)
    messages.create(actor, task.id, text="One.")
    with counted() as statements:
        assert [action for action, *_ in machine.orders()] == ["message"]
    assert len([each for each in statements if "SAVEPOINT" not in each]) == 1


def _events(task: Task) -> list[dict[str, object]]:
    query = db.select(Event.data).where(Event.task_id == task.id, Event.type == EventType.MESSAGE)
    return list(db.session.scalars(query.order_by(Event.number)))
