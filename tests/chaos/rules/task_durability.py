"""No acknowledged task is lost, and no request makes two."""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.history import Created, History
from tests.chaos.plan import request_of
from tests.chaos.rules.violation import Violation


def check(history: History) -> Iterator[Violation]:
    made: dict[str, list[int]] = defaultdict(list)
    for task_id, seen in history.tasks.items():
        made[request_of(seen.task["description"])[0]].append(task_id)
    asked = {created.request: created for created in history.created}
    for created in history.created:
        yield from _judge(created, made.get(created.request, []))
    for request in made.keys() - asked.keys():
        yield Violation("task from nowhere", made[request][0], f"nobody made the request {request}")


def _judge(created: Created, task_ids: list[int]) -> Iterator[Violation]:
    known = f"request {created.request}, answered with {created.status}"
    if created.status == 201 and created.task_id not in task_ids:
        yield Violation("task lost", created.task_id or 0, known)
    if len(task_ids) > 1:
        yield Violation("task doubled", task_ids[0], f"{known}, made the tasks {task_ids}")
    # A refusal of the server's own (5xx) may come from a commit whose answer was lost.
    if task_ids and created.status is not None and 400 <= created.status < 500:
        yield Violation("refused task made", task_ids[0], known)
