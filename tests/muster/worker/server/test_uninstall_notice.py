"""An uninstalled worker notifies the server, and never fails because of it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from muster.protocol.frames import Hardware
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.server.enrollment import Registration, enroll
from muster.worker.server.rest_client import RestClient
from muster.worker.server.uninstall_notice import send_notice
from tests.muster.worker.fake_server import FakeServer, fake_server

PATH = "/api/workers/uninstalled"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as server:
        yield server


@pytest.fixture
def known(tmp_path: Path, server: FakeServer) -> Credentials:
    store = CredentialStore(tmp_path)
    about = Registration(store.machine_id(), "mst_enroll_x", "m", [], Hardware(), 2, "1")
    return enroll(store, RestClient(server.url), about)


def test_the_server_is_notified(server: FakeServer, known: Credentials) -> None:
    assert send_notice(known)
    path, _, bearer = server.requests[-1]
    assert (path, bearer) == (PATH, known.worker_jwt)


def test_a_token_that_has_expired_is_replaced(server: FakeServer, known: Credentials) -> None:
    server.refuse = [401]
    assert send_notice(known)
    assert [path for path, *_ in server.requests[1:]] == [PATH, "/api/workers/recover", PATH]
    assert server.requests[-1][2] != known.worker_jwt


@pytest.mark.parametrize("status", [404, 403, 500, 503])
def test_an_older_server_or_one_that_is_away_changes_nothing(
    server: FakeServer, known: Credentials, status: int
) -> None:
    server.refuse = [status]
    assert not send_notice(known)


def test_an_address_that_answers_nothing_changes_nothing(known: Credentials) -> None:
    assert not send_notice(msgspec.structs.replace(known, server="http://127.0.0.1:1"))
