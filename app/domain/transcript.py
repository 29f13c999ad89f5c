"""Transcripts: an agent's actions, as entries."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

MAX_TITLE = 200  # characters
MAX_TEXT = 16 * 1024  # likewise; the log has the complete text
MAX_DATA = 16 * 1024  # bytes of JSON
MAX_DATA_DEPTH = 32  # nesting levels: many JSON readers accept only some hundred

TRUNCATED = {"cut": True}
"""Marks an entry's data as shortened."""


class EntryKind(StrEnum):
    """The subject of an entry."""

    MESSAGE = "message"
    THOUGHT = "thought"
    TOOL = "tool"
    EDIT = "edit"
    COMMAND = "command"
    QUESTION = "question"
    DENIED = "denied"
    USAGE = "usage"
    ERROR = "error"


class EntryState(StrEnum):
    """The state of an action. `STOPPED`: it was interrupted, or its result is unknown."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DENIED = "denied"
    STOPPED = "stopped"


MAX_RUNNING = 64
"""Entries of an attempt that are shown as running; machines report no more at once."""


def is_too_deep(data: Mapping[str, Any]) -> bool:
    """Whether lists and objects are nested deeper than `MAX_DATA_DEPTH`."""
    level: list[Any] = [data]
    for _ in range(MAX_DATA_DEPTH):
        inside = [part for value in level for part in _children(value)]
        level = [part for part in inside if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def _children(value: Any) -> Collection[Any]:
    return value.values() if isinstance(value, dict) else value


def contains(wanted: str, *texts: str) -> bool:
    """Whether one of the texts contains the wanted one, ignoring case."""
    folded = wanted.casefold()
    return any(folded in text.casefold() for text in texts)


def entry_time(began: datetime, milliseconds: int) -> datetime:
    """Return the start plus that duration, limited to valid times: machine clocks may report
    anything.
    """
    try:
        return began + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
