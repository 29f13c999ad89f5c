"""A task's own branch names what its attempts pushed and nothing else; when the task has been
completed, its result's commit, whichever attempts died on the way.

Nobody else pushes in a run: so nobody is asked about it either.
"""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.history import History
from tests.chaos.rules.violation import Violation

_PREFIX = "refs/heads/muster/"


def check(history: History) -> Iterator[Violation]:
    attempts, own = _pushed(history)
    for task_id, commits in own.items():
        if strange := [commit for commit in commits if commit not in attempts[task_id]]:
            text = f"it named {', '.join(strange)}, which no attempt of it had pushed"
            yield Violation("task's branch elsewhere", task_id, text)
        if text := _back(commits, attempts[task_id]):
            yield Violation("task's branch moved back", task_id, text)
    for task_id, seen in history.tasks.items():
        task = seen.task
        if any(event["data"].get("kind") == "branch" for event in seen.events):
            yield Violation("asked about its branch", task_id, "nobody but attempts pushed")
        if task["status"] != "completed":
            continue
        commit, branch = (task["result"] or {}).get("commit"), history.branches.get(_name(task_id))
        if branch is None or branch.commit != commit:
            text = f"{branch and branch.commit}, with the result {task['result']}"
            yield Violation("task's branch left behind", task_id, text)
        if (task["result"] or {}).get("branch") != _name(task_id):
            yield Violation("task's branch not told", task_id, str(task["result"]))


def _back(commits: list[str], attempts: dict[str, list[int]]) -> str:
    """Where it went from an attempt's to an earlier one's. Several may come to one commit."""
    latest = 0
    for commit in commits:
        pushed_by = attempts.get(commit, [latest])
        if max(pushed_by) < latest:
            return f"it was attempt {latest}'s, and then {commit} of {pushed_by}"
        latest = max(latest, min(pushed_by))
    return ""


def _name(task_id: int) -> str:
    return f"muster/{task_id}"


def _pushed(history: History) -> tuple[dict[int, dict[str, list[int]]], dict[int, list[str]]]:
    """The commits that attempts' branches named, each with the attempts, and those that the tasks'
    own did, by task."""
    attempts: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    own: dict[int, list[str]] = defaultdict(list)
    for push in history.pushes:
        if push.ref.startswith(_PREFIX):
            task_id, _, attempt = push.ref.removeprefix(_PREFIX).partition("-")
            if attempt:
                attempts[int(task_id)][push.commit].append(int(attempt))
            else:
                own[int(task_id)].append(push.commit)
    return attempts, own
