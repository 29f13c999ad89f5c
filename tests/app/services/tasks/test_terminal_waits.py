"""A stage whose agent asks something in its terminal is shown wherever people look."""

from typing import Any

from sqlalchemy import select

from app.domain.inbox import InboxKind
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatcher, wait_reasons
from app.services.dispatch.wait_reasons import WaitReason
from app.services.inbox import inbox, keys
from app.services.tasks import queries, terminal_waits
from muster.protocol.frames import WaitingTerminal
from tests.app.services.fake_machine import FakeMachine, warnings_of
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine
from tests.factories import add_member, make_developer

__all__ = ["actor", "create", "machine"]  # fixtures

START = "waiting in its terminal: its agent asks something there"
END = "no longer waiting in its terminal"


def make_started_task(machine: FakeMachine, create: Create) -> Task:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def waiting(task: Task, stage: int = 0, run: int = 0) -> WaitingTerminal:
    return WaitingTerminal(task.id, task.attempt, stage, run)


def report(machine: FakeMachine, *waits: WaitingTerminal, generation: int | None = None) -> None:
    of = machine.generation if generation is None else generation
    terminal_waits.store_waits(machine.machine_id, of, list(waits), now())


def wait_of(task: Task) -> WaitReason | None:
    query = select(Task).where(Task.id == task.id).options(*queries.WITH_NAMES)
    row = db.session.scalars(query.execution_options(populate_existing=True)).one()
    found = wait_reasons.find_wait(row)
    return found.reason if found else None


def stored(task: Task) -> dict[str, Any] | None:
    query = select(Attempt.terminal_wait).where(Attempt.task_id == task.id)
    return db.session.scalar(query)


def inbox_of(actor: Developer) -> list[tuple[InboxKind, int]]:
    rows = db.session.execute(keys.page_query(actor, [InboxKind.TERMINAL], None, 10, now()))
    found = inbox.items(actor, [keys.Key(*row) for row in rows], now())
    return [(item.kind, item.task.id) for item in found if item.task]


def test_a_waiting_stage_is_shown_until_its_agent_works(
    machine: FakeMachine, create: Create, actor: Developer
) -> None:
    task = make_started_task(machine, create)
    assert (wait_of(task), inbox_of(actor)) == (None, [])
    report(machine, waiting(task))
    assert (wait_of(task), inbox_of(actor)) == (
        WaitReason.TERMINAL,
        [(InboxKind.TERMINAL, task.id)],
    )
    assert keys.counts(actor, now())[InboxKind.TERMINAL] == 1
    assert db.session.get_one(Task, task.id).status is TaskStatus.RUNNING  # nothing is stopped
    report(machine)
    assert (wait_of(task), inbox_of(actor)) == (None, [])
    assert warnings_of(task) == [START, END]


def test_a_repeated_report_changes_nothing(machine: FakeMachine, create: Create) -> None:
    task = make_started_task(machine, create)
    report(machine, waiting(task))
    before = stored(task)
    report(machine, waiting(task))
    assert stored(task) == before
    assert warnings_of(task) == [START]


def test_the_next_stage_does_not_wait(machine: FakeMachine, create: Create) -> None:
    task = make_started_task(machine, create)
    report(machine, waiting(task))
    machine.report_finished(task)
    machine.report_started(task, stage=1)
    assert wait_of(task) is None
    report(machine, waiting(task))  # was sent before the stage ended
    assert wait_of(task) is None
    report(machine, waiting(task, stage=1))
    assert wait_of(task) is WaitReason.TERMINAL


def test_an_older_connection_and_another_machine_change_nothing(
    machine: FakeMachine, create: Create
) -> None:
    task = make_started_task(machine, create)
    report(machine, waiting(task), generation=machine.generation - 1)
    report(machine, WaitingTerminal(task.id, task.attempt + 1, 0))
    assert (stored(task), warnings_of(task)) == (None, [])


def test_only_those_who_can_control_the_terminal_have_it_in_their_inbox(
    machine: FakeMachine, create: Create
) -> None:
    task = make_started_task(machine, create)
    report(machine, waiting(task))
    project = db.session.get_one(Task, task.id).project
    member, stranger = make_developer(), make_developer()
    add_member(project, member)
    assert inbox_of(member) == inbox_of(stranger) == []
