"""A task's events are numbered without holes, follow the arrows, and lead to its state."""

from collections.abc import Iterator
from typing import Any

from tests.chaos.history import History, TaskSeen
from tests.chaos.rules.audit import is_interrupt
from tests.chaos.rules.violation import Violation

_ON_MACHINE = frozenset({"assigned", "running", "asking", "gate", "lost"})
_LIVE = _ON_MACHINE | {"queued"}
_ENDED = frozenset({"completed", "failed", "cancelled"})
# Event: the states that it may be found in, and the one it leads to ("": stays as it is).
ARROWS: dict[str, tuple[frozenset[str], str]] = {
    "created": (frozenset({"new"}), "queued"),
    "assigned": (frozenset({"queued"}), "assigned"),
    "started": (frozenset({"assigned", "running", "lost"}), "running"),
    "stage_started": (frozenset({"assigned", "running", "lost"}), "running"),
    "stage_finished": (frozenset({"running", "assigned", "lost"}), ""),
    "checkpoint": (frozenset({"running", "asking", "assigned", "lost"}), ""),
    # A question may be open in the queue, too: its machine was lost.
    "suspended": (frozenset({"queued", "assigned", "running", "lost"}), "gate"),
    "confirmed": (frozenset({"gate", "asking", "lost", "queued"}), ""),
    "resumed": (frozenset({"gate", "asking"}), "assigned"),
    "requeued": (_ON_MACHINE, "queued"),
    "machine_back": (frozenset({"lost"}), "running"),
    "published": (_ON_MACHINE, ""),
    "completed": (_ON_MACHINE, "completed"),
    "failed": (_LIVE, "failed"),
    "cancelled": (_LIVE, "cancelled"),
    "retried": (frozenset({"failed", "cancelled"}), "queued"),
    "followed_up": (
        frozenset({"completed", "failed", "cancelled", "gate", "queued", "running", "assigned"}),
        "queued",
    ),
    "restored": (frozenset({"failed"}), "running"),
}


def check(history: History) -> Iterator[Violation]:
    for task_id, seen in history.tasks.items():
        for problem in _problems(seen):
            yield Violation("events", task_id, problem)
        yield from _uncounted(history, task_id, seen)


def _problems(seen: TaskSeen) -> Iterator[str]:
    task, events = seen.task, seen.events
    numbers = [event["id"] for event in events]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"numbered {numbers}"
        return
    state, attempts = "new", 0
    for event, following in zip(events, [*events[1:], None], strict=True):
        allowed, target = ARROWS.get(event["type"], (None, ""))
        if allowed is not None and state not in allowed:
            yield f"event {event['id']} is {event['type']}, while the task was {state}"
        next_state = _asking(event, state) or _lost(event, following, state) or target
        state = next_state or _without_event(event, following, state)
        attempts += event["type"] == "assigned"
    yield from _end(task, state, attempts)
    yield from _result(task, events)


def _asking(event: dict[str, Any], state: str) -> str:
    """While an agent asks in the middle of its stage that runs on, until an answer, or nobody waits
    for one."""
    type_, data = event["type"], event["data"]
    if type_ == "suspended" and data.get("reason") == "question":
        return "asking"
    is_over = type_ == "resumed" or (type_ == "warning" and data.get("withdrawn"))
    return "running" if state == "asking" and is_over else ""


def _lost(event: dict[str, Any], following: dict[str, Any] | None, state: str) -> str:
    """`machine_lost` says that a machine is silent, or why what follows at once happens."""
    if event["type"] != "machine_lost" or state not in ("running", "asking"):
        return ""
    is_reason = following is not None and following["type"] in ("requeued", "failed")
    return "" if is_reason else "lost"


def _without_event(event: dict[str, Any], following: dict[str, Any] | None, state: str) -> str:
    """An answer before the first stage puts the task into the queue, and is told only once."""
    goes_on = following is None or following["type"] not in ("resumed", "requeued", "cancelled")
    is_queued = event["type"] == "confirmed" and goes_on and state == "gate"
    return "queued" if is_queued else state


def _end(task: dict[str, Any], state: str, attempts: int) -> Iterator[str]:
    shown = "suspended" if state in ("gate", "asking", "lost") else state
    if shown != task["status"]:
        yield f"the events end with {state}, and the task is {task['status']}"
    if attempts != task["attempt"]:
        yield f"assigned {attempts} times, and at attempt {task['attempt']}"


def _result(task: dict[str, Any], events: list[dict[str, Any]]) -> Iterator[str]:
    if task["status"] != "completed":
        return
    published = [event for event in events if event["type"] == "published"]
    last: dict[str, Any] = published[-1] if published else {"attempt": 0, "data": {}}
    if last["attempt"] != task["attempt"] or last["data"].get("commit") != task["result"]["commit"]:
        yield f"published {last['data']} by attempt {last['attempt']}, the result {task['result']}"


def _uncounted(history: History, task_id: int, seen: TaskSeen) -> Iterator[Violation]:
    """Each acknowledged act has its event, and each event was somebody's act."""
    for verb, type_ in (("cancel", "cancelled"), ("retry", "retried")):
        acts = [act for act in history.acts if (act.verb, act.task_id) == (verb, task_id)]
        acknowledged = sum(act.status == 200 for act in acts)
        unsure = sum(act.status is None or act.status >= 500 for act in acts)
        found = [event for event in seen.events if event["type"] == type_]
        count = sum(not event["message"].startswith("rejected") for event in found)
        if not acknowledged <= count <= acknowledged + unsure:
            text = f"{acknowledged} of {verb} were acknowledged and {unsure} not answered"
            yield Violation("acts", task_id, f"{text}, {count} happened")
    # To stop who is being stopped has no effect.
    acts = [act for act in history.acts if (act.verb, act.task_id) == ("interrupt", task_id)]
    possible = sum(act.status is None or not 400 <= act.status < 500 for act in acts)
    if sum(map(is_interrupt, seen.events)) > possible:
        yield Violation("acts", task_id, f"more interrupts than the {possible} that were tried")
