"""kill -9 at the steps of messages and permission requests, one after the other, on one stack."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.chaos.client import TASKS, Client
from tests.chaos.history import Answered, History, TaskSeen
from tests.chaos.review_records import ReviewRequest, TaskMessages
from tests.chaos.rules import gates, messages, permissions
from tests.chaos.rules.endings import ENDED
from tests.chaos.rules.violation import Violation
from tests.gunicorns import SERVERS
from tests.outages.pair import Pair
from tests.outages.steered_task import LIMIT, Request, SteeredTask, wait_for
from tests.outages.steering_steps import NEXT_SERVER, STEPS, VICTIMS, Scene, Step
from tests.wait import wait_until

_STAGE = {"name": "s0", "kind": "agent", "command": "{description}", "timeout": 3_000}
_MAX_LOSSES = 1  # of a task, before another one takes its place: the next loss would fail it
_FINAL = ("delivered", "unconfirmed", "returned")


class SteeringKills:
    """`outcomes` counts what became of messages, by step and victim; `log` takes a line for each
    kill."""

    def __init__(self, pair: Pair, seed: int, log: Callable[[str], None]) -> None:
        self._pair, self._seed, self._log = pair, seed, log
        token = pair.api.post("/api/web/profile/tokens", {"label": "kills"})["token"]
        self._client = Client("admin", str(token), pair.people.port)
        options = {"approvals": "ask"}
        pair.project("STEER", _STAGE, agentType="claude", agentCommand=None, agentOptions=options)
        wait_for(pair.takes_messages, "machine whose claude takes messages")
        self._history = History(pair.home)
        self._tasks: list[SteeredTask] = []
        self._task: SteeredTask | None = None
        self._server = SERVERS[0]
        self._lead()
        self._order = Random(seed).sample(STEPS, len(STEPS))
        self.outcomes: Counter[tuple[str, str, str]] = Counter()
        self.problems: list[str] = []

    def deal(self, number: int) -> None:
        """Kill number `number`, at the step and of the process that this number and the seed
        choose."""
        turn, place = divmod(number, len(self._order))
        step, victim = self._order[place], VICTIMS[(turn + place) % len(VICTIMS)]
        rng = Random(f"{self._seed}-{number}")
        if victim == "server":
            self._pair.await_servers()
        scene = Scene(self._find_task(), self._server, number, rng)
        try:
            problems = self._play(scene, step, victim)
        except AssertionError as problem:
            problems = [f"{problem}: {scene.describe()}"]
            self._give_up(scene)
        for problem in problems:
            self.problems.append(f"kill {number}, {victim} at {step.__name__}: {problem}")
            self._log(self.problems[-1])

    def _play(self, scene: Scene, step: Step, victim: str) -> list[str]:
        """The problems that there were."""
        before = len(scene.task.runs())
        try:
            step(scene)
            self._kill(scene, victim)
            time.sleep(scene.rng.choice((0.0, 0.05)))
        finally:
            scene.thaw()
        self._start_again(victim)
        settled = self._settle(scene, victim)
        self._record(scene)
        self.outcomes[step.__name__, victim, settled] += 1
        self._log(f"{step.__name__}, {victim} killed: {settled}")
        scene.task.losses += victim == "shim"
        if victim == "runner":
            self._task = None
        return list(_problems(scene, victim, settled, before))

    def _give_up(self, scene: Scene) -> None:
        """Start the next one on firm ground."""
        self._pair.heal()
        self._lead()
        Request(self._client, f"{scene.task.path}/cancel", {}, "").wait()
        self._task = None
        if scene.sent is not None:
            self._record(scene)

    def lines(self) -> list[str]:
        """What became of the messages."""
        steps = {step.__name__: number for number, step in enumerate(STEPS)}
        rows = sorted(self.outcomes.items(), key=lambda row: (steps[row[0][0]], row[0]))
        return [f"{n} at {step}, {victim} killed: {state}" for (step, victim, state), n in rows]

    def judge(self) -> list[str]:
        """End all tasks; what was broken."""
        if self._task is not None:
            self._finish(self._task)
        for task in self._tasks:
            wait_for(lambda task=task: task.now()["status"] in ENDED, "end")
            self._collect(task)
        rules = (messages.check, permissions.check, gates.check)
        found: list[Violation] = [each for rule in rules for each in rule(self._history)]
        return [*self.problems, *map(str, found)]

    # ---- the stack

    def _lead(self) -> None:
        """Everybody to the same server."""
        for door in (self._pair.people, self._pair.way):
            door.lead_to(self._pair.ports[self._server])

    def _kill(self, scene: Scene, victim: str) -> None:
        if victim == "server":
            self._pair.stack.processes[self._server].kill()
            self._server = NEXT_SERVER[self._server]
            self._lead()
        elif victim == "daemon":
            self._pair.stack.processes[self._pair.worker.name].kill()
        else:
            found = getattr(scene.task, victim)()
            assert found is not None, f"there is no {victim}"
            os.kill(found.pid, signal.SIGKILL)

    def _start_again(self, victim: str) -> None:
        if victim == "daemon":
            self._pair.stack.restart(self._pair.worker.name)
        elif victim == "server":
            self._pair.stack.restart(NEXT_SERVER[self._server])

    # ---- tasks

    def _find_task(self) -> SteeredTask:
        """One whose agent works."""
        if self._task is not None and self._task.losses >= _MAX_LOSSES:
            self._finish(self._task)
            self._task = None
        if self._task is None:
            number = len(self._tasks)
            description = {"request": f"k{number}", "stages": [{"seconds": 3_000}]}
            body = {"projectKey": "STEER", "description": json.dumps(description)}
            made = Request(self._client, TASKS, body, f"kills-task-{number}").wait()
            assert made.status == 201, made.body
            self._task = SteeredTask(self._pair, self._client, int(made.body["id"]))
            self._tasks.append(self._task)
        task = self._task
        # Before its first turn an urgent message isn't handed over, and it may be frozen then.
        wait_for(lambda: task.runs() and task.latest_run().is_working and task.agent(), "agent")
        wait_for(lambda: task.now()["status"] == "running", "running task")
        return task

    def _finish(self, task: SteeredTask) -> None:
        message = f"m{10_000 + task.id}"
        body = {"text": f"Heed message {message}. Finish."}
        sent = Request(task.client, f"{task.path}/messages", body, f"kills-{message}")
        sent.wait()
        self._record_message(task, message, sent)

    # ---- what becomes of a scene

    def _settle(self, scene: Scene, victim: str) -> str:
        """Answer what is asked, until nothing is open any more; the message's state."""
        assert scene.sent is not None
        scene.sent.wait()

        def find_end() -> str:
            is_answering = bool(scene.answers) and scene.answers[-1].reply is None
            if scene.is_asking() and not is_answering:
                scene.answer().wait()
            state = scene.state()
            return state if state in _FINAL and _is_settled(scene, victim) else ""

        return wait_until(find_end, "end of the scene", LIMIT)

    def _record(self, scene: Scene) -> None:
        assert scene.sent is not None
        self._record_message(scene.task, scene.message, scene.sent)
        for each in scene.answers:
            last = each.wait()
            # Of one that nobody answered nobody knows whether it was done.
            is_sure = len(each.tries) == 1 or last.status == 200
            status, code = (last.status, last.code) if is_sure else (None, "")
            body, times = each.body, (last.began, last.ended)
            about = (body["stageIndex"], body["comment"], "admin", body["result"])
            self._history.add(Answered(scene.task.id, *about, *times, status, code))

    def _record_message(self, task: SteeredTask, message: str, sent: Request) -> None:
        for each in sent.tries:
            made = int(each.body["id"]) if each.status == 201 else 0
            times = (each.began, each.ended)
            about = ("message", task.id, message, "admin", *times, each.status, each.code)
            self._history.add(ReviewRequest(*about, made=made))

    def _collect(self, task: SteeredTask) -> None:
        events: list[dict[str, Any]] = []
        while True:
            page = self._pair.api.get(f"{task.path}/events", limit=200, offset=len(events))
            events += page["items"]
            if len(events) >= page["total"]:
                break
        self._history.add(TaskSeen(task.now(), events))
        self._history.add(TaskMessages(task.id, task.messages()))
        self._history.runs += task.runs()


