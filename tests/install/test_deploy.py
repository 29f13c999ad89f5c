"""The reverse proxies' files, checked by the programs that read them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.programs import find

DEPLOY = Path(__file__).parents[2] / "deploy"
OUTER = """\
pid {place}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    include {place}/site.conf;
}}
"""


def brought(name: str, place: Path) -> str:
    """The machine's own program, else that of Debian's package, unpacked: installed, it would
    start."""
    if Path(found := find(name)).name == name:
        return found
    place.mkdir()
    for argv in (["apt-get", "-qq", "download", name], ["dpkg", "-x"]):
        words = [*argv, *map(str, place.glob("*.deb")), str(place)] if argv[0] == "dpkg" else argv
        subprocess.run(words, cwd=place, capture_output=True, timeout=300, check=True)
    return str(next(place.glob(f"usr/*bin/{name}")))


@pytest.mark.needs("nginx")
def test_nginx_finds_nothing_wrong(tmp_path: Path) -> None:
    nginx = brought("nginx", tmp_path / "deb")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=muster"]
    argv += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(argv, capture_output=True, check=True)
    site = (DEPLOY / "nginx.conf").read_text()
    site = re.sub(r"(ssl_certificate) .*;", rf"\1 {certificate};", site)
    site = re.sub(r"(ssl_certificate_key) .*;", rf"\1 {key};", site)
    (tmp_path / "site.conf").write_text(site)
    (tmp_path / "nginx.conf").write_text(OUTER.format(place=tmp_path))
    argv = [nginx, "-t", "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "test is successful" in done.stderr, done.stderr
    assert "[warn]" not in done.stderr


@pytest.mark.needs("caddy")
def test_caddy_finds_nothing_wrong(tmp_path: Path) -> None:
    caddy = brought("caddy", tmp_path / "deb")
    argv = [caddy, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, check=False)
    assert "Valid configuration" in done.stdout + done.stderr
