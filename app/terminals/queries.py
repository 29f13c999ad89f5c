"""A process's Postgres queries for terminals, each in its own app context."""

from collections.abc import Mapping, Sequence

from flask import Flask

from app.services import settings
from app.services.clock import now
from app.services.logs import terminal_sizes
from app.services.logs.terminal_sizes import TerminalResize
from app.services.terminals import open_requests, socket_checks
from app.services.terminals.open_requests import WatchedTerminal
from app.services.terminals.socket_checks import Grant, GrantCheck, TypedSpan
from app.terminal_keys import TerminalKey


class TerminalQueries:
    """The services that terminals need. All methods raise SQLAlchemyError."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def check_grants(self, grants: Mapping[int, Grant]) -> dict[int, GrantCheck]:
        """Return each socket's verdict, by the caller's number for it; see
        `socket_checks.check_sockets`.
        """
        with self._app.app_context():
            return socket_checks.check_sockets(grants, now())

    def renew_requests(self, watched: Sequence[WatchedTerminal]) -> None:
        """Extend the requests of terminals that have viewers. Commits."""
        with self._app.app_context():
            open_requests.renew(watched, now())

    def cancel_request(self, key: TerminalKey) -> None:
        """Cancel the request for the terminal. Commits."""
        with self._app.app_context():
            open_requests.cancel(key, now())

    def store_input(self, typed: Sequence[TypedSpan]) -> None:
        """Store the typed bytes. Commits."""
        with self._app.app_context():
            socket_checks.store_inputs(typed)

    def store_sizes(self, sizes: Sequence[TerminalResize]) -> None:
        """Store terminal sizes, for recordings. Commits."""
        with self._app.app_context():
            terminal_sizes.store_sizes(sizes)

    def limits(self) -> tuple[int, int]:
        """Return the maximum viewers of a task and of a developer."""
        with self._app.app_context():
            return settings.value("terminalsPerTask"), settings.value("terminalsPerDeveloper")
