import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Capability, CloseCode, LogGap, Metrics, Note, Stop, Undrain
from muster.worker.journal.journal import Journal
from muster.worker.server.connection import Ending
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.outbox import Outbox
from muster.worker.shim.spool import SpoolWriter
from tests.muster.worker.channels import Rig, connected
from tests.muster.worker.fake_server import LIMIT, FakeServer, fake_server
from tests.muster.worker.repositories import until


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backs off as short as it may."""
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)


class Spool:
    """An attempt's log as its shim would write it."""

    def __init__(self, rig: Rig, directory: Path, attempt: int = 1, **more: int) -> None:
        directory.mkdir(exist_ok=True)
        self._rig, self._attempt = rig, attempt
        self._writer = SpoolWriter(directory, **more)
        rig.streams.add(AttemptKey(7, attempt), directory)

    def write(self, data: bytes, milliseconds: int = 0, stage: int = 0) -> None:
        self._writer.append(data, milliseconds, stage)
        self._writer.sync()
        self._rig.streams.notice(AttemptKey(7, self._attempt))

    def close(self) -> None:
        self._writer.close()


def note(rig: Rig, text: str) -> None:
    rig.journal.append(AttemptKey(7, 1), Note("info", text))


# ---- greeting and heart ------------------------------------------------------------------------


