"""The log on disk: every byte at its offset, with its stage and time; losses are known."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.worker.shim.spool import SpoolChunk, SpoolReader, SpoolWriter

LIMIT = 1 << 20


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SpoolWriter]:
    writer = SpoolWriter(tmp_path)
    yield writer
    writer.close()


@pytest.fixture
def reader(writer: SpoolWriter, tmp_path: Path) -> Iterator[SpoolReader]:
    reader = SpoolReader(tmp_path)
    yield reader
    reader.close()


def all_bytes(reader: SpoolReader, step: int = LIMIT) -> bytes:
    whole, offset = b"", 0
    while pieces := reader.read(offset, step):
        assert sum(len(piece.data) for piece in pieces) <= step
        whole += b"".join(piece.data for piece in pieces)
        offset = pieces[-1].offset + len(pieces[-1].data)
    return whole


def test_an_empty_spool_has_nothing_to_read(reader: SpoolReader) -> None:
    assert (reader.end_offset(), reader.read(0, LIMIT), reader.gaps()) == (0, [], [])


def test_there_is_no_spool_before_a_shim_has_begun_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SpoolReader(tmp_path)


def test_a_piece_knows_its_stage_and_time(writer: SpoolWriter, reader: SpoolReader) -> None:
    writer.append(b"one", 5, stage=0)
    writer.append(b"two", 1005, stage=0)
    writer.append(b"three", 1005, stage=1)
    assert reader.read(0, LIMIT) == [
        SpoolChunk(0, 0, 5, b"one"),
        SpoolChunk(3, 0, 1005, b"two"),
        SpoolChunk(6, 1, 1005, b"three"),
    ]


def test_reading_begins_at_any_offset_and_stops_at_the_limit(
    writer: SpoolWriter, reader: SpoolReader
) -> None:
    writer.append(b"one", 0, stage=0)
    writer.append(b"two", 1000, stage=0)
    assert reader.read(1, 4) == [SpoolChunk(1, 0, 0, b"ne"), SpoolChunk(3, 0, 1000, b"tw")]
    assert reader.read(6, 4) == []
    assert reader.read(99, 4) == []


def test_a_flood_gives_big_pieces(writer: SpoolWriter, reader: SpoolReader) -> None:
    for moment in range(40):
        writer.append(b"x" * 1000, moment, stage=0)
    assert [len(piece.data) for piece in reader.read(0, LIMIT)] == [40_000]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(max_size=40), st.integers(0, 60), st.booleans()),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 50),
)
def test_what_was_appended_is_read_whatever_the_steps(
    tmp_path_factory: pytest.TempPathFactory,
    appended: list[tuple[bytes, int, bool]],
    step: int,
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    moment, stage, stages = 0, 0, b""
    for data, pause, is_next in appended:
        # A fresh writer each time: any of them may have died after its append.
        writer = SpoolWriter(directory)
        moment, stage = moment + pause, stage + is_next
        writer.append(data, moment, stage)
        writer.close()
        stages += bytes([stage]) * len(data)
    reader = SpoolReader(directory)
    assert all_bytes(reader, step) == b"".join(data for data, _, _ in appended)
    pieces = reader.read(0, LIMIT)
    assert b"".join(bytes([piece.stage]) * len(piece.data) for piece in pieces) == stages
    assert reader.end_offset() == len(stages)
    reader.close()


def test_a_reader_follows_a_writer(writer: SpoolWriter, reader: SpoolReader) -> None:
    for number in range(2000):
        writer.append(b"%04d" % number, number * 20, stage=number // 700)
        assert reader.end_offset() == 4 * number + 4
    assert reader.read(4 * 1999, LIMIT) == [SpoolChunk(4 * 1999, 2, 1999 * 20, b"1999")]


def test_a_writer_that_died_between_index_and_log_leaves_a_whole_spool(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append(b"kept", 0, stage=0)
    writer.append(b"torn", 500, stage=0)
    writer.close()
    os.truncate(tmp_path / "log", 4)
    writer = SpoolWriter(tmp_path)
    assert writer.end_offset == 4
    writer.append(b"next", 900, stage=1)
    writer.close()
    reader = SpoolReader(tmp_path)
    assert reader.read(0, LIMIT) == [SpoolChunk(0, 0, 0, b"kept"), SpoolChunk(4, 1, 900, b"next")]
    reader.close()


def test_a_torn_record_is_written_over(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append(b"kept", 0, stage=0)
    writer.close()
    with (tmp_path / "log.index").open("r+b") as index:
        index.seek(32)
        index.write(b"\xff" * 20)
    writer = SpoolWriter(tmp_path)
    writer.append(b"next", 900, stage=1)
    writer.close()
    reader = SpoolReader(tmp_path)
    assert all_bytes(reader) == b"keptnext"
    reader.close()


def test_beyond_the_quota_bytes_are_dropped_and_told(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, quota=10)
    for moment in range(4):
        writer.append(b"123456", moment * 100, stage=0)
    assert writer.end_offset == 24
    writer.close()
    reader = SpoolReader(tmp_path)
    assert all_bytes(reader) == b"1234561234"
    assert (reader.gaps(), reader.end_offset()) == ([(10, 24)], 24)
    reader.close()


def test_a_growing_gap_is_reported_again(tmp_path: Path) -> None:
    writer, reader = SpoolWriter(tmp_path, quota=4), SpoolReader(tmp_path)
    seen = []
    for moment in range(3):
        writer.append(b"123456", moment, stage=0)
        seen.append(reader.gaps())
    assert seen == [[(4, 6)], [(4, 12)], [(4, 18)]]
    writer.close()
    reader.close()


def limit_files(size: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Lets no file of this process grow beyond 40,000 bytes, as a full disk would."""
    was = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit_files(40_000)
    yield
    limit_files(resource.RLIM_INFINITY)
    signal.signal(signal.SIGXFSZ, was)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_loses_bytes_but_knows_which(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append(b"a" * 39_999, 0, stage=0)
    writer.append(b"bbb", 100, stage=0)
    writer.append(b"ccc", 200, stage=0)
    limit_files(resource.RLIM_INFINITY)
    writer.append(b"ddd", 300, stage=0)  # too soon to try again
    writer.append(b"eee", 2000, stage=1)
    writer.close()
    reader = SpoolReader(tmp_path)
    assert reader.gaps() == [(40_000, 40_008)]
    assert reader.read(39_998, LIMIT) == [
        SpoolChunk(39_998, 0, 0, b"a"),
        SpoolChunk(39_999, 0, 100, b"b"),
        SpoolChunk(40_008, 1, 2000, b"eee"),
    ]
    assert reader.end_offset() == 40_011
    reader.close()


@pytest.mark.usefixtures("full_disk")
def test_a_disk_that_was_full_from_the_start_loses_bytes_but_knows_which(tmp_path: Path) -> None:
    limit_files(0)
    writer = SpoolWriter(tmp_path)
    writer.append(b"lost", 0, stage=0)
    limit_files(resource.RLIM_INFINITY)
    writer.append(b"kept", 2000, stage=0)
    writer.close()
    reader = SpoolReader(tmp_path)
    assert reader.gaps() == [(0, 4)]
    assert reader.read(0, LIMIT) == [SpoolChunk(4, 0, 2000, b"kept")]
    reader.close()
