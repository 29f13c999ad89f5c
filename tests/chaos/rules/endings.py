"""Every task has ended or says what it waits for; and it ended for a reason that there was."""

from collections.abc import Iterator
from typing import Any

from tests.chaos.history import History, Run, TaskSeen
from tests.chaos.plan import KINDS, TIMEOUT
from tests.chaos.rules.orphans import SANDBOX_KILLERS
from tests.chaos.rules.violation import Violation

ENDED = frozenset({"completed", "failed", "cancelled"})
KILL_STAGE = "kill stage"


def check(history: History) -> Iterator[Violation]:
    for task_id, seen in history.tasks.items():
        status = seen.task["status"]
        if status not in ENDED:
            yield from _judge_waiting(task_id, seen)
        elif status == "cancelled":
            yield from _judge_cancel(history, task_id)
        yield from _judge_failures(history, task_id, seen)


def _judge_waiting(task_id: int, seen: TaskSeen) -> Iterator[Violation]:
    """All is healed and every question was answered, so that there is nothing left to wait for."""
    task = seen.task
    blocks = (task.get("queue") or {}).get("blockedBy")
    reason = task.get("waitingFor") or blocks
    rule = "stuck" if reason else "waits without a reason"
    last = seen.events[-1] if seen.events else {}
    text = f"{task['status']}, {reason}; its last event: {last.get('message')}"
    yield Violation(rule, task_id, text)


def _judge_failures(history: History, task_id: int, seen: TaskSeen) -> Iterator[Violation]:
    """Those that were retried, too."""
    for event in seen.events:
        if event["type"] == "failed":
            yield from _judge_failure(history, task_id, seen, event)


def _judge_failure(
    history: History, task_id: int, seen: TaskSeen, event: dict[str, Any]
) -> Iterator[Violation]:
    code, attempt = event["data"].get("code"), int(event["attempt"])
    # A stage that never began is none that failed, whatever its machine lacks: nothing explains
    # `worker_failed`, `start_failed`, or what becomes of workspaces.
    runs = [run for run in history.runs if (run.task_id, run.attempt) == (task_id, attempt)]
    explained = {
        "stage_failed": any(run.exit for run in runs)
        or _was_killed(history, task_id, attempt, SANDBOX_KILLERS | {KILL_STAGE}),
        "stage_timeout": KINDS[seen.task["projectKey"]].timeout == TIMEOUT,
        "machine_decommissioned": any(o.verb == "decommission" for o in history.operated),
        "machine_lost": any(e["type"] == "machine_lost" for e in seen.events),
    }
    if not explained.get(code, False):
        text = f"{code}: {event['message']} (runs: {_describe_runs(runs)})"
        yield Violation("unexplained failure", task_id, text)


def _was_killed(history: History, task_id: int, attempt: int, killers: frozenset[str]) -> bool:
    return any(
        fault.name in killers and (fault.task_id, fault.attempt) == (task_id, attempt)
        for fault in history.disruptions
    )


def _judge_cancel(history: History, task_id: int) -> Iterator[Violation]:
    asked = any(act.verb == "cancel" and act.task_id == task_id for act in history.acts)
    rejected = any(a.task_id == task_id and a.result == "reject" for a in history.answers)
    if not (asked or rejected):
        yield Violation("unexplained cancel", task_id, "nobody cancelled or rejected it")


def _describe_runs(runs: list[Run]) -> str:
    return "; ".join(f"{run}, exit {run.exit}" for run in runs) or "none"
