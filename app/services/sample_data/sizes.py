"""How much is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """At least 20 tasks, 2 projects, 4 developers and 1 machine.

    There are as many events as it takes to tell each task's story, and more up to `events`;
    `deep_task_events` of them are one task's. One task's log has `log_lines` lines.
    """

    tasks: int = 10_000
    events: int = 100_000
    projects: int = 20
    developers: int = 50
    machines: int = 10
    log_lines: int = 10_000
    deep_task_events: int = 1_000
    seed: int = 1
