"""What tests of turns share: a machine that runs stages again, and what it reports of each run."""

from typing import Any

import pytest
from flask import Flask

from app.models import Task
from app.services.dispatch import dispatcher
from muster.protocol import frames, runs
from tests.app.services.fake_machine import FakeMachine, log_frame, make_driven, make_live
from tests.app.services.tasks.stages_world import DEVELOP, Create

REVIEW = {"name": "review", "command": "Review it.", "kind": "agent", "timeout": 60}
TEST = {"name": "test", "command": "make test", "kind": "shell", "timeout": 60}


def back_to(name: str, times: int = 3, **more: Any) -> dict[str, Any]:
    return {**TEST, "onFailure": {"to": name, "times": times, **more}}


LOOP = [DEVELOP, back_to("develop")]


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    found = make_driven()
    found.repeats_stages = True
    found.hello()
    return found


def begin(machine: FakeMachine, create: Create, pipeline: list[dict[str, Any]]) -> Task:
    task = create(pipeline)
    dispatcher.assign_queued()
    machine.orders()
    return task


def run_stage(
    machine: FakeMachine, task: Task, code: int = 0, work: str | None = None, text: bytes = b""
) -> None:
    """Run the ordered stage to its end; `work` is the tree of its checkpoint."""
    machine.orders()
    at = make_live(task)
    stage, run = at.stage_index, at.run
    machine.report_on(task, frames.Accepted(), frames.StageStarted(stage, run))
    if text:
        machine.report_on(task, logs=[log_frame(task, text, make_live(task).log_bytes, stage)])
    if code == 0:
        turn = runs.turn_of(run)
        ref = f"refs/muster/{task.id}/{task.attempt}/{stage}" + (f".{turn}" if turn else "")
        made = work or "a"
        commit = frames.Checkpoint(stage, ref, f"c{stage}{turn}{made}".ljust(40, "0"), run=run)
        commit.tree = made.ljust(40, "0")
        machine.report_on(task, commit)
    end = make_live(task).log_bytes
    machine.report_on(task, frames.StageFinished(stage, end, "exit", code, run))
