"""The start of a worker's connection, its maintenance, and the time after its end."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.protocol import version
from muster.protocol.frames import Capability, CloseCode, Metrics, Stop, Undrain
from muster.worker.server.connection import Disconnect
from tests.muster.worker.channels import connected
from tests.muster.worker.fake_server import FakeServer
from tests.muster.worker.repositories import wait_for
from tests.muster.worker.server.connection_world import quick, server

__all__ = ["quick", "server"]


# ---- greeting and heart ------------------------------------------------------------------------


def test_a_worker_says_hello_and_beats_at_once(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.wait_for(lambda: server.heartbeats)
        hello = server.hellos[0]
        assert (hello.protocol, hello.machine_id, hello.slots) == (3, "machine", 2)
        assert hello.journal_id == rig.journal.journal_id
        assert hello.capabilities == [Capability("custom")]
        _, beat = server.heartbeats[0]
        assert beat.number == 1
        assert isinstance(beat.metrics, Metrics)
        assert beat.capabilities is None


def test_the_welcome_and_every_answered_heartbeat_prolong_the_lease(
    tmp_path: Path, server: FakeServer
) -> None:
    server.beats = False
    with connected(tmp_path, server) as rig:
        server.wait_for(lambda: server.heartbeats)
        first = rig.lease.wait_for_extension(None, 5)
        assert first is not None
        server.beats = True
        second = rig.lease.wait_for_extension(first, 5)
        assert second is not None
        assert second > first


def test_the_server_is_heard_once_it_answers_on_the_connection_that_there_is(
    tmp_path: Path, server: FakeServer
) -> None:
    with connected(tmp_path, server) as rig:
        wait_for(lambda: rig.channel.has_heartbeat_ack)
        server.beats = False
        server.kick(CloseCode.GOING_AWAY)
        server.wait_until_connected(2)
        assert not rig.channel.has_heartbeat_ack, "its first orders may be still to come"
        server.beats = True
        wait_for(lambda: rig.channel.has_heartbeat_ack)


def test_a_new_connection_may_be_asked_for(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        rig.channel.reconnect()
        server.wait_until_connected(2)


def test_capabilities_are_told_when_they_change(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.wait_for(lambda: server.heartbeats)
        rig.capabilities = [Capability("custom", healthy=False, reason="rate_limit")]
        rig.machine_facts.refresh()
        changed = server.wait_for(lambda: [b for _, b in server.heartbeats if b.capabilities])[0]
        assert changed.capabilities == rig.capabilities
        seen = len(server.heartbeats)
        server.wait_for(lambda: len(server.heartbeats) > seen + 1)
        assert server.heartbeats[-1][1].capabilities is None


def test_orders_are_handed_on_in_order(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        orders = [Stop(7, 1, "cancelled"), Undrain(), Stop(8, 1, "cancelled")]
        for order in orders:
            server.send(order)
        for _ in orders:
            assert rig.orders.came.acquire(timeout=5)
        assert rig.orders.got == orders


def test_a_server_that_falls_silent_is_left(tmp_path: Path, server: FakeServer) -> None:
    server.beats = False
    server.heartbeat_seconds = 0.05
    with connected(tmp_path, server):
        server.wait_until_connected(2)


# ---- endings -----------------------------------------------------------------------------------


def test_a_worker_comes_back_after_the_server_went_away(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server):
        server.wait_until_connected()
        server.kick(CloseCode.GOING_AWAY)
        server.wait_until_connected(2)


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> int:
    """A worker of a made-up next release: it also accepts today's version."""
    before = version.CURRENT
    monkeypatch.setattr(version, "OLDEST_SUPPORTED", before)
    monkeypatch.setattr(version, "CURRENT", before + 1)
    return before + 1


def test_a_server_that_is_yet_to_be_upgraded_is_spoken_to_in_its_own_version(
    tmp_path: Path, server: FakeServer, next_version: int
) -> None:
    before = server.protocol = next_version - 1
    with connected(tmp_path, server):
        server.wait_until_connected()
        assert (server.refused, server.hellos[0].protocol) == ([next_version], before)
        server.protocol = next_version
        server.kick(CloseCode.GOING_AWAY)
        server.wait_until_connected(2)
        assert (server.refused, server.hellos[1].protocol) == ([next_version], next_version)


def test_what_a_server_says_that_speaks_no_version_of_ours_any_more_is_in_the_log(
    tmp_path: Path,
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    next_version: int,
) -> None:
    monkeypatch.setattr("muster.worker.server.connection._LONG_DELAYS_SECONDS", (61.0, 61.0))
    server.protocol, server.refusal = 0, "install the server's release"
    with connected(tmp_path, server):
        wait_for(lambda: "reconnecting in 61.0 s" in caplog.text)
    assert server.refused == [next_version, next_version - 1]
    assert "closed the connection: 4414 install the server's release;" in caplog.text


def test_a_dead_token_is_replaced_with_the_recovery_secret(
    tmp_path: Path, server: FakeServer
) -> None:
    server.jwt = "another"
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        assert [path for path, *_ in server.requests] == ["/api/workers/recover"]
        server.wait_for(lambda: server.heartbeats)
        assert rig.store.load().previous_secret is None
        assert rig.store.load().recovery_secret == server.secret


def test_a_recovery_that_was_done_but_not_answered_is_done_again(
    tmp_path: Path, server: FakeServer
) -> None:
    server.jwt, server.lose = "another", 2
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        # Each time with the secret that it has, which is good until it has connected.
        asked = [body["recoverySecret"] for _, body, _ in server.requests]
        assert asked == ["secret-1"] * 3
        server.wait_for(lambda: server.heartbeats)
        assert rig.store.load().recovery_secret == server.secret


def test_a_decommissioned_machine_stops(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        server.kick(CloseCode.DECOMMISSIONED)
        rig.thread.join(10)
        assert rig.decommissioned


def test_a_replaced_worker_keeps_out_of_the_way(
    tmp_path: Path,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        asked = threading.Event()
        monkeypatch.setattr("muster.worker.server.connection._LONG_DELAYS_SECONDS", (61.0, 61.0))
        monkeypatch.setattr(
            rig.channel, "_reconnect_delay", _recording_delay(rig.channel._reconnect_delay, asked)
        )
        server.kick(CloseCode.REPLACED)
        assert asked.wait(10)
    assert "reconnecting in 61.0 s" in caplog.text
    assert "another worker" in caplog.text


def _recording_delay(
    delay: Callable[[Disconnect], float], asked: threading.Event
) -> Callable[[Disconnect], float]:
    def record_and_delay(ending: Disconnect) -> float:
        asked.set()
        return delay(ending)

    return record_and_delay
