"""From a history to what was broken in it: pure, apart from reading the logs it names."""

from collections.abc import Callable, Iterator

from tests.chaos.history import History
from tests.chaos.rules import (
    audit,
    branches,
    deaths,
    endings,
    events,
    gates,
    log_bytes,
    messages,
    operations,
    orphans,
    overlap,
    permissions,
    reviews,
    rounds,
    sandboxes,
    slots,
    task_branches,
    task_durability,
)
from tests.chaos.rules.violation import Violation

RULES: tuple[Callable[[History], Iterator[Violation]], ...] = (
    overlap.check,
    task_durability.check,
    endings.check,
    log_bytes.check,
    gates.check,
    branches.check,
    task_branches.check,
    slots.check,
    events.check,
    audit.check,
    operations.check,
    deaths.check,
    orphans.check,
    sandboxes.check,
    rounds.check,
    reviews.check,
    messages.check,
    permissions.check,
)


def check(history: History) -> list[Violation]:
    return [violation for rule in RULES for violation in rule(history)]
