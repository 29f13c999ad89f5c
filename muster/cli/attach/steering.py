"""The task behind a terminal: whether its stage reads keys, and messages to its agent."""

import queue
import signal
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from muster.cli.attach import messages


class TaskApi(Protocol):
    """A profile's server. The methods block, and raise Refused."""

    def get(self, path: str) -> Any: ...

    def send(self, path: str, body: Mapping[str, Any], *, key: str = "") -> Any: ...


class Refused(Exception):
    """The server refused a request, or can't be reached. The message is the reason."""


@dataclass(frozen=True)
class TaskFacts:
    """Facts about a task's running stage.

    `reads_terminal`: its program may read keys. `why_not`: why its agent gets no message; empty if
    it gets one.
    """

    agent: str
    reads_terminal: bool = True
    why_not: str = ""


@dataclass(frozen=True)
class SteeringResult:
    """A request's result. `note` is for the user; `unsent`: the text of a message that failed."""

    note: str = ""
    unsent: str = ""


class Steering:
    """Sends messages and interrupts on threads, so that the caller stays responsive."""

    def __init__(self, access: TaskApi, task_id: int, facts: TaskFacts) -> None:
        self._access, self._task_id = access, task_id
        self.facts = facts
        self.wake: Callable[[], None] = lambda: None  # called, on any thread, with each result
        self._results: queue.SimpleQueue[SteeringResult] = queue.SimpleQueue()
        self._last_request: dict[str, str] = {}
        self._last_key = ""

    def pop_results(self) -> list[SteeringResult]:
        found = []
        while not self._results.empty():
            found.append(self._results.get())
        return found

    def refresh(self) -> None:
        """Read the facts again: another stage may run."""
        self._start(self._refresh)

    def send(self, text: str, *, is_now: bool) -> None:
        """Send a message; stop the agent's step first if `is_now`.

        Sending the same again after a failure can't send it twice.
        """
        request = {"text": text, "when": "now"} if is_now else {"text": text}
        if self._last_request != request:
            self._last_request, self._last_key = request, uuid.uuid4().hex
        key = self._last_key
        self._start(lambda: self._send(request, key))

    def interrupt(self) -> None:
        """Stop the agent's step."""
        self._start(self._interrupt)

    def _refresh(self) -> SteeringResult:
        self.facts = read_facts(self._access, self._task_id)
        return SteeringResult()

    def _send(self, request: Mapping[str, str], key: str) -> SteeringResult:
        try:
            self._access.send(self._path("messages"), request, key=key)
        except Refused as refusal:
            return SteeringResult(messages.not_sent(str(refusal)), unsent=request["text"])
        self._last_request = {}
        return SteeringResult(messages.sent(self.facts.agent, is_now="when" in request))

    def _interrupt(self) -> SteeringResult:
        try:
            self._access.send(self._path("interrupt"), {})
        except Refused as refusal:
            return SteeringResult(messages.not_stopped(str(refusal)))
        return SteeringResult(messages.stopping(self.facts.agent))

    def _path(self, name: str) -> str:
        return f"/api/web/tasks/{self._task_id}/{name}"

    def _start(self, job: Callable[[], SteeringResult]) -> None:
        thread = threading.Thread(target=self._run, args=(job,), name="steering", daemon=True)
        # Threads inherit the signal mask: only the main thread handles signals.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        thread.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _run(self, job: Callable[[], SteeringResult]) -> None:
        found = SteeringResult()
        try:
            found = job()
        except Refused:
            pass  # a later refresh may succeed
        finally:
            self._results.put(found)
            self.wake()


def read_facts(access: TaskApi, task_id: int) -> TaskFacts:
    """Read the facts of a task. Blocks. Raises Refused."""
    task = access.get(f"/api/web/tasks/{task_id}")
    agent = str(task.get("agentType") or "")
    can_send = "message" in task.get("allowedActions", ())
    # A server of an earlier release doesn't tell what a stage reads.
    reads_terminal = bool(task.get("readsTerminal", True))
    reason = (task.get("messages") or {}).get("reason")
    why_not = "" if can_send else messages.why_no_messages(reason, agent)
    return TaskFacts(agent, reads_terminal, why_not)
