"""The console's pages and files, as browsers get them."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.console.build import BUILD, NONCE, PLAYS
from app.console.routes import PAGES
from tests.app.console.conftest import SCRIPT
from tests.contract import page
from tests.factories import make_developer

MACHINE = "4f5b6f0e-54b1-4a8e-9f0b-0c6f6c6f0e11"
PATHS = [
    path.replace("<int:task_id>", "12")
    .replace("<uuid:machine_id>", MACHINE)
    .replace("<key>", "BILLING")
    for path in PAGES
]
ASSET = "/assets/index-1a2b.js"
CONSOLE_PAGES = [
    *(
        "/",
        "/login",
        "/invitation",
        "/device",
        "/tasks",
        "/tasks/*",
        "/machines",
        "/machines/*",
        "/projects",
    ),
    *("/projects/*", "/notifications", "/profile", "/admin/developers"),
    *("/admin/machines", "/admin/worker-tokens", "/admin/bots", "/admin/deliveries"),
    *("/admin/audit", "/admin/settings", "/admin/usage"),
]


def nonces(html: str) -> set[str]:
    return set(re.findall(r'nonce="([^"]+)"', html))


def policy_of(answer: object) -> dict[str, str]:
    header = answer.headers["Content-Security-Policy"]  # type: ignore[attr-defined]
    return dict(rule.strip().partition(" ")[::2] for rule in header.split(";"))


def test_the_pages_are_those_of_the_table() -> None:
    assert [re.sub(r"<[^>]+>", "*", path) for path in PAGES] == CONSOLE_PAGES


def test_the_pages_are_those_of_the_reference() -> None:
    _, _, listed = page.section("Routes").partition("\n### Console pages\n")
    named = [re.sub(r":\w+", "*", path) for path in page.words(listed)]
    assert named == CONSOLE_PAGES


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_one_html_with_a_nonce_of_its_own(client: FlaskClient, path: str) -> None:
    first, second = client.get(path), client.get(path)
    assert (first.status_code, first.mimetype) == (200, "text/html")
    assert first.headers["Cache-Control"] == "no-cache"
    assert "ETag" not in first.headers
    assert not any(place in first.text for place in (NONCE, BUILD, PLAYS))
    for answer in (first, second):
        [nonce] = nonces(answer.text)
        assert len(nonce) >= 22
        assert f"'nonce-{nonce}'" in policy_of(answer)["script-src"]
    assert nonces(first.text).isdisjoint(nonces(second.text))


def test_a_page_runs_nothing_but_what_has_its_nonce(client: FlaskClient) -> None:
    answer = client.get("/")
    [nonce] = nonces(answer.text)
    policy = policy_of(answer)
    assert policy["script-src"] == f"'nonce-{nonce}'"
    assert policy["style-src"] == policy["style-src-elem"] == f"'self' 'nonce-{nonce}'"
    assert policy["style-src-attr"] == "'unsafe-inline'"
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == policy["form-action"] == "'self'"
    whole = answer.headers["Content-Security-Policy"]
    assert whole.count("unsafe") == 1, "of attributes alone"


@pytest.mark.parametrize(
    ("path", "plays"),
    [
        pytest.param("/tasks/12?view=recording", True, id="a recording"),
        pytest.param("/tasks/12?view=log", False, id="another view"),
        pytest.param("/tasks/12", False, id="none"),
        pytest.param("/tasks?view=recording", False, id="no task"),
        pytest.param("/?view=recording", False, id="home"),
    ],
)
def test_only_a_page_with_a_player_runs_webassembly(
    client: FlaskClient, path: str, plays: bool
) -> None:
    answer = client.get(path)
    assert ("'wasm-unsafe-eval'" in policy_of(answer)["script-src"]) == plays
    assert f'content="{"yes" if plays else "no"}"' in answer.text


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/nowhere",
            "/admin",
            "/admin/nowhere",
            "/tasks/x",
            "/tasks/0x1",
            "/tasks/1/2",
            "/console",
        ),
        *("/machines/heron", "/index.html", "/assets", "/assets/", "/assets/nothing.js"),
    ],
)
def test_what_is_no_page_is_a_problem_in_json(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nowhere", "/api/web/tasks"])
def test_the_api_has_no_pages(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../index.html",
        "/assets/..%2findex.html",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/assets//etc/passwd",
        "/assets/../../secret.txt",
        "/assets/.././.vite/manifest.json",
        "/assets/index-1a2b.js/",
        "/assets/index-1a2b.js.br",
        "/assets/index-1a2b.js.gz",
        "/.vite/manifest.json",
        "/index.html.br",
    ],
)
def test_no_path_leads_out_of_the_build(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_asset_is_kept_for_ever(client: FlaskClient) -> None:
    answer = client.get(ASSET)
    assert answer.data == SCRIPT
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Length"] == str(len(SCRIPT))
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("taken", "encoding", "body"),
    [
        pytest.param("gzip, deflate, br, zstd", "br", b"brotli, in tests", id="a browser"),
        pytest.param("gzip", "gzip", gzip.compress(SCRIPT), id="gzip alone"),
        pytest.param("br;q=0, gzip;q=0.1", "gzip", gzip.compress(SCRIPT), id="no brotli"),
        pytest.param("identity", None, SCRIPT, id="nothing"),
    ],
)
def test_an_asset_comes_as_small_as_the_client_takes_it(
    client: FlaskClient, taken: str, encoding: str | None, body: bytes
) -> None:
    answer = client.get(ASSET, headers={"Accept-Encoding": taken})
    assert answer.headers.get("Content-Encoding") == encoding
    assert len(answer.data) == int(answer.headers["Content-Length"])
    assert (gzip.decompress(answer.data) if encoding == "gzip" else answer.data) == (
        SCRIPT if encoding == "gzip" else body
    )


def test_what_a_client_has_is_not_sent_again(client: FlaskClient) -> None:
    packed = {"Accept-Encoding": "br"}
    tags = [client.get(ASSET, headers=headers).headers["ETag"] for headers in ({}, packed)]
    assert tags[0] != tags[1], "as bytes they differ"
    answer = client.get(ASSET, headers={**packed, "If-None-Match": tags[1]})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/mark.svg").headers["Cache-Control"] == "no-cache"


def test_a_head_says_what_a_get_would_bring(client: FlaskClient) -> None:
    answer = client.head(ASSET)
    assert (answer.data, answer.headers["Content-Length"]) == (b"", str(len(SCRIPT)))


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index-1a2b.js", "text/javascript; charset=utf-8"),
        ("worker-6f.mjs", "text/javascript; charset=utf-8"),
        ("style-5e.css", "text/css; charset=utf-8"),
        ("player-3c.wasm", "application/wasm"),
        ("code-4d.woff2", "font/woff2"),
    ],
)
def test_a_file_is_of_its_type(client: FlaskClient, name: str, media_type: str) -> None:
    assert client.get(f"/assets/{name}").content_type == media_type


def test_without_a_build_pages_say_what_to_run(client: FlaskClient, dist: Path) -> None:
    (dist / "index.html").unlink()
    answer = client.get("/tasks")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "make built" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(ASSET).status_code == 404


def test_a_newer_build_is_taken_up_as_it_comes(client: FlaskClient, dist: Path) -> None:
    [before] = re.findall(r'muster-build" content="(\w+)"', client.get("/").text)
    new = dist / "index.new"
    new.write_text((dist / "index.html").read_text() + "<p>newer</p>")
    new.replace(dist / "index.html")
    html = client.get("/").text
    [after] = re.findall(r'muster-build" content="(\w+)"', html)
    assert "newer" in html
    assert before != after


def test_whoever_reads_the_news_is_told_of_which_build_the_console_is(
    app: Flask, client: FlaskClient, login: object
) -> None:
    [name] = re.findall(r'muster-build" content="(\w+)"', client.get("/").text)
    answer = client.get("/api/web/stream", headers=login(make_developer()))  # type: ignore[operator]
    assert answer.headers["X-Muster-Build"] == name
    answer.close()


def test_pages_set_and_read_no_cookie(client: FlaskClient) -> None:
    client.set_cookie("muster-1", "whoever")
    answer = client.get("/tasks", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers
