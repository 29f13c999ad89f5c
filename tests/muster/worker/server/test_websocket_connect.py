"""A token only reaches its own server, even if that redirects to another."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from muster.cli.attach.dial import DialRequest, Unreachable
from muster.cli.attach.dial import dial as dial_for_somebody
from muster.worker.server.credentials import Credentials
from muster.worker.server.dialer import dial


class Servers:
    """A server that redirects to another, which records its callers."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.other = serve(lambda socket: None, "127.0.0.1", 0, process_request=self._note)
        self.first = serve(lambda socket: None, "127.0.0.1", 0, process_request=self._point)

    def _note(self, connection: ServerConnection, request: Request) -> None:
        self.came.append(request.path)

    def _point(self, connection: ServerConnection, request: Request) -> Response:
        there = Headers({"Location": f"ws://127.0.0.1:{port(self.other)}/there"})
        return Response(HTTPStatus.FOUND, "Found", there)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{port(self.first)}"


def port(server: Server) -> int:
    return int(server.socket.getsockname()[1])


@pytest.fixture
def servers() -> Iterator[Servers]:
    made = Servers()
    both = (made.first, made.other)
    threads = [threading.Thread(target=each.serve_forever) for each in both]
    for thread in threads:
        thread.start()
    yield made
    for each in both:
        each.shutdown()
    for thread in threads:
        thread.join()


class ServerAccess:
    """The server in a user's profile."""

    tls: ssl.SSLContext | None = None

    def __init__(self, url: str) -> None:
        self.url = url

    def bearer(self) -> str:
        return "access"

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        return 201, {"channelToken": "once", "mode": "view"}


def test_a_machine_follows_no_redirect(servers: Servers) -> None:
    known = Credentials(servers.url, "m", "whimbrel", 1, "jwt", 0.0, "secret")
    with pytest.raises(InvalidStatus):
        dial(known, "/ws/worker", largest=1 << 20, queue=4)
    assert servers.came == []


def test_nor_does_an_attaching_user(servers: Servers) -> None:
    assert isinstance(dial_for_somebody(ServerAccess(servers.url), DialRequest(7)), Unreachable)
    assert servers.came == []
