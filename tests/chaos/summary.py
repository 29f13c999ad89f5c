"""What a run was like, in a few lines."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.chaos.history import History
from tests.chaos.plan import request_of
from tests.chaos.rules.violation import Violation

_SHOWN = 40


def lines(history: History, violations: list[Violation]) -> list[str]:
    events = [event for seen in history.tasks.values() for event in seen.events]
    types = Counter(event["type"] for event in events)
    stale = sum("had ended before" in e["message"] for e in events if e["type"] == "warning")
    ends = Counter(_ending(seen.task) for seen in history.tasks.values())
    answers = Counter(str(answer.status) for answer in history.answers)
    size = sum(len(history.read(log)) for log in history.logs.values())
    frozen = [f.thawed - f.at for f in history.frozen]
    waits = Counter(_wait(event) for event in events if event["type"] == "suspended")
    reviews = Counter(f"{request.verb} {request.status}" for request in history.review_requests)
    return [
        f"faults    {_describe_counts(Counter(f.name for f in history.disruptions))}",
        f"frozen    {len(frozen)} times, the longest {max(frozen, default=0):.0f} s",
        f"tasks     {len(history.tasks)}: {_describe_counts(ends)}",
        f"creates   {_describe_counts(Counter(str(c.status) for c in history.created))}",
        f"attempts  {sum(s.task['attempt'] for s in history.tasks.values())}, "
        f"{len(history.runs)} runs of stages, {size:,} bytes of logs",
        f"events    {types['requeued']} re-queued, {types['machine_lost']} lost, "
        f"{types['machine_back']} back, {types['restored']} restored, {types['retried']} retried, "
        f"{types['cancelled']} cancelled, {stale} stale warnings",
        f"answers   {len(history.answers)} ({_describe_counts(answers)}), {types['confirmed']} won",
        f"waits     {_describe_counts(waits)}, "
        f"{sum(len(run.heard) for run in history.runs)} answers heard by agents",
        f"steering  {types['interrupted']} interrupts, "
        f"{sum(len(run.read) for run in history.runs)} messages read, "
        f"{sum(len(run.acted) for run in history.runs)} actions of "
        f"{sum(len(run.asked) for run in history.runs)} for which agents asked",
        f"branches  {len(history.branches)}, {len(history.pushes)} refs written",
        f"rounds    {types['followed_up']} by follow-ups, {types['reviewed']} reviews, "
        f"{_describe_counts(reviews)}",
        *_judgement(violations),
    ]


def shortfall(history: History, asked: int) -> str | None:
    """That so few tasks were created that the run says little; None where all were that were asked
    for. Tasks that came to no end are for the rules.
    """
    made = {request_of(seen.task["description"])[1] for seen in history.tasks.values()}
    if len(made) >= asked:
        return None
    return f"only {len(made)} of {asked} tasks were created; --minutes gives it longer"


def _ending(task: dict[str, object]) -> str:
    failure = task["failure"]
    return f"failed ({failure['code']})" if isinstance(failure, dict) else str(task["status"])


def _wait(event: dict[str, Any]) -> str:
    return str(event["data"].get("reason", "gate"))


def _describe_counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"


def _judgement(violations: list[Violation]) -> Iterable[str]:
    if not violations:
        return ["no violation"]
    rules = Counter(violation.rule for violation in violations)
    shown = [f"  {violation}" for violation in violations[:_SHOWN]]
    return [f"VIOLATIONS: {_describe_counts(rules)}", *shown]
