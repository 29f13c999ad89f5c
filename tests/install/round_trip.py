"""The requests of one version's command to another version's server."""

import json
from collections.abc import Callable

Muster = Callable[..., str]
"""Runs `muster` with these words; returns the output of a command that must succeed."""


def check_task_round_trip(muster: Muster, key: str, server: str, here: str) -> None:
    """Run a task of the project, whose stage prints "written" and adds a file, to its end."""
    assert f"(version {server}, here {here})" in muster("status")
    output = muster("task", "create", "-p", key, "-d", "Of another version", "--wait", "--quiet")
    number = output.split()[-1]
    assert number in muster("task", "list", "--project", key, "--quiet").split()
    assert "completed" in muster("task", "show", number)
    assert "written" in muster("task", "logs", number)
    assert "+one" in muster("task", "diff", number)
    events = json.loads(muster("task", "events", number, "--json", "type"))
    assert events[-1] == {"type": "completed"}
    assert key in muster("project", "list")
