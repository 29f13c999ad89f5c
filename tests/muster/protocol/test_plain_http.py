"""A server of plain HTTP behind an https address is recognized, by command line and worker."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from muster.cli import profiles
from muster.cli.client import Api
from muster.cli.credentials import StaticToken
from muster.cli.errors import CliError
from muster.protocol.plain_http import http_url
from muster.worker.server.credentials import Credentials
from muster.worker.server.dialer import dial
from muster.worker.server.rest_client import RestClient, SpeaksHttp, Unreachable, wrong_scheme_text


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Quiet) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_the_command_line_says_which_url_to_use(server: str) -> None:
    with pytest.raises(CliError, match="This server speaks http, not https") as found:
        Api(profiles.normalize_server_url(server), StaticToken()).get("/api/web/profile")
    assert found.value.advice == f"Use {http_url(server)}"


def test_a_worker_says_which_url_to_use(server: str) -> None:
    with pytest.raises(SpeaksHttp, match=f"use {http_url(server)}$"):
        RestClient(server).post("/api/workers/register", {})


def test_a_daemon_logs_it_when_it_connects(server: str) -> None:
    known = Credentials(server, "id", "heron", 1, "jwt", 0.0, "secret")
    with pytest.raises(ConnectionError, match="this server speaks http, not https"):
        dial(known, "/api/workers/connect", largest=1000, queue=1)


def test_elsewhere_plain_http_needs_a_decision() -> None:
    text = wrong_scheme_text("https://muster.example:8000")
    assert text.endswith("use http://muster.example:8000 --insecure, or its https address")


def test_a_server_that_is_away_is_another_error() -> None:
    with pytest.raises(Unreachable) as found:
        RestClient("https://127.0.0.1:9", timeout=1.0).post("/api/workers/register", {})
    assert not isinstance(found.value, SpeaksHttp)
