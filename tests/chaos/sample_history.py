"""A history in which every promise was kept, made by hand, to plant violations in."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos.history import (
    Acted,
    Answered,
    AuditSeen,
    BranchSeen,
    Clocks,
    Created,
    Frozen,
    History,
    LogSeen,
    MachineSeen,
    Operated,
    Pushed,
    Run,
    TaskSeen,
)
from tests.chaos.plan import KINDS

HOME, OTHER = "/machines/1", "/machines/2"
LATE = 60.0


def run(
    directory: Path, task_id: int, attempt: int, stage: int, began: float, last: float, **more: Any
) -> Run:
    """One that printed "<task>-<attempt>-<stage> printed" and came to its end."""
    text = f"{task_id}-{attempt}-{stage} printed\r\n".encode()
    printed = directory / f"{task_id}-{attempt}-{stage}.out"
    printed.write_bytes(text)
    home = more.pop("home", HOME)
    count = max(2, round((last - began) * 10))
    beats = [began + (last - began) * n / (count - 1) for n in range(count)]
    more = {"led_until": more.get("beats", beats)[-1]} | more
    fields: dict[str, Any] = {
        "place": f"{home}/attempts/{task_id}-{attempt}",
        "mark": f"mark-{task_id}-{attempt}-{stage}",
        "pid": 1000 + stage,
        "beats": beats,
        "printed": printed,
        "confirmed": len(text),
        "left": [],
        "exit": 0,
        "request": f"r{task_id}",
        "round": 1,
    }
    return Run(task_id, attempt, stage, **(fields | more))


def at(moment: float) -> dict[str, str]:
    """What an event of that moment has; both clocks show the same here."""
    return {"createdAt": datetime.fromtimestamp(moment, UTC).isoformat()}


def events(*words: str) -> list[dict[str, Any]]:
    """Of `type[:attempt]`; the attempt goes on until another is named. All at the moment LATE."""
    found, attempt = [], 0
    for number, word in enumerate(words, start=1):
        type_, _, suffix = word.partition(":")
        attempt = int(suffix or attempt)
        event: dict[str, Any] = {"id": number, "type": type_, "attempt": attempt, **at(LATE)}
        found.append(event | {"stageIndex": 0, "message": type_, "data": {}})
    return found


def task(task_id: int, status: str, attempt: int, kind: str = "ONE", **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": task_id,
        "createdBy": {"name": "ann"},
        "status": status,
        "attempt": attempt,
        "projectKey": kind,
        "description": json.dumps({"request": f"r{task_id}", "plan": task_id, "stages": []}),
        "pipeline": KINDS[kind].pipeline("probe"),
        "branch": f"muster/{task_id}-{attempt}" if attempt else None,
        "taskBranch": f"muster/{task_id}",
        "round": 1,
        "followUpsQueued": 0,
        "result": None,
        "failure": None,
        "queue": None,
        "waitingFor": None,
    }
    return fields | more


def history(directory: Path) -> History:
    """Task 1 is completed by its second attempt after its machine was frozen, task 2 after a
    question, task 3 failed, task 4 was cancelled, and of request r5 nobody heard."""
    made = History(directory)
    made.machines = {
        "m1": MachineSeen("m1", HOME, 2, 0, "online", sandbox="full"),
        "m2": MachineSeen("m2", OTHER, 2, 0, "online", "two", sandbox="full"),
    }
    made.clocks.append(Clocks(0, 0))
    made.retired.append(MachineSeen("m2", OTHER, 2, 0, "decommissioned", "one"))
    _operated(made)
    _requeued(made)
    _asked(made)
    _failed(made)
    _cancelled(made)
    made.created += [Created(f"r{n}", "ann", 0, 0.1, 201, n) for n in range(1, 5)]
    made.created.append(Created("r5", "ann", 0, 10))
    for one in made.runs:
        add_log(made, one)
    return made


def _operated(made: History) -> None:
    """m2 was drained, taken back, and replaced; of its first drain nobody heard."""
    acts = (("drain", "o1", None), ("drain", "o1", 200), ("undrain", "o2", 200),
            ("decommission", "o3", 200))  # fmt: skip
    made.operated += [Operated(v, "m2", "one", n, "ann", 50, 51, status) for v, n, status in acts]
    actions = ("machine.drained", "machine.undrained", "machine.decommissioned")
    made.audited += [AuditSeen(action, "ann", machine_id="one") for action in actions]


def _requeued(made: History) -> None:
    path = made.directory
    frozen = [1.0, 1.1, 1.2, 31.5]  # the last one right after the thaw
    made.runs += [
        run(path, 1, 1, 0, 1, 31.5, beats=frozen, exit=None),
        run(path, 1, 2, 0, 25, 27, home=OTHER),
    ]
    made.frozen.append(Frozen("m1", 1.3, 31.0, 31.1))
    _completed(made, 1, 2)
    first = ("created", "assigned:1", "started", "stage_started", "machine_lost", "machine_lost")
    second = ("requeued", "assigned:2", "started", "stage_started", "checkpoint", "stage_finished")
    task_events = events(*first, *second, "published", "completed")
    task_events[-2]["data"] = {"commit": "c1"}
    made.add(TaskSeen(made.tasks[1].task, task_events))


def _asked(made: History) -> None:
    made.runs.append(run(made.directory, 2, 1, 0, 5, 6))
    made.runs.append(run(made.directory, 2, 1, 1, 8, 9, choice="red"))
    _completed(made, 2, 1, kind="LATE")
    stage = ("stage_started", "checkpoint", "stage_finished")
    task_events = events("created", "assigned:1", "started", *stage, "suspended", "confirmed",
                         "resumed", *stage, "published", "completed")  # fmt: skip
    for event in task_events[6:12]:
        event["stageIndex"] = 1
    task_events[7]["data"] = {"comment": "a1", "result": "red"}
    task_events[-2]["data"] = {"commit": "c2"}
    made.add(TaskSeen(made.tasks[2].task, task_events))
    made.answers += [
        Answered(2, 1, "a1", "ann", "red", 7.0, 7.1, 200),
        Answered(2, 1, "a2", "bob", "blue", 7.0, 7.1, 409, "already_answered"),
        Answered(2, 1, "a3", "eve", "green", 7.0, 17.0),
    ]


def _failed(made: History) -> None:
    made.runs.append(run(made.directory, 3, 1, 0, 40, 41, exit=7))
    failure = {"code": "stage_failed", "message": "exit code 7", "stageIndex": 0}
    task_events = events(
        "created", "assigned:1", "started", "stage_started", "stage_finished", "failed"
    )
    task_events[-1]["data"] = {"code": "stage_failed"}
    made.add(TaskSeen(task(3, "failed", 1, failure=failure), task_events))


def _cancelled(made: History) -> None:
    """In the middle of what it printed."""
    whole = run(made.directory, 4, 1, 0, 40, 42, exit=None, confirmed=5)
    made.runs.append(whole)
    task_events = events("created", "assigned:1", "started", "stage_started", "cancelled")
    task_events[-1]["message"] = "cancelled by bob"
    made.audited.append(AuditSeen("task.cancelled", "bob", 4))
    made.add(TaskSeen(task(4, "cancelled", 1), task_events))
    made.acts.append(Acted("cancel", 4, 42, 42.1, 200, by="bob"))


def _completed(made: History, task_id: int, attempt: int, kind: str = "ONE") -> None:
    commit, name = f"c{task_id}", f"muster/{task_id}-{attempt}"
    result = {"commit": commit, "pushed": True, "branch": f"muster/{task_id}"}
    made.add(TaskSeen(task(task_id, "completed", attempt, kind, result=result), []))
    marks = {str(n): f"mark-{task_id}-{attempt}-{n}" for n in range(len(KINDS[kind].gates))}
    for ref in (name, f"muster/{task_id}"):
        made.add(BranchSeen(ref, commit, marks))
        made.pushes.append(Pushed(30.0, f"refs/heads/{ref}", commit))


def add_log(made: History, one: Run) -> None:
    """The attempt's log, with what this run printed at its end."""
    name = f"{one.task_id}-{one.attempt}.log"
    with (made.directory / name).open("ab") as file:
        file.write(one.printed.read_bytes())
    made.add(LogSeen(one.task_id, one.attempt, name))
