"""A build of the console on disk: its files, and how each is sent."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ENTRY = "index.html"
ASSETS = "assets"
NONCE, BUILD, PLAYS = "__NONCE__", "__BUILD__", "__PLAYS__"
"""Placeholders in the entry page's HTML, replaced when it's sent (`Build.render_page`)."""

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""File suffix of each HTTP content encoding, best first."""

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
UNKNOWN_TYPE = "application/octet-stream"


class BuildNotFound(Exception):
    """There is no console build in that directory."""


@dataclass(frozen=True)
class File:
    """A file of the build: its media type, the hash of its bytes, and its paths by encoding
    (`identity` always).

    Bytes are read once, on first use.
    """

    media_type: str
    digest: str
    paths: dict[str, Path]
    _cache: dict[str, bytes] = field(default_factory=dict)

    def read_bytes(self, encoding: str) -> bytes:
        """Return the bytes. Raises OSError if the file is gone."""
        if encoding not in self._cache:
            self._cache[encoding] = self.paths[encoding].read_bytes()
        return self._cache[encoding]


@dataclass(frozen=True)
class Build:
    """`name` is unique per build. `files` are by path under its directory, such as
    `assets/index-4f9a.js`, without the entry.
    """

    name: str
    files: dict[str, File]
    _html: str

    def render_page(self, nonce: str, *, plays: bool) -> str:
        """Return the HTML of every page, for one response with this nonce."""
        return self._html.replace(NONCE, nonce).replace(PLAYS, "yes" if plays else "no")


def load_build(directory: Path) -> Build:
    """Load the build in this directory. Raises BuildNotFound."""
    try:
        html = (directory / ENTRY).read_text(encoding="utf-8")
    except OSError:
        raise BuildNotFound from None
    if NONCE not in html:  # a page whose scripts the policy would block
        raise BuildNotFound
    # The entry names its files by content hashes, and these name theirs.
    name = hashlib.sha256(html.encode()).hexdigest()[:12]
    return Build(name, dict(_find_files(directory)), html.replace(BUILD, name))


def _find_files(directory: Path) -> Iterator[tuple[str, File]]:
    """Yield the files at the top level, which keep their names, and the assets."""
    compressed = tuple(ENCODINGS.values())
    for place in sorted((*directory.glob("*"), *directory.glob(f"{ASSETS}/**/*"))):
        name = place.relative_to(directory).as_posix()
        if place.is_file() and name != ENTRY and not name.endswith(compressed):
            yield name, _load_file(place)


def _load_file(place: Path) -> File:
    found = {"identity": place}
    for encoding, ending in ENCODINGS.items():
        beside = place.with_name(place.name + ending)
        if beside.is_file():
            found[encoding] = beside
    digest = hashlib.sha256(place.read_bytes()).hexdigest()[:32]
    return File(TYPES.get(place.suffix, UNKNOWN_TYPE), digest, found)
