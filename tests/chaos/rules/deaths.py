"""What nobody killed lives on, and so does what lost its database, its broker or its server; but
not a daemon that is decommissioned."""

from collections.abc import Iterator

from tests.chaos.history import History
from tests.chaos.rules.violation import Violation

DIED = "died by itself"
STAYED = "outlived its decommissioning"


def check(history: History) -> Iterator[Violation]:
    for fault in history.disruptions:
        if fault.name in (DIED, STAYED):
            yield Violation(fault.name, 0, f"{fault.target}, at {fault.at:.2f}")
