"""The numbers of sample rows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Numbers of rows; at least 20 tasks, 2 projects, 4 developers and 1 machine.

    Each task has at least the events of its history; more are added up to `events` in all. One task
    has `deep_task_events` events, and one a log of `log_lines` lines with a transcript.
    """

    tasks: int = 10_000
    events: int = 100_000
    projects: int = 20
    developers: int = 50
    machines: int = 10
    log_lines: int = 10_000
    deep_task_events: int = 1_000
    seed: int = 1
