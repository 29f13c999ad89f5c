"""Encrypt a stream of bytes with a passphrase. Readers detect every change and every cut.

    16 bytes  "muster-backup 1" and a line feed
     3 bytes  scrypt's cost: log2 of n, r, p
    16 bytes  salt
              chunks: 64 KiB of the stream each, encrypted with ChaCha20-Poly1305 (16 bytes more)

scrypt derives the key from passphrase and salt, so each file has its own. A chunk's nonce is its
number and whether it is the last; the header is authenticated with each chunk. So chunks can't be
changed, removed, repeated or swapped, and a truncated file has no last chunk. (This is the STREAM
construction, as in age.)
"""

import os
import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.server_cli.backups.errors import InvalidBackup

MAGIC = b"muster-backup 1\n"
CHUNK_BYTES = 64 << 10  # bytes of the stream
TAG_BYTES = 16
_HEADER = struct.Struct(">16sBBB16s")
_NONCE = struct.Struct(">xxxQB")
# 128 MiB and some tenths of a second, to make guessing a passphrase expensive.
COST = (17, 8, 1)
_MAX_COST = (20, 16, 4)

WRONG_PASSPHRASE = "wrong passphrase, or the file was truncated or changed"
TRUNCATED = "the backup is incomplete: the file was truncated or changed"


def _derive_key(passphrase: str, salt: bytes, cost: tuple[int, int, int]) -> ChaCha20Poly1305:
    log_n, r, p = cost
    scrypt = Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p)
    return ChaCha20Poly1305(scrypt.derive(passphrase.encode()))


class EncryptedWriter:
    """Encrypts what is written to it. Without `finish` the file counts as truncated."""

    def __init__(self, file: BinaryIO, passphrase: str, cost: tuple[int, int, int] = COST) -> None:
        salt = os.urandom(16)
        self._file = file
        self._head = _HEADER.pack(MAGIC, *cost, salt)
        self._cipher = _derive_key(passphrase, salt, cost)
        self._buffer = bytearray()  # a full chunk stays here because it may be the last
        self._number = 0
        file.write(self._head)

    def write(self, data: bytes) -> None:
        """Add bytes to the stream. Raises OSError."""
        self._buffer += data
        while len(self._buffer) > CHUNK_BYTES:
            self._encrypt(bytes(self._buffer[:CHUNK_BYTES]), is_last=False)
            del self._buffer[:CHUNK_BYTES]

    def finish(self) -> None:
        """Write the last chunk."""
        self._encrypt(bytes(self._buffer), is_last=True)
        self._buffer.clear()

    def _encrypt(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _NONCE.pack(self._number, is_last)
        self._file.write(self._cipher.encrypt(nonce, piece, self._head))
        self._number += 1


class EncryptedReader:
    """Decrypts the stream of a backup. All data that it returns is authenticated; the file is known
    to be complete once `read` reaches the end.

    Raises InvalidBackup, also later from `read`.
    """

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file = file
        self._head = file.read(_HEADER.size)
        if len(self._head) < _HEADER.size or not self._head.startswith(MAGIC):
            raise InvalidBackup("this isn't a backup in a format that this Muster knows")
        _, log_n, r, p, salt = _HEADER.unpack(self._head)
        cost = (log_n, r, p)
        if any(not 0 < each <= most for each, most in zip(cost, _MAX_COST, strict=True)):
            raise InvalidBackup(WRONG_PASSPHRASE)
        self._cipher = _derive_key(passphrase, salt, cost)
        self._next = file.read(CHUNK_BYTES + TAG_BYTES)
        self._number = 0
        self._buffer = bytearray()
        self._is_finished = False

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer only at the end of the stream."""
        while len(self._buffer) < size and not self._is_finished:
            self._buffer += self._decrypt()
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    def _decrypt(self) -> bytes:
        sealed, self._next = self._next, self._file.read(CHUNK_BYTES + TAG_BYTES)
        self._is_finished = not self._next
        try:
            nonce = _NONCE.pack(self._number, self._is_finished)
            piece = self._cipher.decrypt(nonce, sealed, self._head)
        except InvalidTag:
            raise InvalidBackup(TRUNCATED if self._number else WRONG_PASSPHRASE) from None
        self._number += 1
        return piece
