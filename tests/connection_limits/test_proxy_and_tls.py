"""Behind a proxy, past a proxy, and by TLS."""

import contextlib
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from app.embedded import ports
from app.http_server.anonymous_connections import MAX_PER_NETWORK
from tests.connection_limits.flood import HALF
from tests.gunicorns import Gunicorn, gunicorn
from tests.muster.worker.egress.outside import certificate

PROXY = "203.0.113.7"


def connection(server: Gunicorn, source: str = ports.LOOPBACK) -> socket.socket:
    return socket.create_connection(
        (ports.LOOPBACK, server.port), timeout=30, source_address=(source, 0)
    )


def half_sent(server: Gunicorn, client: str) -> socket.socket:
    """As a proxy passes it on that does not wait for bodies itself."""
    opened = connection(server)
    head, _, body = HALF.partition(b"\r\n\r\n")
    opened.sendall(head + f"\r\nX-Forwarded-For: 10.9.9.9, {client}\r\n\r\n".encode() + body)
    return opened


def is_closed(opened: socket.socket) -> bool:
    with contextlib.suppress(ConnectionError):
        return opened.recv(4096) == b""
    return True


def answer(opened: socket.socket, end: bytes) -> bytes:
    found = b""
    while end not in found and (more := opened.recv(4096)):
        found += more
    return found


def test_behind_a_proxy_its_clients_are_counted(environ: dict[str, str], tmp_path: Path) -> None:
    env = {**environ, "MUSTER_WEB_WORKERS": "1", "MUSTER_PROXY": ports.LOOPBACK}
    with gunicorn(tmp_path, env) as server, contextlib.ExitStack() as held:
        flood = [
            held.enter_context(half_sent(server, f"2001:db8::{n:x}"))
            for n in range(MAX_PER_NETWORK + 40)
        ]
        other = held.enter_context(half_sent(server, "2001:db8:1::1"))
        assert all(map(is_closed, flood[:40]))
        for opened in (other, flood[-1]):
            opened.setblocking(False)
            with pytest.raises(BlockingIOError):
                opened.recv(1)
        assert httpx.get(server.url + "/healthz").status_code == 200


def test_past_its_proxy_nobody_is_served(environ: dict[str, str], tmp_path: Path) -> None:
    env = {**environ, "MUSTER_WEB_WORKERS": "1", "MUSTER_BIND": "0.0.0.0"}
    env["MUSTER_PROXY"] = f"{PROXY}, {ports.LOOPBACK}"
    with gunicorn(tmp_path, env) as server:
        with connection(server, "127.0.0.2") as opened:
            assert is_closed(opened)
        assert httpx.get(server.url + "/healthz").status_code == 200
    env["MUSTER_LOCAL_HTTP"] = "1"
    with gunicorn(tmp_path, env) as server, connection(server, "127.0.0.2") as opened:
        opened.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
        assert opened.recv(4096).startswith(b"HTTP/1.1 200 OK")


def test_by_tls_requests_are_served_and_half_a_handshake_is_not_waited_for(
    environ: dict[str, str], tmp_path: Path
) -> None:
    certificate(tmp_path, "localhost")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    env = {**environ, "MUSTER_WEB_WORKERS": "1"}
    env |= {
        "MUSTER_TLS_CERT": str(tmp_path / "ca.pem"),
        "MUSTER_TLS_KEY": str(tmp_path / "key.pem"),
    }
    with gunicorn(tmp_path, env) as server, connection(server) as silent:
        plain = connection(server)
        with trusting.wrap_socket(plain, server_hostname="localhost") as encrypted:
            for _ in range(2):
                encrypted.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
                assert answer(encrypted, b'"up"').startswith(b"HTTP/1.1 200 OK")
            encrypted.sendall(HALF)
            assert encrypted.recv(4096).startswith(b"HTTP/1.1 408 ")
        silent.sendall(b"\x16\x03\x01")  # how a handshake begins
        assert is_closed(silent)
        assert "Traceback" not in server.log
