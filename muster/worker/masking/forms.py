"""The forms of a secret in output. Imports little, because every shim starts with it."""

from binascii import b2a_base64
from collections.abc import Iterable, Iterator

MIN_DERIVED_LENGTH = 8
"""Shorter derived forms aren't searched for, because they would match by chance."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_WRAP_COLUMNS = (76, 64)  # columns: MIME and `base64`; PEM and `openssl base64`
_ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def literal_forms(secret: bytes) -> Iterator[bytes]:
    """Return it unchanged, trimmed, with CR LF, and inside a URL."""
    for text in (secret, secret.strip()):
        yield text
        yield text.replace(b"\n", b"\r\n")
        yield _percent_encoded(text, b"")
        yield _percent_encoded(text, b"/")


def derived_forms(secret: bytes) -> Iterator[bytes]:
    """Return the lines of a long one, its base64, and its JSON forms.

    Lines of wrapped base64 are only found if the secret starts it.
    """
    whole = secret.strip()
    lines = _secret_lines(whole)
    forms = [*_base64_forms(secret), *_base64_forms(whole), *lines]
    for text in (secret, whole, *lines):
        forms += _json_forms(text)
    yield from (form for form in forms if len(form) >= MIN_DERIVED_LENGTH)


def _secret_lines(text: bytes) -> list[bytes]:
    """Return the contents of its lines, except the public frame of a PEM file."""
    if b"\n" not in text:
        return []
    lines = (line.strip() for line in text.split(b"\n"))
    return [line for line in lines if not (line.startswith(b"-----") and line.endswith(b"-----"))]


def _base64_forms(text: bytes) -> Iterator[bytes]:
    """Return the part that doesn't depend on its surroundings, in both alphabets, complete and
    wrapped."""
    for before in range(3):
        coded = b2a_base64(bytes(before) + text, newline=False)
        # A byte before it takes 8 of the bits, and every letter has 6.
        certain = coded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6]
        yield certain
        yield certain.translate(_URL_SAFE)
    for ended in (text, text + b"\n"):
        coded = b2a_base64(ended, newline=False)
        for padded in (coded, coded.translate(_URL_SAFE)):
            yield padded
            yield padded.rstrip(b"=")
        for width in _WRAP_COLUMNS:
            if len(coded) > width:
                yield from (coded[at : at + width] for at in range(0, len(coded), width))


def _json_forms(text: bytes) -> Iterable[bytes]:
    """Return its form as a JSON string, if that differs: the usual one, in ASCII, and Go's."""
    known = text.decode(errors="surrogateescape")
    usual = known.translate(_JSON)
    forms = (usual, _escape_non_ascii(usual), usual.translate(_JSON_OF_GO))
    return {form.encode(errors="surrogateescape") for form in forms if form != known}


def _escape_non_ascii(text: str) -> str:
    if text.isascii():
        return text
    units = text.encode("utf-16-be", errors="surrogatepass")
    pairs = (units[at] << 8 | units[at + 1] for at in range(0, len(units), 2))
    return "".join(chr(unit) if unit < 128 else f"\\u{unit:04x}" for unit in pairs)


def _percent_encoded(text: bytes, safe: bytes) -> bytes:
    # urllib.parse would do it too, but takes a tenth of the shim's start.
    kept = _UNRESERVED.union(safe)
    return b"".join(b"%c" % byte if byte in kept else b"%%%02X" % byte for byte in text)


_JSON = {code: f"\\u{code:04x}" for code in range(32)} | _ESCAPES
_JSON_OF_GO = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&"}
