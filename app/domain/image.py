"""Images that people attach to tasks: their limits, and their types by content.

Only the parts of a file that tell its type and size are read, strictly: what doesn't parse isn't an
image.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.domain import field_errors
from app.domain.errors import Conflict
from app.domain.field_errors import InvalidValue
from app.domain.sanitize import make_printable

MAX_BYTES = 5 << 20
"""Maximum bytes per image."""

MAX_PER_TASK = 10
"""Maximum images per task, including its follow-ups."""

MAX_UNUSED = 20
"""Maximum uploads per developer that no task uses yet."""

UNUSED_HOURS = 24
"""Hours until an unused upload is deleted."""

MAX_SIDE = 16_384  # pixels
MAX_NAME = 100  # characters

_PNG = b"\x89PNG\r\n\x1a\n"
# By color type: the bit depths that it allows.
_PNG_DEPTHS = {
    0: {1, 2, 4, 8, 16},
    2: {8, 16},
    3: {1, 2, 4, 8},
    4: {8, 16},
    6: {8, 16},
}
_JPEG_STANDALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN, _JPEG_END = 0xDA, b"\xff\xd9"
_WEBP_ANIMATION = 0x02


class TooManyImages(Conflict):
    """You have too many images that no task uses. Create the tasks, or delete some."""

    code = "too_many_images"


class ImageFacts(NamedTuple):
    """An image's media type, and its size in pixels."""

    media_type: str
    width: int
    height: int

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.media_type]


EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
"""File extension of each supported media type."""


class _Malformed(Exception):
    """The bytes break their format's rules."""


def read_facts(data: bytes) -> ImageFacts:
    """Read an image's type and size from its content. Raises InvalidValue."""
    try:
        facts = _reader(data)(data)
    except (_Malformed, IndexError, StopIteration):
        raise InvalidValue(field_errors.NOT_AN_IMAGE) from None
    if not (1 <= facts.width <= MAX_SIDE and 1 <= facts.height <= MAX_SIDE):
        raise InvalidValue(field_errors.IMAGE_SIDES(max=MAX_SIDE))
    return facts


def clean_name(name: str, facts: ImageFacts) -> str:
    """Return a file's name for display: one visible line, without directories."""
    words = " ".join(name.replace("\\", "/").rpartition("/")[2].split())
    return make_printable(words)[:MAX_NAME].strip() or f"image.{facts.extension}"


def images_of_round(
    described: Iterable[Mapping[str, Any]], follow_up: int | None
) -> list[Mapping[str, Any]]:
    """Return the images, as `Task.images` describes them, for the agents of a round about that
    follow-up (None: the task itself): its own first, then earlier ones.
    """
    known = [each for each in described if (each["followUp"] or 0) <= (follow_up or 0)]
    return sorted(known, key=lambda each: each["followUp"] != follow_up)


def missing_text(names: Iterable[str]) -> str:
    """Return the end of a prompt on a machine that can't fetch the images."""
    listed = ", ".join(f"“{name}”" for name in names)
    return (
        f"The task has images that this machine's release of Muster can't fetch: {listed}. "
        "If you need them, say so."
    )


def _reader(data: bytes) -> Callable[[bytes], ImageFacts]:
    if data.startswith(_PNG):
        return _read_png
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _read_webp
    raise _Malformed


def _read_png(data: bytes) -> ImageFacts:
    """The header comes first, then chunks up to IEND, with image data among them."""
    chunks = _png_chunks(data)
    kind, header = next(chunks)
    if kind != b"IHDR" or len(header) != 13:
        raise _Malformed
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    depth, color, compression, filters, interlace = header[8:]
    is_known = depth in _PNG_DEPTHS.get(color, ()) and compression == filters == 0
    kinds = [kind for kind, _ in chunks]
    if not is_known or interlace > 1 or b"IDAT" not in kinds:
        raise _Malformed
    if b"acTL" in kinds:
        raise InvalidValue(field_errors.IMAGE_ANIMATED)
    return ImageFacts("image/png", width, height)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while True:
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body, checksum = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        if len(checksum) != 4 or not kind.isalpha():
            raise _Malformed
        # Of the rest, decoders find errors; the header is what we rely on.
        if kind == b"IHDR" and zlib.crc32(kind + body) != int.from_bytes(checksum):
            raise _Malformed
        yield kind, body
        if kind == b"IEND":
            return
        at += 12 + length


def _read_jpeg(data: bytes) -> ImageFacts:
    """Segments follow each other up to the scan; one before it is the frame, with the size."""
    at, size = 2, None
    while True:
        if data[at] != 0xFF:
            raise _Malformed
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _JPEG_STANDALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + length]
        if length < 2 or len(body) != length - 2:
            raise _Malformed
        if marker == _JPEG_SCAN:
            if size is None or data.rfind(_JPEG_END) < at:
                raise _Malformed
            return ImageFacts("image/jpeg", *size)
        if marker in _JPEG_FRAMES:
            if size is not None or len(body) != 6 + 3 * body[5]:
                raise _Malformed
            size = int.from_bytes(body[3:5]), int.from_bytes(body[1:3])
        at += 2 + length


def _read_webp(data: bytes) -> ImageFacts:
    """A RIFF file whose first chunk has the size; in an extended file, others have the image."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise _Malformed
    chunks = dict(reversed([*_riff_chunks(data[:end])]))
    kind, body = next(_riff_chunks(data[:end]))
    if kind == b"VP8X":
        if body[0] & _WEBP_ANIMATION:
            raise InvalidValue(field_errors.IMAGE_ANIMATED)
        if len(body) != 10 or not {b"VP8 ", b"VP8L"} & chunks.keys():
            raise _Malformed
        sides = [int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7)]
    elif kind == b"VP8 ":
        if len(body) < 10 or body[0] & 1 or body[3:6] != b"\x9d\x01\x2a":
            raise _Malformed
        sides = [int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8)]
    elif kind == b"VP8L":
        if len(body) < 5 or body[0] != 0x2F or body[4] >> 5:
            raise _Malformed
        bits = int.from_bytes(body[1:5], "little")
        sides = [(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1]
    else:
        raise _Malformed
    return ImageFacts("image/webp", *sides)


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + length]
        if len(data) < at + 8 or len(body) != length:
            raise _Malformed
        yield data[at : at + 4], body
        at += 8 + length + length % 2
