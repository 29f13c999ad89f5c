"""Ways around the list, tried inside a sandbox; the servers outside report who reached them."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.muster.worker.egress.outside import (
    ALLOWED,
    ALLOWED_AT,
    EVIL,
    EVIL_AT,
    LOOPBACK,
    REBOUND,
    Caller,
    web,
)
from tests.muster.worker.egress.proxied_network import proxied_network

_TRIES = str(Path(__file__).parent / "escape_attempts.py")
_GET = f"GET http://{ALLOWED}:{{allowed}}/hello HTTP/1.1\\r\\n"
_EVIL_GET = f"GET http://{EVIL}:{{evil}}/hello HTTP/1.1\\r\\n\\r\\n"
_POST = f"POST http://{ALLOWED}:{{allowed}}/hello HTTP/1.1\\r\\n"


class World:
    """One allowed server, an evil one, and services of the host on its loopback."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        (directory / "hello").write_text("hello\n")
        self.allowed = stack.enter_context(web(ALLOWED_AT, directory))
        self.evil = stack.enter_context(web(EVIL_AT, directory))
        self.tcp, self.udp = Caller(LOOPBACK), Caller(LOOPBACK, socket.SOCK_DGRAM)
        for caller in (self.tcp, self.udp):
            stack.callback(caller.close)
        self.ports = {
            "allowed": self.allowed.port,
            "evil": self.evil.port,
            "tcp": self.tcp.port,
            "udp": self.udp.port,
        }
        allow = [f"{ALLOWED}:{self.allowed.port}", f"{ALLOWED_AT}:{self.allowed.port}"]
        allow += [f"*.example.org:{self.tcp.port}"]
        known = {ALLOWED: [ALLOWED_AT], EVIL: [EVIL_AT], REBOUND: [LOOPBACK]}
        self.room = stack.enter_context(proxied_network(allow, known))

    def attempt(self, name: str, *words: str) -> str:
        """Return the result of an attempt inside the sandbox, in a word or two."""
        filled = [word.format_map(self.ports) for word in words]
        output = self.room.run(sys.executable, "-I", "-S", _TRIES, name, *filled)
        assert output.endswith("exit 0"), output
        return str(json.loads(output.splitlines()[0]))

    def reached(self) -> list[str]:
        """Return the servers that the sandbox reached, except the allowed one."""
        called = [name for name in ("tcp", "udp") if getattr(self, name).was_called(0.05)]
        return called + self.evil.asked


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack, tmp_path)


def test_what_is_allowed_is_reached_by_the_very_same_means(world: World) -> None:
    assert world.attempt("ask", ALLOWED, "{allowed}") == "connect 200, get 200, socks 0"
    assert world.room.refused == []


@pytest.mark.parametrize(
    ("name", "words", "came_of_it"),
    [
        ("tcp", (LOOPBACK, "{tcp}"), "ECONNREFUSED"),  # the sandbox's own loopback
        ("tcp", (EVIL_AT, "{evil}"), "ECONNREFUSED"),
        ("tcp", ("192.0.2.7", "80"), "ENETUNREACH"),
        ("tcp", ("2001:db8::7", "443"), "ENETUNREACH"),
        ("tcp", ("169.254.169.254", "80"), "ENETUNREACH"),
        ("tcp", ("192.0.2.53", "53"), "ENETUNREACH"),  # DNS over TCP
        ("udp", ("192.0.2.53", "53"), "ENETUNREACH"),  # DNS
        ("udp", ("2001:db8::53", "53"), "ENETUNREACH"),
        ("udp", (LOOPBACK, "{udp}"), "sent"),  # to nobody: the host's resolver has another loopback
        ("resolve", ("www.example.com",), "gaierror"),
        ("icmp", ("192.0.2.7", "0"), "ENETUNREACH"),
        ("packet", (), "only lo"),
    ],
)
def test_the_sandboxs_network_leads_nowhere(
    world: World, name: str, words: tuple[str, ...], came_of_it: str
) -> None:
    answer = world.attempt(name, *words)
    # An ordinary user's sandbox may fail with other errors.
    assert answer in (came_of_it, "EPERM", "EADDRNOTAVAIL") or (
        name == "resolve" and answer[:3] == "EAI"
    )
    assert world.reached() == []


