"""One task, followed over the API from its creation to its end."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.embedded.stack import Stack
from app.server_cli.local.api import ApiClient
from app.server_cli.local.errors import OperateError

POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 90.0
RETURNED_MESSAGE = (
    "The machine can't run this task ({message}). See what's missing: "
    "{python} -m muster worker doctor"
).replace("{python}", sys.executable)
FINAL_STATUSES = frozenset({"completed", "failed", "cancelled"})


@dataclass
class Task:
    """A task by ID. `events_shown` is the number of events seen so far."""

    stack: Stack
    api: ApiClient
    task_id: int
    events_shown: int = field(default=0)

    @property
    def path(self) -> str:
        return f"/api/web/tasks/{self.task_id}"

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield new events until the task has ended or waits at a gate.

        Raises OperateError if that takes too long, or the demo's only machine returns the task;
        EmbeddedError if a process of the stack ends.
        """
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            task = self.current()
            for event in self._new_events():  # read after the task, so that none is missed
                yield event
                if event["type"] == "requeued":
                    raise OperateError(RETURNED_MESSAGE.format(message=event["message"]))
            if task["status"] in FINAL_STATUSES or task["suspendReason"] == "gate":
                return
            self.stack.check()
            if time.monotonic() > deadline:
                raise OperateError(_stuck_message(task))
            time.sleep(POLL_SECONDS)

    def current(self) -> dict[str, Any]:
        """Return the task's current JSON."""
        found: dict[str, Any] = self.api.get(self.path)
        return found

    def open_gate(self) -> dict[str, Any]:
        """Return the open gate."""
        asked: dict[str, Any] = self.api.get(f"{self.path}/pending-confirm")
        return asked

    def answer(self, question: dict[str, Any], result: str) -> None:
        body = {"stageIndex": question["stageIndex"], "result": result}
        self.api.post(f"{self.path}/confirm-stage", body)

    def last_lines(self, count: int) -> list[str]:
        """Return the log's last lines, with escape sequences."""
        page = self.api.get(f"{self.path}/logs", offset=-count, limit=count)
        return [line["text"] for line in page["items"]]

    def _new_events(self) -> list[dict[str, Any]]:
        page = self.api.get(f"{self.path}/events", offset=self.events_shown, limit=200)
        self.events_shown += len(page["items"])
        items: list[dict[str, Any]] = page["items"]
        return items


def _stuck_message(task: dict[str, Any]) -> str:
    reasons = [f"{each['machineId']}: {each['reason']}" for each in _blocks(task)]
    why = f" ({'; '.join(reasons)})" if reasons else ""
    return f"after {TIMEOUT_SECONDS:.0f} s task {task['id']} is still {task['status']}{why}"


def _blocks(task: dict[str, Any]) -> list[dict[str, str]]:
    return task["queue"]["blockedBy"] if task["queue"] else []
