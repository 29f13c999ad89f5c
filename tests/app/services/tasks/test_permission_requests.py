"""An agent asks before it acts: people allow it once, for the task, always, or deny it."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import Forbidden, InvalidFields, NoOpenGate, NothingPending
from app.domain.inbox import InboxKind
from app.domain.permission_requests import MAX_PER_STAGE
from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import AuditEntry, Developer, Event, Gate, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.inbox import inbox
from app.services.inbox.keys import Key
from app.services.machines import orders
from app.services.machines.orders import DesiredAction
from app.services.tasks import gate_expiry, gates, questions
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, events_of, make_live, state
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine
from tests.factories import add_member, make_developer

__all__ = ["actor", "create", "machine"]

ASKING = (TaskStatus.SUSPENDED, SuspendReason.QUESTION)
RUNNING = (TaskStatus.RUNNING, None)
REQUEST = frames.PermissionRequest(
    tool="Bash", title="npm test", arguments="npm test --all", folder="/work"
)
SUGGESTED = frames.PermissionRequest(
    tool="Bash", title="npm test", arguments="npm test", suggestion="Bash(npm test:*)"
)


@pytest.fixture
def task(machine: FakeMachine, create: Create) -> Task:
    """A task whose first stage runs."""
    task = create([{**DEVELOP, "confirm": True, "answerers": {"who": "not_author"}}, CHECK])
    gates.confirm_stage(make_developer(role=SystemRole.ADMIN), task.id, 0, "confirm")
    start(machine, task)
    return task


def start(machine: FakeMachine, task: Task) -> None:
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)


def request(
    machine: FakeMachine,
    task: Task,
    number: int = 1,
    what: frames.PermissionRequest = REQUEST,
    **given: Any,
) -> None:
    machine.report_on(task, frames.QuestionOpened(0, number, "", permission=what, **given))


def find_answer(task: Task) -> frames.Answer | None:
    """Return the order that passes an answer on, if there is one."""
    desired = orders.orders_of_machine(make_live(task).machine_id, now()).attempts
    found = [each for each in desired if each.action is DesiredAction.ANSWER]
    return questions.build_order(task.id, task.attempt, found[0].row.question) if found else None


def test_a_request_waits_like_a_question_and_shows_what_the_agent_wants(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    request(machine, task)
    assert (state(task), make_live(task).has_slot) == (ASKING, True)
    assert machine.orders() == [], "nothing is stopped"
    pending = gates.get_pending(actor, task.id)
    assert pending.kind == "permission"
    assert pending.choices == ["allow_once", "allow_for_task", "deny"]
    assert pending.prompt == "The agent wants to do this (Bash): npm test"
    assert pending.permission == {
        "tool": "Bash",
        "title": "npm test",
        "arguments": "npm test --all",
        "folder": "/work",
        "diff": None,
        "suggestion": None,
    }
    assert pending.answerers is None, "those of the stage apply to the gate before it"
    assert inbox.counts(actor, now())["permission"] == 1
    page = db.session.execute(inbox.listing(actor, [InboxKind.PERMISSION], now())(None, 10)).all()
    (item,) = inbox.items(actor, [Key(*row) for row in page], now())
    assert (item.kind, item.default_action, item.gate) == ("permission", "nothing", pending)
    assert "answer" in item.actions


@pytest.mark.parametrize("result", ["allow_once", "allow_for_task", "deny"])
def test_the_answer_and_its_reason_go_to_the_agent(
    actor: Developer, machine: FakeMachine, task: Task, result: str
) -> None:
    request(machine, task, number=7)
    gates.confirm_stage(actor, task.id, 0, result, "because")
    assert state(task) == RUNNING
    assert find_answer(task) == frames.Answer(
        task.id, task.attempt, 7, permission=result, comment="because"
    )
    assert machine.orders() == [(DesiredAction.ANSWER, task.id, 0)]
    assert events_of(task)[-2:] == [E.CONFIRMED, E.RESUMED]


@pytest.mark.parametrize("result", ["", "yes", "allow", "confirm", "ALLOW_ONCE"])
def test_nothing_else_counts_as_a_yes(
    actor: Developer, machine: FakeMachine, task: Task, result: str
) -> None:
    request(machine, task)
    with pytest.raises(InvalidFields):
        gates.confirm_stage(actor, task.id, 0, result)


def test_a_request_that_nobody_answers_in_time_is_denied(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    request(machine, task, timeout=60.0)
    assert gate_expiry.expire(now() + timedelta(seconds=61)) == 1
    answer = find_answer(task)
    assert answer is not None
    assert (answer.permission, answer.comment, state(task)) == (None, None, RUNNING)
    with pytest.raises(NoOpenGate):
        gates.confirm_stage(actor, task.id, 0, "allow_once", number=1)


def test_a_stopped_agent_s_request_is_withdrawn(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    request(machine, task)
    machine.report_finished(task)
    with pytest.raises(NothingPending):
        gates.get_pending(actor, task.id)
    assert find_answer(task) is None


# ---- for the whole task --------------------------------------------------------------------------


def answer_again(machine: FakeMachine, task: Task, what: frames.PermissionRequest) -> str | None:
    """Request it again; return the answer that is given without asking anyone."""
    request(machine, task, number=2, what=what)
    answer = find_answer(task)
    return None if answer is None or answer.number != 2 else answer.permission


def test_what_is_allowed_once_is_asked_again(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    request(machine, task)
    gates.confirm_stage(actor, task.id, 0, "allow_once")
    assert answer_again(machine, task, REQUEST) is None
    assert state(task) == ASKING


@pytest.mark.parametrize(
    ("first", "then", "is_allowed"),
    [
        (REQUEST, REQUEST, True),
        (REQUEST, {"arguments": "npm test --all; rm -rf /"}, False),
        (REQUEST, {"folder": "/"}, False),
        (REQUEST, {"tool": "Write"}, False),
        (REQUEST, {"diff": "-a\n+b\n"}, False),
        (SUGGESTED, {"arguments": "npm test -w a", "suggestion": "Bash(npm test:*)"}, True),
        (SUGGESTED, {"suggestion": "Bash(npm:*)"}, False),
        (SUGGESTED, REQUEST, False),
    ],
)
def test_what_is_allowed_for_the_task_is_not_asked_again(
    actor: Developer,
    machine: FakeMachine,
    task: Task,
    first: frames.PermissionRequest,
    then: frames.PermissionRequest | dict[str, str],
    is_allowed: bool,
) -> None:
    second = then
    if isinstance(second, dict):
        fields = {name: getattr(first, name) for name in first.__struct_fields__}
        second = frames.PermissionRequest(**(fields | second))
    request(machine, task, what=first)
    gates.confirm_stage(actor, task.id, 0, "allow_for_task")
    assert answer_again(machine, task, second) == ("allow_for_task" if is_allowed else None)
    assert state(task) == (RUNNING if is_allowed else ASKING)


def test_an_answer_without_asking_arrives_even_if_the_order_is_lost(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    request(machine, task)
    gates.confirm_stage(actor, task.id, 0, "allow_for_task")
    machine.orders()
    request(machine, task, number=2)
    assert machine.orders() == [(DesiredAction.ANSWER, task.id, 0)]
    request(machine, task, number=2)  # its disk has lost that it was reported
    assert find_answer(task) is not None


def test_the_task_s_next_attempt_need_not_ask_again(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    request(machine, task)
    gates.confirm_stage(actor, task.id, 0, "allow_for_task")
    machine.report_on(task, frames.Lost("its daemon has died"))
    start(machine, task)
    assert task.attempt == 2
    assert answer_again(machine, task, REQUEST) == "allow_for_task"


# ---- always --------------------------------------------------------------------------------------


def test_a_maintainer_adds_the_suggestion_to_the_project_s_tools(
    machine: FakeMachine, task: Task
) -> None:
    maintainer = make_developer()
    add_member(task.project, maintainer, ProjectRole.MAINTAINER)
    request(machine, task, what=SUGGESTED)
    gates.confirm_stage(maintainer, task.id, 0, "allow_for_task", always=True)
    assert task.project.agent_options == {"allowedTools": ["Bash(npm test:*)"]}
    entry = db.session.query(AuditEntry).filter_by(action="project.updated").one()
    assert "Bash(npm test:*)" in str(entry.changes)


def test_a_member_can_allow_it_but_not_always(machine: FakeMachine, task: Task) -> None:
    member = make_developer()
    add_member(task.project, member)
    request(machine, task, what=SUGGESTED)
    with pytest.raises(Forbidden):
        gates.confirm_stage(member, task.id, 0, "allow_for_task", always=True)
    gates.confirm_stage(member, task.id, 0, "allow_once")


@pytest.mark.parametrize(
    ("what", "result"),
    [(REQUEST, "allow_for_task"), (SUGGESTED, "allow_once"), (SUGGESTED, "deny")],
)
def test_always_needs_a_suggestion_and_a_yes_for_the_task(
    actor: Developer, machine: FakeMachine, task: Task, what: frames.PermissionRequest, result: str
) -> None:
    request(machine, task, what=what)
    with pytest.raises(InvalidFields):
        gates.confirm_stage(actor, task.id, 0, result, always=True)
    db.session.rollback()
    assert gates.get_pending(actor, task.id).number == 1
    assert task.project.agent_options is None


# ---- limits --------------------------------------------------------------------------------------


def test_a_stage_that_asks_too_much_fails(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    for number in range(1, MAX_PER_STAGE + 1):
        request(machine, task, number=number)
    assert state(task) == ASKING
    request(machine, task, number=MAX_PER_STAGE + 1)
    assert task.status is TaskStatus.FAILED
    assert (task.failure or {})["code"] == "asks_too_much"
    open_gates = db.session.query(Gate).filter_by(task_id=task.id, answered_at=None)
    assert open_gates.count() == 0


def test_neither_events_nor_audit_log_have_the_arguments(
    actor: Developer, machine: FakeMachine, task: Task
) -> None:
    secret = frames.PermissionRequest(tool="Bash", title="deploy", arguments="deploy --key hunter2")
    request(machine, task, what=secret)
    gates.confirm_stage(actor, task.id, 0, "deny")
    rows = [*db.session.query(AuditEntry).all(), *events_data(task)]
    assert "hunter2" not in "".join(str(getattr(row, "__dict__", row)) for row in rows)


def events_data(task: Task) -> list[Any]:
    return [(each.message, each.data) for each in db.session.query(Event).all()]
