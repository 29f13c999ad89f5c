"""Random histories of tasks with checks that go back: gates, losses, cancels, unchanged work.

Each ends; no check has more turns than its rule allows; no stage starts on other work than what
people approved before it; and what is published is the last work.
"""

import os
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from flask import Flask

from app.domain.attempt import AttemptPhase
from app.domain.roles import SystemRole
from app.domain.task import ENDED, TaskStatus
from app.models import Developer, Gate, Task
from app.services.dispatch import dispatcher
from app.services.tasks import gates, tasks, work_lineage
from muster.protocol import frames, runs
from tests.app.services.fake_machine import FakeMachine, make_driven, make_live, status
from tests.factories import make_developer, make_project

HISTORIES = int(os.environ.get("HISTORIES", "20"))
MAX_STEPS = 200


def make_pipeline(random: Random) -> list[dict[str, Any]]:
    stages: list[dict[str, Any]] = [{"name": "0", "command": "x", "kind": "agent"}]
    for n in range(1, random.randint(2, 5)):
        agents = [stage["name"] for stage in stages if stage["kind"] == "agent"]
        stage = {"name": str(n), "command": "x", "kind": random.choice(["agent", "shell"])}
        if stage["kind"] == "shell" and random.random() < 0.8:
            stage["onFailure"] = {"to": random.choice(agents), "times": random.randint(1, 3)}
        if random.random() < 0.4:
            stage["confirm"] = True
        stages.append(stage)
    return stages


@dataclass
class History:
    """One task's history, and what a person and the machines know of its work."""

    actor: Developer
    machines: dict[Any, FakeMachine]
    random: Random
    task: Task
    trees: dict[str, str] = field(default_factory=dict)
    approved: dict[int, str | None] = field(default_factory=dict)

    def play(self) -> None:
        for _ in range(MAX_STEPS):
            if status(self.task) in ENDED:
                return
            self.require_few_turns()
            self.step()
        pytest.fail(f"the task is {self.task.status} after {MAX_STEPS} steps")

    def step(self) -> None:
        task, random = self.task, self.random
        if random.random() < 0.02:
            tasks.cancel(self.actor, task.id)
        elif (gate := gates.find_open_gate(task)) is not None:
            self.answer(gate)
        elif task.status is TaskStatus.QUEUED:
            assert dispatcher.assign_queued() == 1
        elif random.random() < 0.08:
            self.machine.report_on(task, frames.Lost("gone"))
        elif make_live(task).phase is AttemptPhase.PUBLISH:
            self.publish()
        else:
            self.run_stage()

    @property
    def machine(self) -> FakeMachine:
        return self.machines[make_live(self.task).machine_id]

    def work(self) -> str | None:
        """The tree that the live attempt is at, by what its machine did and resumed."""
        commit = (make_live(self.task).work or {}).get("commit")
        return self.trees[commit] if commit else None

    def answer(self, gate: Gate) -> None:
        revision = work_lineage.approved_revision(self.task, gate)
        self.approved[gate.stage_index] = revision["tree"] if revision else None
        result = "confirm" if self.random.random() < 0.95 else "reject"
        gates.confirm_stage(self.actor, self.task.id, gate.stage_index, result)

    def run_stage(self) -> None:
        task, machine, at = self.task, self.machine, make_live(self.task)
        machine.orders()
        stage, run = at.stage_index, at.run
        raw, starts_turn = task.pipeline[stage], self.starts_turn(stage)
        if raw.get("confirm") and not starts_turn:
            assert self.approved[stage] == self.work(), "it starts on the approved work"
        machine.report_on(task, frames.Accepted(), frames.StageStarted(stage, run))
        is_agent = raw["kind"] == "agent"
        code = int(self.random.random() < (0.03 if is_agent else 0.5))
        if code == 0:
            self.checkpoint(stage, run, is_agent)
        machine.report_on(task, frames.StageFinished(stage, 0, "exit", code, run))

    def starts_turn(self, stage: int) -> bool:
        """Whether it goes on with work of its own: its gate was about the work before."""
        return bool(self.task.turns) and self.task.turns[-1]["to"] == stage

    def checkpoint(self, stage: int, run: int, is_agent: bool) -> None:
        task, number = self.task, len(self.trees)
        commit, before = f"{number:040x}", self.work()
        changes = is_agent and self.random.random() < 0.8
        tree = f"{number + 1:040d}" if changes or before is None else before
        self.trees[commit] = tree
        turn = runs.turn_of(run)
        ref = f"refs/muster/{task.id}/{task.attempt}/{stage}" + (f".{turn}" if turn else "")
        self.machine.report_on(task, frames.Checkpoint(stage, ref, commit, run=run, tree=tree))

    def publish(self) -> None:
        last = self.work()
        for stage, raw in enumerate(self.task.pipeline):
            if raw.get("confirm"):
                assert gates.is_answered(self.task, stage)
        at = make_live(self.task)
        if at.pushed_commit is None and at.work:
            preview = frames.PublishPreview(at.pushes, at.work["commit"], at.work.get("tree"))
            self.machine.report_on(self.task, preview)
        self.machine.report_published(self.task)
        assert status(self.task) is TaskStatus.COMPLETED, self.task.failure
        commit = (self.task.result or {})["commit"]
        assert self.trees[commit] == last

    def require_few_turns(self) -> None:
        for index, raw in enumerate(self.task.pipeline):
            count = sum(turn["stageIndex"] == index for turn in self.task.turns)
            assert count <= raw.get("onFailure", {}).get("times", 0)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_each_history_ends_within_its_turns_and_publishes_approved_work(
    app: Flask, seed: int
) -> None:
    random, actor = Random(seed), make_developer(role=SystemRole.ADMIN)
    machines = [make_driven() for _ in range(2)]
    for machine in machines:
        machine.repeats_stages = random.random() < 0.9
        machine.hello()
    project = make_project(pipeline=make_pipeline(random), max_attempts=random.randint(1, 4))
    task = tasks.create(actor, project_key=project.key, description="Do it.")
    by_id = {machine.machine_id: machine for machine in machines}
    History(actor, by_id, random, task).play()
