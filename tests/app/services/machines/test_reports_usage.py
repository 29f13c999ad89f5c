"""What agents have used comes with reports: each in place of the one before."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from app.domain.fleet_counters import FleetCounter
from app.domain.usage import Figures
from app.extensions import db
from app.models import Developer, Task, Usage
from app.services import settings
from app.services.counters import fleet
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, warnings_of


def item(model: str | None = "opus", **given: Any) -> frames.UsageItem:
    return frames.UsageItem(model, **given)


def body(*items: frames.UsageItem, stage: int = 0, run: int = 0) -> frames.Usage:
    return frames.Usage(stage_index=stage, agent="claude", items=list(items), run=run)


def rows(task: Task) -> dict[tuple[int, int, int, str], tuple[Any, ...]]:
    """(input, cached, output, reasoning, cost) by (attempt, stage, run, model)."""
    query = sa.select(Usage).where(Usage.task_id == task.id)
    return {
        (row.attempt, row.stage_index, row.run, row.model): (
            row.input_tokens,
            row.cached_tokens,
            row.output_tokens,
            row.reasoning_tokens,
            row.cost,
        )
        for row in db.session.scalars(query.execution_options(populate_existing=True))
    }


def stored_figures(task: Task) -> Figures:
    db.session.refresh(task)
    return Figures.from_json(task.usage)


def test_what_is_said_takes_the_place_of_what_was_said_of_that_run(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, body(item("opus", input_tokens=10, output_tokens=1)))
    machine.report_on(task, body(item("opus[1m]", input_tokens=30, output_tokens=4, cost=0.5)))
    assert rows(task) == {(1, 0, 0, "opus[1m]"): (30, None, 4, None, Decimal("0.5"))}
    assert stored_figures(task) == Figures(30, None, 4, None, Decimal("0.5"), is_estimate=False)


def test_a_tasks_usage_is_the_sum_of_its_stages_runs_and_attempts(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(
        task, body(item("opus", input_tokens=10, cached_tokens=4, cost=0.1), item("x"))
    )
    machine.report_on(task, body(item("opus", input_tokens=20, cost=0.2), stage=1))
    machine.report_on(
        task,
        body(
            item("opus", input_tokens=1, cost=0.1), item("haiku", input_tokens=2, cost=0.4), run=1
        ),
    )
    assert rows(task).keys() == {
        (1, 0, 0, "opus"),
        (1, 1, 0, "opus"),
        (1, 0, 1, "opus"),
        (1, 0, 1, "haiku"),
    }
    assert stored_figures(task) == Figures(33, 4, None, None, Decimal("0.8"))


def test_what_is_unknown_stays_null_and_a_zero_a_zero(machine: FakeMachine, task: Task) -> None:
    assert stored_figures(task) == Figures()
    machine.report_on(task, body(), body(item()))
    assert (rows(task), stored_figures(task)) == ({}, Figures())
    machine.report_on(task, body(item(None, output_tokens=0)))
    assert rows(task) == {(1, 0, 0, ""): (None, None, 0, None, None)}
    assert stored_figures(task) == Figures(output_tokens=0)


def test_a_report_that_knows_nothing_leaves_what_was_known(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, body(item(input_tokens=7)))
    machine.report_on(task, body())
    assert stored_figures(task) == Figures(input_tokens=7)


def test_a_cost_of_which_a_part_is_unknown_is_an_estimate(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, body(item(input_tokens=7, cost=0.5)))
    assert not stored_figures(task).is_estimate
    machine.report_on(task, body(item("other", input_tokens=7), stage=1))
    assert (stored_figures(task).cost, stored_figures(task).is_estimate) == (Decimal("0.5"), True)


def test_an_attempt_that_has_ended_is_told_of_too(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    tasks.cancel(admin, task.id)
    outcome = machine.report_on(task, body(item(input_tokens=7)))
    assert (stored_figures(task), outcome.stale) == (Figures(input_tokens=7), set())


def test_prices_give_a_cost_where_the_agent_gives_none(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    table = [{"model": "opus*", "input": 5, "cached": 0.5, "output": 25}]
    settings.update(admin, {"prices": table})
    counted = {"input_tokens": 1_000_000, "cached_tokens": 400_000, "output_tokens": 100_000}
    machine.report_on(task, body(item("opus-4", **counted), item("opus-5", cost=9.0, **counted)))
    costs = {model: (*row[-1:],) for (*_, model), row in rows(task).items()}
    assert costs == {"opus-4": (Decimal("5.7"),), "opus-5": (Decimal(9),)}
    assert (stored_figures(task).cost, stored_figures(task).is_estimate) == (Decimal("14.7"), True)


def test_a_price_is_that_of_the_time_at_which_it_is_stored(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    used = {"input_tokens": 1_000_000, "output_tokens": 0}
    machine.report_on(task, body(item(**used)))
    settings.update(admin, {"prices": [{"model": "*", "input": 5, "output": 1}]})
    machine.report_on(task, body(item(**used), stage=1))
    settings.update(admin, {"prices": [{"model": "*", "input": 7, "output": 1}]})
    assert [row[-1] for _, row in sorted(rows(task).items())] == [None, Decimal(5)]


def test_an_agent_that_names_no_model_used_the_one_it_was_told_to(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    settings.update(admin, {"prices": [{"model": "gpt-5*", "input": 2, "output": 1}]})
    task.project.agent_options = {"model": "gpt-5.5"}
    task.pipeline = [{**task.pipeline[0], "kind": "agent", "command": "go"}]
    db.session.commit()
    machine.report_on(task, body(item(None, input_tokens=500_000, output_tokens=0)))
    assert rows(task) == {(1, 0, 0, "gpt-5.5"): (500_000, None, 0, None, Decimal(1))}


def test_a_stage_that_there_is_not_and_an_agent_that_is_none_are_refused(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, body(item(input_tokens=7), stage=3))
    machine.report_on(task, frames.Usage(0, "=cmd|calc", [item(input_tokens=7)]))
    assert rows(task) == {}
    assert len(warnings_of(task)) == 2


def test_the_fleets_counters_rise_by_what_is_new(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, body(item(input_tokens=10, output_tokens=3, cost=0.25)))
    machine.report_on(task, body(item(input_tokens=15, output_tokens=2, cost=0.75)))
    machine.report_on(task, body(item("x", input_tokens=15, output_tokens=2, cost=0.75)))
    counts = fleet.read_counters()[FleetCounter.USAGE]
    assert counts == {
        "claude input": (15, 0),
        "claude output": (3, 0),
        "claude cost": (0, 0.75),
    }
