"""The journal on disk: a header, then records, each with its length and checksum.

12 bytes (length and CRC-32 of the payload, CRC-32 of these two; big-endian), then the payload in
JSON

An incomplete record at the end was never finished, so it was never sent: it is cut off and the
journal continues. Any other damage means that reports may be missing whose numbers the server has
seen. Then the readable ones are kept, and renumbered in a new journal.
"""

import logging
import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import msgspec

from muster.protocol.frames import Report
from muster.worker import atomic_write
from muster.worker.journal.reported_progress import ReportedProgress

_SIZES = struct.Struct(">II")
_HEADER = struct.Struct(">III")

log = logging.getLogger(__name__)


class AttemptProgress(msgspec.Struct):
    """An attempt and its progress."""

    task_id: int
    attempt: int
    progress: ReportedProgress = msgspec.field(name="standing")


class Opening(msgspec.Struct, tag="opening"):
    """The first record: the state when the file starts, without the reports that follow."""

    journal_id: str
    last_seq: int
    attempts: list[AttemptProgress] = msgspec.field(default_factory=list, name="standings")


class ReportAppended(msgspec.Struct, tag="said", omit_defaults=True):
    """A report was created. `is_provisional`: its number may also be that of a lost report, because
    the server hadn't yet said how many it has."""

    report: Report
    is_provisional: bool = False


class Acked(msgspec.Struct, tag="acked"):
    """The server has all reports up to this one."""

    up_to: int


class Forgotten(msgspec.Struct, tag="forgotten"):
    """Nothing is left of this attempt."""

    task_id: int
    attempt: int


JournalRecord = Opening | ReportAppended | Acked | Forgotten

_decoder: "msgspec.json.Decoder[JournalRecord]" = msgspec.json.Decoder(JournalRecord)


class ReadRecords(NamedTuple):
    """The readable records, their size in bytes, and whether the rest is damaged."""

    records: list[JournalRecord]
    size: int
    is_damaged: bool


class JournalFile:
    """Appends records; one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self.size = 0

    def read(self) -> ReadRecords:
        """Read the file and open it for appending. A missing file is an empty one."""
        self._reopen()
        content = self._path.read_bytes()
        found = parse_records(content)
        if found.size < len(content):
            log.warning("%s: %d bytes cut off", self._path, len(content) - found.size)
            os.ftruncate(self._handle, found.size)
        self.size = found.size
        return found

    def append(self, records: list[JournalRecord]) -> None:
        """Append records; they are on disk on return. Raises OSError, and then nothing is
        appended."""
        content = b"".join(pack_record(record) for record in records)
        try:
            _write_all(self._handle, content)
            os.fsync(self._handle)
        except OSError:
            os.ftruncate(self._handle, self.size)
            raise
        self.size += len(content)

    def rewrite(self, records: list[JournalRecord]) -> None:
        """Replace the file's content by these records. Raises OSError."""
        content = b"".join(pack_record(record) for record in records)
        atomic_write.replace_file(self._path, content)
        self._reopen()
        self.size = len(content)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _reopen(self) -> None:
        self.close()
        self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def pack_record(record: JournalRecord) -> bytes:
    payload = msgspec.json.encode(record)
    sizes = (len(payload), zlib.crc32(payload))
    return _HEADER.pack(*sizes, zlib.crc32(_SIZES.pack(*sizes))) + payload


def parse_records(content: bytes) -> ReadRecords:
    """Return the records in a file's content, up to the first unreadable one. Never raises."""
    records: list[JournalRecord] = []
    at = 0
    while at + _HEADER.size <= len(content):
        length, checksum, head_checksum = _HEADER.unpack_from(content, at)
        end = at + _HEADER.size + length
        payload = content[at + _HEADER.size : end]
        if zlib.crc32(_SIZES.pack(length, checksum)) != head_checksum:
            return ReadRecords(records, at, True)
        if end > len(content):
            break
        record = _decode(payload) if zlib.crc32(payload) == checksum else None
        if record is None:
            return ReadRecords(records, at, True)
        records.append(record)
        at = end
    return ReadRecords(records, at, False)


def _decode(payload: bytes) -> JournalRecord | None:
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError, OverflowError):
        return None


def _write_all(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]
