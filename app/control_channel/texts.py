"""Texts in progress of a machine's agents: passed on to viewers, and never stored."""

import time
from collections.abc import Iterable, Sequence

from flask import Flask

from app import wakeups
from app.services.machines import sessions
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey

CHECK_SECONDS = 5.0
"""Seconds for which an attempt that was found to be the machine's own counts as such."""

_MAX_CHECKED = 1000


class TextRelay:
    """For one connection. Only texts of its machine's live attempts are passed on."""

    def __init__(self, app: Flask, session: sessions.MachineSession) -> None:
        self._app, self._session = app, session
        self._checked: dict[AttemptKey, tuple[float, bool]] = {}

    def publish(self, texts: Sequence[frames.TextDelta]) -> None:
        """Pass the texts on. Raises SQLAlchemyError; a Redis that is down loses them."""
        if not texts:
            return
        with self._app.app_context():
            self._check(AttemptKey.from_object(text) for text in texts)
            wakeups.publish_texts(
                [text for text in texts if self._checked[AttemptKey.from_object(text)][1]]
            )

    def _check(self, keys: Iterable[AttemptKey]) -> None:
        now = time.monotonic()
        if len(self._checked) > _MAX_CHECKED:
            self._checked.clear()
        due = {
            key for key in keys if self._checked.get(key, (0.0, False))[0] + CHECK_SECONDS <= now
        }
        if due:
            live = sessions.live_attempts(self._session, due)
            self._checked |= {key: (now, key in live) for key in due}
