"""Daemons that exit: their stages continue without them."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.protocol.frames import StageStarted
from muster.worker.attempts.attempt_shim import AttemptShim
from muster.worker.shim import client as shim_client
from muster.worker.shim.client import ShimLink
from tests.muster.worker.fake_line import LIMIT
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once the daemon has left a shim."""
    left = threading.Event()

    def detach(
        shim: AttemptShim, detach: Callable[[AttemptShim], None] = AttemptShim.detach
    ) -> None:
        detach(shim)
        left.set()

    monkeypatch.setattr(AttemptShim, "detach", detach)
    return left


def test_a_daemon_that_leaves_while_it_looks_for_its_shim_ends_no_stage(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, left: threading.Event
) -> None:
    looks = threading.Event()

    def is_gone(link: ShimLink) -> bool:
        if worker.server.bodies(StageStarted):
            looks.set()
            assert left.wait(LIMIT)
        return link._is_gone

    monkeypatch.setattr(ShimLink, "is_gone", property(is_gone))
    worker.start()
    worker.run("while :; do echo; sleep 0.1; done")
    worker.server.wait_for_report(StageStarted)
    assert looks.wait(LIMIT)
    worker.leave()
    assert worker.stages()


def test_a_shim_that_is_found_as_the_daemon_leaves_is_let_go_of(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, left: threading.Event
) -> None:
    worker.start()
    worker.run("sleep 60")
    worker.server.wait_for_report(StageStarted)
    worker.leave()

    left.clear()
    found: list[ShimLink] = []

    def attach(
        directory: Path, attach: Callable[[Path], ShimLink | None] = shim_client.attach
    ) -> ShimLink | None:
        link = attach(directory)
        assert link is not None
        found.append(link)
        assert left.wait(LIMIT)
        return link

    monkeypatch.setattr("muster.worker.shim.client.attach", attach)
    worker.start()
    wait_for(lambda: found)
    worker.leave()
    wait_for(lambda: found[0].is_gone)
    assert worker.stages()
