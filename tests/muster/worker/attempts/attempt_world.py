"""Attempts of a worker that retries without waiting, and their reports."""

import pytest

from muster.protocol.frames import Changes, Content, Note, WorkspaceFacts
from tests.muster.worker.worker_home import WorkerHome


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)
    monkeypatch.setattr("muster.worker.attempts.no_sandbox.RETRY_PAUSES_SECONDS", (0.01,))


def milestones(worker: WorkerHome) -> list[str]:
    """Return the reports without notes, facts, and changes."""
    quiet = (Note, WorkspaceFacts, Content, Changes)
    return [type(body).__name__ for body in worker.server.bodies() if not isinstance(body, quiet)]
