"""Files and what people do to them, made from a seed."""

import random
from dataclasses import dataclass

WORDS = [
    b"}",
    b"",
    b"    return x",
    b"    pass",
    b"else:",
    b"# \xc3\xa9",
    b"\t\tbreak",
    b"import os",
]


@dataclass(frozen=True)
class GeneratedEdit:
    """Two versions of a file. `kept`: by the number of a line of `old` whose text is there once,
    and that nobody has touched, its number in `new`. `only_inserted`: nothing else was done.
    """

    old: bytes
    new: bytes
    kept: dict[int, int]
    only_inserted: bool


def edit(seed: int) -> GeneratedEdit:
    chance = random.Random(seed)
    end = chance.choice([b"\n", b"\n", b"\n", b"\r\n"])
    lines = [_line(chance, number) for number in range(chance.randrange(1, 60))]
    only_inserted = chance.random() < 0.3
    acts = [_insert] if only_inserted else [_insert, _delete, _replace, _move, _repeat]
    # Each with the number that it had, or None if it is new.
    edited: list[tuple[bytes, int | None]] = [(text, at) for at, text in enumerate(lines, 1)]
    for _ in range(chance.randrange(1, 6)):
        chance.choice(acts)(chance, edited)
    texts = [text for text, _ in edited]
    kept = {
        was: now
        for now, (text, was) in enumerate(edited, 1)
        if was is not None and lines.count(text) == texts.count(text) == 1 and len(text) > 4
    }
    return GeneratedEdit(_file(chance, lines, end), _file(chance, texts, end), kept, only_inserted)


def _line(chance: random.Random, number: int) -> bytes:
    is_common = chance.random() < 0.4
    return (
        chance.choice(WORDS)
        if is_common
        else b"line %d of it: %x" % (number, chance.getrandbits(24))
    )


def _file(chance: random.Random, lines: list[bytes], end: bytes) -> bytes:
    """It may end without the end of a line."""
    content = b"".join(line + end for line in lines)
    is_cut = chance.random() < 0.2 and lines[-1:] != [b""]  # which would not be there then
    return content.removesuffix(end) if is_cut else content


Edited = list[tuple[bytes, int | None]]


def _insert(chance: random.Random, edited: Edited) -> None:
    at = chance.randrange(len(edited) + 1)
    count = chance.randrange(1, 8)
    edited[at:at] = [(_line(chance, 1000 + number), None) for number in range(count)]


def _delete(chance: random.Random, edited: Edited) -> None:
    at = chance.randrange(len(edited) + 1)
    del edited[at : at + chance.randrange(1, 5)]


def _replace(chance: random.Random, edited: Edited) -> None:
    for at in range(len(edited)):
        if chance.random() < 0.1:
            edited[at] = (_line(chance, 2000 + at), None)


def _move(chance: random.Random, edited: Edited) -> None:
    at, count = chance.randrange(len(edited) + 1), chance.randrange(1, 10)
    block = edited[at : at + count]
    del edited[at : at + count]
    to = chance.randrange(len(edited) + 1)
    edited[to:to] = block


def _repeat(chance: random.Random, edited: Edited) -> None:
    """Copy a block: its lines are there twice."""
    at = chance.randrange(len(edited) + 1)
    copied: Edited = [(text, None) for text, _ in edited[at : at + chance.randrange(1, 6)]]
    to = chance.randrange(len(edited) + 1)
    edited[to:to] = copied
