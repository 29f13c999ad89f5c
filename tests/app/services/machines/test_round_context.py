"""What the orders of a follow-up's round say: its words, the history in short, the home before."""

from app.models import Developer, Task
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.tasks import follow_ups
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, latest_order, make_driven, make_live
from tests.app.services.tasks.follow_ups_world import completed, do
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine"]


def order(task: Task) -> frames.RunStage:
    return orders.build_run_order(latest_order(task))


def test_a_first_round_is_about_the_task_itself(machine: FakeMachine, create: Create) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    run = order(task)
    assert (run.text, run.fresh_text, run.continues, run.opening) == ("Do it.", None, None, "")
    assert run.repo.before is None
    assert [run.variables[name] for name in ("description", "instruction", "round")] == [
        "Do it.",
        "Do it.",
        "1",
    ]


def test_a_followed_up_agent_is_told_what_is_new_and_where_it_does_not_know_it_what_was(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    follow_ups.create(actor, task.id, instruction="Faster.")
    dispatcher.assign_queued()
    do(machine, task)
    follow_ups.create(actor, task.id, instruction="Shorter.")
    dispatcher.assign_queued()
    run = order(task)
    assert run.text == "Shorter."
    assert run.fresh_text is not None
    assert "> Do it." in run.fresh_text
    assert "round 2:\n\n> Faster." in run.fresh_text
    assert run.fresh_text.endswith("\n\nShorter.")
    assert run.repo.before == "c0ffee"
    assert (run.continues, run.opening) == (2, "Follow-up, round 3: Shorter.")
    assert (run.variables["description"], run.variables["round"]) == ("Shorter.", "3")


def test_a_shell_stage_keeps_its_script_and_knows_the_instruction(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    follow_ups.create(actor, task.id, instruction="Faster.", from_stage=1)
    dispatcher.assign_queued()
    run = order(task)
    assert (run.text, run.fresh_text, run.opening) == ("make test", None, "")
    assert run.variables["instruction"] == "Faster."


def test_the_machine_of_the_last_attempt_is_preferred_and_another_has_no_home_to_go_on_with(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    follow_ups.create(actor, task.id, instruction="Faster.")
    other = make_driven(slots=9)
    dispatcher.assign_queued()
    assert make_live(task).machine_id == machine.machine_id
    assert order(task).continues == 1
    do(machine, task)
    machine.report_on(task, frames.WorkspaceFacts(state="removed"), attempt=1)
    row = machine.row
    row.slots_used = row.slots_total
    follow_ups.create(actor, task.id, instruction="Shorter.")
    dispatcher.assign_queued()
    assert make_live(task).machine_id == other.machine_id
    assert order(task).continues is None


def test_a_command_without_a_place_for_it_has_the_instruction_before_it_once(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    lint = {**DEVELOP, "name": "lint", "command": "Lint."}
    task = create([lint, {**lint, "name": "again"}])
    dispatcher.assign_queued()
    do(machine, task)
    follow_ups.create(actor, task.id, instruction="Only a.py.")
    dispatcher.assign_queued()
    assert order(task).text == "Only a.py.\n\nLint."
    machine.orders()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    assert (order(task).text, order(task).opening) == ("Lint.", "")
