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
from muster.worker.agents.runner.entries import Told
from muster.worker.agents.runner.formats import UNEXPECTED

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    class Account(Protocol):
        """How one agent keeps it. `mark` is in each line that counts; `note` takes what is in such
        a line, and may raise any of UNEXPECTED. The usage may be that of the whole session."""

        mark: bytes
        is_of_session: bool
        needs_session: bool

        def places(self) -> Iterator[str]:
            """The paths of the directories in which the file may lie, the likeliest first."""

        def ending(self, session: str) -> str:
            """With what the name of its file ends."""

        def note(self, line: dict[str, Any]) -> None: ...
        def usage(self) -> list[dict[str, Any]]: ...


INTERVAL = 2.0
"""Seconds between two looks."""
MOST = 4 << 20
"""Bytes that are read in one."""
LONGEST = 256 << 10
"""Bytes of a line that is looked into: one that counts is short, or comes in short before."""

_NAMES = 10_000  # in directories, that are looked at for the file


class Ledger:
    """Hears all that is told, for the session's id, and for the usage that the agent tells itself:
    then that is right, and here is no more to find."""

    def __init__(self, account: Account | None) -> None:
        """Without an account there is nothing to look for."""
        self._account = account
        self._session = ""
        self._file: int | None = None
        self._read = 0
        self._rest = b""
        self._is_skipping = False  # within a line that is too long
        self._told: list[dict[str, Any]] = []
        self.due = None if account is None or account.needs_session else 0.0
        """When to look next, by `monotonic`."""

    def heard(self, told: Told, now: float) -> None:
        facts = told.facts or {}
        if self._account is None:
            return
        if facts.get("usage"):
            self.close()
        elif "usage" in facts:
            self._told = []  # it does not know, and has said so
        elif self.due is None and facts.get("session"):
            self._session, self.due = facts["session"], now + INTERVAL

    def look(self, now: float) -> list[Told]:
        """The fact, if it is time and there is something new."""
        if self.due is None or now < self.due:
            return []
        self.due = now + INTERVAL
        return self._looked()

    def last(self) -> list[Told]:
        """What there is to tell of an agent that has ended and told nothing itself."""
        if self.due is None:
            return []
        assert self._account is not None
        is_of_session, facts = self._account.is_of_session, self._looked()
        self.close()
        said = [updates.spent(self._told, is_of_session=is_of_session)] if self._told else []
        return [*facts, *said]

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = self._account = self.due = None

    def _looked(self) -> list[Told]:
        assert self._account is not None
        try:
            if not self._has_read_all(self._account):
                return []
        except OSError:
            return []  # there may be one the next time
        usage = self._account.usage()
        if usage == self._told:
            return []
        self._told = usage
        of_it = {"isOfSession": True} if self._account.is_of_session else {}
        return [Told(facts={"usage": usage, **of_it})]

    def _has_read_all(self, account: Account) -> bool:
        """Half of a long file would tell of what was, as if it were now. Raises OSError."""
        if self._file is None:
            self._file = _opened(account.places(), account.ending(self._session))
        if self._file is None:
            return False
        data = os.pread(self._file, MOST, self._read)
        self._read += len(data)
        self._take(account, data)
        return len(data) < MOST

    def _take(self, account: Account, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            if not self._is_skipping and len(line) <= LONGEST and account.mark in line:
                _note(account, line)
            self._is_skipping = False
        self._is_skipping = self._is_skipping or len(rest) > LONGEST
        self._rest = b"" if self._is_skipping else rest


def of_name(name: str) -> Ledger:
    """Of a format."""
    match name:  # each start pays for its own account alone
        case "aider":
            from muster.worker.agents.runner.usage_formats.aider import Aider

            return Ledger(Aider())
        case "codex":
            from muster.worker.agents.runner.usage_formats.codex import Codex

            return Ledger(Codex())
        case "gemini":
            from muster.worker.agents.runner.usage_formats.gemini import Gemini

            return Ledger(Gemini())
    return Ledger(None)


def _note(account: Account, line: bytes) -> None:
    try:
        account.note(json.loads(line))
    except UNEXPECTED:
        return


def _opened(places: Iterator[str], ending: str) -> int | None:
    """The first plain file there whose name ends so. Raises OSError."""
    left = _NAMES
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
                return _plain(f"{place}/{name}")
    return None


def _plain(path: str) -> int | None:
    """Nothing that makes its reader wait. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    return None
