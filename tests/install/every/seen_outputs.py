"""The read-only commands, and those that have returned something here.

An empty list matches every schema, so each command must return something once.
"""

from collections.abc import Mapping, Sequence

from tests.muster.cli.routes_table import COMMANDS

_WITHOUT_ROUTES = {"config list", "project dry-run", "task why"}  # their own routes


class SeenOutputs:
    """What of each command has come so far."""

    def __init__(self) -> None:
        self._full: set[str] = set()
        self._empty: set[str] = set()

    def is_first(self, name: str, items: Sequence[object]) -> bool:
        """Whether this is the first time that something came of the command."""
        was_full = name in self._full
        (self._full if items else self._empty).add(name)
        return bool(items) and not was_full

    def only_empty(self) -> set[str]:
        """Of which nothing ever came."""
        return self._empty - self._full


def list_read_commands(shapes: Mapping[str, object]) -> set[str]:
    """Return the commands that can be repeated, and change nothing."""
    getting = {route for route in COMMANDS if route.startswith("GET ")}
    others = _names_of(COMMANDS.keys() - getting, shapes)
    return _WITHOUT_ROUTES | _names_of(getting, shapes) - others


def _names_of(routes: set[str], shapes: Mapping[str, object]) -> set[str]:
    lines = [f"{COMMANDS[route].rpartition(': ')[2]} " for route in routes]
    return {name for name in shapes if any(line.startswith(f"{name} ") for line in lines)}
