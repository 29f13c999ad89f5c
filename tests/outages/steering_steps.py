"""The steps in the life of a message and of a permission request.

Each function leads a scene to its step, and leaves it there: whoever would go on is frozen.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from tests.gunicorns import SERVERS
from tests.outages.pair import Pair
from tests.outages.steered_task import Request, SteeredTask, is_stopped, wait_for

_SENDING = 0.015  # seconds in which a server takes a request
_PASSING = 0.1  # seconds for a few bytes to reach whoever is frozen


class Scene:
    """One message to a task's agent, number `number`, and the permission for which the agent then
    asks, if the message tells it to. `server` is the gunicorn where everybody is, `attempt` the
    task's when it begins."""

    def __init__(self, task: SteeredTask, server: str, number: int, rng: Random) -> None:
        self.task, self.server, self.rng = task, server, rng
        self.attempt = task.latest_run().attempt
        self.message, self.wanted = f"m{number}", f"p{number}"
        self.is_allowed = rng.random() < 0.5
        self.sent: Request | None = None
        self.answers: list[Request] = []
        self._frozen: dict[str, list[int]] = {}

    @property
    def pair(self) -> Pair:
        return self.task.pair

    @property
    def number(self) -> int:
        """Of the message, within its task."""
        assert self.sent is not None
        reply = self.sent.wait()
        assert reply.status == 201, reply
        return int(reply.body["number"])

    def send(self, *, asks: bool = False) -> Request:
        text = f"Heed message {self.message}." + asks * f" Ask for {self.wanted}."
        body = {"text": text, "when": self.rng.choice(("next", "next", "now"))}
        path = f"{self.task.path}/messages"
        self.sent = Request(self.task.client, path, body, f"kills-{self.message}")
        return self.sent

    def answer(self) -> Request:
        """The gate that is open."""
        gate: dict[str, Any] = self.task.find_gate() or {"stageIndex": 0, "number": 0}
        result = "allow_once" if self.is_allowed else "deny"
        about = {"stageIndex": gate["stageIndex"], "number": gate["number"]}
        body = {**about, "result": result, "comment": f"{self.wanted}-{len(self.answers)}"}
        self.answers.append(Request(self.task.client, f"{self.task.path}/confirm-stage", body, ""))
        return self.answers[-1]

    # ---- who is frozen

    def freeze(self, name: str) -> None:
        self._frozen[name] = self._pids(name)
        for pid in self._frozen[name]:
            os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: all(map(is_stopped, self._frozen[name])), f"frozen {name}")

    def thaw(self, *names: str) -> None:
        """These, or all; some may be dead by now."""
        for name in names or tuple(self._frozen):
            for pid in self._frozen.pop(name):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _pids(self, name: str) -> list[int]:
        if name == "server":
            return [process.pid for process in self.pair.processes_of(self.server)]
        if name == "daemon":
            return [self.pair.worker.daemon.pid]
        found = getattr(self.task, name)()
        assert found is not None, f"there is no {name}"
        return [found.pid]

    # ---- where it is

    def is_read(self) -> bool:
        return self.message in self.task.latest_run().receipts

    def is_mail(self, state: str) -> bool:
        return self.task.mail_state(self.number) == state

    def is_asking(self) -> bool:
        gate = self.task.find_gate()
        return gate is not None and gate["kind"] == "permission" and self.wanted in gate["prompt"]

    def state(self) -> str:
        """Of the message, at the server."""
        return "".join(m["state"] for m in self.task.messages() if m["number"] == self.number)

    def describe(self) -> str:
        """Where everybody is, for failures."""
        run, task = self.task.latest_run(), self.task.now()
        if self.sent is None or (self.sent.reply or self.sent.tries[-1]).status != 201:
            return f"{self.message} was not accepted: {self.sent and self.sent.tries}"
        known = f"{self.message} {self.state()}, read {run.read[-3:]} of {run}; {task['status']}"
        return f"{known}, asked {run.asked[-2:]}, {self.task.find_gate()}, {self.task.log_end()}"

    def has_decided(self) -> bool:
        return self.wanted in dict(self.task.latest_run().decided)


