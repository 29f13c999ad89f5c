"""The media type for showing another person's file."""

OCTET_STREAM = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"


def detect(data: bytes) -> str:
    """Detect the media type from the bytes: harmless images, text, or neither.

    SVG can run scripts, so it counts as text.
    """
    for start, kind in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
    ):
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    try:
        data.decode()
    except UnicodeDecodeError:
        return OCTET_STREAM
    return OCTET_STREAM if b"\0" in data else TEXT
