"""Files that git takes long to compare."""

import itertools
import random
import string
from collections.abc import Iterator

SIDE = 4 << 20
_LETTERS = (string.ascii_letters + string.digits).encode()
_BITS = 15


def disorder(seed: int, size: int = SIDE) -> bytes:
    """Few lines that occur often, in disorder: git looks for the best way from one to the other."""
    chosen = random.Random(seed)
    return b"".join(b"%c\n" % letter for letter in chosen.choices(b"abcdefgh", k=size // 2))


def colliding(first: int, count: int) -> bytes:
    """Lines that all differ and have one hash: git compares each of them with each."""
    blocks = list(itertools.islice(_blocks(), _BITS))
    lines = (
        b"".join(block[number >> bit & 1] for bit, block in enumerate(blocks))
        for number in range(first, first + count)
    )
    return b"".join(line + b"\n" for line in lines)


def _blocks() -> Iterator[tuple[bytes, bytes]]:
    """Pairs of texts of which each leads to the same hash, one pair behind the other."""
    value = 5381
    while True:
        known: dict[int, bytes] = {}
        for text in map(bytes, itertools.product(_LETTERS, repeat=2)):
            hashed = _hashed(text, value)
            if hashed in known:
                yield known[hashed], text
                value = hashed
                break
            known[hashed] = text


def _hashed(text: bytes, value: int) -> int:
    """The hash that git's xdiff has of a line."""
    for byte in text:
        value = (value * 33 ^ byte) & (1 << 64) - 1
    return value
