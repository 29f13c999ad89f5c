"""A machine whose wall clock is wrong, or is set while it works."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import StageFinished
from muster.worker.shim import client as shim_client
from tests.muster.worker.fake_server import FakeServer
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

LEASE = 1.5
HOUR = 3600
COUNTING = "for n in $(seq 1 25); do echo line $n; sleep 0.1; done"  # for longer than a lease
COUNTED = b"".join(b"line %d\r\n" % n for n in range(1, 26))


def spawn(worker: WorkerHome, ahead: Path, renew_in: float) -> FakeServer:
    """Start a daemon whose clock is ahead by the file's value; it must renew in that many
    seconds."""
    server = worker.server
    server.lease_seconds = LEASE
    server.life = timedelta(hours=24)
    worker.join_server(renew_at=time.time() + renew_in)
    worker.spawn(program=("tests.muster.worker.worker_variants", str(ahead)))
    return server


def set_clock(ahead: Path, seconds: float) -> None:
    fresh = ahead.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(ahead)


def renewals(server: FakeServer) -> list[str]:
    return [path for path, _, _ in server.requests if path.endswith("/refresh-token")]


def require_whole(worker: WorkerHome) -> None:
    """The stage ran to its end, with all its output at plausible times."""
    server = worker.server
    end = server.wait_for_report(StageFinished)
    assert (end.how, end.code) == ("exit", 0)
    server.wait_for(lambda: len(server.log()) >= len(COUNTED))
    assert server.log() == COUNTED
    moments = [frame.milliseconds for frame in server.frames]
    assert moments == sorted(moments)
    assert 2_000 < moments[-1] < 60_000


@pytest.mark.parametrize("wrong", [HOUR, -HOUR], ids=["fast", "slow"])
def test_a_machine_whose_clock_is_wrong_works_and_renews_its_token_in_time(
    worker: WorkerHome, wrong: int
) -> None:
    ahead = worker.layout.home.parent / "ahead"
    set_clock(ahead, wrong)
    server = spawn(worker, ahead, renew_in=1.0)
    worker.run(COUNTING)
    require_whole(worker)
    server.wait_for(lambda: renewals(server))
    assert len(renewals(server)) == 1
    state = shim_client.read_state(worker.layout.attempt(AttemptKey(7, 1)))
    assert state is not None
    assert abs(state.began_at_ms / 1000 - time.time() - wrong) < 60  # its shim's is wrong as well


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_clock_that_is_set_ends_no_stage_and_delays_no_renewal(
    worker: WorkerHome, jump: int
) -> None:
    ahead = worker.layout.home.parent / "ahead"
    set_clock(ahead, 0)
    server = spawn(worker, ahead, renew_in=2.0)
    worker.run(COUNTING)
    server.wait_for(lambda: b"line 2\r\n" in server.log())
    set_clock(ahead, jump)
    require_whole(worker)
    server.wait_for(lambda: renewals(server))
    worker.run("date +%s", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert len(renewals(server)) == 1
