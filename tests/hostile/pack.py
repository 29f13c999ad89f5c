"""A pack of git's that is put together by hand, entry by entry (gitformat-pack(5))."""

import hashlib
import struct
import zlib

from muster.worker.sandbox.sandbox import ANNOUNCEMENT

COMMIT, TREE, BLOB, REF_DELTA = 1, 2, 3, 7
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
MIB = 1 << 20


class Pack:
    """A pack that is put together by hand."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []

    def add(self, kind: int, content: bytes) -> str:
        """The id of the object."""
        self._entries.append(_head(kind, len(content)) + zlib.compress(content, 1))
        return object_id(kind, content)

    def add_delta(self, base: str, delta: bytes) -> None:
        head = _head(REF_DELTA, len(delta)) + bytes.fromhex(base)
        self._entries.append(head + zlib.compress(delta, 9))

    def stream(self, count: int | None = None) -> bytes:
        number = len(self._entries) if count is None else count
        body = b"PACK" + struct.pack("!II", 2, number) + b"".join(self._entries)
        return body + hashlib.sha1(body).digest()

    def commit(self, tree: str) -> str:
        return self.add(COMMIT, commit_text(tree))


def announced(command: str) -> str:
    """A shell command that stands for one in a sandbox, which announces itself."""
    octal = "".join(f"\\{byte:03o}" for byte in ANNOUNCEMENT)
    return f"{{ printf '{octal}' >&2; {command}; }}"


def object_id(kind: int, content: bytes) -> str:
    return hashlib.sha1(b"%s %d\0" % (NAMES[kind], len(content)) + content).hexdigest()


def commit_text(tree: str) -> bytes:
    who = b"a <a@example.com> 1 +0000"
    return b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (tree.encode(), who, who)


def tree_text(*entries: tuple[bytes, bytes, str]) -> bytes:
    """Of modes, names and ids, in that order."""
    return b"".join(b"%s %s\0" % entry[:2] + bytes.fromhex(entry[2]) for entry in entries)


def repeated(size: int, times: int) -> bytes:
    """A delta that copies the whole base, of so many bytes, again and again."""
    lengths = []
    left = size
    while left:
        lengths.append(min(left, 0xFFFFFF))
        left -= lengths[-1]
    copies = b""
    at = 0
    for length in lengths:
        copies += b"\xff" + struct.pack("<I", at) + struct.pack("<I", length)[:3]
        at += length
    return _varint(size) + _varint(size * times) + copies * times


def changed(size: int, number: int) -> bytes:
    """A delta that copies the base, of under 16 MiB, and adds four bytes."""
    copy = b"\xff" + struct.pack("<I", 0) + struct.pack("<I", size)[:3]
    return _varint(size) + _varint(size + 4) + copy + b"\x04" + struct.pack("!I", number)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _head(kind: int, size: int) -> bytes:
    first, size = kind << 4 | size & 0x0F, size >> 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    return bytes([*out, first])
