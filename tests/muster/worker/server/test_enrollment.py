import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from muster.protocol.frames import Capability, Hardware
from muster.worker.server.credentials import Credentials, CredentialStore, NotEnrolled
from muster.worker.server.enrollment import AlreadyEnrolled, Registration, enroll
from muster.worker.server.rest_client import (
    BadServer,
    RestClient,
    ServerRefused,
    Unreachable,
    require_secure,
)
from muster.worker.server.token_renewal import TokenRenewal
from tests.muster.worker.fake_server import FakeServer, fake_server
from tests.muster.worker.repositories import wait_for


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as server:
        yield server


def registration(store: CredentialStore) -> Registration:
    hardware = Hardware(cpu_count=2)
    machine_id = store.machine_id()
    return Registration(machine_id, "mst_enroll_x", "m", [Capability("custom")], hardware, 2, "1")


def joined(store: CredentialStore, server: FakeServer) -> Credentials:
    return enroll(store, RestClient(server.url), registration(store))


def test_enrolling_leaves_credentials_that_only_their_owner_can_read(
    tmp_path: Path, server: FakeServer
) -> None:
    store = CredentialStore(tmp_path)
    credentials = joined(store, server)

    path, asked, _ = server.requests[0]
    assert path == "/api/workers/register"
    assert asked["machineId"] == credentials.machine_id
    assert asked["capabilities"] == [{"agentType": "custom"}]
    assert CredentialStore(tmp_path).load() == credentials
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {0o600}


def test_a_lost_answer_is_asked_for_as_the_same_machine(
    tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.backoff.random.uniform", lambda low, high: 0.01)
    server.refuse = [503, 500]
    joined(CredentialStore(tmp_path), server)
    assert len({asked["machineId"] for _, asked, _ in server.requests}) == 1
    assert len(server.requests) == 3


def test_a_registration_that_was_done_but_not_answered_is_done_again(
    tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.backoff.random.uniform", lambda low, high: 0.01)
    server.lose = 2
    credentials = joined(CredentialStore(tmp_path), server)
    first, *others = [asked for _, asked, _ in server.requests]
    assert others == [first, first]
    assert credentials.worker_jwt == server.jwt


def test_a_renewal_that_was_done_but_not_answered_is_done_again(
    tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.server.token_renewal._RETRY_DELAY_SECONDS", 0.05)
    server.life = timedelta(seconds=0)
    store = CredentialStore(tmp_path)
    first = joined(store, server)
    server.life, server.lose = timedelta(hours=1), 2
    membership = TokenRenewal(store)
    try:
        server.wait_for(lambda: len(server.requests) == 4)
        # Its current token stays valid in addition to those that it never received.
        assert {bearer for _, _, bearer in server.requests[1:]} == {first.worker_jwt}
        wait_for(lambda: store.load().worker_jwt == server.jwt)
    finally:
        membership.close()


def test_a_machine_keeps_its_id_over_failed_enrollments(tmp_path: Path) -> None:
    assert CredentialStore(tmp_path).machine_id() == CredentialStore(tmp_path).machine_id()


def test_a_refusal_is_reported_in_the_servers_words(tmp_path: Path, server: FakeServer) -> None:
    server.refuse = [409]
    with pytest.raises(ServerRefused, match=r"not now \(409\).*409 refused"):
        joined(CredentialStore(tmp_path), server)


def test_enrollment_times_out(tmp_path: Path) -> None:
    store = CredentialStore(tmp_path)
    with pytest.raises(Unreachable):
        enroll(store, RestClient("http://127.0.0.1:9"), registration(store), patience=0.0)


def test_a_home_is_enrolled_once(tmp_path: Path, server: FakeServer) -> None:
    store = CredentialStore(tmp_path)
    joined(store, server)
    with pytest.raises(AlreadyEnrolled):
        joined(store, server)


@pytest.mark.parametrize(
    ("address", "insecure", "safe"),
    [
        ("http://127.0.0.1:9000", False, True),
        ("http://[::1]:9000", False, True),
        ("http://localhost:9000", False, True),
        ("https://muster.example", False, True),
        ("http://muster.example", False, False),
        ("http://127.0.0.1.muster.example", False, False),
        ("http://muster.example", True, True),
        ("ftp://muster.example", True, False),
        ("muster.example:9000", False, False),
    ],
)
def test_secrets_leave_the_machine_encrypted(address: str, insecure: bool, safe: bool) -> None:
    if safe:
        require_secure(address, insecure)
    else:
        with pytest.raises(BadServer):
            require_secure(address, insecure)


def test_without_enrolling_there_is_no_membership(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled):
        TokenRenewal(CredentialStore(tmp_path))


def test_a_token_is_renewed_before_it_ends(tmp_path: Path, server: FakeServer) -> None:
    server.life = timedelta(seconds=1.2)
    store = CredentialStore(tmp_path)
    first = joined(store, server)
    membership = TokenRenewal(store)
    try:
        server.life = timedelta(hours=1)
        path, _, bearer = server.wait_for(lambda: server.requests[1:])[0]
        assert (path, bearer) == ("/api/workers/refresh-token", first.worker_jwt)
        # A thread reports it, without notifying the server when it has done so.
        wait_for(lambda: membership.current.worker_jwt == server.jwt)
    finally:
        membership.close()
    assert store.load().worker_jwt == server.jwt


def test_recovering_keeps_the_old_secret_until_we_have_connected(
    tmp_path: Path, server: FakeServer
) -> None:
    store = CredentialStore(tmp_path)
    joined(store, server)
    membership = TokenRenewal(store)
    try:
        membership.recover()
        kept = store.load()
        assert (kept.recovery_secret, kept.previous_secret) == ("secret-1+", "secret-1")
        # The server may have lost our credentials before it stored them.
        server.secret = "secret-1"
        membership.recover()
        assert store.load().worker_jwt == server.jwt
        membership.confirm_connected("2026-01-01T00:00:00Z")
        assert store.load().previous_secret is None
    finally:
        membership.close()


def test_what_is_printed_of_credentials_tells_no_secret(tmp_path: Path) -> None:
    printed = repr(Credentials("http://s", "machine", "m", 2, "top", 0.0, "secret"))
    assert "top" not in printed
    assert "secret" not in printed


def test_two_threads_that_renew_leave_one_file(tmp_path: Path, server: FakeServer) -> None:
    store = CredentialStore(tmp_path)
    joined(store, server)
    membership = TokenRenewal(store)
    threads = [threading.Thread(target=membership.renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    membership.close()
    assert store.load().worker_jwt == server.jwt


def test_a_server_that_has_moved_is_gone_to_where_it_is(tmp_path: Path) -> None:
    store = CredentialStore(tmp_path)
    with pytest.raises(NotEnrolled):
        store.set_server("https://new.example:9000", None)
    known = Credentials("https://old.example:9000", "id", "box", 2, "jwt", 0.0, "secret")
    store.save(known)
    store.set_server("https://new.example:9000", None)
    assert store.load() == msgspec.structs.replace(known, server="https://new.example:9000")
