"""What only a real server shows: raw requests, and who waits while a password is hashed."""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

import config
from app.embedded import ports, processes
from app.extensions import db
from app.factory import create_app
from app.http_server import MAX_ANONYMOUS_BODY_BYTES
from tests.factories import make_developer
from tests.gunicorns import Gunicorn, gunicorn

PASSWORD = "takes a while to hash"
BODY = json.dumps({"username": "nobody", "password": "no password"}).encode()


@pytest.fixture(scope="module")
def served(
    environment: dict[str, str],
    new_database: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Gunicorn]:
    """One process, so that whoever blocks it blocks everybody."""
    home: Path = tmp_path_factory.mktemp("attacked")
    env = {
        **{name: text for name, text in os.environ.items() if not name.startswith("MUSTER_")},
        **environment,
        "DATABASE_URL": new_database("muster_attacked"),
        "MUSTER_HOME": str(home),
        "MUSTER_WEB_WORKERS": "1",
        "MUSTER_LOGIN_FAILURES_PER_ADDRESS": "1000",
        "MUSTER_LOGIN_FAILURES": "1000",
        "MUSTER_LOGIN_FAILURES_PER_NAME": "1000",
    }
    app = create_app(config.load(env))
    with app.app_context():
        slow = PasswordHasher(time_cost=150, memory_cost=19 * 1024, parallelism=1)
        make_developer(name="slow", password_hash=slow.hash(PASSWORD))
        db.session.remove()
        db.engine.dispose()
    with gunicorn(home, env, app="tests.attacks.served_app:app") as running:
        yield running


def raw(served: Gunicorn, request: bytes) -> tuple[int, str]:
    """The status and the whole of what comes back."""
    with socket.create_connection((ports.LOOPBACK, served.port), timeout=30) as connection:
        with contextlib.suppress(OSError):  # it need not hear us out
            connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                answer += part
    text = answer.decode("latin-1")
    return int(text.split(" ", 2)[1]), text


def post(*headers: str, body: bytes = BODY, path: str = "/api/auth/login") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Content-Type: application/json",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def test_a_hash_does_not_keep_others_waiting(served: Gunicorn) -> None:
    """Between a login's question and its answer many others are answered."""
    answers: list[Any] = []

    def sign_in() -> None:
        body = {"username": "slow", "password": PASSWORD}
        answers.append(httpx.post(served.url + "/api/auth/login", json=body, timeout=60))

    thread = threading.Thread(target=sign_in)
    with httpx.Client(base_url=served.url) as http:
        assert http.get("/healthz").status_code == 200
        thread.start()
        meanwhile = 0
        while not answers and thread.is_alive():
            assert http.get("/healthz", timeout=60).status_code == 200
            meanwhile += 1
    thread.join()
    assert answers[0].status_code == 200
    # Before and after the hash there is time for a few, were they kept waiting.
    assert meanwhile > 50


def test_a_wrong_password_is_one_line_of_the_log(served: Gunicorn) -> None:
    before = len(served.log)
    body = {"username": "slow", "password": "another"}
    answer = httpx.post(served.url + "/api/auth/login", json=body, timeout=60)
    assert answer.status_code == 401
    assert processes.wait_until(lambda: '"status": 401' in served.log[before:], 10, 0.02)
    for line in served.log[before:].splitlines():
        assert json.loads(line)["event"] == "request"


@pytest.mark.parametrize(
    "size", [MAX_ANONYMOUS_BODY_BYTES + 1, 4 << 20], ids=["a byte more", "4 MiB"]
)
def test_a_large_anonymous_body_is_413_also_in_chunks(served: Gunicorn, size: int) -> None:
    big = json.dumps({"username": "a", "password": ""}).encode().ljust(size)
    status, text = raw(served, post("Transfer-Encoding: chunked", body=chunked(big)))
    assert (status, "body_too_large" in text) == (413, True)
    status, _ = raw(served, post(f"Content-Length: {len(big)}", body=big))
    assert status == 413