def _is_settled(scene: Scene, victim: str) -> bool:
    """Whether its agent goes on with nothing open, or has failed."""
    task = scene.task.now()
    if victim == "runner":
        return bool(task["status"] == "failed")
    run, attempt = scene.task.latest_run(), scene.attempt + (victim == "shim")
    is_here = (run.attempt, run.is_working, task["status"]) == (attempt, True, "running")
    return is_here and set(run.asked) <= set(dict(run.decided))


def _problems(scene: Scene, victim: str, state: str, before: int) -> Iterator[str]:
    """What is promised about one kill. The rules of chaos runs say what holds in any case."""
    runs = scene.task.runs()
    read = [run for run in runs if scene.message in run.read]
    new, gate = len(runs) - before, scene.task.find_gate()
    if new != (victim == "shim"):
        yield f"{new} runs have begun"
    if gate is not None:
        yield f"a gate is open: {gate['prompt']}"
    if len({run.attempt for run in read}) < len(read) or len(read) > 1 + (victim == "shim"):
        yield f"{scene.message} was read by {[str(run) for run in read]}"
    if victim != "runner" and state != "delivered":
        yield f"{scene.message} is {state}, although its agent has lived on, or has a successor"
    if (state, len(read)) in (("delivered", 0), ("returned", 1)):
        yield f"{scene.message} is {state}, and was read by {[str(run) for run in read]}"
    if victim in ("daemon", "server") and scene.answers:
        reason = None if scene.is_allowed else scene.answers[0].body["comment"]
        if (scene.wanted, reason) not in runs[-1].decided or len(scene.answers) > 1:
            yield f"{scene.wanted}: {len(scene.answers)} answers, heard {runs[-1].decided[-1:]}"
