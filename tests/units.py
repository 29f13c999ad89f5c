"""What one worker of `pytest -n` takes at a time: a file, or files that share a stack.

A worker takes the next unit when it is nearly done with its last one. Those that take long come
first, or the others would wait for them at the end; and not next to each other those that keep the
processors busy, for many of the rest mostly wait.
"""

from functools import cache
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# A unit a line, in this order; each name is a file, or a folder when it ends with a slash.
UNITS: tuple[tuple[str, ...], ...] = (
    (
        "tests/outages/test_running_stages.py",
        "tests/outages/test_rolling_restart.py",
        "tests/outages/test_terminal_cuts.py",
    ),
    (
        "tests/outages/test_dispatchers_away.py",
        "tests/outages/test_postgres_away.py",
        "tests/outages/test_redis_away.py",
        "tests/outages/test_redis_frozen.py",
    ),
    ("tests/outages/test_steering_kills.py",),
    ("tests/muster/worker/test_daemon_frozen.py",),
    ("tests/app/terminals/",),
    ("tests/chaos/test_chaos.py",),
    (
        "tests/flows/test_attach.py",
        "tests/flows/test_chat.py",
        "tests/flows/test_cli.py",
        "tests/flows/test_console.py",
        "tests/flows/test_diff.py",
        "tests/flows/test_drain.py",
        "tests/flows/test_another_machine.py",
        "tests/flows/test_follow_up.py",
        "tests/flows/test_images.py",
        "tests/flows/test_life_of_a_task.py",
        "tests/flows/test_quota.py",
        "tests/flows/test_review.py",
        "tests/flows/test_send_back.py",
        "tests/flows/test_task_branch.py",
        "tests/flows/test_terminal_in_full.py",
        "tests/flows/test_tunnel.py",
    ),
    ("tests/outages/test_away_for_too_long.py",),
    ("tests/app/jobs/test_jobs_killed_senders.py",),
    ("tests/fuzz/",),
    ("tests/flows/test_demo.py",),
    ("tests/muster/worker/attempts/",),
    ("tests/muster/worker/shim/test_shim_listeners.py",),
    ("tests/app/control_channel/",),
    ("tests/attacks/test_gunicorn.py", "tests/test_gunicorn.py"),
    ("tests/app/services/counters/test_task_counts.py",),
    ("tests/app/services/machines/test_reports_anything.py",),
    ("tests/muster/worker/test_clock_shifted.py",),
    ("tests/app/services/machines/test_reports_logs.py",),
    ("tests/muster/worker/shim/test_shim_failures.py",),
    ("tests/muster/worker/test_maintenance_attempts.py",),
    ("tests/muster/worker/test_daemon_growth.py",),
    ("tests/test_config.py",),
    ("tests/app/services/dispatch/test_dispatcher_at_once.py",),
    (
        "tests/agents/real/test_failures.py",
        "tests/agents/real/test_aider.py",
        "tests/agents/real/test_closed_python.py",
    ),
    ("tests/agents/real/test_whole_tasks.py", "tests/agents/real/test_cancelled.py"),
    ("tests/agents/real/test_steering.py",),
    (
        "tests/agents/real/test_questions.py",
        "tests/agents/real/test_deaths.py",
        "tests/agents/real/test_waits.py",
    ),
    (
        "tests/agents/real/test_follow_ups.py",
        "tests/agents/real/test_budgets.py",
        "tests/agents/real/test_terminals.py",
        "tests/agents/real/test_attach.py",
    ),
    # By tests, not by units: one is there for each worker beside the one that it is at.
    ("tests/review/test_kills.py",),
    ("tests/review/test_anchors.py",),
    ("tests/review/test_branch_kills.py",),
    ("tests/rogues/",),
    ("tests/clients/",),
    ("tests/hostile/test_programs.py",),
    ("tests/e2e/test_axe.py",),
    ("tests/install/test_upgrade.py",),
    ("tests/install/every/",),
    ("tests/install/test_in_a_root.py", "tests/install/test_under_systemd.py"),
    ("tests/install/test_machine_upgrades.py",),
    ("tests/install/test_installers.py", "tests/install/test_installed.py"),
    ("tests/install/test_worker_line.py", "tests/install/test_worker_moved.py"),
)


def unit_of(nodeid: str) -> str:
    """The name of the unit that a test belongs to: a file's, in a unit of several the first's."""
    path = _path(nodeid)
    return next((names[0] for names in UNITS if path.startswith(names)), path)


def _path(nodeid: str) -> str:
    return nodeid.split("::", 1)[0]


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """The same tests, as `UNITS` has them, and then all others as they were."""
    names = [name for names in UNITS for name in names]

    @cache
    def place(path: str) -> int:
        found = (at for at, name in enumerate(names) if path.startswith(name))
        return next(found, len(names))

    return sorted(items, key=lambda item: place(_path(item.nodeid)))


class UnitScheduling(LoadScopeScheduling):
    """Hands out whole units in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # by their number of tests

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