# ---- a message ---------------------------------------------------------------------------------


def posting(scene: Scene) -> None:
    scene.send()
    time.sleep(scene.rng.uniform(0, _SENDING))


def posted(scene: Scene) -> None:
    scene.freeze("daemon")
    scene.send().wait()


def sent(scene: Scene) -> None:
    posted(scene)
    time.sleep(_PASSING)


def stored(scene: Scene) -> None:
    scene.freeze("runner")
    scene.send()
    wait_for(lambda: scene.is_mail("waiting"), "message at the machine")


def handed(scene: Scene, *, asks: bool = False) -> None:
    scene.freeze("agent")
    scene.send(asks=asks)
    wait_for(lambda: scene.is_mail("handed"), "message handed over")


def confirmed(scene: Scene) -> None:
    _let_read_without(scene, "daemon")
    wait_for(lambda: scene.is_mail("delivered"), "receipt at the shim")


def journaled(scene: Scene) -> None:
    scene.task.mark_journal()
    _let_read_without(scene, "server")
    outcome = f'"message-outcome"[^}}]*"number":{scene.number}\\b'
    wait_for(lambda: scene.task.is_journaled(outcome), "outcome in the journal")


def reported(scene: Scene) -> None:
    scene.send().wait()
    wait_for(lambda: scene.state() == "delivered", "delivered message")


def _let_read_without(scene: Scene, name: str, *, asks: bool = False) -> None:
    """The agent reads the message while this one is frozen."""
    handed(scene, asks=asks)
    scene.freeze(name)
    scene.thaw("agent")


# ---- a permission request ------------------------------------------------------------------------


def requested(scene: Scene) -> None:
    """The runner has it."""
    _let_read_without(scene, "shim", asks=True)
    wait_for(lambda: scene.wanted in scene.task.latest_run().asked, "request of the agent")
    time.sleep(_PASSING)


def request_stored(scene: Scene) -> None:
    before = scene.task.question_count()
    _let_read_without(scene, "daemon", asks=True)
    wait_for(lambda: scene.task.question_count() > before, "request at the shim")


def request_journaled(scene: Scene) -> None:
    scene.task.mark_journal()
    _let_read_without(scene, "server", asks=True)
    wait_for(lambda: scene.task.is_journaled(f"act {scene.wanted}\\b"), "request in the journal")


def gate_open(scene: Scene) -> None:
    scene.send(asks=True).wait()
    wait_for(scene.is_asking, "gate")


def answering(scene: Scene) -> None:
    gate_open(scene)
    scene.answer()
    time.sleep(scene.rng.uniform(0, _SENDING))


def answered(scene: Scene) -> None:
    gate_open(scene)
    scene.freeze("daemon")
    scene.answer().wait()


def answer_stored(scene: Scene) -> None:
    gate_open(scene)
    scene.freeze("runner")
    scene.answer().wait()
    wait_for(scene.task.has_shim_answer, "answer at the shim")


def answer_handed(scene: Scene) -> None:
    gate_open(scene)
    scene.freeze("agent")
    scene.answer().wait()
    wait_for(scene.task.has_shim_answer, "answer at the shim")
    time.sleep(_PASSING)


def acted(scene: Scene) -> None:
    gate_open(scene)
    scene.answer().wait()
    wait_for(scene.has_decided, "answer that the agent has heard")


def resumed(scene: Scene) -> None:
    acted(scene)
    wait_for(lambda: scene.task.now()["status"] == "running", "running task")


Step = Callable[[Scene], None]
OF_MESSAGES: tuple[Step, ...] = (
    *(posting, posted, sent, stored, handed, confirmed, journaled, reported),
)
OF_PERMISSIONS: tuple[Step, ...] = (
    *(requested, request_stored, request_journaled, gate_open, answering, answered),
    *(answer_stored, answer_handed, acted, resumed),
)
STEPS = (*OF_MESSAGES, *OF_PERMISSIONS)
VICTIMS = ("daemon", "shim", "runner", "server")
NEXT_SERVER = dict(zip(SERVERS, reversed(SERVERS), strict=True))
