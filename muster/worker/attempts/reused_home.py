"""What an attempt has of the one before it on this machine: its home, and its agent's sessions."""

import threading
from collections.abc import Callable

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import RunStage
from muster.worker.agents import attempt_state
from muster.worker.agents.attempt_state import KeptOrder
from muster.worker.attempts.context import AttemptContext
from muster.worker.git.workspace import WorkspaceError
from muster.worker.sandbox import homes

MakeWay = Callable[[AttemptKey, Callable[[], bool]], None]
"""Ends whatever still runs of an attempt, and waits for that as long as the other says."""


class Inheritance:
    """For the attempt's thread."""

    def __init__(
        self, context: AttemptContext, key: AttemptKey, make_way: MakeWay, over: threading.Event
    ) -> None:
        self._context = context
        self._key = key
        self._make_way = make_way
        self._over = over

    def of(self, order: RunStage) -> KeptOrder | None:
        """What was kept of the attempt that the order continues, as its successor keeps it; None
        where there is nothing to be had. The home itself passes with the workspace. Raises
        WorkspaceError where this attempt is to end, or left to the next daemon, meanwhile."""
        if order.continues is None:
            return None
        layout, before = self._context.layout, AttemptKey(self._key.task_id, order.continues)
        self._make_way(before, lambda: not self._over.is_set())
        if self._over.is_set():
            raise WorkspaceError("cancelled", "ended while the attempt before it was")
        kept = attempt_state.read(layout.attempt(before))
        if kept is None or not homes.is_there(layout, before, self._key):
            return None
        # An agent finds its conversation again where the workspace is where it was.
        return kept.passed(order.continues, talks_on=self._context.rooms.level == "full")
