"""A server to connect to, and a worker that does not wait long before it tries again."""

from collections.abc import Iterator

import pytest

from tests.muster.worker.fake_server import FakeServer, fake_server


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as server:
        yield server


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backs off as short as it may."""
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)
