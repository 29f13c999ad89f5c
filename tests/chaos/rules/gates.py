"""Each question has one answer, by the client who was told so, and its stage was given it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.chaos.history import Answered, History, Run, TaskSeen
from tests.chaos.rules.violation import Violation


def check(history: History) -> Iterator[Violation]:
    answers: dict[int, list[Answered]] = defaultdict(list)
    for answer in history.answers:
        answers[answer.task_id].append(answer)
    for task_id, seen in history.tasks.items():
        yield from _two_winners(task_id, seen)
        yield from _wrong_winners(task_id, seen, answers[task_id])
    yield from _unheard(history)
    yield from _misheard(history)


def _two_winners(task_id: int, seen: TaskSeen) -> Iterator[Violation]:
    """Between two questions of a stage there is one answer at most."""
    answered: dict[int, str] = {}
    for event in seen.events:
        if event["type"] in ("suspended", "retried", "followed_up"):
            # A question of that stage; a new round asks all of them anew.
            asked = [event["stageIndex"]] if event["type"] == "suspended" else list(answered)
            for stage in asked:
                answered.pop(stage, None)
        elif event["type"] == "confirmed":
            stage, request = event["stageIndex"], event["data"].get("comment")
            if stage in answered:
                text = f"stage {stage}: first {answered[stage]}, then {request}"
                yield Violation("two winners", task_id, text)
            answered[stage] = request


def _wrong_winners(task_id: int, seen: TaskSeen, answers: list[Answered]) -> Iterator[Violation]:
    won = [event["data"].get("comment") for event in _confirmed(seen)]
    for answer in answers:
        times = won.count(answer.request)
        if answer.status == 200 and times != 1:
            text = f"{answer.request} was told that it won, and is in {times} events"
            yield Violation("winner forgotten", task_id, text)
        elif times and answer.status is not None and 400 <= answer.status < 500:
            text = f"{answer.request} was told {answer.status} {answer.code}, and won"
            yield Violation("loser counted", task_id, text)
    for request in set(won) - {answer.request for answer in answers}:
        yield Violation("answer from nowhere", task_id, f"{request} was never given")


def _unheard(history: History) -> Iterator[Violation]:
    """What a stage was told is an answer that won."""
    for run in history.runs:
        seen = history.tasks.get(run.task_id)
        wanted = _gate_of(seen, run.stage)
        won = {e["data"].get("result") for e in _confirmed(seen)}
        for name, value in (("choices", run.choice), ("input", run.input)):
            if (value or wanted == name) and value not in won:
                yield Violation("wrong answer told", run.task_id, f"{run} was told {value!r}")


def _misheard(history: History) -> Iterator[Violation]:
    """What an agent heard in the middle of a stage is an answer that won, and no other heard it."""
    heard: dict[tuple[int, str], Run] = {}
    for run in history.runs:
        won = {e["data"].get("result") for e in _confirmed(history.tasks.get(run.task_id))}
        for text in run.heard:
            first = heard.setdefault((run.task_id, text), run)
            if text not in won or first is not run or run.heard.count(text) > 1:
                yield Violation("wrong answer heard", run.task_id, f"{run} heard {text!r}")


def _confirmed(seen: TaskSeen | None) -> list[dict[str, Any]]:
    return [event for event in seen.events if event["type"] == "confirmed"] if seen else []


def _gate_of(seen: TaskSeen | None, stage: int) -> str:
    stages: list[dict[str, Any]] = seen.task["pipeline"] if seen else []
    wanted = stages[stage] if stage < len(stages) else {}
    return next((name for name in ("choices", "input") if wanted.get(name)), "")
