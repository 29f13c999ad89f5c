"""What an agent has used so far, by the file that it keeps of its conversation: some print it at
their end alone, and a budget could not stop them before it.

The file is the agent's, and so is all that is in it: whatever that is, a look takes little time,
and what is none of the format's is passed over.
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
        """How one agent keeps it. `mark` is in each line that counts; `note` takes what is in such
        a line, and may raise any of UNEXPECTED. The usage may be that of the whole session."""

        marker: bytes
        is_session_total: bool
        needs_session: bool

        def directories(self) -> Iterator[str]:
            """The paths of the directories in which the file may lie, the likeliest first."""

        def file_suffix(self, session: str) -> str:
            """With what the name of its file ends."""

        def add_line(self, line: dict[str, Any]) -> None: ...
        def usage(self) -> list[dict[str, Any]]: ...


POLL_INTERVAL_SECONDS = 2.0
"""Seconds between two looks."""
MAX_READ_BYTES = 4 << 20
"""Bytes that are read in one."""
MAX_LINE_BYTES = 256 << 10
"""Bytes of a line that is looked into: one that counts is short, or comes in short before."""

_MAX_NAMES = 10_000  # in directories, that are looked at for the file


class UsageFile:
    """Hears all that is told, for the session's id, and for the usage that the agent tells itself:
    then that is right, and here is no more to find."""

    def __init__(self, account: UsageFormat | None) -> None:
        """Without an account there is nothing to look for."""
        self._format = account
        self._session_id = ""
        self._file: int | None = None
        self._read = 0
        self._rest = b""
        self._is_skipping = False  # within a line that is too long
        self._reported: list[dict[str, Any]] = []
        self.next_poll_at = None if account is None or account.needs_session else 0.0
        """When to look next, by `monotonic`."""

    def observe(self, update: Update, now: float) -> None:
        facts = update.facts or {}
        if self._format is None:
            return
        if facts.get("usage"):
            self.close()
        elif "usage" in facts:
            self._reported = []  # it does not know, and has said so
        elif self.next_poll_at is None and facts.get("session"):
            self._session_id, self.next_poll_at = facts["session"], now + POLL_INTERVAL_SECONDS

    def poll(self, now: float) -> list[Update]:
        """The fact, if it is time and there is something new."""
        if self.next_poll_at is None or now < self.next_poll_at:
            return []
        self.next_poll_at = now + POLL_INTERVAL_SECONDS
        return self._read_updates()

    def final_updates(self) -> list[Update]:
        """What there is to tell of an agent that has ended and told nothing itself."""
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
            return []  # there may be one the next time
        usage = self._format.usage()
        if usage == self._reported:
            return []
        self._reported = usage
        of_it = {"isOfSession": True} if self._format.is_session_total else {}
        return [Update(facts={"usage": usage, **of_it})]

    def _read_to_end(self, account: UsageFormat) -> bool:
        """Half of a long file would tell of what was, as if it were now. Raises OSError."""
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
    """Of a format."""
    match name:  # each start pays for its own account alone
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
    """The first plain file there whose name ends so. Raises OSError."""
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
    """Nothing that makes its reader wait. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    return None
