"""Canonical zip files: the same members always make the same bytes, stored, sorted, without times.

Each member is a local header and its bytes; the central directory and its end follow, and nothing
else: no comments, no data descriptors, no extra fields except ZIP64's, used only for numbers that
need more than 32 bits. So names, sizes and checksums determine every byte that isn't a member's,
and readers compare them all. The format: PKWARE's APPNOTE.TXT, 6.3.10.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_BYTES = 64 * 1024
MAX_MEMBERS = 0xFFFE  # one more would need ZIP64
_MAX_NAME_BYTES = 200
_NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*")

_ZIP64_MARKER = 0xFFFFFFFF  # the actual number is in ZIP64's extra field
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_DATE = 0x21  # 1980-01-01, the format's first date
_MODE = 0o100644 << 16  # a regular file, writable by its owner
_PLAIN, _ZIP64 = 20, 45  # versions of the format
_UNIX = 3 << 8
_HEADER = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")


class NotCanonical(ValueError):
    """The file isn't the canonical zip of its members. The message names the difference."""


@dataclass(frozen=True)
class Member:
    """A member's name, its size in bytes, and their CRC-32."""

    name: str
    size: int
    crc: int


def local_header(member: Member) -> bytes:
    """Return the header to write before the member's bytes."""
    name, is_large = member.name.encode("ascii"), member.size >= _ZIP64_MARKER
    size = min(member.size, _ZIP64_MARKER)
    extra = _zip64_extra([member.size, member.size]) if is_large else b""
    version = _ZIP64 if is_large else _PLAIN
    fields = (_LOCAL, version, 0, 0, 0, _DATE, member.crc, size, size, len(name), len(extra))
    return _HEADER.pack(*fields) + name + extra


def central_directory(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield the bytes after the last member: an entry for each member, then the end record."""
    offset = length = count = 0
    for member in members:
        entry = _central_entry(member, offset)
        yield entry
        offset += len(local_header(member)) + member.size
        length, count = length + len(entry), count + 1
    if max(offset, length) >= _ZIP64_MARKER:
        numbers = (count, count, length, offset)
        yield _END64.pack(b"PK\x06\x06", 44, _UNIX | _ZIP64, _ZIP64, 0, 0, *numbers)
        yield _LOCATOR.pack(b"PK\x06\x07", 0, offset + length, 1)
    length, offset = min(length, _ZIP64_MARKER), min(offset, _ZIP64_MARKER)
    yield _END.pack(b"PK\x05\x06", 0, 0, count, count, length, offset, 0)


def read_members(file: BinaryIO) -> Iterator[tuple[Member, Iterator[bytes]]]:
    """Yield the file's members with their bytes in chunks; read these before the next member.

    Raises NotCanonical at the first wrong byte, at the latest at the end.
    """
    members: list[Member] = []
    while (begin := file.read(len(_LOCAL))) == _LOCAL:
        member = _read_member(file, begin)
        if members and member.name <= members[-1].name:
            raise NotCanonical(f"{member.name} is out of order, after {members[-1].name}")
        if len(members) == MAX_MEMBERS:
            raise NotCanonical(f"more than {MAX_MEMBERS:,} members")
        pieces = _read_verified(file, member)
        yield member, pieces
        for _ in pieces:
            """Skip the chunks that the reader didn't read."""
        members.append(member)
    _verify_directory(file, begin, members)


def _central_entry(member: Member, offset: int) -> bytes:
    """Return the member's entry in the central directory; its header is at `offset`."""
    name, is_large = member.name.encode("ascii"), member.size >= _ZIP64_MARKER
    beyond = [member.size, member.size] if is_large else []
    beyond += [offset] if offset >= _ZIP64_MARKER else []
    extra = _zip64_extra(beyond) if beyond else b""
    version, size = _ZIP64 if beyond else _PLAIN, min(member.size, _ZIP64_MARKER)
    times = (0, 0, 0, _DATE)  # includes flags and method
    sizes = (
        member.crc,
        size,
        size,
        len(name),
        len(extra),
        0,
        0,
        0,
        _MODE,
        min(offset, _ZIP64_MARKER),
    )
    return _ENTRY.pack(_CENTRAL, _UNIX | version, version, *times, *sizes) + name + extra


def _zip64_extra(numbers: list[int]) -> bytes:
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


def _read_member(file: BinaryIO, begin: bytes) -> Member:
    """Read a member's header, which starts with the already read `begin`."""
    found = begin + _read_exactly(file, _HEADER.size - len(begin), "a header")
    *_, crc, size, _, length, _ = _HEADER.unpack(found)
    if not 0 < length <= _MAX_NAME_BYTES:
        raise NotCanonical(f"a member name has {length} bytes")
    raw = _read_exactly(file, length, "a name")
    found += raw
    name = raw.decode("ascii", "replace")
    if not _NAME_PATTERN.fullmatch(name):
        raise NotCanonical(f"{name!r} isn't a valid member name")
    if size == _ZIP64_MARKER:
        extra = _read_exactly(file, 20, "an extra field")
        found, size = found + extra, int.from_bytes(extra[4:12], "little")
    member = Member(name, size, crc)
    if found != local_header(member):
        raise NotCanonical(f"the header of {name} isn't canonical")
    return member


def _read_verified(file: BinaryIO, member: Member) -> Iterator[bytes]:
    left, crc = member.size, 0
    while left:
        piece = file.read(min(left, CHUNK_BYTES))
        if not piece:
            raise NotCanonical(f"the file ends inside {member.name}")
        left, crc = left - len(piece), zlib.crc32(piece, crc)
        yield piece
    if crc != member.crc:
        raise NotCanonical(f"{member.name} doesn't match the checksum in its header")


def _verify_directory(file: BinaryIO, begin: bytes, members: list[Member]) -> None:
    """Compare the bytes after the last member with the expected ones; `begin` is already read."""
    for due in central_directory(members):
        rest = len(due) - len(begin)
        if begin + file.read(max(rest, 0)) != due:
            raise NotCanonical("the central directory doesn't match the members")
        begin = b""
    if file.read(1):
        raise NotCanonical("the file has data after its end")


def _read_exactly(file: BinaryIO, size: int, what: str) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise NotCanonical(f"the file ends inside {what}")
    return found
