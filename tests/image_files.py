"""Small images of each format, made without a library."""

import zlib


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body).to_bytes(4)
    return len(body).to_bytes(4) + kind + body + checksum


def make_png(width: int = 3, height: int = 2, *extra: tuple[bytes, bytes], size: int = 0) -> bytes:
    """Return a red PNG that decoders can show, with `extra` chunks before its data, and at least
    `size` bytes.
    """
    header = width.to_bytes(4) + height.to_bytes(4) + bytes((8, 2, 0, 0, 0))
    rows = (b"\0" + b"\xe0\x40\x40" * width) * min(height, 2_000)
    parts = [_chunk(b"IHDR", header), *(_chunk(*each) for each in extra)]
    made = b"\x89PNG\r\n\x1a\n" + b"".join([*parts, _chunk(b"IDAT", zlib.compress(rows))])
    if size:
        made += _chunk(b"tEXt", b"x" * (size - len(made) - 24))
    return made + _chunk(b"IEND", b"")


def make_jpeg(width: int = 3, height: int = 2, frame: int = 0xC0) -> bytes:
    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body

    size = b"\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x01" + b"\x01\x11\x00"
    parts = [segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"), b"\xff", segment(frame, size)]
    return b"\xff\xd8" + b"".join([*parts, segment(0xDA, b"\x01\x01\0\0\x3f\0"), b"data\xff\xd9"])


def _riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def make_webp(width: int = 3, height: int = 2, kind: str = "VP8 ", flags: int = 0) -> bytes:
    lossy = b"\x10\0\0\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little")
    bits = (width - 1) | (height - 1) << 14
    lossless = b"\x2f" + bits.to_bytes(4, "little") + b"\0"
    if kind == "VP8 ":
        return _riff((b"VP8 ", lossy))
    if kind == "VP8L":
        return _riff((b"VP8L", lossless))
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _riff((b"VP8X", bytes((flags, 0, 0, 0)) + canvas), (b"VP8 ", lossy))
