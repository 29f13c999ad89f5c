"""A backup is whole, or refused: cut, changed, under another passphrase, or killed while it is
made.
"""

import io
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from app.server_cli.backups import encryption, load
from app.server_cli.backups.atomic_file import create_atomically
from app.server_cli.backups.encryption import CHUNK_BYTES, EncryptedReader, EncryptedWriter
from app.server_cli.backups.errors import BackupError, InvalidBackup
from app.server_cli.backups.records import RecordKind, RecordReader, RecordWriter, RowsReader

PASSPHRASE = "correct horse battery staple"
CHEAP = (1, 1, 1)


def encrypted_bytes(data: bytes, passphrase: str = PASSPHRASE) -> bytes:
    file = io.BytesIO()
    writer = EncryptedWriter(file, passphrase, CHEAP)
    writer.write(data)
    writer.finish()
    return file.getvalue()


def decrypt(data: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return EncryptedReader(io.BytesIO(data), passphrase).read(1 << 30)


@given(st.integers(0, 3), st.integers(-2, 2), st.binary(max_size=40))
def test_what_is_sealed_is_opened(pieces: int, more: int, end: bytes) -> None:
    data = bytes(max(0, pieces * CHUNK_BYTES + more)) + end
    assert decrypt(encrypted_bytes(data)) == data


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """An encrypted file of a few chunks."""
    monkeypatch.setattr(encryption, "CHUNK_BYTES", 32)
    return encrypted_bytes(bytes(range(96)) + b"the end")


def is_refused(data: bytes) -> bool:
    try:
        decrypt(data)
    except InvalidBackup:
        return True
    return False


def test_each_cut_is_refused(small: bytes) -> None:
    assert [end for end in range(len(small)) if not is_refused(small[:end])] == []
    assert not is_refused(small)


def test_each_bit_that_is_changed_is_refused(small: bytes) -> None:
    changed = (
        (place, bit, small[:place] + bytes([small[place] ^ bit]) + small[place + 1 :])
        for place in range(len(small))
        for bit in (1, 4, 128)
    )
    assert [(place, bit) for place, bit, data in changed if not is_refused(data)] == []


def test_pieces_that_are_exchanged_repeated_or_added_are_refused(small: bytes) -> None:
    head, size = 35, 32 + encryption.TAG_BYTES
    first, second = small[head : head + size], small[head + size : head + 2 * size]
    rest = small[head + 2 * size :]
    for data in (second + first + rest, first + first + rest, first + rest, small[head:] + first):
        assert is_refused(small[:head] + data)


def test_another_passphrase_is_refused(small: bytes) -> None:
    with pytest.raises(InvalidBackup, match="passphrase"):
        decrypt(small, PASSPHRASE + " ")


@given(st.binary(max_size=200))
def test_what_is_no_backup_is_refused(data: bytes) -> None:
    assert is_refused(data)
    assert is_refused(encryption.MAGIC + data)


KEYS = dict.fromkeys(config.SECRETS, "one")


def a_backup(rows: bytes, *, ends: bool = True, keys: Mapping[str, object] = KEYS) -> bytes:
    file = io.BytesIO()
    stream = EncryptedWriter(file, PASSPHRASE, CHEAP)
    writer = RecordWriter(stream)
    writer.write(RecordKind.HEADER, {"format": 1})
    writer.write(RecordKind.KEYS, dict(keys))
    writer.write(RecordKind.TABLE, {"name": "tasks", "columns": ["id"]})
    into = writer.rows_writer()
    into.write(rows)
    into.close()
    writer.write(RecordKind.TABLE_END, {"rows": 3})
    if ends:
        writer.write(RecordKind.END, {})
    stream.finish()
    return file.getvalue()


@given(st.binary(max_size=300), st.integers(1, 50))
def test_rows_are_read_as_they_were_written(rows: bytes, size: int) -> None:
    reader = RecordReader(EncryptedReader(io.BytesIO(a_backup(rows)), PASSPHRASE))
    reader.read(RecordKind.HEADER), reader.read(RecordKind.KEYS), reader.read(RecordKind.TABLE)
    source = RowsReader(reader)
    assert b"".join(iter(lambda: source.read(size), b"")) == rows


def test_one_without_its_last_record_is_refused(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.write_bytes(a_backup(b"1\n2\n3\n"))
    cut.write_bytes(a_backup(b"1\n2\n3\n", ends=False))
    assert load.check_backup(whole, PASSPHRASE).rows == {"tasks": 3}
    with pytest.raises(InvalidBackup, match="truncated"):
        load.check_backup(cut, PASSPHRASE)


@pytest.mark.parametrize(
    "more",
    [
        {"LD_PRELOAD": "/tmp/theirs.so"},
        {"SECRET_KEY": "one\nLD_PRELOAD=/tmp/theirs.so"},
        {"SECRET_KEY": "one\u2028DATABASE_URL=postgresql://theirs"},
        {"SECRET_KEY": ["one"]},
    ],
)
def test_a_backup_sets_keys_and_nothing_else(tmp_path: Path, more: dict[str, object]) -> None:
    (file := tmp_path / "backup").write_bytes(a_backup(b"1\n", keys={**KEYS, **more}))
    with pytest.raises(InvalidBackup, match="key"):
        load.check_backup(file, PASSPHRASE)
    fewer = {name: text for name, text in KEYS.items() if name != "ENCRYPTION_KEYS"}
    file.write_bytes(a_backup(b"1\n", keys=fewer))
    with pytest.raises(InvalidBackup, match="aren't the keys"):
        load.check_backup(file, PASSPHRASE)
    scraped = {**KEYS, "MUSTER_METRICS_TOKEN": "two"}
    file.write_bytes(a_backup(b"1\n", keys=scraped))
    assert load.check_backup(file, PASSPHRASE).keys == scraped


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    path.write_bytes(b"yesterday's")
    with pytest.raises(BackupError, match="already"), create_atomically(path):
        pass
    assert path.read_bytes() == b"yesterday's"


def test_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with create_atomically(tmp_path / "backup") as file:
            file.write(b"some")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert list(tmp_path.iterdir()) == []


MAKING = """
import sys
from itertools import count
from pathlib import Path
from tests.app.server_cli.test_backup_format import a_backup
from app.server_cli.backups.atomic_file import create_atomically
data = a_backup(bytes(300_000))
print("begun", flush=True)
for number in count():
    with create_atomically(Path(sys.argv[1]) / f"backup-{number}") as file:
        for at in range(0, len(data), 100):
            file.write(data[at:at + 100])
            file.flush()
"""


def test_one_that_is_killed_is_whole_or_not_there(tmp_path: Path) -> None:
    for kill in range(3):
        folder = tmp_path / str(kill)
        folder.mkdir()
        command = [sys.executable, "-c", MAKING, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"begun\n"
            until = time.monotonic() + random.uniform(0.02, 0.3)
            while time.monotonic() < until:
                list(folder.iterdir())
            child.send_signal(signal.SIGKILL)
        made = [path for path in folder.iterdir() if path.suffix != ".partial"]
        for path in made:
            assert load.check_backup(path, PASSPHRASE).rows == {"tasks": 3}