def test_what_begins_with_a_whole_document_is_413_all_the_same(served: Gunicorn) -> None:
    padded = BODY + b" " * MAX_ANONYMOUS_BODY_BYTES
    status, _ = raw(served, post("Transfer-Encoding: chunked", body=chunked(padded)))
    assert status == 413
    exactly = padded[:MAX_ANONYMOUS_BODY_BYTES]
    status, _ = raw(served, post("Transfer-Encoding: chunked", body=chunked(exactly)))
    assert status == 401


def test_a_small_body_in_chunks_is_read(served: Gunicorn) -> None:
    status, text = raw(served, post("Transfer-Encoding: chunked", body=chunked(BODY)))
    assert (status, "invalid_credentials" in text) == (401, True)


def test_a_body_that_is_longer_than_it_says_is_not_another_request(served: Gunicorn) -> None:
    hidden = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    length = f"Content-Length: {len(BODY)}"
    for request in (
        post(length, "Transfer-Encoding: chunked", body=chunked(BODY) + hidden),
        post("Transfer-Encoding: chunked", length, body=chunked(BODY) + hidden),
        post(length, "Content-Length: 5", body=BODY + hidden),
        post("Transfer-Encoding: xchunked", body=chunked(BODY) + hidden),
        post(length, body=BODY + hidden),
    ):
        _, text = raw(served, request)
        assert text.count("HTTP/1.1 ") == 1
        assert "muster_http_requests" not in text


@pytest.mark.parametrize(
    "line",
    [
        "X-Request-ID: a\r\n b",
        "X-Request-ID: a\rSet-Cookie: evil=1",
        "X-Request-ID: a\nSet-Cookie: evil=1",
        "X-Request-ID: a%0d%0aSet-Cookie: evil=1",
        "X-Request-ID: a\0evil",
        "X-Request-ID: évil",
        "X-Request-ID: " + "a" * 7000,
        "X-Request-ID: evil\r\nX-Request-ID: evil",
        "Authorization: Bearer a\rSet-Cookie: evil=1",
        "Origin: https://evil.example",
        "X-Forwarded-Host: evil.example",
    ],
    ids=lambda line: ascii(line)[:50],
)
def test_no_header_of_a_request_comes_back_as_one_of_the_answer(
    served: Gunicorn, line: str
) -> None:
    status, text = raw(served, post(f"Content-Length: {len(BODY)}", line))
    assert status in (400, 401, 431)
    head = text.partition("\r\n\r\n")[0].lower()
    assert "evil" not in head
    assert "set-cookie" not in head


def test_a_path_comes_back_in_no_header(served: Gunicorn) -> None:
    for path in ("/evil%0d%0aSet-Cookie:evil=1", "/healthz/%0aevil", "//evil.example/%2e%2e"):
        status, text = raw(served, post("Content-Length: 0", body=b"", path=path))
        assert status in (400, 404, 405)
        assert "evil" not in text.partition("\r\n\r\n")[0]


def half_sent(served: Gunicorn) -> socket.socket:
    """A login of which only a part comes."""
    connection = socket.create_connection((ports.LOOPBACK, served.port), timeout=30)
    connection.sendall(post("Content-Length: 100", body=b'{"username": "no'))
    return connection


def test_a_body_that_does_not_come_holds_no_connection(served: Gunicorn) -> None:
    """On the tree before this it holds it for as long as the client likes."""
    with half_sent(served) as connection:
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"request_timeout"' in answer


def test_anonymous_clients_hold_a_few_connections_and_keep_nobody_out(served: Gunicorn) -> None:
    """From one address, which is also that of those who have something to say."""
    with contextlib.ExitStack() as held:
        flood = [held.enter_context(half_sent(served)) for _ in range(60)]
        for _ in range(5):
            assert httpx.get(served.url + "/healthz").status_code == 200
        assert [connection.recv(65536) for connection in flood[:40]] == [b""] * 40
