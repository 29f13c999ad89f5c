"""A daemon keeps nothing of removed attempts and closed connections."""

import gc
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from muster.protocol.frames import Forget, Repo, StageFinished, WorkspaceFacts
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]  # fixtures

ROUNDS = 4


@pytest.fixture(autouse=True)
def _nothing_of_before() -> Iterator[None]:
    """Objects of other tests aren't searched, because that would make the daemon wait."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)


def run_to_completion(worker: WorkerHome, task_id: int) -> None:
    """An attempt from its order to its end, with a broken connection in between."""
    server = worker.server
    repo = Repo(worker.repository.url, "main", f"muster/{task_id}-1")
    server.send(worker.stage("echo hello; sleep 0.1", task_id=task_id, repo=repo))

    def has_reported(kind: type) -> bool:
        return any(r.task_id == task_id and isinstance(r.body, kind) for r in server.reports)

    server.wait_for(lambda: b"hello" in server.logs.get((task_id, 1), b""))
    connected = len(server.hellos)
    server.line.cut()
    server.wait_until_connected(connected + 1)
    server.wait_for(lambda: has_reported(StageFinished))
    server.send(Forget(task_id, 1))
    server.wait_for(
        lambda: any(
            r.task_id == task_id
            and isinstance(r.body, WorkspaceFacts)
            and r.body.state == "removed"
            for r in server.reports
        )
    )


def count_objects(server_is_still: WorkerHome) -> Counter[str]:
    """The daemon's objects, by type, and its threads, once it has come to rest."""
    seen: list[Counter[str]] = []

    def has_settled() -> bool:
        gc.collect()
        kinds = (type(thing) for thing in gc.get_objects())
        names = (f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
        own = [name for name in names if name.startswith("muster.worker.")]
        named = (thread.name for thread in threading.enumerate())
        seen.append(Counter([*own, *(name for name in named if not name.startswith("Thread-"))]))
        return len(seen) > 3 and seen[-1] == seen[-2] == seen[-3]

    server_is_still.server.wait_for(has_settled)
    return seen[-1]


def test_a_daemon_keeps_nothing_of_what_is_over(worker: WorkerHome) -> None:
    worker.start()
    run_to_completion(worker, 1)
    before = count_objects(worker)
    assert before["muster.worker.daemon.Daemon"] == 1
    for task_id in range(2, 2 + ROUNDS):
        run_to_completion(worker, task_id)
    grown = count_objects(worker) - before
    # A current connection may have one more or less; leaked objects would be as many as the
    # attempts.
    assert {kind: n for kind, n in grown.items() if n >= ROUNDS} == {}
