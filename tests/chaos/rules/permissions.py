"""An agent acts once, and only if a person has allowed it; it hears each answer that was given."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.chaos.history import History, Run, TaskSeen
from tests.chaos.rules.violation import Violation

_ALLOWS = ("allow_once", "allow_for_task")


class _Answer(NamedTuple):
    """What a person has decided about the request of which `prompt` tells."""

    prompt: str
    result: str
    comment: str | None


def check(history: History) -> Iterator[Violation]:
    for run in history.runs:
        if run.asked or run.decided or run.acted:
            seen = history.tasks.get(run.task_id)
            answers = _answers(seen) if seen else []
            for rule, text in _problems(run, answers, is_result=_is_result(run, seen)):
                yield Violation(rule, run.task_id, f"{run}: {text}")


def _is_result(run: Run, seen: TaskSeen | None) -> bool:
    """Whether the task's result is of this run: then nothing of it was lost."""
    if seen is None or run.exit != 0:
        return False
    return (seen.task["status"], seen.task["attempt"]) == ("completed", run.attempt)


def _problems(run: Run, answers: list[_Answer], *, is_result: bool) -> Iterator[tuple[str, str]]:
    decided = [request for request, _ in run.decided]
    allowed = {request for request, reason in run.decided if reason is None}
    for name, those in (("decided", decided), ("acted", list(run.acted))):
        for request in {each for each in those if those.count(each) > 1}:
            yield f"permission {name} twice", request
    for request in set(run.acted) - allowed:
        yield "acted without permission", request
    for request in allowed:
        if not any(answer.result in _ALLOWS for answer in _about(answers, request)):
            yield "allowed by nobody", f"{request} was allowed, and the answers are {answers}"
    comments = {answer.comment: answer for answer in answers}
    for request, reason in run.decided:
        answer = comments.get(reason) if reason else None
        if answer is not None and (answer.result != "deny" or request not in answer.prompt):
            yield "wrong decision heard", f"{request} was denied with the words of {answer}"
    if is_result:
        yield from _unheard(run, allowed, answers)


def _unheard(run: Run, allowed: set[str], answers: list[_Answer]) -> Iterator[tuple[str, str]]:
    """But of what the agent no longer wanted: it was interrupted."""
    for request in set(run.asked) - set(run.cancelled):
        for answer in _about(answers, request):
            heard = dict(run.decided).get(request, "nothing")
            if answer.result in _ALLOWS:
                is_right = request in allowed and request in run.acted
            else:
                is_right = request not in allowed and heard in (answer.comment, "nothing")
            if not is_right:
                yield "decision not heard", f"{answer}, and the agent heard {heard!r}"


def _about(answers: list[_Answer], request: str) -> list[_Answer]:
    return [answer for answer in answers if request in answer.prompt.split()]


def _answers(seen: TaskSeen) -> list[_Answer]:
    """Of all requests of a task: each was opened with an event of its number."""
    prompts: dict[tuple[int, int], str] = {}
    found: list[_Answer] = []
    for event in seen.events:
        data: dict[str, Any] = event["data"]
        place = (event["stageIndex"], data.get("number") or 0)
        if event["type"] == "suspended" and data.get("kind") == "permission":
            prompts[place] = event["message"]
        elif event["type"] == "confirmed" and place in prompts:
            found.append(_Answer(prompts.pop(place), data["result"], data.get("comment")))
    return found
