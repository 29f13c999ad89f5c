"""Reports reach the server over the connection: each once, in order, whatever breaks it."""

import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Note
from muster.worker.journal.journal import Journal
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.outbox import Outbox
from tests.muster.worker.channels import Rig, connected
from tests.muster.worker.fake_server import LIMIT, FakeServer, fake_server
from tests.muster.worker.server.connection_world import quick, server

__all__ = ["quick", "server"]


def note(rig: Rig, text: str) -> None:
    rig.journal.append(AttemptKey(7, 1), Note("info", text))


def test_reports_are_repeated_after_a_cut_until_they_are_acked(
    tmp_path: Path, server: FakeServer
) -> None:
    server.acks = False
    with connected(tmp_path, server) as rig:
        server.wait_until_connected()
        for number in range(5):
            note(rig, f"note {number}")
        server.wait_for(lambda: len(server.seen) == 5)
        server.line.cut()
        server.wait_for(lambda: len(server.seen) == 10)
        assert [seq for _, seq in server.seen] == [1, 2, 3, 4, 5] * 2
        server.release()
        server.line.cut()
        server.wait_until_connected(3)
        note(rig, "one more")
        server.wait_for(lambda: len(server.reports) == 6)
        assert [seq for _, seq in server.seen[10:]] == [6]


def test_reports_made_while_nobody_listens_come_later(tmp_path: Path, server: FakeServer) -> None:
    server.jwt = "another"
    server.refuse = [503] * 3
    with connected(tmp_path, server) as rig:
        for number in range(3):
            note(rig, f"note {number}")
        server.wait_for(lambda: len(server.reports) == 3)


def test_a_server_that_knows_more_reports_than_we_meets_a_new_journal(
    tmp_path: Path, server: FakeServer
) -> None:
    with connected(tmp_path, server) as rig:
        for number in range(3):
            note(rig, f"note {number}")
        server.wait_for(lambda: len(server.reports) == 3 and not rig.journal.reports_after(0))
    (tmp_path / "journal").write_bytes((tmp_path / "journal").read_bytes()[:-200])
    with connected(tmp_path, server) as rig:
        note(rig, "after the loss")
        server.wait_for(lambda: server.bodies()[-1] == Note("info", "after the loss"))


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(100, 6_000), min_size=1, max_size=3))
def test_no_cut_skips_or_reorders_a_report(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    with fake_server() as server, connected(tmp_path_factory.mktemp("home"), server) as rig:
        server.wait_until_connected()
        for at in cuts:
            before = len(server.hellos)
            server.line.cut_after(at)
            for number in range(40):
                note(rig, f"note {number}")
            server.wait_for(lambda before=before: len(server.hellos) > before)
        server.wait_for(lambda: len(server.reports) == 40 * len(cuts))


class Overtaken(threading.Event):
    """Cleared only after it has been set: a late clear."""

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
