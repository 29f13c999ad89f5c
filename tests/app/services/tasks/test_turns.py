"""A failed check goes back to an agent: in the same attempt, as often as the pipeline allows."""

import pytest
from sqlalchemy import select

from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Gate, Task
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, queries, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    latest_order,
    make_driven,
    make_live,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, SHIP, Create, actor, create
from tests.app.services.tasks.turns_world import (
    LOOP,
    REVIEW,
    back_to,
    begin,
    machine,
    run_stage,
)

__all__ = ["actor", "create", "machine"]  # fixtures


def order_of(task: Task) -> frames.RunStage:
    return orders.build_run_order(latest_order(task))


def finished(task: Task) -> list[dict[str, object]]:
    query = select(Event.data).where(
        Event.task_id == task.id, Event.type == EventType.STAGE_FINISHED
    )
    return [dict(data) for data in db.session.scalars(query.order_by(Event.number))]


def test_a_check_that_fails_twice_and_then_passes_completes_the_task_in_one_attempt(
    machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, LOOP)
    run_stage(machine, task, work="a")
    run_stage(machine, task, code=1, text=b"\x1b[31m2 failed\x1b[0m\r\n")
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]
    db.session.refresh(task)
    assert (task.current_stage_index, task.status) == (0, TaskStatus.RUNNING)
    run_stage(machine, task, work="b")
    run_stage(machine, task, code=2)
    run_stage(machine, task, work="c")
    run_stage(machine, task, work="c")
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    machine.report_published(task)
    assert (status(task), task.attempt) == (TaskStatus.COMPLETED, 1)
    ends = finished(task)
    assert [end["code"] for end in ends] == [0, 1, 0, 2, 0, 0]
    back = {"backTo": 0, "times": 3}
    assert ends[1] == {"how": "exit", "code": 1, **back, "turn": 1}
    assert ends[3] == {"how": "exit", "code": 2, **back, "turn": 2}
    refs = [ref.rpartition("/")[2] for ref in checkpoint_refs(task)]
    assert refs == ["0", "0.1", "0.2", "1.2"]


def checkpoint_refs(task: Task) -> list[str]:
    query = select(Event.data["ref"].as_string()).where(
        Event.task_id == task.id, Event.type == EventType.CHECKPOINT
    )
    return list(db.session.scalars(query.order_by(Event.number)))


def test_the_agent_gets_the_failure_and_a_new_session_its_whole_task(
    machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, back_to("develop", message="Read the log.")])
    run_stage(machine, task, text=b"working\r\n")
    run_stage(machine, task, code=1, text=b"\x1b[31m2 failed\x1b[0m\r\n")
    order = order_of(task)
    assert order.text == (
        "Read the log.\n\nThe check “test” failed with exit code 1. Find out why, and fix it. "
        "Its output ends with:\n\n2 failed"
    )
    assert order.fresh_text == f"Do it.\n\n{order.text}"
    assert order.opening == "Sent back: “test” failed, 1 of 3"
    assert order_of(task) == order, "a repeated order is the same"
    run_stage(machine, task, work="b")
    assert "fresh_text" not in order_of(task).text
    assert order_of(task).text == "make test"


def test_only_the_last_lines_and_64_kib_of_the_output_reach_the_agent(
    machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, LOOP)
    run_stage(machine, task)
    lines = b"".join(b"line %d\r\n" % n for n in range(500))
    run_stage(machine, task, code=1, text=lines)
    text = order_of(task).text
    assert "line 300\n" in text
    assert "line 299\n" not in text
    run_stage(machine, task, work="b")
    run_stage(machine, task, code=1, text=b"x" * 200_000)
    assert len(order_of(task).text.encode()) < 66_000


def test_all_stages_from_the_agents_on_run_again_and_the_others_do_not(
    machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [{**CHECK, "name": "lint"}, DEVELOP, REVIEW, back_to("develop")])
    for work in ("a", "b", "c"):
        run_stage(machine, task, work=work)
    run_stage(machine, task, code=1)
    assert latest_order(task).stage_index == 1
    run_stage(machine, task, work="d")
    assert (latest_order(task).stage_index, order_of(task).text) == (2, "Review it.")


def test_the_last_turn_is_the_one_that_times_allows(machine: FakeMachine, create: Create) -> None:
    task = begin(machine, create, [DEVELOP, back_to("develop", times=1)])
    run_stage(machine, task, work="a")
    run_stage(machine, task, code=1)
    run_stage(machine, task, work="b")
    run_stage(machine, task, code=1)
    assert status(task) is TaskStatus.FAILED
    assert task.failure == {
        "code": "stage_failed",
        "message": "stage “test” ended with exit code 1, also after 1 of 1 turns back",
        "stageIndex": 1,
    }


def test_a_turn_that_changes_nothing_ends_the_loop(machine: FakeMachine, create: Create) -> None:
    task = begin(machine, create, LOOP)
    run_stage(machine, task, work="a")
    run_stage(machine, task, code=1)
    run_stage(machine, task, work="a")
    run_stage(machine, task, code=1)
    assert status(task) is TaskStatus.FAILED
    assert (task.failure or {})["message"].endswith("; “develop” has changed nothing")


