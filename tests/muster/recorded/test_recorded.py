"""What the tree before the language release sent and stored is read, and written the same."""

import json
import shutil
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import StageFinished, StageStarted
from muster.worker.agents import attempt_state
from muster.worker.attempts.transcript import _parse_line, _to_entry
from muster.worker.journal.journal import Journal
from muster.worker.shim import client
from muster.worker.shim.spool import SpoolReader
from muster.worker.shim.transcript import TranscriptReader
from muster.worker.terminals.screen_model import _load
from tests.bundles import refusal
from tests.muster.recorded.kinds import KINDS, SHIM
from tests.muster.recorded.record import FILE, samples

HERE = Path(__file__).parent
KEY = AttemptKey(7, 1)
COMMIT = "4193b594f357edfb388bf71fdb9915ebf117489a"
SESSION = "00000000-0000-4000-8000-000000000001"
LINES = [json.loads(line) for line in FILE.read_text().splitlines()]


def test_each_kind_of_message_was_recorded() -> None:
    """A new kind is recorded by `record.py`, and its line added."""
    recorded = Counter(line["kind"] for line in LINES)
    assert recorded == Counter(
        {name: sum(1 for _ in samples(kind)) for name, kind in KINDS.items()}
        | dict.fromkeys(SHIM, 1)
    )


@pytest.mark.parametrize("line", [line for line in LINES if line["kind"] in KINDS], ids=str)
def test_a_message_is_read_and_written_the_same(line: dict[str, str]) -> None:
    value = msgspec.json.decode(line["text"], type=KINDS[line["kind"]])
    assert msgspec.json.encode(value).decode() == line["text"]


@pytest.mark.parametrize("line", [line for line in LINES if line["kind"] in SHIM], ids=str)
def test_a_shims_message_is_read_and_written_the_same(line: dict[str, str]) -> None:
    write, read, sample = SHIM[line["kind"]]
    value = read(json.loads(line["text"]))
    assert value == sample
    assert json.dumps(write(value)) == line["text"]


# A daemon's files, as it left them in the middle of the second stage


@pytest.fixture
def attempt(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / "machine" / "attempt", tmp_path / "attempt"))


def test_the_order_of_a_stage_is_read(attempt: Path) -> None:
    order = attempt_state.read(attempt)
    assert order is not None
    assert (order.stage_index, order.stage_name, order.project) == (1, "develop", "shop")
    assert order.sessions == {"claude": SESSION}
    assert order.session_agents == ("claude",)
    order.write(attempt)
    recorded = (HERE / "machine" / "attempt" / "attempt.json").read_bytes()
    assert (attempt / "attempt.json").read_bytes() == recorded


def test_the_state_of_a_shim_is_read(attempt: Path) -> None:
    state = client.read_state(attempt)
    assert state is not None
    assert (state.stage_index, state.run) == (1, 0)
    (end,) = state.ends
    assert (end.how, end.code, end.log_end, end.facts["session"]) == ("exit", 0, 1242, SESSION)


def test_a_spool_is_read_to_the_byte(attempt: Path) -> None:
    reader = SpoolReader(attempt)
    log = b"".join(piece.data for piece in reader.read(0, 1 << 20))
    assert log == (HERE / "machine" / "attempt" / "log").read_bytes()
    assert log.endswith(b"one\r\na\0b\xff")
    assert (reader.end_offset(), list(reader.gaps())) == (1251, [])
    reader.close()


def test_a_transcript_is_read(attempt: Path) -> None:
    reader = TranscriptReader(attempt)
    entries = [_to_entry(_parse_line(line)) for line in reader.read(0, 1 << 20)]
    reader.close()
    assert {"command", "message", "usage"} <= {entry.kind for entry in entries}


def test_a_screen_and_what_was_approved_are_read(attempt: Path) -> None:
    screen = _load(attempt / "screen")
    assert screen is not None
    assert (screen.position, screen.cols, screen.rows) == (1251, 120, 40)
    assert json.loads((attempt / "approved.json").read_bytes())["commit"] == COMMIT


def test_a_journal_goes_on_where_it_ended(tmp_path: Path) -> None:
    directory = Path(shutil.copytree(HERE / "machine" / "journal", tmp_path / "journal"))
    journal = Journal(directory, lambda: None)
    reports = journal.reports_after(0)
    standing = journal.progress(KEY)
    journal.close()
    assert [report.seq for report in reports] == [1, 5, 7, 9, 12, 14]
    bodies = [type(report.body) for report in reports]
    assert (bodies.count(StageStarted), bodies.count(StageFinished)) == (2, 1)
    assert standing.has_finished(0, 0)
    assert not standing.has_finished(1, 0)


def test_a_bundle_of_evidence_is_genuine() -> None:
    assert refusal((HERE / "bundle.zip").read_bytes()) is None
