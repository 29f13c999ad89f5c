"""A transcript on disk numbers its entries without gaps, whatever happens to its writer."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from muster.worker.shim.transcript import FILE_NAME, TranscriptReader, TranscriptWriter
from muster.worker.shim.wire import Refusal
from tests.muster.worker.shim.test_spool import full_disk, limit_files

__all__ = ["full_disk"]

ENTRY = {"kind": "message", "title": "", "text": "hi", "data": {}}


def entries(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / FILE_NAME).read_bytes().splitlines()]


def write(directory: Path, *texts: str, **options: Any) -> TranscriptWriter:
    writer = TranscriptWriter(directory, **options)
    for text in texts:
        writer.append({"stage": 0}, ENTRY | {"text": text})
    return writer


def test_entries_are_numbered_on_by_the_next_writer(tmp_path: Path) -> None:
    write(tmp_path, "one", "two").sync()
    write(tmp_path, "three")
    found = [(entry["number"], entry["stage"], entry["text"]) for entry in entries(tmp_path)]
    assert found == [(0, 0, "one"), (1, 0, "two"), (2, 0, "three")]


def test_a_writer_without_entries_makes_no_file(tmp_path: Path) -> None:
    TranscriptWriter(tmp_path).sync()
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_was_never_finished_is_dropped_and_its_number_given_again(
    tmp_path: Path,
) -> None:
    write(tmp_path, "one")
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b'{"number":1,"text":"tor')
    assert len(TranscriptReader(tmp_path).read(0, 1 << 20)) == 1
    write(tmp_path, "two")
    assert [entry["number"] for entry in entries(tmp_path)] == [0, 1]
    assert entries(tmp_path)[1]["text"] == "two"


def test_of_what_is_beyond_the_quota_one_entry_tells(tmp_path: Path) -> None:
    writer = write(tmp_path, "one", "x" * 2000, quota=2000)
    for again in (writer, TranscriptWriter(tmp_path, quota=2000)):
        with pytest.raises(Refusal, match="full"):
            again.append({"stage": 0}, ENTRY)
    assert [entry["kind"] for entry in entries(tmp_path)] == ["message", "message", "error"]
    assert entries(tmp_path)[2]["number"] == 2


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_no_piece_of_an_entry(tmp_path: Path) -> None:
    writer = write(tmp_path, "x" * 39_900)
    with pytest.raises(OSError, match="large"):
        writer.append({"stage": 0}, ENTRY)
    limit_files(resource.RLIM_INFINITY)
    writer.append({"stage": 0}, ENTRY)
    assert [(entry["number"], entry["text"][:2]) for entry in entries(tmp_path)] == [
        (0, "xx"),
        (1, "hi"),
    ]


def test_a_reader_continues_anywhere(tmp_path: Path) -> None:
    writer = write(tmp_path, *map(str, range(100)))
    reader = TranscriptReader(tmp_path)

    def read(number: int, limit: int = 1 << 20) -> list[int]:
        return [json.loads(line)["number"] for line in reader.read(number, limit)]

    assert read(0) == list(range(100))
    assert read(7) == list(range(7, 100))
    few = read(7, 500)
    assert 0 < len(few) < 10
    assert few == list(range(7, 7 + len(few)))
    assert read(100) == read(1000) == []
    writer.append({"stage": 1}, ENTRY)
    assert read(100) == [100]
    assert read(3, 500)[0] == 3
    reader.close()


def test_a_notice_is_due_when_there_is_news_and_not_too_often(tmp_path: Path) -> None:
    writer = TranscriptWriter(tmp_path)
    assert writer.notice_at > 1e9
    writer.append({"stage": 0}, ENTRY)
    assert writer.notice_at < 0
    assert writer.mark_notified(50.0) == 1
    assert writer.notice_at > 1e9
    writer.append({"stage": 0}, ENTRY)
    assert writer.notice_at == 50.2
