"""Transcripts: what an agent did, as entries."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

MAX_TITLE = 200  # characters
MAX_TEXT = 16 * 1024  # likewise; the log has it whole
MAX_DATA = 16 * 1024  # bytes of JSON
MAX_DATA_DEPTH = (
    32  # levels of lists and objects: many readers of JSON go no deeper than some hundred
)

TRUNCATED = {"cut": True}
"""The mark in the data of an entry of which something is left out."""


class EntryKind(StrEnum):
    """What an entry is about."""

    MESSAGE = "message"
    THOUGHT = "thought"
    TOOL = "tool"
    EDIT = "edit"
    COMMAND = "command"
    QUESTION = "question"
    DENIED = "denied"
    USAGE = "usage"
    ERROR = "error"


def is_too_deep(data: Mapping[str, Any]) -> bool:
    """Whether lists and objects lie in each other deeper than `DEEPEST_DATA`."""
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
    """Whether one of the texts contains the wanted one, in any letter case."""
    folded = wanted.casefold()
    return any(folded in text.casefold() for text in texts)


def entry_time(began: datetime, milliseconds: int) -> datetime:
    """So long after the beginning, or the last moment that can be written: machines' clocks tell
    anything.
    """
    try:
        return began + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