def test_a_worker_says_hello_and_beats_at_once(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.until(lambda: server.heartbeats)
        hello = server.hellos[0]
        assert (hello.protocol, hello.machine_id, hello.slots) == (2, "machine", 2)
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
        server.until(lambda: server.heartbeats)
        first = rig.lease.wait_beyond(None, 5)
        assert first is not None
        server.beats = True
        second = rig.lease.wait_beyond(first, 5)
        assert second is not None
        assert second > first


def test_capabilities_are_told_when_they_change(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.until(lambda: server.heartbeats)
        rig.capabilities = [Capability("custom", healthy=False, reason="rate_limit")]
        rig.vitals.refresh()
        changed = server.until(lambda: [b for _, b in server.heartbeats if b.capabilities])[0]
        assert changed.capabilities == rig.capabilities
        seen = len(server.heartbeats)
        server.until(lambda: len(server.heartbeats) > seen + 1)
        assert server.heartbeats[-1][1].capabilities is None


def test_orders_are_handed_on_in_order(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.until_connected()
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
        server.until_connected(2)


# ---- endings -----------------------------------------------------------------------------------


def test_a_worker_comes_back_after_the_server_went_away(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server):
        server.until_connected()
        server.kick(CloseCode.GOING_AWAY)
        server.until_connected(2)


def test_a_server_that_is_yet_to_be_upgraded_is_spoken_to_in_its_own_version(
    tmp_path: Path, server: FakeServer
) -> None:
    server.protocol = 1
    with connected(tmp_path, server):
        server.until_connected()
        assert (server.refused, server.hellos[0].protocol) == ([2], 1)
        server.protocol = 2
        server.kick(CloseCode.GOING_AWAY)
        server.until_connected(2)
        assert (server.refused, server.hellos[1].protocol) == ([2], 2)


def test_what_a_server_says_that_speaks_no_version_of_ours_any_more_is_in_the_log(
    tmp_path: Path,
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("muster.worker.server.connection._LONG", (61.0, 61.0))
    server.protocol, server.refusal = 0, "install the server's release"
    with connected(tmp_path, server):
        until(lambda: "connecting again in 61.0 s" in caplog.text)
    assert server.refused == [2, 1]
    assert "closed the connection: 4414 install the server's release;" in caplog.text


def test_a_dead_token_is_replaced_with_the_recovery_secret(
    tmp_path: Path, server: FakeServer
) -> None:
    server.jwt = "another"
    with connected(tmp_path, server) as rig:
        server.until_connected()
        assert [path for path, *_ in server.requests] == ["/api/workers/recover"]
        server.until(lambda: server.heartbeats)
        assert rig.store.load().previous_secret is None
        assert rig.store.load().recovery_secret == server.secret


def test_a_recovery_that_was_done_but_not_answered_is_done_again(
    tmp_path: Path, server: FakeServer
) -> None:
    server.jwt, server.lose = "another", 2
    with connected(tmp_path, server) as rig:
        server.until_connected()
        # Each time with the secret that it has, which is good until it has connected.
        asked = [body["recoverySecret"] for _, body, _ in server.requests]
        assert asked == ["secret-1"] * 3
        server.until(lambda: server.heartbeats)
        assert rig.store.load().recovery_secret == server.secret


def test_a_decommissioned_machine_stops(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.until_connected()
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
        server.until_connected()
        asked = threading.Event()
        monkeypatch.setattr("muster.worker.server.connection._LONG", (61.0, 61.0))
        monkeypatch.setattr(rig.channel, "_delay", _telling(rig.channel._delay, asked))
        server.kick(CloseCode.REPLACED)
        assert asked.wait(10)
    assert "connecting again in 61.0 s" in caplog.text
    assert "another worker" in caplog.text


def _telling(delay: Callable[[Ending], float], asked: threading.Event) -> Callable[[Ending], float]:
    def told(ending: Ending) -> float:
        asked.set()
        return delay(ending)

    return told


# ---- reports -----------------------------------------------------------------------------------


def test_reports_are_repeated_after_a_cut_until_they_are_acked(
    tmp_path: Path, server: FakeServer
) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        server.until_connected()
        for number in range(5):
            note(rig, f"note {number}")
        server.until(lambda: len(server.seen) == 5)
        server.line.cut()
        server.until(lambda: len(server.seen) == 10)
        assert [seq for _, seq in server.seen] == [1, 2, 3, 4, 5] * 2
        server.release()
        server.line.cut()
        server.until_connected(3)
        note(rig, "one more")
        server.until(lambda: len(server.reports) == 6)
        assert [seq for _, seq in server.seen[10:]] == [6]


def test_reports_made_while_nobody_listens_come_later(tmp_path: Path, server: FakeServer) -> None:
    server.jwt = "another"
    server.refuse = [503] * 3
    with connected(tmp_path, server) as rig:
        for number in range(3):
            note(rig, f"note {number}")
        server.until(lambda: len(server.reports) == 3)


def test_a_server_that_knows_more_reports_than_we_meets_a_new_journal(
    tmp_path: Path, server: FakeServer
) -> None:
    with connected(tmp_path, server) as rig:
        for number in range(3):
            note(rig, f"note {number}")
        server.until(lambda: len(server.reports) == 3 and not rig.journal.after(0))
    (tmp_path / "journal").write_bytes((tmp_path / "journal").read_bytes()[:-200])
    with connected(tmp_path, server) as rig:
        note(rig, "after the loss")
        server.until(lambda: server.bodies()[-1] == Note("info", "after the loss"))


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(100, 6_000), min_size=1, max_size=3))
def test_no_cut_skips_or_reorders_a_report(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    with fake_server() as server, connected(tmp_path_factory.mktemp("home"), server) as rig:
        server.until_connected()
        for at in cuts:
            before = len(server.hellos)
            server.line.cut_after(at)
            for number in range(40):
                note(rig, f"note {number}")
            server.until(lambda before=before: len(server.hellos) > before)
        server.until(lambda: len(server.reports) == 40 * len(cuts))


class Overtaken(threading.Event):
    """Cleared only once it has been set: whoever clears it comes too late."""

    def __init__(self) -> None:
        super().__init__()
        self.is_being_cleared = threading.Event()

    def clear(self) -> None:
        self.is_being_cleared.set()
        self.wait()
        super().clear()


def test_a_sender_ends_although_it_is_closed_just_as_it_begins_to_look(tmp_path: Path) -> None:
    wake = Overtaken()
    journal = Journal(tmp_path, lambda: None)
    outbox = Outbox(Mock(), journal, LogStreams(lambda: None), wake, 1000, 0)
    assert wake.is_being_cleared.wait(LIMIT)
    closing = threading.Thread(target=outbox.close, daemon=True)
    closing.start()
    closing.join(LIMIT / 4)
    left_waiting = closing.is_alive()
    wake.set()
    closing.join(LIMIT)
    journal.close()
    assert not left_waiting


# ---- logs --------------------------------------------------------------------------------------


def test_log_bytes_arrive_with_their_stage_and_time(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1")
        spool.write(b"first\n", 3, stage=0)
        spool.write(b"second\n", 500, stage=1)
        server.until(lambda: server.log() == b"first\nsecond\n")
        assert [(f.stage_index, f.milliseconds) for f in server.frames] == [(0, 3), (1, 500)]
        spool.close()


def test_the_window_is_never_overrun(tmp_path: Path, server: FakeServer) -> None:
    server.window = 100_000
    server.acks = False
    with connected(tmp_path, server) as rig:
        spools = [Spool(rig, tmp_path / f"7-{n}", n) for n in (1, 2)]
        for spool in spools:
            spool.write(os.urandom(300_000))
        server.until(lambda: server.most_in_flight > 100_000 - 25_000)
        server.release()
        server.until(lambda: len(server.log(7, 1)) + len(server.log(7, 2)) == 600_000)
        assert server.most_in_flight <= 100_000
        for spool in spools:
            spool.close()


def test_a_flooding_log_leaves_the_others_their_turn(tmp_path: Path, server: FakeServer) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        flood, quiet = (Spool(rig, tmp_path / f"7-{n}", n) for n in (1, 2))
        flood.write(os.urandom(8 << 20))
        server.until(lambda: server.most_in_flight > server.window // 2)
        quiet.write(b"hello")
        server.release()
        server.until(lambda: len(server.log()) == 8 << 20)
        assert server.log(7, 2) == b"hello"
        assert server.frames[-1].attempt == 1
        flood.close()
        quiet.close()


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 400_000), min_size=1, max_size=3), seed=st.integers())
def test_no_cut_costs_or_doubles_a_byte(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], seed: int
) -> None:
    home = tmp_path_factory.mktemp("home")
    content = random.Random(seed).randbytes(500_000 * len(cuts))
    with fake_server() as server, connected(home, server) as rig:
        server.until_connected()
        spool = Spool(rig, home / "7-1")
        server.line.cut_after(*cuts)
        for start in range(0, len(content), 50_000):
            spool.write(content[start : start + 50_000], start // 1000)
        server.until(lambda: len(server.log()) >= len(content))
        assert server.log() == content
        assert not server.line.cuts
        spool.close()


def test_a_gap_that_the_server_sees_is_filled(tmp_path: Path, server: FakeServer) -> None:
    content = os.urandom(3 << 20)
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1")
        spool.write(content[: 1 << 20])
        server.until(lambda: len(server.log()) == 1 << 20)
        with server.changed:
            # It forgets what it had not committed.
            del server.logs[7, 1][300_000:]
            server.send(LogGap(7, 1, 300_000))
        spool.write(content[1 << 20 :])
        server.until(lambda: len(server.log()) == len(content))
        assert server.log() == content
        # One complaint makes us send again; its echoes do not.
        assert sum(len(frame.data) for frame in server.frames) < len(content) + (3 << 20)
        spool.close()


def test_bytes_that_found_no_room_are_declared_lost(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1", quota=1_000)
        spool.write(b"x" * 1_500)
        server.until(lambda: server.lost)
        assert server.lost == [(1_000, 1_500)]
        assert server.log() == b"x" * 1_000 + b"\0" * 500
        spool.write(b"y" * 250)
        server.until(lambda: len(server.log()) == 1_750)
        assert server.lost == [(1_000, 1_500), (1_500, 1_750)]
        spool.close()


def test_a_lost_range_is_declared_once_over_cuts(tmp_path: Path, server: FakeServer) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1", quota=1_000)
        spool.write(b"x" * 1_500)
        server.until(lambda: server.lost)
        server.forget(1_000)
        server.until(lambda: server.lost)
        spool.write(b"y" * 250)
        server.until(lambda: len(server.log()) == 1_750)
        assert server.lost == [(1_000, 1_500), (1_500, 1_750)]
        spool.close()


def test_a_lost_range_is_declared_again_behind_the_bytes_that_it_follows(
    tmp_path: Path, server: FakeServer
) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1", quota=1_000)
        spool.write(b"x" * 1_500)
        server.until(lambda: server.lost)
        # The report comes first after a cut, and these bytes after it.
        server.forget(200)
        server.until(lambda: len(server.log()) == 1_500)
        spool.close()


def test_what_a_cut_swallowed_is_sent_again_unasked(tmp_path: Path, server: FakeServer) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1")
        spool.write(b"x" * 1_500)
        server.until(lambda: len(server.log()) == 1_500)
        server.forget(700)
        server.until(lambda: len(server.log()) == 1_500)
        spool.close()


def test_the_heart_beats_through_a_flood(tmp_path: Path, server: FakeServer) -> None:
    server.heartbeat_seconds = 0.1
    with connected(tmp_path, server) as rig:
        server.until_connected()
        spool = Spool(rig, tmp_path / "7-1")
        began = time.monotonic()
        for _ in range(48):
            spool.write(os.urandom(1 << 20))
        server.until(lambda: len(server.log()) == 48 << 20, 60)
        ended = time.monotonic()
        # A busy machine stretches both: were heartbeats kept waiting, one gap would be the whole.
        assert server.longest_silence(began, ended) < max(0.6, (ended - began) / 4)
        spool.close()


def test_a_quiet_line_reaches_the_server_at_once(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.until_connected()
        spool = Spool(rig, tmp_path / "7-1")
        delays = []
        for number in range(60):
            began = time.monotonic()
            spool.write(b"x")
            server.until(lambda number=number: len(server.log()) > number)
            delays.append(time.monotonic() - began)
        # Each is written right after the one before has come: were they fetched now and then, all
        # would wait as long. So a busy machine, which delays some, proves nothing by that.
        assert min(delays) < 0.02
        spool.close()
