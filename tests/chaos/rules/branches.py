"""One branch for each attempt at most, never moved; the result is the live attempt's. A task's own
is for `task_branch`."""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.history import History, Run, TaskSeen
from tests.chaos.rules.violation import Violation

_PREFIX = "refs/heads/muster/"


def check(history: History) -> Iterator[Violation]:
    yield from _moved(history)
    marks = {run.mark: run for run in history.runs}
    for task_id, seen in history.tasks.items():
        if seen.task["status"] == "completed":
            yield from _judge_result(history, task_id, seen, marks)
        elif seen.task["result"] is not None:
            text = f"{seen.task['status']}, with the result {seen.task['result']}"
            yield Violation("result without completion", task_id, text)


def _moved(history: History) -> Iterator[Violation]:
    commits: dict[str, list[str]] = defaultdict(list)
    for push in history.pushes:
        is_attempts = push.ref.startswith(_PREFIX) and "-" in push.ref
        if is_attempts and push.commit not in commits[push.ref]:
            commits[push.ref].append(push.commit)
    for ref, pushed in commits.items():
        if len(pushed) > 1:
            task_id = int(ref.removeprefix(_PREFIX).split("-")[0])
            yield Violation("branch moved", task_id, f"{ref} was {' and then '.join(pushed)}")


def _judge_result(
    history: History, task_id: int, seen: TaskSeen, marks: dict[str, Run]
) -> Iterator[Violation]:
    task = seen.task
    name = f"muster/{task_id}-{task['attempt']}"
    branch = history.branches.get(name)
    if branch is None:
        yield Violation("result without a branch", task_id, f"completed, and there is no {name}")
        return
    if (task["result"] or {}).get("commit") != branch.commit or task["branch"] != name:
        text = f"{task['branch']} {task['result']}, but {name} is {branch.commit}"
        yield Violation("wrong result", task_id, text)
    for stage in range(len(task["pipeline"])):
        mark = branch.marks.get(str(stage))
        run = marks.get(mark or "")
        if run is None or (run.task_id, run.stage, run.exit) != (task_id, stage, 0):
            text = f"{name}, stage {stage}: {mark!r} of {run}, exit {run.exit if run else None}"
            yield Violation("work missing from the branch", task_id, text)
