"""What a batch of reports costs, in statements."""

from app.extensions import db
from app.models import Developer, Task
from app.services.dispatch import dispatcher
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, log_frame, make_live
from tests.app.services.machines.conftest import STAGES
from tests.app.services.statements import counted
from tests.factories import make_project


def test_reporting_a_workspace_costs_its_event_and_nothing_else(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, frames.WorkspaceFacts(state="preparing"))
    sent = []
    for _ in ("told", "known"):
        with counted() as statements:
            machine.report_on(task, frames.WorkspaceFacts(state="ready"))
        sent.append([line for line in statements if not line.startswith("SELECT machines")])
    first, known = sent
    ours = [line for line in first if "task_events" in line or "UPDATE tasks" in line]
    assert len(first) - len(ours) == len(known)
    assert not [line for line in known if "task_events" in line]


def test_a_batch_costs_the_same_for_one_report_and_for_many(
    machine: FakeMachine, task: Task
) -> None:
    for count in (1, 30):
        notes = [frames.Note(level="info", text=str(n)) for n in range(count)]
        with counted() as statements:
            machine.report_on(task, *notes)
        assert len(in_batch(statements)) <= 6, statements


def test_log_bytes_that_go_on_cost_one_statement(machine: FakeMachine, task: Task) -> None:
    frames_of_log = [log_frame(task, b"x" * 1000, n * 1000) for n in range(60)]
    with counted() as statements:
        machine.apply([], frames_of_log)
    assert len(in_batch(statements)) == 1, statements


def transcript(first: int) -> frames.Transcript:
    return frames.Transcript(0, first, [frames.TranscriptEntry(0, "tool")] * 500)


def test_entries_that_go_on_cost_one_statement(machine: FakeMachine, task: Task) -> None:
    messages = [machine.report(task.id, 1, transcript(first)) for first in (0, 500, 1000)]
    with counted() as statements:
        machine.apply(messages)
    assert len(in_batch(statements)) == 1, statements
    report, log = machine.report(task.id, 1, transcript(1500)), log_frame(task, b"x")
    with counted() as statements:
        machine.apply([report], [log])
    assert len(in_batch(statements)) == 2, statements
    assert make_live(task).transcript_entries == 2000


def test_other_entries_cost_one_statement_more_each(machine: FakeMachine, task: Task) -> None:
    sent = []
    for count in (1, 10):
        first = make_live(task).transcript_entries
        bodies = [transcript(n) for n in range(first, first + 500 * count, 500)]
        with counted() as statements:
            machine.report_on(task, *bodies, frames.Note(level="info", text="x"))
        sent.append(len(in_batch(statements)))
    one, ten = sent
    assert (one <= 8, ten - one) == (True, 9), statements


def test_a_report_of_usage_costs_two_statements_it_and_a_look_at_budgets(
    machine: FakeMachine, task: Task
) -> None:
    usage = frames.Usage(0, "claude", [frames.UsageItem("opus", 9), frames.UsageItem("haiku", 1)])
    sent = []
    for count in (1, 10):
        with counted() as statements:
            machine.report_on(task, *[usage] * count)
        sent.append(len(in_batch(statements)))
    one, ten = sent
    assert (one <= 6, ten - one) == (True, 18), statements


def test_other_log_bytes_lock_the_machine_alone(machine: FakeMachine, task: Task) -> None:
    again = log_frame(task, b"3456789", 3)
    machine.apply([], [log_frame(task, b"01234")])
    with counted() as statements:
        machine.apply([], [again])
    assert len(in_batch(statements)) <= 5, statements
    assert not any("FROM tasks" in statement for statement in statements), statements


def test_the_first_reports_of_a_stage_cost_little(admin: Developer, machine: FakeMachine) -> None:
    project = make_project(pipeline=STAGES)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    db.session.refresh(task)
    with counted() as statements:
        machine.report_on(task, frames.Accepted(), frames.StageStarted(stage_index=0))
    assert len(in_batch(statements)) <= 7, statements


def in_batch(statements: list[str]) -> list[str]:
    """Without the savepoints that stand for BEGIN and COMMIT in a test's one transaction."""
    return [s for s in statements if not s.startswith(("SAVEPOINT", "RELEASE"))]
