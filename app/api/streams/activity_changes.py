"""What agents do now, read for all streams of a process by one query after it has changed.

A missed change is corrected by the task's next event or action: the lists are then read again.
"""

import time
from collections.abc import Sequence

from app.services.notify.stream_batch import ViewerState
from app.services.tasks import activities
from app.services.tasks.activities import ChangedActivity

QUIET_POLL_SECONDS = 10.0
"""Seconds between checks which agents are quiet: time alone makes them so."""


class ActivityWatcher:
    """Tracks for this process which tasks' activities have changed."""

    def __init__(self) -> None:
        self._changed: set[int] = set()
        self._quiet: frozenset[int] = frozenset()
        self._quiet_polled_at = 0.0

    def note_change(self, task_id: int) -> None:
        """The task's agent may do something else now. From any thread."""
        self._changed.add(task_id)

    def poll(self) -> Sequence[ChangedActivity]:
        """Return the changed activities."""
        changed, self._changed = self._changed, set()
        if time.monotonic() >= self._quiet_polled_at + QUIET_POLL_SECONDS:
            self._quiet_polled_at = time.monotonic()
            before, self._quiet = self._quiet, activities.find_quiet()
            changed |= before ^ self._quiet
        return activities.read_changed(changed) if changed else ()


def visible(changed: Sequence[ChangedActivity], state: ViewerState) -> list[ChangedActivity]:
    """Return those that the viewer can see."""
    return [
        each
        for each in changed
        if state.can_see({"project_id": each.project_id, "is_deleted": each.is_deleted})
    ]
