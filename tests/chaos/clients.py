"""People at work: they create, cancel, retry, and answer gates, several at once."""

import contextlib
import random
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from muster.worker.clock import boot_seconds
from tests.chaos.client import TASKS, TIMEOUT_SECONDS, Client, Reply
from tests.chaos.followed_task import Answer, Followed, result_of
from tests.chaos.history import Acted, Answered, Created, Recorder
from tests.chaos.plan import KINDS, Plan, Round, request_of
from tests.chaos.reviewers import OnStep, Reviewers
from tests.chaos.rules.endings import ENDED

_POLL_SECONDS = 0.3  # seconds between two looks at what is going on
_ASK_AGAIN = 5.0  # seconds after which a question that is still open is answered once more
_STEER_CHANCE = 0.2  # at each look at a task whose agents are to be sent a message, or stopped
_LATEST = 3.0  # seconds by which all who answer at once are ready


class People:
    """Threads that play their plans until `close`."""

    def __init__(
        self,
        clients: list[Client],
        plans: list[Plan],
        recorder: Recorder,
        at_once: int,
        seed: int,
        on_step: OnStep = lambda *_: None,
    ) -> None:
        """`at_once` tasks are live at a time. `on_step` is as for Reviewers."""
        self._clients, self._plans, self._recorder = clients, plans, recorder
        self._at_once = at_once
        self._rng = random.Random(f"people-{seed}")
        self._requests = 0
        self.tasks: dict[int, Followed] = {}
        self.created_all = False
        self.changed_at = boot_seconds()
        self._lock = threading.Lock()
        self._leaving = False  # nothing new is begun
        self._over = threading.Event()
        self._given = self._done = 0  # acts
        self._reviewers = Reviewers(recorder, self._over, on_step)
        self._queues: list[SimpleQueue[Callable[[Client], None]]] = [SimpleQueue() for _ in clients]
        self._threads = [
            threading.Thread(target=self._create_all, daemon=True),
            threading.Thread(target=self._watch, daemon=True),
            *[threading.Thread(target=self._serve, args=pair, daemon=True)
              for pair in zip(clients, self._queues, strict=True)],
        ]  # fmt: skip
        for thread in self._threads:
            thread.start()

    @property
    def live(self) -> int:
        with self._lock:
            live = sum(task.status not in ENDED for task in self.tasks.values())
            return live or min(1, self._given - self._done)

    @property
    def are_done(self) -> bool:
        """Whether all is created, has ended, and will not be gone on with."""
        with self._lock:
            over = all(
                t.status in ENDED and not self._wants_retry(t) and not self._wants_round(t)
                for t in self.tasks.values()
            )
            return self.created_all and over and self._given == self._done

    def leave(self) -> None:
        """Nothing new from now on; open questions are still answered."""
        self._leaving = True

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(3 * TIMEOUT_SECONDS)

    # Creating

    def _create_all(self) -> None:
        for plan in self._plans:
            while self.live >= self._at_once and not self._stops():
                self._over.wait(_POLL_SECONDS)
            if self._stops():
                break
            self._create(plan)
        self.created_all = True

    def _create(self, plan: Plan) -> None:
        """Again, without knowing better, until an answer comes."""
        client = self._clients[plan.number % len(self._clients)]
        for number in range(1, 100):
            request = f"{plan.number}-{number}"
            body = {"projectKey": plan.kind.key, "description": plan.description(request)}
            reply = client.ask("POST", TASKS, body)
            task_id = int(reply.body["id"]) if reply.status == 201 else None
            self._recorder.write(
                Created(request, client.name, reply.began, reply.ended, reply.status, task_id)
            )
            if task_id is not None:
                self._follow(task_id, plan)
                return
            if self._over.wait(0.3) or self._stops():
                return

    def _follow(self, task_id: int, plan: Plan) -> None:
        with self._lock:
            if task_id not in self.tasks:
                due = plan.cancel_after
                cancel_at = None if due is None else boot_seconds() + due
                self.tasks[task_id] = Followed(
                    plan,
                    cancel_at=cancel_at,
                    retries=plan.retries,
                    rounds=list(plan.rounds),
                    messages=plan.messages,
                    interrupts=plan.interrupts,
                )
                self.changed_at = boot_seconds()

    def _stops(self) -> bool:
        return self._leaving or self._over.is_set()

    # Watching

    def _watch(self) -> None:
        turn = 0
        while not self._over.wait(_POLL_SECONDS):
            turn += 1
            self._poll_tasks(self._clients[turn % len(self._clients)])
            for task_id, task in list(self.tasks.items()):
                self._attend(task_id, task)

    def _poll_tasks(self, client: Client) -> None:
        """What lives, and how what lived has ended."""
        live = self._list_live(client)
        if live is None:
            return
        for task_id, shown in live.items():
            if task_id not in self.tasks:  # of a create that nobody heard of
                self._follow(task_id, self._plans[request_of(shown["description"])[1]])
            self._note(task_id, shown)
        for task_id, task in list(self.tasks.items()):
            if task.status not in ENDED and task_id not in live:
                reply = client.ask("GET", f"{TASKS}/{task_id}")
                if reply.status == 200:
                    self._note(task_id, reply.body)

    def _list_live(self, client: Client) -> dict[int, dict[str, Any]] | None:
        live: dict[int, dict[str, Any]] = {}
        cursor = ""
        while True:
            reply = client.ask("GET", f"{TASKS}?status=queued,assigned,running,suspended&limit=200"
                                      + (f"&cursor={cursor}" if cursor else ""))  # fmt: skip
            if reply.status != 200:
                return None
            live |= {int(task["id"]): task for task in reply.body["items"]}
            cursor = reply.body["nextCursor"]
            if not cursor:
                return live

    def _note(self, task_id: int, shown: dict[str, Any]) -> None:
        with self._lock:
            task = self.tasks[task_id]
            if (task.status, task.stage) != (shown["status"], shown["currentStageIndex"]):
                self.changed_at = boot_seconds()
            task.status, task.stage = shown["status"], shown["currentStageIndex"]

    def _attend(self, task_id: int, task: Followed) -> None:
        now = boot_seconds()
        if task.status in ENDED:
            if self._wants_retry(task):
                task.retries -= 1
                task.status = "queued"
                self._give(self._retry, task_id, task)
            elif self._wants_round(task):
                task.status = "queued"
                self._start_round(task_id, task)
            return
        if task.cancel_at is not None and now >= task.cancel_at and not self._stops():
            task.cancel_at = None
            self._give(self._cancel, task_id, task)
        if not self._stops():
            self._steer(task_id, task)
        if KINDS[task.plan.kind.key].asks and task.status in ("suspended", "queued"):
            self._find_question(task_id, task)

    def _steer(self, task_id: int, task: Followed) -> None:
        """Now and then send its agent a message, or stop what it does."""
        if task.messages and self._rng.random() < _STEER_CHANCE:
            task.messages -= 1
            self._give(self._send_message, task_id, task)
        if task.interrupts and task.status == "running" and self._rng.random() < _STEER_CHANCE:
            task.interrupts -= 1
            self._give(self._interrupt, task_id, task)

    def _wants_retry(self, task: Followed) -> bool:
        return task.status in ("failed", "cancelled") and task.retries > 0 and not self._stops()

    def _wants_round(self, task: Followed) -> bool:
        return task.status == "completed" and bool(task.rounds) and not self._stops()

    def _start_round(self, task_id: int, task: Followed) -> Round:
        """What is to be said next of its work."""
        round_ = task.rounds.pop(0)
        several = self._rng.sample(self._clients, len(self._clients))

        def play(client: Client, *_: object) -> None:
            others = [other for other in several if other is not client]
            self._reviewers.play([client, *others], task_id, task.plan, round_)

        self._give(play, task_id, task)
        return round_

    def _give(
        self, act: Callable[[Client, int, Followed], None], task_id: int, task: Followed
    ) -> None:
        self._put(self._rng.randrange(len(self._queues)), lambda client: act(client, task_id, task))

    def _put(self, number: int, act: Callable[[Client], None]) -> None:
        self._given += 1
        self._queues[number].put(act)

    # Acting

    def _serve(self, client: Client, queue: "SimpleQueue[Callable[[Client], None]]") -> None:
        while not self._over.is_set():
            try:
                act = queue.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            act(client)
            with self._lock:
                self._done += 1

    def _cancel(self, client: Client, task_id: int, _: Followed) -> None:
        self._act(client, "cancel", task_id, {})

    def _send_message(self, client: Client, task_id: int, task: Followed) -> None:
        is_urgent = task.plan.kind.is_steered and task.messages % 2 == 0
        self._reviewers.send_message(client, task_id, "now" if is_urgent else "next")

    def _interrupt(self, client: Client, task_id: int, _: Followed) -> None:
        self._act(client, "interrupt", task_id, {})

    def _retry(self, client: Client, task_id: int, task: Followed) -> None:
        from_stage = task.stage if task.stage and task_id % 2 else None
        reply = self._act(client, "retry", task_id, {"fromStage": from_stage})
        if reply.code == "no_checkpoint":
            self._act(client, "retry", task_id, {})

    def _act(self, client: Client, verb: str, task_id: int, body: dict[str, Any]) -> Reply:
        reply = client.ask("POST", f"{TASKS}/{task_id}/{verb}", body)
        self._recorder.write(
            Acted(verb, task_id, reply.began, reply.ended, reply.status, reply.code, client.name)
        )
        return reply

    # Answering

    def _find_question(self, task_id: int, task: Followed) -> None:
        reply = self._clients[0].ask("GET", f"{TASKS}/{task_id}/pending-confirm")
        if reply.status != 200:
            return
        question = (int(reply.body["stageIndex"]), str(reply.body["requestedAt"]))
        if boot_seconds() - task.asked.get(question, 0.0) < _ASK_AGAIN:
            return
        task.asked[question] = boot_seconds()
        is_wanted = bool(task.rounds) and task.rounds[0].at_gate and not self._stops()
        is_work = question[0] > 0 and reply.body["kind"] not in ("question", "permission")
        if is_wanted and is_work and not self._start_round(task_id, task).races:
            return
        start = threading.Barrier(task.plan.answerers)
        numbers = self._rng.sample(range(len(self._clients)), task.plan.answerers)
        for place, number in enumerate(numbers):
            self._requests += 1
            request = f"a{self._requests}"
            result = result_of(reply.body["kind"], task.plan, task_id, place, request)
            about = (task_id, question[0], int(reply.body["number"]))
            approves = result == "confirm" and place == 1
            answer = Answer(*about, request, result, start, approves)
            self._put(number, lambda client, answer=answer: self._answer(client, answer))  # type: ignore[misc]

    def _answer(self, client: Client, answer: Answer) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            answer.start.wait(_LATEST)
        if answer.approves:
            self._approve(client, answer)
            return
        body = {
            "stageIndex": answer.stage,
            "number": answer.number,
            "result": answer.result,
            "comment": answer.request,
        }
        self._record_action(
            client, answer, client.ask("POST", f"{TASKS}/{answer.task_id}/confirm-stage", body)
        )

    def _approve(self, client: Client, answer: Answer) -> None:
        about = (answer.task_id, (answer.stage, answer.number), answer.request)
        reply = self._reviewers.approve(client, *about)
        answered = reply.status == 201 and reply.body["answered"]
        self._record_action(client, answer, reply._replace(status=200) if answered else reply)

    def _record_action(self, client: Client, answer: Answer, reply: Reply) -> None:
        outcome = (reply.began, reply.ended, reply.status, reply.code)
        about = (answer.task_id, answer.stage, answer.request, client.name, answer.result)
        self._recorder.write(Answered(*about, *outcome))
