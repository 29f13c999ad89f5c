"""A sandbox that cannot be made fails no task and costs no work: the step waits, or another machine
goes on. All machines find themselves unhealthy then, for no trial can have one either."""

from collections.abc import Iterator

from tests.chaos.history import History
from tests.chaos.rules.violation import Violation

BREAK, BREAK_AT = "break rooms", "break rooms at a step"
WORDS = "no room can be made"
_CODES = frozenset({"sandbox_unavailable", "start_failed", "workspace_broken", "workspace_failed"})


def check(history: History) -> Iterator[Violation]:
    for task_id, seen in history.tasks.items():
        for event in seen.events:
            is_failed = event["type"] == "failed"
            is_lost = event["type"] == "machine_lost" and WORDS in event["message"]
            if is_lost or (is_failed and _is_about_sandboxes(event["data"], event["message"])):
                text = f"{event['type']} in attempt {event['attempt']}: {event['message']}"
                yield Violation("work failed for a sandbox", task_id, text)


def _is_about_sandboxes(data: dict[str, object], message: str) -> bool:
    return WORDS in message or data.get("code") in _CODES
