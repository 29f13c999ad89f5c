"""Texts in progress of a machine's agents: passed on to viewers, and never stored."""

import time
from collections.abc import Iterable, Sequence

from flask import Flask

from app import wakeups
from app.services.machines import sessions
from app.services.tasks import activities
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey

CHECK_SECONDS = 5.0
"""Seconds for which an attempt that was found to be the machine's own counts as such."""

ACTIVE_SECONDS = 5.0
"""Seconds after which an attempt whose texts still come is marked as active again."""

_MAX_CHECKED = 1000


class TextRelay:
    """For one connection. Only texts of its machine's live attempts are passed on."""

    def __init__(self, app: Flask, session: sessions.MachineSession) -> None:
        self._app, self._session = app, session
        self._checked: dict[AttemptKey, tuple[float, bool]] = {}
        self._active: dict[AttemptKey, float] = {}

    def publish(self, texts: Sequence[frames.TextDelta]) -> None:
        """Pass the texts on. Raises SQLAlchemyError; a Redis that is down loses them."""
        if not texts:
            return
        keyed = [(AttemptKey.from_object(text), text) for text in texts]
        with self._app.app_context():
            self._check({key for key, _ in keyed})
            live = [(key, text) for key, text in keyed if self._checked[key][1]]
            wakeups.publish_texts([text for _, text in live])
            # The machine's samples of CPU time come from silent commands, too.
            self._mark_active({key for key, text in live if text.kind != "cpu"})

    def _check(self, keys: Iterable[AttemptKey]) -> None:
        now = time.monotonic()
        if len(self._checked) > _MAX_CHECKED:
            self._checked.clear()
            self._active.clear()
        due = {
            key for key in keys if self._checked.get(key, (0.0, False))[0] + CHECK_SECONDS <= now
        }
        if due:
            live = sessions.live_attempts(self._session, due)
            self._checked |= {key: (now, key in live) for key in due}

    def _mark_active(self, keys: Iterable[AttemptKey]) -> None:
        """Texts are signs of work, as entries are: a command that prints isn't quiet."""
        now = time.monotonic()
        due = {key for key in keys if self._active.get(key, 0.0) + ACTIVE_SECONDS <= now}
        if due:
            activities.mark_active(due)
            self._active |= dict.fromkeys(due, now)
