"""Logs reach the server over the connection: every byte, within the window, without delay."""

import os
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import LogGap
from muster.worker.shim.spool import SpoolWriter
from tests.muster.worker.channels import Rig, connected
from tests.muster.worker.fake_server import FakeServer, fake_server
from tests.muster.worker.server.connection_world import quick, server

__all__ = ["quick", "server"]


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
        self._rig.streams.notify_growth(AttemptKey(7, self._attempt))

    def close(self) -> None:
        self._writer.close()


def test_log_bytes_arrive_with_their_stage_and_time(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1")
        spool.write(b"first\n", 3, stage=0)
        spool.write(b"second\n", 500, stage=1)
        server.wait_for(lambda: server.log() == b"first\nsecond\n")
        assert [(f.stage_index, f.milliseconds) for f in server.frames] == [(0, 3), (1, 500)]
        spool.close()


def test_the_window_is_never_overrun(tmp_path: Path, server: FakeServer) -> None:
    server.window = 100_000
    server.acks = False
    with connected(tmp_path, server) as rig:
        spools = [Spool(rig, tmp_path / f"7-{n}", n) for n in (1, 2)]
        for spool in spools:
            spool.write(os.urandom(300_000))
        server.wait_for(lambda: server.max_in_flight > 100_000 - 25_000)
        server.release()
        server.wait_for(lambda: len(server.log(7, 1)) + len(server.log(7, 2)) == 600_000)
        assert server.max_in_flight <= 100_000
        for spool in spools:
            spool.close()


def test_a_flooding_log_leaves_the_others_their_turn(tmp_path: Path, server: FakeServer) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        flood, quiet = (Spool(rig, tmp_path / f"7-{n}", n) for n in (1, 2))
        flood.write(os.urandom(8 << 20))
        server.wait_for(lambda: server.max_in_flight > server.window // 2)
        quiet.write(b"hello")
        server.release()
        server.wait_for(lambda: len(server.log()) == 8 << 20)
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
        server.wait_until_connected()
        spool = Spool(rig, home / "7-1")
        server.line.cut_after(*cuts)
        for start in range(0, len(content), 50_000):
            spool.write(content[start : start + 50_000], start // 1000)
        server.wait_for(lambda: len(server.log()) >= len(content))
        assert server.log() == content
        assert not server.line.cuts
        spool.close()


def test_a_gap_that_the_server_sees_is_filled(tmp_path: Path, server: FakeServer) -> None:
    content = os.urandom(3 << 20)
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1")
        spool.write(content[: 1 << 20])
        server.wait_for(lambda: len(server.log()) == 1 << 20)
        with server.changed:
            # It loses its uncommitted bytes.
            del server.logs[7, 1][300_000:]
            server.send(LogGap(7, 1, 300_000))
        spool.write(content[1 << 20 :])
        server.wait_for(lambda: len(server.log()) == len(content))
        assert server.log() == content
        # One complaint makes us send again; its echoes do not.
        assert sum(len(frame.data) for frame in server.frames) < len(content) + (3 << 20)
        spool.close()


def test_bytes_beyond_the_quota_are_declared_lost(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1", quota=1_000)
        spool.write(b"x" * 1_500)
        server.wait_for(lambda: server.lost)
        assert server.lost == [(1_000, 1_500)]
        assert server.log() == b"x" * 1_000 + b"\0" * 500
        spool.write(b"y" * 250)
        server.wait_for(lambda: len(server.log()) == 1_750)
        assert server.lost == [(1_000, 1_500), (1_500, 1_750)]
        spool.close()


def test_a_lost_range_is_declared_once_over_cuts(tmp_path: Path, server: FakeServer) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1", quota=1_000)
        spool.write(b"x" * 1_500)
        server.wait_for(lambda: server.lost)
        server.forget(1_000)
        server.wait_for(lambda: server.lost)
        spool.write(b"y" * 250)
        server.wait_for(lambda: len(server.log()) == 1_750)
        assert server.lost == [(1_000, 1_500), (1_500, 1_750)]
        spool.close()


def test_a_lost_range_is_declared_again_behind_the_bytes_that_it_follows(
    tmp_path: Path, server: FakeServer
) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1", quota=1_000)
        spool.write(b"x" * 1_500)
        server.wait_for(lambda: server.lost)
        # The report comes first after a cut, and these bytes after it.
        server.forget(200)
        server.wait_for(lambda: len(server.log()) == 1_500)
        spool.close()


def test_what_a_cut_swallowed_is_sent_again_unasked(tmp_path: Path, server: FakeServer) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        spool = Spool(rig, tmp_path / "7-1")
        spool.write(b"x" * 1_500)
        server.wait_for(lambda: len(server.log()) == 1_500)
        server.forget(700)
        server.wait_for(lambda: len(server.log()) == 1_500)
        spool.close()


def test_the_heart_beats_through_a_flood(tmp_path: Path, server: FakeServer) -> None:
    server.heartbeat_seconds = 0.1
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        spool = Spool(rig, tmp_path / "7-1")
        began = time.monotonic()
        for _ in range(48):
            spool.write(os.urandom(1 << 20))
        server.wait_for(lambda: len(server.log()) == 48 << 20, 60)
        ended = time.monotonic()
        # A busy machine stretches both: if heartbeats had to wait, one gap would be the complete
        # time.
        assert server.max_heartbeat_gap(began, ended) < max(0.6, (ended - began) / 4)
        spool.close()


def test_a_quiet_line_reaches_the_server_at_once(tmp_path: Path, server: FakeServer) -> None:
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        spool = Spool(rig, tmp_path / "7-1")
        delays = []
        for number in range(60):
            began = time.monotonic()
            spool.write(b"x")
            server.wait_for(lambda number=number: len(server.log()) > number)
            delays.append(time.monotonic() - began)
        # Each is written right after the one before has come: were they fetched now and then, all
        # would wait as long. So a busy machine, which delays some, proves nothing by that.
        assert min(delays) < 0.02
        spool.close()
