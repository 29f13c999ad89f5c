"""Random histories of tasks: what people, machines and sweeps do to them, by the services."""

import random
from contextlib import suppress
from datetime import timedelta

from app.domain.errors import DomainError
from app.domain.roles import SystemRole
from app.domain.task import ENDED, SuspendReason, TaskStatus
from app.extensions import db
from app.models import MachineHeartbeat, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import drains, liveness
from app.services.tasks import follow_ups, gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven, make_live
from tests.factories import make_developer, make_project, make_server_process

_STAGE = {"name": "one", "command": "x", "kind": "agent", "timeout": 60}
_ASKED = {"name": "two", "command": "x", "kind": "shell", "timeout": 60}
_PIPELINES = (
    [_STAGE],
    [_STAGE, {**_ASKED, "confirm": True}],
    [{**_ASKED, "confirm": True}, _STAGE],
    [{**_ASKED, "input": True}],
    [_STAGE, {**_ASKED, "choices": ["red", "blue"]}],
)
_BUDGET = 1000  # tokens


class TaskHistories:
    """Tasks, each with a random history of `steps` events at most."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.admin = make_developer(role=SystemRole.ADMIN)
        self._projects = [make_project(pipeline=pipeline) for pipeline in _PIPELINES]
        self._machines = [make_driven(slots=200) for _ in range(3)]
        make_server_process()  # a silent machine's losses count

    def generate(self, count: int, steps: int) -> list[int]:
        """Return the IDs of the tasks. In the end, one machine drains and one is silent."""
        ids = [self._create() for _ in range(count)]
        for _ in range(steps):
            dispatcher.assign_queued()
            for task_id in self._chance.sample(ids, count // 2):
                self._do(task_id)
        lost, drained, _ = self._machines
        self._silence(lost)
        drains.drain(self.admin, drained.machine_id)
        return ids

    def _create(self) -> int:
        key = self._chance.choice(self._projects).key
        budget = {"tokens": _BUDGET}
        made = tasks.create(self.admin, project_key=key, description="Do it.", budget=budget)
        return made.id

    def _do(self, task_id: int) -> None:
        task = db.session.get_one(Task, task_id, populate_existing=True)
        with suppress(DomainError):
            if self._chance.random() < 0.04:
                tasks.cancel(self.admin, task_id)
            elif task.status in (TaskStatus.ASSIGNED, TaskStatus.RUNNING):
                self._run(self._machine_of(task), task)
            elif task.status in ENDED:
                self._start_again(task)
            elif task.suspend_reason is not SuspendReason.QUOTA:
                self._answer(task)
        db.session.rollback()

    def _machine_of(self, task: Task) -> FakeMachine:
        return next(each for each in self._machines if each.machine_id == task.machine_id)

    def _run(self, machine: FakeMachine, task: Task) -> None:
        attempt = make_live(task)
        stage, run, size = attempt.stage_index, attempt.run, attempt.log_bytes
        started = [frames.Accepted(), frames.StageStarted(stage, run)]
        number = self._chance.randrange(1, 1000)
        ref = f"refs/muster/{task.id}/{task.attempt}/{stage}"
        happens: dict[str, list[frames.Body]] = {
            "start": [],
            "end": [
                frames.Checkpoint(stage, ref, "c0ffee", run=run),
                frames.StageFinished(stage, size, "exit", 0, run),
            ],
            "ask": [frames.QuestionOpened(stage, number, "Which?")],
            "budget": [
                frames.Usage(stage, "claude", [frames.UsageItem("opus", _BUDGET, 0)], run),
                frames.Suspended(stage, size, "budget", "spent", None, run),
            ],
            "quota": [frames.Suspended(stage, size, "quota", "spent", None, run)],
            "fail": [frames.StageFinished(stage, size, "exit", 1, run)],
        }
        what = self._chance.choices(list(happens), (2, 8, 4, 1, 2, 1))[0]
        machine.report_on(task, *started, *happens[what])
        if what == "end" and stage == len(task.pipeline) - 1:
            machine.report_published(task)

    def _answer(self, task: Task) -> None:
        gate = gates.find_open_gate(task)
        if gate is None:
            return
        results = {"confirm": ("confirm", "confirm", "reject"), "budget": ("continue", "stop")}
        choices = results.get(gate.kind, tuple(gate.choices) or ("Neither.",))
        result = self._chance.choice(choices)
        gates.confirm_stage(self.admin, task.id, gate.stage_index, result, number=gate.number)

    def _start_again(self, task: Task) -> None:
        if self._chance.random() < 0.7:
            return  # it stays as it ended
        if self._chance.random() < 0.5:
            tasks.retry(self.admin, task.id)
        else:
            follow_ups.create(self.admin, task.id, instruction="More.")

    def _silence(self, machine: FakeMachine) -> None:
        """Only this machine's heartbeats have stopped."""
        moment = now()
        for each in self._machines:
            silence = timedelta(minutes=each is machine)
            beat = db.session.get_one(MachineHeartbeat, each.machine_id)
            beat.received_at = moment - silence
        db.session.commit()
        liveness.detect_silent(moment)
