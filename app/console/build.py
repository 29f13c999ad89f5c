"""A build of the console on disk: what it consists of, and how each file is sent."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ENTRY = "index.html"
ASSETS = "assets"
NONCE, BUILD, PLAYS = "__NONCE__", "__BUILD__", "__PLAYS__"
"""Their places in the entry's HTML are filled when it is sent (`Build.page`)."""

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""By the name that HTTP has for it, the better one first: what its files are called besides."""

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
    """There is no build of the console in that directory."""


@dataclass(frozen=True)
class File:
    """A file of the build: its media type, the hash of its bytes, and where they lie by encoding
    (`identity` always). Bytes are read once, when they are first asked for.
    """

    media_type: str
    digest: str
    paths: dict[str, Path]
    _cache: dict[str, bytes] = field(default_factory=dict)

    def read_bytes(self, encoding: str) -> bytes:
        """Raises OSError where the file is gone."""
        if encoding not in self._cache:
            self._cache[encoding] = self.paths[encoding].read_bytes()
        return self._cache[encoding]


@dataclass(frozen=True)
class Build:
    """`name` tells this build from every other; `files` are by their paths under its directory,
    such as `assets/index-4f9a.js`, without the entry.
    """

    name: str
    files: dict[str, File]
    _html: str

    def render_page(self, nonce: str, *, plays: bool) -> str:
        """The HTML of every page, for one answer with this nonce."""
        return self._html.replace(NONCE, nonce).replace(PLAYS, "yes" if plays else "no")


def load_build(directory: Path) -> Build:
    """The build in this directory. Raises NoBuild."""
    try:
        html = (directory / ENTRY).read_text(encoding="utf-8")
    except OSError:
        raise BuildNotFound from None
    if NONCE not in html:  # a page whose scripts the policy would stop
        raise BuildNotFound
    # The entry names what it loads by hashes of the contents, and these what they load.
    name = hashlib.sha256(html.encode()).hexdigest()[:12]
    return Build(name, dict(_find_files(directory)), html.replace(BUILD, name))


def _find_files(directory: Path) -> Iterator[tuple[str, File]]:
    """Those right in it, which keep their names, and the assets."""
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
