"""What people's programs reach through the proxy: curl, pip, npm and git, by plain and by TLS."""

import base64
import hashlib
import io
import json
import os
import ssl
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.muster.worker.egress.outside import ALLOWED, ALLOWED_AT, Web, certificate, web
from tests.muster.worker.egress.proxied_network import ProxiedNetwork, proxied_network


class Site:
    """The allowed server over TLS, and a sandbox that can reach it."""

    def __init__(self, server: Web, directory: Path, room: ProxiedNetwork) -> None:
        self.server = server
        self.directory = directory
        self.room = room
        self.authority = f"{ALLOWED}:{server.port}"
        self.ca = str(directory / "ca.pem")

    def run(self, *command: str, **env: str) -> str:
        return self.room.run(*command, env={"HOME": str(self.directory), **env})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from _site(tmp_path, certificate(tmp_path, ALLOWED))


@pytest.fixture
def plain_site(tmp_path: Path) -> Iterator[Site]:
    yield from _site(tmp_path, None)


def _site(directory: Path, tls: ssl.SSLContext | None) -> Iterator[Site]:
    content = directory / "content"
    content.mkdir()
    (content / "hello").write_text("hello\n")
    with web(ALLOWED_AT, content, tls) as server:
        allow = [f"{ALLOWED}:{server.port}", f"{ALLOWED_AT}:{server.port}"]
        with proxied_network(allow, {ALLOWED: [ALLOWED_AT]}) as inside:
            yield Site(server, directory, inside)


@pytest.mark.needs("curl")
@pytest.mark.parametrize("proxy", ["", "socks5h://127.0.0.1:3128", "http://127.0.0.1:3128"])
def test_curl_reaches_an_allowed_host(site: Site, proxy: str) -> None:
    chosen = ["--proxy", proxy] if proxy else []
    url = f"https://{site.authority}/hello"
    assert site.run("curl", "-sS", *chosen, "--cacert", site.ca, url) == "hello\n\nexit 0"
    assert site.room.refused == []


@pytest.mark.needs("curl")
@pytest.mark.parametrize("tunnel", [[], ["--proxytunnel"], ["--proxy", "socks5h://127.0.0.1:3128"]])
def test_curl_reaches_it_without_tls(plain_site: Site, tunnel: list[str]) -> None:
    url = f"http://{plain_site.authority}/hello"
    assert plain_site.run("curl", "-sS", *tunnel, url) == "hello\n\nexit 0"


@pytest.mark.needs("curl")
@pytest.mark.parametrize("header", ["Expect: 100-continue", "Transfer-Encoding: chunked"])
def test_a_long_body_arrives_whole(plain_site: Site, header: str) -> None:
    content = os.urandom(3 << 20)
    (plain_site.directory / "body").write_bytes(content)
    got: list[bytes] = []

    def receive(request: object) -> None:
        got.append(_body(request))
        request.send_response(200)  # type: ignore[attr-defined]
        request.send_header("Content-Length", "0")  # type: ignore[attr-defined]
        request.end_headers()  # type: ignore[attr-defined]

    plain_site.server.answers["/take"] = receive
    body = f"@{plain_site.directory / 'body'}"
    url = f"http://{plain_site.authority}/take"
    assert "exit 0" in plain_site.run("curl", "-sS", "-H", header, "--data-binary", body, url)
    assert got == [content]


def _body(request: object) -> bytes:
    file, headers = request.rfile, request.headers  # type: ignore[attr-defined]
    if length := headers["Content-Length"]:
        return bytes(file.read(int(length)))
    pieces = []
    while size := int(file.readline(), 16):
        pieces.append(file.read(size))
        file.readline()
    return b"".join(pieces)


def test_git_clones_and_hears_of_what_is_refused(site: Site) -> None:
    _repository(site.directory / "content" / "repo.git")
    clone = f"git clone -q https://{site.authority}/repo.git {site.directory}/clone"
    other = "git ls-remote https://evil.example.net/repo.git"
    output = site.run("sh", "-c", f"{clone} && {other}", GIT_SSL_CAINFO=site.ca)
    assert "response 403" in output
    assert (site.directory / "clone" / "file").read_text() == "content\n"
    assert site.room.refused == ["evil.example.net"]


def _repository(bare: Path) -> None:
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C", str(bare)]
    bare.mkdir()
    for command in (
        ["init", "-q"],
        ["add", "file"],
        ["commit", "-qm", "one"],
        ["update-server-info"],
    ):
        (bare / "file").write_text("content\n")
        subprocess.run([*git, *command], check=True)
    for each in (bare / ".git").iterdir():
        each.rename(bare / each.name)


def _pip() -> Path | None:
    """The pip that comes with Python; a virtual environment may have none."""
    import ensurepip

    found = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    return found[0] if found else None


@pytest.mark.skipif(_pip() is None, reason="needs the pip that comes with Python")
def test_pip_installs(site: Site) -> None:
    folder = site.directory / "content" / "simple" / "tiny"
    folder.mkdir(parents=True)
    name = "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        info = "tiny-1.0.dist-info"
        wheel.writestr("tiny.py", "SIZE = 1\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(
            f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    (folder / "index.html").write_text(f'<a href="{name}">{name}</a>')
    target = site.directory / "installed"
    output = site.run(
        *(sys.executable, "-m", "pip", "install", "-q", "--no-input", "--no-cache-dir"),
        *("--disable-pip-version-check", "--cert", site.ca, "--target", str(target)),
        *("--index-url", f"https://{site.authority}/simple/", "tiny"),
        PYTHONPATH=str(_pip()),
        PIP_CONFIG_FILE=os.devnull,
        PIP_RETRIES="0",
    )
    assert (target / "tiny.py").exists(), output


@pytest.mark.needs("npm")
def test_npm_installs(site: Site) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        content = b'{"name": "tiny", "version": "1.0.0"}'
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    (site.directory / "content" / "tiny.tgz").write_bytes(packed.getvalue())
    digest = base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()
    dist = {"tarball": f"https://{site.authority}/tiny.tgz", "integrity": f"sha512-{digest}"}
    version = {"name": "tiny", "version": "1.0.0", "dist": dist}
    about = {"name": "tiny", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    (site.directory / "content" / "tiny").write_text(json.dumps(about))
    project = site.directory / "project"
    project.mkdir()
    output = site.run(
        *("npm", "install", "--prefix", str(project), "--registry", f"https://{site.authority}/"),
        *("--cafile", site.ca, "--no-audit", "--no-fund", "--no-update-notifier", "tiny"),
        npm_config_cache=str(site.directory / "npm-cache"),
        npm_config_userconfig=os.devnull,
    )
    assert (project / "node_modules" / "tiny" / "package.json").exists(), output
