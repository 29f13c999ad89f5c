"""What an attempt has of the one before it on this machine: its home, and its agent's sessions."""

import threading
from collections.abc import Callable

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import RunStage
from muster.worker.agents import attempt_state
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts.context import AttemptContext
from muster.worker.git.workspace import WorkspaceError
from muster.worker.sandbox import homes

StopPrevious = Callable[[AttemptKey, Callable[[], bool]], None]
"""Ends whatever still runs of an attempt, and waits for that as long as the other says."""


class ReusedHome:
    """For the attempt's thread."""

    def __init__(
        self,
        context: AttemptContext,
        key: AttemptKey,
        make_way: StopPrevious,
        over: threading.Event,
    ) -> None:
        self._context = context
        self._key = key
        self._stop_previous = make_way
        self._abandoned = over

    def inherited_state(self, order: RunStage) -> AttemptState | None:
        """What was kept of the attempt that the order continues, as its successor keeps it; None
        where there is nothing to be had. The home itself passes with the workspace. Raises
        WorkspaceError where this attempt is to end, or left to the next daemon, meanwhile."""
        if order.continues is None:
            return None
        layout, before = self._context.layout, AttemptKey(self._key.task_id, order.continues)
        self._stop_previous(before, lambda: not self._abandoned.is_set())
        if self._abandoned.is_set():
            raise WorkspaceError("cancelled", "ended while the attempt before it was")
        kept = attempt_state.read(layout.attempt(before))
        if kept is None or not homes.can_reuse(layout, before, self._key):
            return None
        # An agent finds its conversation again where the workspace is where it was.
        return kept.for_next_attempt(
            order.continues, talks_on=self._context.sandboxes.level == "full"
        )
