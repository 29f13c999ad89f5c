"""A restarting daemon, and orders that arrive while it is still resuming."""

from collections.abc import Callable

from muster.protocol.frames import StageFinished, StageStarted
from muster.worker.processes import Process
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.test_daemon_frozen import freeze, running, thaw
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["freeze", "repository", "root", "worker"]


def test_an_order_that_comes_while_a_daemon_looks_for_its_shims_ends_no_stage_again(
    worker: WorkerHome, freeze: Callable[[list[Process]], None]
) -> None:
    server, shim = running(worker, "echo up")
    server.wait_for_report(StageFinished)
    worker.leave()
    freeze([shim])
    worker.start()
    worker.run("echo on", stage_index=1)
    heard = len(server.heartbeats)  # requests after the order are answered after it
    server.wait_for(lambda: len(server.heartbeats) > heard + 1)
    thaw([shim])
    server.wait_for(lambda: b"on" in server.log())
    server.wait_for(lambda: server.bodies(StageFinished)[-1].stage_index == 1)
    assert [each.stage_index for each in server.bodies(StageFinished)] == [0, 1]
    assert [each.stage_index for each in server.bodies(StageStarted)] == [0, 1]