def test_an_abstract_socket_of_the_host_is_not_there(world: World) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0muster-test-of-rooms")
        listener.listen()
        listener.setblocking(False)
        assert world.attempt("abstract", "muster-test-of-rooms") == "ECONNREFUSED"
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize(
    ("host", "port", "refused_host"),
    [
        (EVIL, "{evil}", f"{EVIL}:{{evil}}"),
        (EVIL, "443", EVIL),
        (f"{ALLOWED}.{EVIL}", "443", f"{ALLOWED}.{EVIL}"),
        (EVIL_AT, "{evil}", f"{EVIL_AT}:{{evil}}"),
        (f"::ffff:{EVIL_AT}", "{evil}", f"{EVIL_AT}:{{evil}}"),
        (ALLOWED, "{tcp}", f"{ALLOWED}:{{tcp}}"),
        (ALLOWED_AT, "{tcp}", f"{ALLOWED_AT}:{{tcp}}"),
        (LOOPBACK, "{tcp}", f"{LOOPBACK}:{{tcp}}"),
        ("localhost", "{tcp}", "localhost:{tcp}"),
        ("0.0.0.0", "{tcp}", "0.0.0.0:{tcp}"),
        ("::1", "{tcp}", "[::1]:{tcp}"),
        ("169.254.169.254", "80", "169.254.169.254"),
        ("192.0.2.53", "53", "192.0.2.53:53"),
        (REBOUND, "{tcp}", f"{REBOUND}:{{tcp}}"),  # in the list, and leads to the host's loopback
    ],
)
def test_the_proxy_refuses_a_host_and_tells_it_once(
    world: World, host: str, port: str, refused_host: str
) -> None:
    assert world.attempt("ask", host, port) == "connect 403, get 403, socks 2"
    assert world.room.refused == [refused_host.format_map(world.ports)]
    assert world.reached() == []


@pytest.mark.parametrize(
    "host",
    [
        str(int.from_bytes(socket.inet_aton(EVIL_AT))),
        "0x7f.0x53.2",
        "127.83.2",
        f"{EVIL}%NUL.{ALLOWED}",
        f"{EVIL}%00.{ALLOWED}",
        f"{ALLOWED}@{EVIL}",
        f"{ALLOWED}:80@{EVIL}",
        f"{EVIL}#.{ALLOWED}",
        f"{EVIL}\\.{ALLOWED}",
        "\uff45vil.example.net",
    ],
)
def test_the_proxy_takes_no_trick_for_a_host(world: World, host: str) -> None:
    assert world.attempt("ask", host, "{evil}") == "connect 400, get 400, socks 2"
    assert world.room.refused == []
    assert world.reached() == []


@pytest.mark.parametrize(
    ("name", "words", "answer"),
    [
        ("socks_address", (EVIL_AT, "{evil}"), "2"),
        ("socks_address", (f"::ffff:{EVIL_AT}", "{evil}"), "2"),
        ("socks_address", ("::1", "{tcp}"), "2"),
        ("socks_command", ("2", ALLOWED, "{allowed}"), "7"),  # BIND
        ("socks_command", ("3", ALLOWED, "{allowed}"), "7"),  # UDP ASSOCIATE
    ],
)
def test_socks_is_served_for_connections_to_what_is_allowed_alone(
    world: World, name: str, words: tuple[str, ...], answer: str
) -> None:
    assert world.attempt(name, *words) == answer
    assert world.reached() == []


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (_GET + f"Host: {EVIL}\\r\\n\\r\\n", "200"),
        (_GET + "Connection: keep-alive\\r\\n\\r\\n" + _EVIL_GET, "200"),
        (_POST + "Content-Length: 2\\r\\n\\r\\nhi" + _EVIL_GET, "200"),
        (_POST + "Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n" + _EVIL_GET, "200"),
        (_GET + f"Upgrade: x\\r\\nConnection: upgrade\\r\\n\\r\\n{_EVIL_GET}", "200"),
        (
            _POST + f"Content-Length: 0\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n{_EVIL_GET}",
            "400",
        ),
        (_GET + f" Host: {EVIL}\\r\\n\\r\\n", "400"),
        (_GET + f"X: y\\nHost: {EVIL}\\r\\n\\r\\n", "400"),
        (f"GET /hello HTTP/1.1\\r\\nHost: {ALLOWED}:{{allowed}}\\r\\n\\r\\n", "400"),
        (f"GET http://{ALLOWED}@{EVIL}:{{evil}}/hello HTTP/1.1\\r\\n\\r\\n", "400"),
    ],
)
def test_one_connection_carries_one_request_for_the_host_that_was_judged(
    world: World, sent: str, statuses: str
) -> None:
    assert world.attempt("send", sent) == statuses
    wanted = f"{ALLOWED}:{world.allowed.port}/hello"
    assert [each.split(" ")[1] for each in world.allowed.asked] == [wanted] * (statuses == "200")
    assert world.reached() == []


@pytest.mark.needs("curl")
def test_a_redirection_to_a_refused_host_is_refused(world: World) -> None:
    def redirect(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", f"http://{EVIL}:{world.evil.port}/hello")
        request.send_header("Content-Length", "0")
        request.end_headers()

    world.allowed.answers["/away"] = redirect
    url = f"http://{ALLOWED}:{world.allowed.port}/away"
    output = world.room.run("curl", "-sSL", "-w", "%{http_code}", url)
    assert "403" in output
    assert f"add {EVIL}:{world.evil.port} to the list" in output
    assert world.reached() == []


@pytest.mark.needs("curl")
def test_a_repeatedly_refused_host_is_reported_once(world: World) -> None:
    each = f"curl -s http://{EVIL}/$i; curl -s https://{EVIL}/$i; curl -s https://{EVIL}:22/$i;"
    world.room.run("sh", "-c", f"for i in 1 2 3; do {each} done")
    assert world.room.refused == [EVIL, f"{EVIL}:22"]
