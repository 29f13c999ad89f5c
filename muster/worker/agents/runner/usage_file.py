"""Read an agent's usage from its session file: some agents print it only at their exit, when a
budget can no longer stop them.

The file and its content belong to the agent: whatever they are, reading takes little time, and
unknown lines are skipped.
"""

from __future__ import annotations

import json
import os
import stat

from muster.worker.agents.runner import updates
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.formats import PARSE_ERRORS

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    class UsageFormat(Protocol):
        """One agent's file format. Every line that counts contains `marker`; `add_line` takes such
        a line, and may raise any of UNEXPECTED. The usage may be that of the whole session.
        """

        marker: bytes
        is_session_total: bool
        needs_session: bool

        def directories(self) -> Iterator[str]:
            """Return the directories that may contain the file, the most likely first."""

        def file_suffix(self, session: str) -> str:
            """Return the end of the file's name."""

        def add_line(self, line: dict[str, Any]) -> None: ...
        def usage(self) -> list[dict[str, Any]]: ...


POLL_INTERVAL_SECONDS = 2.0
"""Seconds between reads."""
MAX_READ_BYTES = 4 << 20
"""Maximum bytes per read."""
MAX_LINE_BYTES = 256 << 10
"""Maximum bytes of a parsed line: a line that counts is short, or follows a short one."""

_MAX_NAMES = 10_000  # directory entries to search for the file


class UsageFile:
    """Observes all updates, for the session's ID, and for usage that the agent reports itself: then
    that counts, and this stops.
    """

    def __init__(self, account: UsageFormat | None) -> None:
        """Without `account` there is nothing to read."""
        self._format = account
        self._session_id = ""
        self._file: int | None = None
        self._read = 0
        self._rest = b""
        self._is_skipping = False  # within a line that is too long
        self._reported: list[dict[str, Any]] = []
        self.next_poll_at = None if account is None or account.needs_session else 0.0
        """When to read next, in `monotonic` time."""

    def observe(self, update: Update, now: float) -> None:
        facts = update.facts or {}
        if self._format is None:
            return
        if facts.get("usage"):
            self.close()
        elif "usage" in facts:
            self._reported = []  # unknown, and reported as unknown
        elif self.next_poll_at is None and facts.get("session"):
            self._session_id, self.next_poll_at = facts["session"], now + POLL_INTERVAL_SECONDS

    def poll(self, now: float) -> list[Update]:
        """Return the fact, if it is time and there is something new."""
        if self.next_poll_at is None or now < self.next_poll_at:
            return []
        self.next_poll_at = now + POLL_INTERVAL_SECONDS
        return self._read_updates()

    def final_updates(self) -> list[Update]:
        """Return the updates for an agent that has exited without reporting its usage."""
        if self.next_poll_at is None:
            return []
        assert self._format is not None
        is_of_session, facts = self._format.is_session_total, self._read_updates()
        self.close()
        usage_updates = (
            [updates.usage_update(self._reported, is_of_session=is_of_session)]
            if self._reported
            else []
        )
        return [*facts, *usage_updates]

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = self._format = self.next_poll_at = None

    def _read_updates(self) -> list[Update]:
        assert self._format is not None
        try:
            if not self._read_to_end(self._format):
                return []
        except OSError:
            return []  # it may exist the next time
        usage = self._format.usage()
        if usage == self._reported:
            return []
        self._reported = usage
        of_it = {"isOfSession": True} if self._format.is_session_total else {}
        return [Update(facts={"usage": usage, **of_it})]

    def _read_to_end(self, account: UsageFormat) -> bool:
        """Read to the end: half of a long file would report old figures as current ones. Raises
        OSError.
        """
        if self._file is None:
            self._file = _find_file(account.directories(), account.file_suffix(self._session_id))
        if self._file is None:
            return False
        data = os.pread(self._file, MAX_READ_BYTES, self._read)
        self._read += len(data)
        self._parse_lines(account, data)
        return len(data) < MAX_READ_BYTES

    def _parse_lines(self, account: UsageFormat, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            if not self._is_skipping and len(line) <= MAX_LINE_BYTES and account.marker in line:
                _add_line(account, line)
            self._is_skipping = False
        self._is_skipping = self._is_skipping or len(rest) > MAX_LINE_BYTES
        self._rest = b"" if self._is_skipping else rest


def create_usage_file(name: str) -> UsageFile:
    """Return the usage file of a format."""
    match name:  # each start imports only its own format
        case "aider":
            from muster.worker.agents.runner.usage_formats.aider import Aider

            return UsageFile(Aider())
        case "codex":
            from muster.worker.agents.runner.usage_formats.codex import Codex

            return UsageFile(Codex())
        case "gemini":
            from muster.worker.agents.runner.usage_formats.gemini import Gemini

            return UsageFile(Gemini())
    return UsageFile(None)


def _add_line(account: UsageFormat, line: bytes) -> None:
    try:
        account.add_line(json.loads(line))
    except PARSE_ERRORS:
        return


def _find_file(places: Iterator[str], ending: str) -> int | None:
    """Return the first regular file there whose name has that ending. Raises OSError."""
    left = _MAX_NAMES
    for place in places:
        try:
            names = os.listdir(place)
        except OSError:
            continue
        left -= len(names) + 1
        if left < 0:
            return None
        for name in names:
            if name.endswith(ending):
                return _open_regular_file(f"{place}/{name}")
    return None


def _open_regular_file(path: str) -> int | None:
    """Open a file without waiting, if it is regular. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    return None
