"""What the terminals of a process ask of Postgres, each question in an app context of its own."""

from collections.abc import Mapping, Sequence

from flask import Flask

from app.services import settings
from app.services.clock import now
from app.services.logs import terminal_sizes
from app.services.logs.terminal_sizes import Sized
from app.services.terminals import open_requests, socket_checks
from app.services.terminals.open_requests import Watched
from app.services.terminals.socket_checks import Grant, GrantCheck, TypedSpan


class Rows:
    """The services that terminals need. All of it raises SQLAlchemyError."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def look(self, grants: Mapping[int, Grant]) -> dict[int, GrantCheck]:
        """What becomes of each socket, by the caller's number for it; see `checks.look`."""
        with self._app.app_context():
            return socket_checks.look(grants, now())

    def keep(self, watched: Sequence[Watched]) -> None:
        """Have terminals wanted for longer, since somebody looks at them. Commits."""
        with self._app.app_context():
            open_requests.keep(watched, now())

    def unwant(self, task_id: int, attempt: int) -> None:
        """Have the attempt's terminal wanted no longer. Commits."""
        with self._app.app_context():
            open_requests.unwant(task_id, attempt, now())

    def note(self, typed: Sequence[TypedSpan]) -> None:
        """Store what was typed. Commits."""
        with self._app.app_context():
            socket_checks.note(typed)

    def note_sizes(self, sizes: Sequence[Sized]) -> None:
        """Store sizes that terminals had, for recordings. Commits."""
        with self._app.app_context():
            terminal_sizes.note(sizes)

    def limits(self) -> tuple[int, int]:
        """The most viewers that a task may have, and that a developer may have."""
        with self._app.app_context():
            return settings.value("terminalsPerTask"), settings.value("terminalsPerDeveloper")