@pytest.mark.parametrize(
    ("how", "code"), [("timeout", 0), ("signal", 9), ("stopped", 0), ("lease", 0)]
)
def test_only_an_exit_code_sends_the_work_back(
    machine: FakeMachine, create: Create, how: str, code: int
) -> None:
    task = begin(machine, create, LOOP)
    run_stage(machine, task)
    machine.report_started(task, 1)
    machine.report_finished(task, 1, how, code)
    db.session.refresh(task)
    assert task.turns == []


def test_a_machine_of_an_earlier_release_runs_no_stage_again(create: Create) -> None:
    machine = make_driven()
    task = begin(machine, create, LOOP)
    run_stage(machine, task)
    run_stage(machine, task, code=1)
    assert status(task) is TaskStatus.FAILED
    assert (task.failure or {})["message"] == "stage “test” ended with exit code 1"


def test_a_gate_in_between_asks_again_and_an_approval_is_about_its_own_work(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, {**REVIEW, "confirm": True}, back_to("develop")])
    run_stage(machine, task, work="a")
    gates.confirm_stage(actor, task.id, 1, "confirm")
    run_stage(machine, task, work="b")
    run_stage(machine, task, code=1)
    assert "withdrawn: “test” has failed" in warnings_of(task)[-1]
    run_stage(machine, task, work="c")
    assert status(task) is TaskStatus.SUSPENDED
    [gate] = db.session.scalars(select(Gate).where(Gate.task_id == task.id))
    assert gate.answered_at is None
    gates.confirm_stage(actor, task.id, 1, "confirm")
    assert make_live(task).run == 1000


def test_a_gate_before_the_agents_own_stage_stays_answered(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [REVIEW, {**DEVELOP, "confirm": True}, back_to("develop")])
    run_stage(machine, task, work="a")
    gates.confirm_stage(actor, task.id, 1, "confirm")
    run_stage(machine, task, work="b")
    run_stage(machine, task, code=1)
    assert latest_order(task).stage_index == 1


def test_after_a_loss_the_loop_continues_from_the_last_work_and_its_turns_count(
    machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, back_to("develop", times=1)])
    run_stage(machine, task, work="a")
    run_stage(machine, task, code=1, text=b"2 failed\r\n")
    before = make_live(task)
    machine.report_on(task, frames.Lost("gone"))
    dispatcher.assign_queued()
    db.session.refresh(task)
    at = make_live(task)
    assert (at.number, at.stage_index, at.run) == (2, 0, 0)
    assert at.resume_from == f"refs/muster/{task.id}/1/0"
    assert at.work == before.work
    assert "2 failed" in (order_of(task).fresh_text or "")
    run_stage(machine, task, work="b")
    run_stage(machine, task, code=1)
    assert status(task) is TaskStatus.FAILED


def test_a_loss_later_in_a_turn_resumes_from_that_turns_checkpoint(
    machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, REVIEW, back_to("develop")])
    for work in ("a", "b"):
        run_stage(machine, task, work=work)
    run_stage(machine, task, code=1)
    run_stage(machine, task, work="c")
    machine.report_on(task, frames.Lost("gone"))
    dispatcher.assign_queued()
    db.session.refresh(task)
    at = make_live(task)
    assert (at.stage_index, at.resume_from) == (1, f"refs/muster/{task.id}/1/0.1")


def test_a_task_that_ends_in_a_turn_keeps_the_work_before_it(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, REVIEW, back_to("develop")])
    for work in ("a", "b"):
        run_stage(machine, task, work=work)
    run_stage(machine, task, code=1)
    tasks.cancel(actor, task.id)
    db.session.refresh(task)
    assert set(task.checkpoints) == {"1"}
    tasks.retry(actor, task.id, 2)
    found = queries.get(actor, task.id)
    assert (found.turns, found.stage_index) == ([], 2)


def test_a_stage_of_a_later_turn_that_continues_has_the_next_run(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, [DEVELOP, back_to("develop"), {**SHIP, "confirm": True}])
    run_stage(machine, task)
    run_stage(machine, task, code=1)
    machine.orders()
    end = make_live(task).log_bytes
    ref = f"refs/muster/{task.id}/1/0.1-partial"
    machine.report_on(
        task,
        frames.StageStarted(0, 1000),
        frames.Checkpoint(0, ref, "d" * 40, run=1000, partial=True, tree="d" * 40),
        frames.Suspended(0, end, "quota", run=1000),
    )
    db.session.refresh(task)
    assert (task.partial or {})["ref"] == ref
    assert make_live(task).mid_stage


def test_the_usage_of_each_run_counts(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, LOOP)
    used = frames.UsageItem("m", 10, 0, 5, 0, 0.5)
    for run in (0, 1000):
        machine.orders()
        machine.report_on(task, frames.Usage(0, "claude", [used], run))
        run_stage(machine, task, work=f"{run}"[0])
        run_stage(machine, task, code=1)
    assert queries.get(actor, task.id).usage["inputTokens"] == 20  # type: ignore[index]


def test_usage_of_a_turn_that_has_not_begun_is_refused(
    machine: FakeMachine, create: Create
) -> None:
    task = begin(machine, create, LOOP)
    used = frames.UsageItem("m", 10, 0, 5, 0, 0.5)
    machine.report_on(task, frames.Usage(0, "claude", [used], 1000))
    assert "it's from run 1000 of the stage" in warnings_of(task)[-1]
