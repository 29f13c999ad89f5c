"""Reuse the previous attempt's home on this machine, and its agent's sessions."""

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
"""Stops an attempt's processes, and waits for that while the second argument returns true."""


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
        """Return the state that this attempt inherits from the one that the order continues; None
        if there is none. The home itself comes with the workspace. Raises WorkspaceError if this
        attempt must stop, or is left to the next daemon, in the meantime."""
        if order.continues is None:
            return None
        layout, before = self._context.layout, AttemptKey(self._key.task_id, order.continues)
        self._stop_previous(before, lambda: not self._abandoned.is_set())
        if self._abandoned.is_set():
            raise WorkspaceError("cancelled", "stopped before the previous attempt had ended")
        kept = attempt_state.read(layout.attempt(before))
        if kept is None or not homes.can_reuse(layout, before, self._key):
            return None
        # An agent finds its session again if the workspace has the same path.
        return kept.for_next_attempt(
            order.continues, talks_on=self._context.sandboxes.level == "full"
        )
