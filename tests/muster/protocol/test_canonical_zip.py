"""Canonical zip files: other tools read them, and any other file is refused."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.protocol import canonical_zip
from muster.protocol.canonical_zip import Member, NotCanonical
from tests.bundles import zipped

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,9}(/[a-z0-9][a-z0-9._-]{0,9})?", fullmatch=True)
FOUR_GIB = 1 << 32
ZEROS = bytes(1 << 20)


def read_members(data: bytes) -> dict[str, bytes]:
    """Return a file's members. Raises NotCanonical."""
    found = canonical_zip.read_members(io.BytesIO(data))
    return {member.name: b"".join(pieces) for member, pieces in found}


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=5))
def test_what_is_written_is_read_by_us_and_by_others(members: dict[str, bytes]) -> None:
    members = dict(sorted(members.items()))
    data = zipped(members)
    assert read_members(data) == members
    with zipfile.ZipFile(io.BytesIO(data)) as others:
        assert {name: others.read(name) for name in others.namelist()} == members
        assert others.testzip() is None
        assert {info.date_time for info in others.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
        assert {info.compress_type for info in others.infolist()} <= {zipfile.ZIP_STORED}


def test_a_member_is_read_in_pieces_and_may_be_left() -> None:
    data = zipped({"a": bytes(200_000), "b": b"x"})
    found = canonical_zip.read_members(io.BytesIO(data))
    _, pieces = next(found)
    assert len(next(pieces)) == canonical_zip.CHUNK_BYTES
    assert [member.name for member, _ in found] == ["b"]


class Sparse(io.RawIOBase):
    """A sparse file: mostly zeros, with some bytes at some offsets."""

    def __init__(self, pieces: dict[int, bytes], size: int) -> None:
        self.pieces, self.at, self.size = pieces, 0, size

    def read(self, size: int = -1) -> bytes:
        left = self.size - self.at
        size = left if size < 0 else min(size, left)
        spans = [
            (max(place, self.at), min(place + len(piece), self.at + size), place, piece)
            for place, piece in self.pieces.items()
        ]
        found: bytes | bytearray = ZEROS if size == len(ZEROS) else bytes(size)
        for start, end, place, piece in spans:
            if start < end:
                found = bytearray(found)
                found[start - self.at : end - self.at] = piece[start - place : end - place]
        self.at += size
        return bytes(found)


def large(sizes: list[int]) -> tuple[Sparse, list[Member]]:
    """A file with members of zeros."""
    members = [Member(f"m{n}", size, 0) for n, size in enumerate(sizes)]
    pieces: dict[int, bytes] = {}
    at = 0
    for member in members:
        pieces[at] = canonical_zip.local_header(member)
        at += len(pieces[at]) + member.size
    pieces[at] = b"".join(canonical_zip.central_directory(members))
    return Sparse(pieces, at + len(pieces[at])), members


@pytest.mark.parametrize(
    ("sizes", "is_large"),
    [
        ([FOUR_GIB - 40], False),
        ([FOUR_GIB - 2], True),
        ([FOUR_GIB - 1], True),
        ([FOUR_GIB + 5, 1], True),
        ([FOUR_GIB - 50, 1, 1], True),
    ],
    ids=["all below", "a far directory", "a large one", "with one behind it", "a far beginning"],
)
def test_what_does_not_fit_in_32_bits_is_read_by_others(sizes: list[int], is_large: bool) -> None:
    file, members = large(sizes)
    tail = b"".join(canonical_zip.central_directory(members))
    assert (b"PK\x06\x06" in tail) == is_large

    class Seekable(Sparse):
        def seekable(self) -> bool:
            return True

        def tell(self) -> int:
            return self.at

        def seek(self, place: int, whence: int = 0) -> int:
            self.at = place + (0, self.at, self.size)[whence]
            return self.at

    with zipfile.ZipFile(Seekable(file.pieces, file.size)) as others:  # type: ignore[arg-type]
        found = {info.filename: info.file_size for info in others.infolist()}
    assert found == {member.name: member.size for member in members}


def test_a_member_of_more_than_4_gib_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical_zip, "CHUNK_BYTES", len(ZEROS))
    monkeypatch.setattr(zlib, "crc32", lambda data, crc=0: 0)  # four gigabytes of it take a while
    file, members = large([FOUR_GIB + 5, 1])
    read: Iterator[Any] = canonical_zip.read_members(file)  # type: ignore[arg-type]
    assert [member for member, _ in read] == members


WHOLE = {"a": b"one", "b": b"two"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"x" + zipped(WHOLE),
        zipped(WHOLE) + b"x",
        zipped(WHOLE) + zipped(WHOLE),
        zipped(WHOLE)[:-1],
        zipped(WHOLE)[:40],
        zipped({"b": b"two", "a": b"one"}),
        zipped({"a": b"", "../b": b""}),
        zipped({"a": b"", "/b": b""}),
        zipped({"a/./b": b""}),
        zipped({"A": b""}),
        zipped({"a" * 201: b""}),
        zipped(WHOLE).replace(b"one", b"0ne"),
    ],
    ids=[
        "nothing",
        "a beginning of a beginning",
        "a prefix",
        "a suffix",
        "two of them",
        "cut at its end",
        "cut in a header",
        "another order",
        "a way out",
        "an absolute path",
        "a detour",
        "a name in capitals",
        "a long name",
        "another byte",
    ],
)
def test_nothing_else_is_taken_for_it(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        read_members(data)


@pytest.mark.parametrize("how", ["deflated", "a comment", "an extra field", "a time", "twice"])
def test_what_other_programs_write_is_refused(how: str) -> None:
    info = zipfile.ZipInfo("a")
    info.external_attr, info.create_system = 0o100644 << 16, 3
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        match how:
            case "deflated":
                info.compress_type = zipfile.ZIP_DEFLATED
            case "a comment":
                made.comment = b"hello"
            case "an extra field":
                info.extra = b"\x99\x99\x00\x00"
            case "a time":
                info.date_time = (1980, 1, 1, 0, 0, 2)
        made.writestr(info, b"some bytes")
        if how == "twice":
            with pytest.warns(UserWarning, match="Duplicate"):
                made.writestr(zipfile.ZipInfo("a"), b"other bytes")
    with pytest.raises(NotCanonical):
        read_members(file.getvalue())


def test_what_zipfile_writes_of_the_same_is_the_same() -> None:
    info = zipfile.ZipInfo("a")
    info.external_attr, info.create_system = 0o100644 << 16, 3
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(info, b"some bytes")
    assert file.getvalue() == zipped({"a": b"some bytes"})
