"""A build of the console as Vite and our compression leave it, in small."""

import gzip
from pathlib import Path

import pytest
from flask import Flask

from app.console.current_build import CurrentBuild

HTML = """<!doctype html><meta name="muster-build" content="__BUILD__">
<meta name="muster-plays" content="__PLAYS__"><meta property="csp-nonce" nonce="__NONCE__">
<script type="module" nonce="__NONCE__" src="/assets/index-1a2b.js"></script>"""
SCRIPT = b"console.log('here')\n" * 50


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    directory = tmp_path / "dist"
    (directory / "assets").mkdir(parents=True)
    (directory / ".vite").mkdir()
    (directory / "index.html").write_text(HTML)
    (directory / "index.html.br").write_text("of an entry nobody sends this")
    (directory / ".vite" / "manifest.json").write_text("{}")
    (directory / "mark.svg").write_text("<svg/>")
    script = directory / "assets" / "index-1a2b.js"
    script.write_bytes(SCRIPT)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(SCRIPT))
    script.with_name(script.name + ".br").write_bytes(b"brotli, in tests")
    for name in ("player-3c.wasm", "code-4d.woff2", "style-5e.css", "worker-6f.mjs"):
        (directory / "assets" / name).write_bytes(b"small")
    (tmp_path / "secret.txt").write_text("of somebody else")
    return directory


@pytest.fixture(autouse=True)
def served(app: Flask, dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "console", CurrentBuild(dist))
